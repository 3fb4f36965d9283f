"""A small HTTP/1.1 server: keep-alive, Content-Length and chunked bodies, connections that can be cut."""

import asyncio
import json
import socket
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

MAX_HEAD_BYTES = 64 * 1024
MAX_BODY_BYTES = 8 * 1024 * 1024
_REASONS = {status.value: status.phrase for status in HTTPStatus}


class BadRequest(Exception):
    """Not HTTP as we understand it; the connection is given up."""


@dataclass
class Request:
    """One request, body included. Header names are lower case."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes = b""


@dataclass
class Response:
    """One answer; drop cuts the connection instead of sending it."""

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    drop: bool = False


Handler = Callable[[Request], Awaitable[Response]]


def json_response(value: Any, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """Compact JSON, as Twirp sends it."""
    body = json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()
    return Response(status, body, {"Content-Type": "application/json", **(headers or {})})


def parse_head(head: bytes) -> Request:
    """The request line and the header fields."""
    lines = head.decode("latin-1").split("\r\n")
    try:
        method, target, version = lines[0].split(" ")
    except ValueError as error:
        raise BadRequest(lines[0]) from error
    if not version.startswith("HTTP/1."):
        raise BadRequest(version)
    headers = {"connection": "close"} if version == "HTTP/1.0" else {}
    for line in lines[1:]:
        name, colon, value = line.partition(":")
        if colon:
            headers[name.strip().lower()] = value.strip()
    parts = urlsplit(target)
    return Request(method, unquote(parts.path), dict(parse_qsl(parts.query)), headers)


async def read_chunked(reader: asyncio.StreamReader) -> bytes:
    """A chunked body; trailers are thrown away."""
    whole = bytearray()
    while True:
        size = int((await reader.readuntil(b"\r\n")).split(b";")[0], 16)
        if size == 0:
            break
        if len(whole) + size > MAX_BODY_BYTES:
            raise BadRequest("body too large")
        whole += await reader.readexactly(size)
        await reader.readexactly(2)
    while (await reader.readuntil(b"\r\n")) != b"\r\n":
        pass
    return bytes(whole)


async def _read_body(reader: asyncio.StreamReader, headers: dict[str, str]) -> bytes:
    if "chunked" in headers.get("transfer-encoding", "").lower():
        return await read_chunked(reader)
    length = int(headers.get("content-length", "0"))
    if not 0 <= length <= MAX_BODY_BYTES:
        raise BadRequest("body too large")
    return await reader.readexactly(length) if length else b""


def _serialize(response: Response, keep_alive: bool) -> bytes:
    lines = [f"HTTP/1.1 {response.status} {_REASONS.get(response.status, 'Unknown')}"]
    lines += [f"{name}: {value}" for name, value in response.headers.items()]
    lines.append(f"Content-Length: {len(response.body)}")
    if not keep_alive:
        lines.append("Connection: close")
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + response.body


def _bound(host: str, port: int) -> socket.socket:
    """A socket on that address which does not listen: whoever connects is refused."""
    bound = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        bound.bind((host, port))
        bound.setblocking(False)
    except OSError:
        bound.close()
        raise
    return bound


#: What becomes of connections to a server that is down.
REFUSE, CUT, HANG = "refuse", "cut", "hang"


class HttpServer:
    """Serves one handler; stop() cuts what is still open, as a killed server would.

    A server that is down keeps its port, so that it can come back on it.
    """

    def __init__(self, handler: Handler) -> None:
        self._handler = handler
        self._address = ("", 0)
        self._place: socket.socket | None = None
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._down: str | None = None
        #: connections that were accepted so far
        self.connections = 0

    async def start(self, host: str, port: int) -> int:
        """Listen and return the real port."""
        self._place = _bound(host, port)
        self._address = (host, int(self._place.getsockname()[1]))
        await self._listen()
        return self._address[1]

    async def _listen(self) -> None:
        self._server = await asyncio.start_server(
            self._connected, sock=_bound(*self._address), limit=MAX_HEAD_BYTES, backlog=1024
        )

    async def stop(self) -> None:
        """Stop listening and end every connection."""
        self._close()
        if self._place is not None:
            self._place.close()
        tasks = self._cut()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _close(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None

    def _cut(self) -> list[asyncio.Task[None]]:
        """End every connection but the one that asks for it."""
        tasks = [task for task in self._tasks if task is not asyncio.current_task()]
        for task in tasks:
            task.cancel()
        return tasks

    async def go_down(self, how: str) -> None:
        """Cut what is open; from now on refuse connections, cut them at once, or take them and say nothing."""
        if how not in (REFUSE, CUT, HANG):
            raise ValueError(f'how is "{REFUSE}", "{CUT}" or "{HANG}"')
        await self.come_up()
        self._down = how
        if how == REFUSE:
            self._close()
        self._cut()

    async def come_up(self) -> None:
        """Serve again; whoever hung is cut."""
        if self._down is None:
            return
        self._down = None
        self._cut()
        if self._server is None:
            await self._listen()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self.connections += 1
        try:
            await self._take_down()
            while await self._exchange(reader, writer):
                pass
        except (BadRequest, ValueError, asyncio.LimitOverrunError):
            writer.write(_serialize(Response(400), keep_alive=False))
        except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            self._tasks.discard(task)
            writer.close()

    async def _take_down(self) -> None:
        """What a new connection meets while the server is down."""
        if self._down == HANG:
            await asyncio.Event().wait()
        if self._down == CUT:
            raise ConnectionAbortedError

    async def _exchange(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """One request and its answer; false when the connection is over."""
        request = parse_head((await reader.readuntil(b"\r\n\r\n"))[:-4])
        if request.headers.get("expect", "").lower() == "100-continue":
            writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        request.body = await _read_body(reader, request.headers)
        response = await self._handler(request)
        if response.drop:
            writer.transport.abort()
            return False
        keep_alive = request.headers.get("connection", "").lower() != "close"
        writer.write(_serialize(response, keep_alive))
        await writer.drain()
        return keep_alive
