"""Between LiveKit and us: every delivery arrives several times at once.

What LiveKit sees of a delivery is what became of its first copy, so it retries,
in order, as it really does; the others are lost or not, and nobody asks.
"""
import asyncio
import json
import random
import time

from livekit_stub.http_server import Response
from relay import Relay


class Repeater(Relay):
    """Sends each delivery 2 to `most` times to `target`; remembers what was acknowledged."""

    def __init__(self, target, seed, most=5):
        super().__init__(target)
        self._most = most
        self._random = random.Random(seed)
        self._copies = set()
        #: event id: when we answered it with 2xx for the first time (time.time())
        self.acknowledged = {}
        #: status or "broken": how many copies ended so
        self.answers = {}

    async def _stop(self):
        await self._server.stop()
        for copy in self._copies:
            copy.cancel()
        await asyncio.gather(*self._copies, return_exceptions=True)
        self._client.close()

    async def _handle(self, request):
        event_id = json.loads(request.body)["id"]
        copies = [self._start(self._copy(event_id, request))
                  for _ in range(self._random.randint(2, self._most))]
        status = await copies[0]
        return Response(drop=True) if status is None else Response(status)

    def _start(self, work):
        task = self._loop.create_task(work)
        self._copies.add(task)
        task.add_done_callback(self._copies.discard)
        return task

    async def _copy(self, event_id, request):
        status = await self._post(request)
        if status is not None and 200 <= status < 300:
            self.acknowledged.setdefault(event_id, time.time())
        self.answers[status or "broken"] = self.answers.get(status or "broken", 0) + 1
        return status
