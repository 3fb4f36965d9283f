"""A FastCGI client (the web server's side of FastCGI 1.0), on a Unix or TCP socket.

    answer = fcgi_client.request(path, "POST", "/telephony/livekit-webhook", body,
                                 {"HTTP_AUTHORIZATION": token})
    answer.status, answer.headers["Content-Type"], answer.body

Connection gives the single steps to tests that stop halfway.
"""
import dataclasses
import socket
import struct

BEGIN_REQUEST, ABORT_REQUEST, END_REQUEST, PARAMS, STDIN, STDOUT, STDERR = range(1, 8)
RESPONDER = 1
KEEP_CONN = 1
REQUEST_ID = 1
MAX_CONTENT = 65535


class Closed(Exception):
    """The program closed the connection before the end of its answer."""


@dataclasses.dataclass
class Answer:
    status: int
    headers: dict  # as they came; names are not folded
    body: bytes


def record(kind, content=b"", request_id=REQUEST_ID):
    padding = -len(content) % 8
    head = struct.pack("!BBHHBB", 1, kind, request_id, len(content), padding, 0)
    return head + content + bytes(padding)


def stream(kind, content):
    """Content as records, with the empty one that ends it."""
    pieces = [content[i : i + MAX_CONTENT] for i in range(0, len(content), MAX_CONTENT)]
    return b"".join(record(kind, piece) for piece in pieces) + record(kind)


def _length(n):
    return struct.pack("!B", n) if n < 128 else struct.pack("!I", n | 0x80000000)


def name_values(params):
    out = b""
    for name, value in params.items():
        name, value = name.encode(), value.encode("latin-1", "surrogateescape")
        out += _length(len(name)) + _length(len(value)) + name + value
    return out


def variables(method, target, body, extra=None):
    """What a web server says of a request; a value of None leaves a variable out."""
    params = {
        "GATEWAY_INTERFACE": "CGI/1.1",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "SERVER_SOFTWARE": "fcgi_client",
        "REQUEST_METHOD": method,
        "REQUEST_URI": target,
        "QUERY_STRING": target.partition("?")[2],
        "SCRIPT_NAME": "/telephony",
        "CONTENT_LENGTH": str(len(body)) if body else "",
        "CONTENT_TYPE": "application/webhook+json" if body else "",
        "REMOTE_ADDR": "127.0.0.1",
    }
    params.update(extra or {})
    return {name: value for name, value in params.items() if value is not None}


def parse_cgi(text):
    """A CGI response ("Status: …", headers, empty line, body) as an Answer."""
    head, separator, body = text.partition(b"\r\n\r\n")
    if not separator:
        raise ValueError(f"no CGI response: {text[:200]!r}")
    headers = {}
    for line in head.decode("latin-1").split("\r\n"):
        name, _, value = line.partition(": ")
        headers[name] = value
    return Answer(int(headers.pop("Status", "200").split()[0]), headers, body)


class Connection:
    """One connection; requests on it follow one another."""

    def __init__(self, address, timeout=20):
        family = socket.AF_INET if isinstance(address, tuple) else socket.AF_UNIX
        self.socket = socket.socket(family, socket.SOCK_STREAM)
        self.socket.settimeout(timeout)
        try:
            self.socket.connect(address)
        except BaseException:
            self.socket.close()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.socket.close()

    def begin(self, params, keep=False):
        flags = KEEP_CONN if keep else 0
        content = struct.pack("!HB5x", RESPONDER, flags)
        self.socket.sendall(
            record(BEGIN_REQUEST, content) + stream(PARAMS, name_values(params))
        )

    def send_body(self, body, end=True):
        """Part of a body; the last part ends the stream."""
        for i in range(0, len(body), MAX_CONTENT):
            self.socket.sendall(record(STDIN, body[i : i + MAX_CONTENT]))
        if end:
            self.socket.sendall(record(STDIN))

    def answer(self):
        """The answer to the request that was begun."""
        out = b""
        while True:
            kind, content = self._record()
            if kind == STDOUT:
                out += content
            elif kind == END_REQUEST:
                return parse_cgi(out)

    def is_closed(self):
        """Waits for what comes next: the end, or something nobody asked for."""
        return self.socket.recv(1) == b""

    def request(self, method, target, body=b"", extra=None, keep=False):
        params = variables(method, target, body, extra)
        content = struct.pack("!HB5x", RESPONDER, KEEP_CONN if keep else 0)
        # At once, as web servers do for small requests.
        self.socket.sendall(
            record(BEGIN_REQUEST, content)
            + stream(PARAMS, name_values(params))
            + stream(STDIN, body)
        )
        return self.answer()

    def _record(self):
        _, kind, _, length, padding, _ = struct.unpack("!BBHHBB", self._read(8))
        return kind, self._read(length + padding)[:length]

    def _read(self, n):
        out = b""
        while len(out) < n:
            piece = self.socket.recv(n - len(out))
            if not piece:
                raise Closed(f"closed after {len(out)} of {n} bytes of a record")
            out += piece
        return out


def request(address, method, target, body=b"", extra=None, timeout=20):
    """One request on a connection of its own."""
    with Connection(address, timeout) as connection:
        return connection.request(method, target, body, extra)
