"""Between LiveKit and us: every delivery arrives several times at once.

What LiveKit sees of a delivery is what became of its first copy, so it retries,
in order, as it really does; the others are lost or not, and nobody asks.
"""
import asyncio
import json
import random
import threading
import time

from livekit_stub.http_client import HttpClient
from livekit_stub.http_server import HttpServer, Response


class Repeater:
    """Sends each delivery 2 to `most` times to `target`; remembers what was acknowledged."""

    def __init__(self, target, seed, most=5):
        self._target = target
        self._most = most
        self._random = random.Random(seed)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)
        self._client = HttpClient()
        self._server = HttpServer(self._handle)
        self._copies = set()
        self.url = None
        #: event id: when we answered it with 2xx for the first time (time.time())
        self.acknowledged = {}
        #: status or "broken": how many copies ended so
        self.answers = {}

    def __enter__(self):
        self._thread.start()
        port = self._run(self._server.start("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{port}/"
        return self

    def __exit__(self, *unused):
        self._run(self._stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _run(self, work):
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    async def _stop(self):
        await self._server.stop()
        for copy in self._copies:
            copy.cancel()
        await asyncio.gather(*self._copies, return_exceptions=True)
        self._client.close()

    async def _handle(self, request):
        headers = {"Content-Type": request.headers["content-type"],
                   "Authorization": request.headers["authorization"]}
        event_id = json.loads(request.body)["id"]
        copies = [self._start(self._copy(event_id, headers, request.body))
                  for _ in range(self._random.randint(2, self._most))]
        status = await copies[0]
        return Response(drop=True) if status is None else Response(status)

    def _start(self, work):
        task = self._loop.create_task(work)
        self._copies.add(task)
        task.add_done_callback(self._copies.discard)
        return task

    async def _copy(self, event_id, headers, body):
        try:
            status = (await self._client.post(self._target, headers, body)).status
        except OSError:
            status = None
        if status is not None and 200 <= status < 300:
            self.acknowledged.setdefault(event_id, time.time())
        self.answers[status or "broken"] = self.answers.get(status or "broken", 0) + 1
        return status
