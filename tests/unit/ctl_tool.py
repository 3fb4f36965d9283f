"""telephonyctl as a subprocess, and what its tests stand on."""
import http.server
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import threading

HERE = pathlib.Path(__file__).resolve().parent
TESTS = HERE.parent
SOURCE = pathlib.Path(os.environ.get("top_srcdir", TESTS.parent)).resolve()
BUILD = pathlib.Path(os.environ.get("top_builddir", SOURCE)).resolve()
TOOL = BUILD / "ctl" / "telephonyctl"
FCGI = BUILD / "fcgi" / "telephony.fcgi"
sys.path.insert(0, str(TESTS))

from livekit_stub import signing, tokens  # noqa: E402

KEY = "devkey"
SECRET = "devsecretdevsecretdevsecretdevsecret"
WEBHOOK = "/telephony/livekit-webhook"
PATIENCE = 60
OK, NOT_SO, USAGE, TROUBLE = range(4)


class Directory:
    """A temporary directory with a store's place in it, and the settings for it."""

    def __init__(self):
        self._temporary = tempfile.TemporaryDirectory(prefix="tel-ctl-")
        self.path = pathlib.Path(self._temporary.name)
        self.store = self.path / "store"
        self.settings = {
            "LIVEKIT_URL": "http://127.0.0.1:9",
            "LIVEKIT_API_KEY": KEY,
            "LIVEKIT_API_SECRET": SECRET,
            "TELEPHONY_STORE": f"lmdb:{self.store}",
            "TELEPHONY_STORE_SIZE": "64M",
        }

    def close(self):
        self._temporary.cleanup()

    def environment(self, **more):
        """Nothing of the caller's own settings gets in."""
        kept = {name: value for name, value in os.environ.items()
                if not name.startswith(("TELEPHONY_", "LIVEKIT_"))}
        return {**kept, **self.settings, **more}

    def write(self, name, text):
        path = self.path / name
        path.write_text(text, encoding="utf-8")
        return str(path)

    def run(self, *words, **more):
        """The outcome of one invocation: returncode, stdout, stderr as text."""
        return subprocess.run([TOOL, *map(str, words)], env=self.environment(**more),
                              cwd=self.path, stdin=subprocess.DEVNULL, capture_output=True,
                              text=True, timeout=PATIENCE, check=False)


class Server(http.server.ThreadingHTTPServer):
    """On a free port of the loopback, in a thread of its own."""

    daemon_threads = True
    request_queue_size = 256

    def __init__(self, handler):
        super().__init__(("127.0.0.1", 0), handler)
        self.origin = f"http://127.0.0.1:{self.server_address[1]}"
        self._thread = threading.Thread(target=self.serve_forever,
                                        kwargs={"poll_interval": 0.02}, daemon=True)
        self._thread.start()

    def close(self):
        self.shutdown()
        self.server_close()
        self._thread.join()


class Receiver:
    """Takes webhooks, verifies them as a receiver has to, and remembers them.

    answer: called with the number of the request (from 0) and its event,
            returns a status, or (status, headers); None hangs up
    """

    def __init__(self, answer=lambda number, event: 200):
        self.requests = []
        self.faults = []
        self._lock = threading.Lock()
        receiver = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                event = json.loads(body)
                with receiver._lock:
                    number = len(receiver.requests)
                    receiver.requests.append(event)
                    fault = receiver._fault(self, body)
                    if fault:
                        receiver.faults.append(fault)
                got = answer(number, event)
                if got is None:
                    self.close_connection = True
                    return
                status, headers = got if isinstance(got, tuple) else (got, {})
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        self._server = Server(Handler)
        self.origin = self._server.origin
        self.port = self._server.server_address[1]
        self.url = self.origin + WEBHOOK
        self.close = self._server.close

    @staticmethod
    def _fault(handler, body):
        if handler.path != WEBHOOK:
            return f"path {handler.path}"
        if handler.headers["Content-Type"] != signing.CONTENT_TYPE:
            return f"content type {handler.headers['Content-Type']}"
        try:
            claims = tokens.verify(handler.headers["Authorization"] or "", {KEY: SECRET})
        except tokens.TokenError as error:
            return str(error)
        if claims.get("sha256") != signing.body_digest(body):
            return "body hash"
        return None


class Program:
    """telephony.fcgi as plain CGI behind the smallest web server there is.

    It runs no jobs, so they stay for whoever is to be tested.
    """

    def __init__(self, directory):
        environment = directory.environment(TELEPHONY_RUN_JOBS="false")

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                got = subprocess.run([FCGI], input=body, capture_output=True, timeout=PATIENCE,
                                     check=False, env={
                    **environment, "GATEWAY_INTERFACE": "CGI/1.1", "REQUEST_METHOD": "POST",
                    "REQUEST_URI": self.path, "SCRIPT_NAME": "", "PATH_INFO": self.path,
                    "SERVER_PROTOCOL": "HTTP/1.1", "CONTENT_LENGTH": str(len(body)),
                    "CONTENT_TYPE": self.headers["Content-Type"],
                    "HTTP_AUTHORIZATION": self.headers["Authorization"]})
                head, _, content = got.stdout.partition(b"\r\n\r\n")
                status = 500
                for line in head.splitlines():
                    if line.lower().startswith(b"status:"):
                        status = int(line.split()[1])
                self.send_response(status)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_):
                pass

        self._server = Server(Handler)
        self.origin = self._server.origin
        self.url = self.origin + WEBHOOK
        self.close = self._server.close
