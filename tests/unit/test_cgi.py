"""telephony.fcgi as plain CGI: environment and stdin in, response on stdout out."""
import os
import pathlib
import signal
import socket
import subprocess
import sys
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

import fcgi_client  # noqa: E402
import program  # noqa: E402
from livekit_stub.client import Stub  # noqa: E402
from program import KEY, SECRET, WEBHOOK, Place, caller_joined, event, signed  # noqa: E402

MIB = 1024 * 1024

#: name: (method, target, body, variables, status, reason, headers)
REQUESTS = {
    "health": ("GET", "/telephony/healthz", b"", {}, 200, None, {"Cache-Control": "no-store"}),
    "health with a slash": ("GET", "/telephony/healthz/", b"", {}, 200, None, {}),
    "ready": ("GET", "/telephony/readyz", b"", {}, 200, None, {}),
    "metrics are closed": ("GET", "/telephony/metrics", b"", {}, 404, None, {}),
    "unknown path": ("GET", "/telephony/nothing", b"", {}, 404, None, {}),
    "unknown prefix": ("GET", "/healthz", b"", {}, 404, None, {}),
    "dots": ("GET", "/telephony/x/../healthz", b"", {}, 400, "bad_path", {}),
    "NUL": ("GET", "/telephony/healthz%00", b"", {}, 400, "bad_path", {}),
    "long path": ("GET", "/telephony/" + "x" * 2000, b"", {}, 414, None, {}),
    "path in two parts": ("GET", "", b"", {"REQUEST_URI": None, "PATH_INFO": "/healthz"}, 200, None, {}),
    "wrong method": ("GET", WEBHOOK, b"", {}, 405, None, {"Allow": "POST"}),
    "options": ("OPTIONS", "/telephony/healthz", b"", {}, 405, None, {"Allow": "GET, HEAD"}),
    "wrong type": ("POST", WEBHOOK, b"{}", {"CONTENT_TYPE": "text/plain"}, 415, "wrong_type", {}),
    "no type": ("POST", WEBHOOK, b"{}", {"CONTENT_TYPE": None}, 415, "wrong_type", {}),
    "too big": ("POST", WEBHOOK, b"x" * (MIB + 1), {}, 413, "too_big", {}),
    "too big, length unknown": ("POST", WEBHOOK, b"x" * (MIB + 1), {"CONTENT_LENGTH": None}, 413, "too_big", {}),
    "absurd length": ("POST", WEBHOOK, b"{}", {"CONTENT_LENGTH": "9" * 30}, 413, "too_big", {}),
    "cut off": ("POST", WEBHOOK, b"{}", {"CONTENT_LENGTH": "3"}, 400, "truncated", {}),
    "no number": ("POST", WEBHOOK, b"{}", {"CONTENT_LENGTH": "two"}, 400, "truncated", {}),
    "no header": ("POST", WEBHOOK, b"{}", {}, 401, "no_header", {"WWW-Authenticate": "Bearer"}),
    "no token": ("POST", WEBHOOK, b"{}", {"HTTP_AUTHORIZATION": "abc"}, 401, "bad_jwt", {}),
    "another body": ("POST", WEBHOOK, b"{}", signed(b"{ }"), 401, "body_hash_mismatch", {}),
    "signed garbage": ("POST", WEBHOOK, b"[]", signed(b"[]"), 400, "malformed", {}),
}


def processes_of(store):
    """Processes that have the store open."""
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            maps = pathlib.Path("/proc", pid, "maps").read_text()
        except OSError:
            continue
        if str(store) in maps:
            found.append(int(pid))
    return found


def await_no_process(store, patience=20):
    deadline = time.monotonic() + patience
    while processes_of(store) and time.monotonic() < deadline:
        time.sleep(0.02)
    return not processes_of(store)


