"""telephony.fcgi as FastCGI, without a web server."""
import concurrent.futures
import json
import pathlib
import signal
import sys
import threading
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

import fcgi_client  # noqa: E402
from livekit_stub.client import Stub  # noqa: E402
from program import KEY, SECRET, WEBHOOK, Place, caller_joined, event, signed  # noqa: E402

MIB = 1024 * 1024

#: Other things run on the machine; an idle process takes a few milliseconds.
STOP_SECONDS = 1.0


class Requests(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.place = Place(TELEPHONY_RUN_JOBS="false", TELEPHONY_METRICS="true")
        cls.addClassCleanup(cls.place.close)
        cls.program = cls.place.fastcgi()
        cls.program.await_start()

    def test_one_of_each(self):
        self.assertEqual(200, self.program.webhook(event()).status)
        self.assertEqual(401, self.program.request("POST", WEBHOOK, b"{}").status)
        self.assertEqual(404, self.program.request("GET", "/telephony/x").status)
        self.assertEqual(405, self.program.request("GET", WEBHOOK).status)
        self.assertEqual(200, self.program.request("GET", "/telephony/readyz").status)

    def test_the_ceiling(self):
        head, tail = event(x="").split(b'"x": "')
        body = head + b'"x": "' + b"y" * (MIB - len(head) - len(tail) - 6) + tail
        self.assertEqual(MIB, len(body))
        self.assertEqual(200, self.program.webhook(body).status)

    def test_too_big_is_answered_while_the_server_still_sends(self):
        body = b"x" * (2 * MIB)
        with fcgi_client.Connection(self.program.address) as c:
            c.begin(fcgi_client.variables("POST", WEBHOOK, body))
            sender = threading.Thread(target=c.send_body, args=(body,))
            sender.start()
            answer = c.answer()
            sender.join()
            self.assertEqual(413, answer.status)
            self.assertEqual("too_big", json.loads(answer.body)["reason"])

    def test_too_big_without_a_length(self):
        answer = self.program.request("POST", WEBHOOK, b"x" * (MIB + 1), {"CONTENT_LENGTH": None})
        self.assertEqual(413, answer.status)

    def test_a_body_that_ends_too_soon(self):
        with fcgi_client.Connection(self.program.address) as c:
            c.begin(fcgi_client.variables("POST", WEBHOOK, b"12345678"))
            c.send_body(b"1234")
            answer = c.answer()
            self.assertEqual((400, "truncated"), (answer.status, json.loads(answer.body)["reason"]))

    def test_a_server_that_vanishes(self):
        for part in (b"", b"\1\1", b"\1\1\0\1\0\10\0\0", b"\1\1\0\1\0\10\0\0\0\1\0\0\0\0\0\0"):
            with fcgi_client.Connection(self.program.address) as c:
                c.socket.sendall(part)
        with fcgi_client.Connection(self.program.address) as c:
            c.begin(fcgi_client.variables("POST", WEBHOOK, b"12345678"))
            c.send_body(b"1234", end=False)
        self.assertEqual(200, self.program.webhook(event()).status)

    def test_garbage_is_closed(self):
        with fcgi_client.Connection(self.program.address) as c:
            c.socket.sendall(b"GET / HTTP/1.0\r\n\r\n")
            self.assertTrue(c.is_closed())
        self.assertEqual(200, self.program.webhook(event()).status)

    def test_connections_are_kept(self):
        with fcgi_client.Connection(self.program.address) as c:
            for _ in range(20):
                body = event()
                self.assertEqual(200, c.request("POST", WEBHOOK, body, signed(body), keep=True).status)
                self.assertEqual(405, c.request("GET", WEBHOOK, keep=True).status)
            self.assertEqual(404, c.request("GET", "/telephony/x").status)
            self.assertTrue(c.is_closed())

    def test_kept_connections_occupy_no_thread(self):
        """Many more of them than the four threads."""
        kept = [fcgi_client.Connection(self.program.address) for _ in range(40)]
        try:
            for _ in range(3):
                for c in kept:
                    self.assertEqual(200, c.request("GET", "/telephony/healthz", keep=True).status)
            self.assertEqual(200, self.program.webhook(event()).status)
        finally:
            for c in kept:
                c.close()

    def test_too_big_on_a_kept_connection_ends_it(self):
        with fcgi_client.Connection(self.program.address) as c:
            c.begin(fcgi_client.variables("POST", WEBHOOK, b"x" * (MIB + 1)), keep=True)
            sender = threading.Thread(target=c.send_body, args=(b"x" * (MIB + 1),))
            sender.start()
            self.assertEqual(413, c.answer().status)
            sender.join()
            self.assertTrue(c.is_closed())

    def test_many_at_once(self):
        def deliver(i):
            body = caller_joined(f"busy-{i % 50}", f"SCL_busy_{i % 50}", f"PA_busy_{i % 50}")
            return [self.program.webhook(body).status for _ in range(2)]

        with concurrent.futures.ThreadPoolExecutor(32) as pool:
            statuses = sum(pool.map(deliver, range(200)), [])
        self.assertEqual({200}, set(statuses))
        metrics = self.program.request("GET", "/telephony/metrics").body.decode()
        self.assertIn('telephony_calls_total{event="created"} 50\n', metrics)


class Stopping(unittest.TestCase):
    def setUp(self):
        self.place = Place()
        self.addCleanup(self.place.close)

    def started(self, **more):
        program = self.place.fastcgi(**more)
        program.await_start()
        return program

    def test_idle(self):
        for sign in (signal.SIGTERM, signal.SIGINT, signal.SIGUSR1, signal.SIGHUP):
            with self.subTest(sign):
                program = self.started()
                status, seconds = program.stop(sign)
                self.assertEqual(0, status, program.stderr())
                self.assertLess(seconds, STOP_SECONDS)
                self.assertIn("stopping", [line["event"] for line in program.log()])

    def test_idle_with_kept_connections(self):
        program = self.started()
        with fcgi_client.Connection(program.address) as c:
            c.request("GET", "/telephony/healthz", keep=True)
            status, seconds = program.stop()
            self.assertEqual(0, status)
            self.assertLess(seconds, STOP_SECONDS)
            self.assertTrue(c.is_closed())

    def test_a_request_under_way_is_finished(self):
        program = self.started()
        body = caller_joined()
        with fcgi_client.Connection(program.address) as c:
            c.begin(fcgi_client.variables("POST", WEBHOOK, body, signed(body)))
            c.send_body(body[:100], end=False)
            time.sleep(0.3)
            program.process.send_signal(signal.SIGTERM)
            time.sleep(0.3)
            self.assertIsNone(program.process.poll(), "it waits for the request")
            c.send_body(body[100:])
            answer = c.answer()
        self.assertEqual(200, answer.status)
        self.assertEqual("created", json.loads(answer.body)["effect"])
        self.assertEqual(0, program.process.wait(5))
        # And it is on disk.
        again = self.started(TELEPHONY_RUN_JOBS="false")
        self.assertEqual("duplicate", json.loads(again.webhook(body).body)["effect"])

    def test_a_request_that_does_not_end_is_given_up(self):
        program = self.started()
        with fcgi_client.Connection(program.address) as c:
            c.begin(fcgi_client.variables("POST", WEBHOOK, b"12345678"))
            time.sleep(0.3)
            status, seconds = program.stop()
        self.assertEqual(0, status)
        self.assertLess(seconds, 2.9, "mod_fcgid kills after three seconds")
        self.assertIn("requests_given_up", [line["event"] for line in program.log()])

    def test_nothing_new_is_taken(self):
        """What waits in the listening socket is for the next process."""
        program = self.started()
        with fcgi_client.Connection(program.address) as busy:
            busy.begin(fcgi_client.variables("POST", WEBHOOK, b"12345678"))
            time.sleep(0.3)
            program.process.send_signal(signal.SIGTERM)
            time.sleep(0.2)
            with fcgi_client.Connection(program.address, timeout=0.5) as late:
                with self.assertRaises(TimeoutError):
                    late.request("GET", "/telephony/healthz")
            busy.send_body(b"12345678")
            busy.answer()
        self.assertEqual(0, program.process.wait(5))

    def test_while_livekit_does_not_answer(self):
        with Stub(key=KEY, secret=SECRET, assume_rooms=True) as livekit:
            livekit.faults({"method": "*", "delay_before_ms": 30000})
            program = self.started(LIVEKIT_URL=livekit.url)
            self.assertEqual(200, program.webhook(caller_joined()).status)
            livekit.wait("requests", method="CreateDispatch", at_least=0, timeout=5)
            time.sleep(0.3)
            status, seconds = program.stop()
            self.assertEqual(0, status)
            self.assertLess(seconds, 2.9)


class Jobs(unittest.TestCase):
    def test_a_call_gets_its_agent(self):
        with Stub(key=KEY, secret=SECRET, assume_rooms=True) as livekit, \
                Place(LIVEKIT_URL=livekit.url) as place:
            program = place.fastcgi()
            for i in range(10):
                for _ in range(2):
                    self.assertEqual(200, program.webhook(
                        caller_joined(f"room-{i}", f"SCL_{i}", f"PA_{i}")).status)
            livekit.wait("dispatches", exactly=10, timeout=15)
            status, seconds = program.stop()
            self.assertEqual(0, status, program.stderr())
            self.assertEqual(10, livekit.state()["dispatch_count"])


class Failing(unittest.TestCase):
    def test_no_descriptors_left(self):
        """It says so and ends, so that its manager starts another one."""
        with Place(TELEPHONY_RUN_JOBS="false") as place:
            program = place.fastcgi()
            program.await_start()
            import resource  # noqa: PLC0415

            open_now = len(list(pathlib.Path(f"/proc/{program.process.pid}/fd").iterdir()))
            resource.prlimit(program.process.pid, resource.RLIMIT_NOFILE, (open_now, open_now))
            with fcgi_client.Connection(program.address):
                self.assertEqual(1, program.process.wait(5))
            self.assertIn("accept_failed", [line["event"] for line in program.log()])


if __name__ == "__main__":
    unittest.main()
