"""Web servers and clients that go away at every byte, dawdle, or do not read: the program
neither crashes nor loses a thread, nor says 200 to what is not on disk.
"""
import json
import os
import pathlib
import random
import select
import signal
import socket
import subprocess
import sys
import threading
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

import fcgi_client  # noqa: E402
from program import PROGRAM, WEBHOOK, Place, caller_joined, event, signed  # noqa: E402

LONG = bool(os.environ.get("TORTURE"))
THREADS = 4
MIB = 1024 * 1024


def whole_request(body, keep=False):
    """What a web server sends for a delivery, from the first byte to the last."""
    params = fcgi_client.variables("POST", WEBHOOK, body, signed(body))
    begin = fcgi_client.record(fcgi_client.BEGIN_REQUEST, bytes((0, 1, int(keep), 0, 0, 0, 0, 0)))
    return (begin + fcgi_client.stream(fcgi_client.PARAMS, fcgi_client.name_values(params)) +
            fcgi_client.stream(fcgi_client.STDIN, body))


class Edge(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.place = Place(TELEPHONY_RUN_JOBS="false", TELEPHONY_METRICS="true",
                          TELEPHONY_THREADS=str(THREADS), TELEPHONY_LOG_LEVEL="error")
        cls.addClassCleanup(cls.place.close)
        cls.program = cls.place.fastcgi()
        cls.program.await_start()

    def tearDown(self):
        self.is_well()

    def restart_if_libfcgi_gave_up(self):
        """It asserts that it gets whatever memory a length of four bytes may ask for; only
        the web server can send such a length, and its manager starts the next process."""
        if self.program.process.poll() is None:
            return 0
        self.assertEqual(-signal.SIGABRT, self.program.process.returncode)
        self.assertIn("fcgiapp.c", self.program.stderr())
        type(self).program = self.place.fastcgi()
        self.program.await_start()
        return 1

    def is_well(self):
        """All threads answer, at one time."""
        self.assertIsNone(self.program.process.poll(), self.program.stderr())
        busy = [fcgi_client.Connection(self.program.address) for _ in range(THREADS)]
        body = event()
        for c in busy:
            c.begin(fcgi_client.variables("POST", WEBHOOK, body, signed(body)))
            c.send_body(body[:10], end=False)
        for c in busy:
            c.send_body(body[10:])
            self.assertEqual(200, c.answer().status)
            c.close()

    def created(self):
        metrics = self.program.request("GET", "/telephony/metrics").body.decode()
        return int(metrics.split('telephony_calls_total{event="created"} ')[1].split()[0])

    def connect(self):
        connection = fcgi_client.Connection(self.program.address, timeout=10)
        self.addCleanup(connection.close)
        return connection

    def test_gone_at_every_byte(self):
        """A request that is cut off is as good as none, or as the whole; never two calls."""
        request = whole_request(caller_joined("cut", "SCL_cut", "PA_cut"))
        cuts = range(len(request)) if LONG else range(0, len(request), 7)
        before = self.created()
        for cut in cuts:
            with fcgi_client.Connection(self.program.address) as c:
                c.socket.sendall(request[:cut])
        self.is_well()
        with fcgi_client.Connection(self.program.address) as c:
            c.socket.sendall(request)
            effect = json.loads(c.answer().body)["effect"]
        # Behind the last byte of the body only padding and the stream's end follow:
        # who was cut off there may have made the call already, in his own time.
        self.assertIn(effect, ("created", "duplicate"))
        until = time.monotonic() + 10
        while self.created() == before and time.monotonic() < until:
            time.sleep(0.01)
        self.assertEqual(1, self.created() - before)
        print(f"    cut off at {len(cuts)} of {len(request)} bytes", file=sys.stderr)

    def test_reset_at_every_byte(self):
        """With a reset in place of an end: reading fails instead of ending."""
        request = whole_request(event())
        for cut in range(0, len(request), 1 if LONG else 23):
            c = socket.socket(socket.AF_UNIX)
            c.connect(self.program.address)
            c.sendall(request[:cut])
            c.shutdown(socket.SHUT_RD)		# writing to it fails with EPIPE
            c.close()

    def test_gone_before_the_answer(self):
        """The answer meets nobody; the call is there, and the repetition is told so."""
        for i in range(50):
            body = caller_joined(f"deaf-{i}", f"SCL_deaf_{i}", f"PA_deaf_{i}")
            c = socket.socket(socket.AF_UNIX)
            c.connect(self.program.address)
            c.sendall(whole_request(body))
            c.close()
            until = time.monotonic() + 10
            while self.program.webhook(body).status != 200 and time.monotonic() < until:
                pass
            self.assertEqual("duplicate", json.loads(self.program.webhook(body).body)["effect"])

    def test_gone_within_the_answer(self):
        """A server that reads a little of a long answer and goes."""
        for taken in (1, 8, 100):
            for _ in range(10):
                with fcgi_client.Connection(self.program.address) as c:
                    c.begin(fcgi_client.variables("GET", "/telephony/metrics", b""))
                    c.send_body(b"")
                    c.socket.recv(taken)

    def test_a_slow_body(self):
        """Byte by byte, in two threads, while the others go on."""
        body = event()
        request = whole_request(body)
        results = []

        def dawdle():
            with fcgi_client.Connection(self.program.address, timeout=30) as c:
                c.socket.sendall(request[:-len(body) - 24])
                for at in range(len(request) - len(body) - 24, len(request)):
                    c.socket.sendall(request[at:at + 1])
                    time.sleep(0.002)
                results.append(c.answer().status)

        threads = [threading.Thread(target=dawdle) for _ in range(THREADS // 2)]
        for thread in threads:
            thread.start()
        while any(thread.is_alive() for thread in threads):
            self.assertEqual(200, self.program.webhook(event()).status)
        self.assertEqual([200] * len(threads), results)

    def test_nobody_reads(self):
        """Answers that are not taken, on connections that are kept."""
        held = [self.connect() for _ in range(THREADS * 3)]
        for c in held:
            c.socket.sendall(whole_request(event(), keep=True))
        time.sleep(0.2)
        self.is_well()
        for c in held:
            self.assertEqual(200, c.answer().status)

    def test_garbage(self):
        """Whole requests with bytes changed, seeded."""
        rng = random.Random(int(os.environ.get("SEED", "1")))
        request = whole_request(event())
        n, gave_up = 5000 if LONG else 300, 0
        for _ in range(n):
            bad = bytearray(request)
            for _ in range(rng.randint(1, 4)):
                bad[rng.randrange(len(bad))] = rng.randrange(256)
            try:
                with fcgi_client.Connection(self.program.address) as c:
                    c.socket.sendall(bytes(bad))
                    c.socket.shutdown(socket.SHUT_WR)
                    select.select([c.socket], [], [], 0.05)
            except OSError:
                pass
            gave_up += self.restart_if_libfcgi_gave_up()
        time.sleep(0.1)
        gave_up += self.restart_if_libfcgi_gave_up()
        print(f"    bytes changed in {n} requests; libfcgi gave up {gave_up} times", file=sys.stderr)

    def test_an_aborted_request(self):
        body = event()
        for sent in (0, 10, len(body)):
            with fcgi_client.Connection(self.program.address) as c:
                c.begin(fcgi_client.variables("POST", WEBHOOK, body, signed(body)))
                c.send_body(body[:sent], end=False)
                c.socket.sendall(fcgi_client.record(fcgi_client.ABORT_REQUEST))


class Silent(unittest.TestCase):
    def test_a_peer_that_says_nothing_gives_the_thread_back(self):
        """Every thread waits for a body that does not come; after 30 s they are free."""
        if not LONG:
            self.skipTest("half a minute: make torture")
        with Place(TELEPHONY_RUN_JOBS="false", TELEPHONY_THREADS="2") as place:
            program = place.fastcgi()
            program.await_start()
            held = [fcgi_client.Connection(program.address) for _ in range(2)]
            for c in held:
                c.begin(fcgi_client.variables("POST", WEBHOOK, b"12345678"))
            self.assertEqual(200, program.request("GET", "/telephony/healthz", timeout=45).status)
            for c in held:
                c.close()


class Cgi(unittest.TestCase):
    def setUp(self):
        self.place = Place(TELEPHONY_RUN_JOBS="false")
        self.addCleanup(self.place.close)

    def start(self, body, **more):
        variables = fcgi_client.variables("POST", WEBHOOK, body, signed(body))
        return subprocess.Popen([PROGRAM], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                stderr=subprocess.DEVNULL,
                                env=self.place.environment(**{**variables, **more}))

    def effect(self, body):
        return json.loads(self.place.cgi("POST", WEBHOOK, body, signed(body)).answer.body)["effect"]

    def test_a_body_that_breaks_off(self):
        body = caller_joined()
        for sent in (0, 1, len(body) // 2, len(body) - 1):
            process = self.start(body)
            out, _ = process.communicate(body[:sent], timeout=20)
            self.assertEqual(400, fcgi_client.parse_cgi(out).status)
        self.assertEqual("created", self.effect(body))

    def test_nobody_takes_the_answer(self):
        """EPIPE is no crash, and what was committed stays."""
        body = caller_joined()
        process = self.start(body)
        process.stdout.close()
        process.stdin.write(body)
        process.stdin.close()
        self.assertGreaterEqual(process.wait(20), 0, "not by a signal")
        self.assertEqual("duplicate", self.effect(body))

    def test_killed_while_the_body_comes(self):
        body = caller_joined()
        process = self.start(body)
        process.stdin.write(body[:100])
        process.stdin.flush()
        time.sleep(0.2)
        process.send_signal(signal.SIGKILL)
        process.communicate()
        self.assertEqual("created", self.effect(body))

    def test_a_slow_body(self):
        body = caller_joined()
        process = self.start(body)
        for at in range(0, len(body), 50):
            process.stdin.write(body[at:at + 50])
            process.stdin.flush()
            time.sleep(0.005)
        out, _ = process.communicate(timeout=20)
        self.assertEqual(200, fcgi_client.parse_cgi(out).status)


if __name__ == "__main__":
    unittest.main()