class Requests(unittest.TestCase):
    """Jobs are not run here, so nothing outlives an answer."""

    def setUp(self):
        self.place = Place(TELEPHONY_RUN_JOBS="false")
        self.addCleanup(self.place.close)

    def test_table(self):
        for name, (method, target, body, extra, status, reason, headers) in REQUESTS.items():
            with self.subTest(name):
                done = self.place.cgi(method, target, body, extra)
                answer = done.answer
                self.assertEqual(status, answer.status, done.stderr)
                self.assertEqual(0, done.returncode)
                self.assertEqual(str(len(answer.body)), answer.headers["Content-Length"])
                self.assertEqual("nosniff", answer.headers["X-Content-Type-Options"])
                for header, value in headers.items():
                    self.assertEqual(value, answer.headers.get(header))
                if status >= 400:
                    problem = program.json.loads(answer.body)
                    self.assertEqual("application/problem+json", answer.headers["Content-Type"])
                    self.assertEqual(status, problem["status"])
                    self.assertEqual(reason, problem.get("reason"))

    def test_signed(self):
        body = event()
        for extra in (
            signed(body),
            {"HTTP_AUTHORIZATION": None, "REDIRECT_HTTP_AUTHORIZATION": signed(body)["HTTP_AUTHORIZATION"]},
            {**signed(body), "CONTENT_LENGTH": None},
            {**signed(body), "CONTENT_TYPE": "application/json; charset=utf-8"},
            {**signed(body), "REQUEST_URI": "http://example.org" + WEBHOOK + "?x=y"},
        ):
            with self.subTest(extra):
                self.assertEqual(200, self.place.cgi("POST", WEBHOOK, body, extra).answer.status)

    def test_head_has_no_body(self):
        get = self.place.cgi("GET", "/telephony/healthz").answer
        head = self.place.cgi("HEAD", "/telephony/healthz").answer
        self.assertEqual(b"", head.body)
        self.assertEqual(get.headers, head.headers)

    def test_arguments_of_a_request_mean_nothing(self):
        """A web server may make them out of the query (RFC 3875, 4.4)."""
        done = self.place.cgi("GET", "/telephony/healthz?--version", argv=["--version"])
        self.assertEqual(200, done.answer.status)

    def test_calls_are_kept_once(self):
        body = caller_joined()
        effects = [program.json.loads(self.place.cgi("POST", WEBHOOK, body, signed(body)).answer.body)["effect"]
                   for _ in range(3)]
        self.assertEqual(["created", "duplicate", "duplicate"], effects)

    def test_metrics_can_be_opened(self):
        self.place.cgi("POST", WEBHOOK, b"{}", {})
        self.place.settings["TELEPHONY_METRICS"] = "true"
        answer = self.place.cgi("GET", "/telephony/metrics").answer
        self.assertEqual(200, answer.status)
        self.assertIn(b'telephony_webhooks_total{result="no_header"} 1\n', answer.body)
        self.assertIn(b"telephony_store_calls 0\n", answer.body)

    def test_too_big_over_one_socket(self):
        """Under mod_cgid stdin and stdout are one: what is left unread would reset it."""
        body = b"x" * (MIB + 100_000)
        env = self.place.environment(**fcgi_client.variables("POST", WEBHOOK, body))
        ours, its = socket.socketpair()
        with ours:
            with its:
                process = subprocess.Popen([program.PROGRAM], env=env, stdin=its, stdout=its,
                                           stderr=subprocess.DEVNULL)
            ours.settimeout(20)
            ours.sendall(body)
            ours.shutdown(socket.SHUT_WR)
            text = b"".join(iter(lambda: ours.recv(65536), b""))
        self.assertEqual(0, process.wait(20))
        self.assertEqual(413, fcgi_client.parse_cgi(text).status)

    def test_nobody_reads_the_answer(self):
        """It ends quietly, without a signal."""
        read, write = os.pipe()
        os.close(read)
        env = self.place.environment(**fcgi_client.variables("GET", "/telephony/healthz", b""))
        done = subprocess.run([program.PROGRAM], env=env, stdin=subprocess.DEVNULL, stdout=write,
                              stderr=subprocess.PIPE, timeout=20, check=False)
        os.close(write)
        self.assertEqual(1, done.returncode)

    def test_descriptors_may_be_closed(self):
        """The store must not get descriptor 2, where the log is written."""
        env = self.place.environment(**fcgi_client.variables("GET", "/telephony/readyz", b""))
        script = f'exec 0<&- 2>&-; exec "{program.PROGRAM}"'
        done = subprocess.run(["/bin/sh", "-c", script], env=env, stdout=subprocess.PIPE,
                              timeout=20, check=False)
        self.assertEqual(200, fcgi_client.parse_cgi(done.stdout).status)
        env = self.place.environment(**fcgi_client.variables("POST", WEBHOOK, b"{}"))
        done = subprocess.run(["/bin/sh", "-c", script], env=env, stdout=subprocess.PIPE,
                              timeout=20, check=False)
        self.assertEqual(400, fcgi_client.parse_cgi(done.stdout).status, "which is logged")
        self.assertEqual(200, self.place.cgi("GET", "/telephony/readyz").answer.status)


class Jobs(unittest.TestCase):
    """What is left to do is done by a process that nobody waits for."""

    def test_the_agent_is_dispatched_after_the_answer(self):
        with Stub(key=KEY, secret=SECRET, assume_rooms=True) as livekit, \
                Place(LIVEKIT_URL=livekit.url) as place:
            livekit.faults({"method": "CreateDispatch", "delay_before_ms": 1500})
            body = caller_joined()
            began = time.monotonic()
            done = place.cgi("POST", WEBHOOK, body, signed(body))
            took = time.monotonic() - began
            self.assertEqual(200, done.answer.status)
            self.assertLess(took, 1.2, "stdout and stderr are closed before LiveKit is called")
            livekit.wait("dispatches", room="call-1", exactly=1, timeout=15)
            # The same again starts no second one.
            self.assertEqual(200, place.cgi("POST", WEBHOOK, body, signed(body)).answer.status)
            self.assertTrue(await_no_process(place.store))
            self.assertEqual(1, livekit.state()["dispatch_count"])

    def test_without_a_job_nothing_stays(self):
        with Place() as place:
            body = event()
            self.assertEqual(200, place.cgi("POST", WEBHOOK, body, signed(body)).answer.status)
            self.assertEqual([], processes_of(place.store))

    def test_it_leaves_no_zombie(self):
        """The process that answered is reaped by whoever started it; the other is init's."""
        with Place() as place:
            body = caller_joined()
            place.cgi("POST", WEBHOOK, body, signed(body))
            with self.assertRaises(ChildProcessError):
                os.waitpid(-1, os.WNOHANG)
            for pid in processes_of(place.store):
                stat = pathlib.Path("/proc", str(pid), "stat").read_text().rpartition(")")[2].split()
                self.assertEqual(pid, int(stat[3]), "it has a session of its own")
                os.kill(pid, signal.SIGTERM)
            self.assertTrue(await_no_process(place.store))


if __name__ == "__main__":
    unittest.main()
