"""Stands between LiveKit's stub and us, in a thread of its own.

    with Relay(front.url + "/telephony/livekit-webhook") as relay:
        livekit.webhook_urls(relay.url)
        relay.close()       # nobody listens there any more
        relay.open()        # on the same port again
"""
import asyncio
import threading

from livekit_stub.http_client import HttpClient
from livekit_stub.http_server import HttpServer, Response


class Relay:
    """Passes each delivery on to `target`, which may be set to another one."""

    def __init__(self, target):
        self.target = target
        self.url = None
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)
        self._client = HttpClient()
        self._server = HttpServer(self._handle)

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

    def close(self):
        """Refuse connections, as a port does on which nobody listens."""
        self._run(self._server.go_down("refuse"))

    def open(self):
        self._run(self._server.come_up())

    def _run(self, work):
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    async def _stop(self):
        await self._server.stop()
        self._client.close()

    async def _handle(self, request):
        status = await self._post(request)
        return Response(drop=True) if status is None else Response(status)

    async def _post(self, request):
        """What the target answers, or None."""
        headers = {"Content-Type": request.headers["content-type"],
                   "Authorization": request.headers["authorization"]}
        try:
            return (await self._client.post(self.target, headers, request.body)).status
        except OSError:
            return None
