"""The HTTP client of the webhook sender: keep-alive, no time-out, like the one in livekit-server."""

import asyncio
from collections import defaultdict
from dataclasses import dataclass

from . import loopback
from .http_server import read_chunked

_Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@dataclass
class Answer:
    """What came back; nobody looks at the body."""

    status: int
    headers: dict[str, str]


class _StaleConnection(OSError):
    """The server closed an idle connection just as we used it; nothing was processed."""


class HttpClient:
    """Posts bodies to URLs on this machine."""

    def __init__(self) -> None:
        self._idle: dict[tuple[str, int], list[_Connection]] = defaultdict(list)

    async def post(self, url: str, headers: dict[str, str], body: bytes) -> Answer:
        """Send and wait for the answer, however long it takes; OSError when there is none."""
        host, port, target = loopback.url(url)
        raw = _serialize(host, port, target, headers, body)
        while self._idle[host, port]:
            try:
                return await self._exchange((host, port), self._idle[host, port].pop(), raw, reused=True)
            except _StaleConnection:
                continue
        fresh = await asyncio.open_connection(host, port)
        return await self._exchange((host, port), fresh, raw, reused=False)

    def close(self) -> None:
        """Let go of idle connections."""
        for connections in self._idle.values():
            for _, writer in connections:
                writer.close()
        self._idle.clear()

    async def _exchange(
        self, peer: tuple[str, int], connection: _Connection, raw: bytes, reused: bool
    ) -> Answer:
        reader, writer = connection
        try:
            writer.write(raw)
            answer, reusable = await _read_answer(reader, reused)
        except asyncio.IncompleteReadError as error:
            writer.close()
            raise ConnectionResetError("connection closed within the answer") from error
        except BaseException:
            writer.close()
            raise
        if reusable:
            self._idle[peer].append(connection)
        else:
            writer.close()
        return answer


def _serialize(host: str, port: int, target: str, headers: dict[str, str], body: bytes) -> bytes:
    name = f"[{host}]" if ":" in host else host
    lines = [f"POST {target} HTTP/1.1", f"Host: {name}:{port}", "User-Agent: Go-http-client/1.1"]
    lines += [f"{key}: {value}" for key, value in headers.items()]
    lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body


async def _read_head(reader: asyncio.StreamReader, reused: bool) -> Answer:
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except (asyncio.IncompleteReadError, ConnectionError) as error:
        if reused and not getattr(error, "partial", b""):
            raise _StaleConnection("idle connection was closed") from error
        raise
    lines = head.decode("latin-1").split("\r\n")
    headers = {}
    for line in lines[1:]:
        name, colon, value = line.partition(":")
        if colon:
            headers[name.strip().lower()] = value.strip()
    return Answer(int(lines[0].split(" ")[1]), headers)


async def _read_answer(reader: asyncio.StreamReader, reused: bool) -> tuple[Answer, bool]:
    """The final answer, and whether the connection can be used again."""
    answer = await _read_head(reader, reused)
    while 100 <= answer.status < 200:
        answer = await _read_head(reader, reused)
    reusable = answer.headers.get("connection", "").lower() != "close"
    if answer.status in (204, 304):
        return answer, reusable
    if "chunked" in answer.headers.get("transfer-encoding", "").lower():
        await read_chunked(reader)
    elif "content-length" in answer.headers:
        await reader.readexactly(int(answer.headers["content-length"]))
    else:
        await reader.read()
        reusable = False
    return answer, reusable
