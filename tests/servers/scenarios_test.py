"""The same scenarios through every web server, with the real program.

The program is named by TELEPHONY_FCGI, or is fcgi/telephony.fcgi of this tree.
Each test is called front/scenario.
"""
import hashlib
import http.client
import http.server
import json
import os
import pathlib
import sys
import threading
import time
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

import deliveries  # noqa: E402
import fronts  # noqa: E402
import processes  # noqa: E402
from deliveries import CEILING, WEBHOOK, Delivery, event, good, token, with_token  # noqa: E402
from livekit_stub import tokens  # noqa: E402
from livekit_stub.client import Stub  # noqa: E402

PROGRAM = pathlib.Path(os.environ.get("TELEPHONY_FCGI", HERE.parents[1] / "fcgi" / "telephony.fcgi"))
AGENT = "phone-agent"
API_TOKEN = "a-static-token-of-the-tests-0123456789"
EACH_SENT = 5
PATIENCE = 20


def unsigned(method, target):
    return Delivery(b"", {}, method, target)


def tampered():
    body = event()
    return with_token(body.replace(b"room_started", b"room_stopped"), token(body))


def truncated():
    body = event()
    return with_token(body[:-20], token(body))


def forged(**parts):
    body = event()
    return with_token(body, token(body, **parts))


def without_header():
    delivery = good(event())
    del delivery.headers["Authorization"]
    return delivery


def of_type(content_type):
    delivery = good(event())
    delivery.headers["Content-Type"] = content_type
    return delivery


def reading(authorization, target="/telephony/calls"):
    """A request for calls; `authorization` None = without the header."""
    headers = {} if authorization is None else {"Authorization": authorization}
    return Delivery(b"", headers, "GET", target)


def access(**grants):
    return "Bearer " + tokens.access_token(deliveries.KEY, deliveries.SECRET, {}, grants)


def in_time(seconds):
    """Valid for five minutes, from so many seconds from now on."""
    start = int(time.time()) + seconds
    return forged(nbf=start, exp=start + 300)


#: name: (what is sent, status, reason of the problem or None, headers of the answer)
SCENARIOS = {
    "signed": (lambda: good(event()), 200, None, {}),
    "signed_as_json": (lambda: of_type("application/json"), 200, None, {}),
    "signed_with_charset": (lambda: of_type("application/webhook+json; charset=utf-8"), 200, None, {}),
    "signed_chunked": (lambda: good(event(), chunked=True), 200, None, {}),
    "signed_at_the_ceiling": (lambda: good(deliveries.padded(CEILING)), 200, None, {}),
    "unknown_event": (lambda: good(event("something_new")), 200, None, {}),
    "unknown_fields": (lambda: good(event(somethingNew={"a": [1]})), 200, None, {}),
    "clock_a_little_late": (lambda: in_time(-330), 200, None, {}),
    "clock_a_little_early": (lambda: in_time(30), 200, None, {}),
    "no_header": (without_header, 401, "no_header", {"WWW-Authenticate": "Bearer"}),
    "no_token": (lambda: with_token(event(), "garbage"), 401, "bad_jwt", {"WWW-Authenticate": "Bearer"}),
    "garbage_token": (lambda: with_token(event(), "a.b.c"), 401, "bad_jwt", {}),
    "alg_none": (lambda: forged(header={"alg": "none"}, signature=b""), 401, "bad_alg", {}),
    "alg_rs256": (lambda: forged(header={"alg": "RS256"}), 401, "bad_alg", {}),
    "alg_hs512": (lambda: forged(header={"alg": "HS512"}), 401, "bad_alg", {}),
    "unknown_key": (lambda: forged(iss="stranger"), 401, "unknown_key", {}),
    "wrong_secret": (lambda: forged(secret="guessed"), 401, "bad_signature", {"WWW-Authenticate": "Bearer"}),
    "expired": (lambda: in_time(-600), 401, "expired", {}),
    "not_yet_valid": (lambda: in_time(600), 401, "not_yet_valid", {}),
    "tampered_body": (tampered, 401, "body_hash_mismatch", {}),
    "truncated_body": (truncated, 401, "body_hash_mismatch", {}),
    "no_body": (lambda: with_token(b"", token(event())), 401, "body_hash_mismatch", {}),
    "signed_garbage": (lambda: good(b"not json at all"), 400, None, {}),
    "signed_no_object": (lambda: good(b'["room_started"]'), 400, None, {}),
    "oversized": (lambda: good(deliveries.padded(CEILING + 1)), 413, None, {}),
    "oversized_chunked": (lambda: good(deliveries.padded(CEILING + 1), chunked=True), 413, None, {}),
    "oversized_unsigned": (lambda: Delivery(bytes(CEILING + 65536), {}), 413, None, {}),
    "get_on_webhook": (lambda: unsigned("GET", WEBHOOK), 405, None, {"Allow": "POST"}),
    "delete_on_webhook": (lambda: unsigned("DELETE", WEBHOOK), 405, None, {"Allow": "POST"}),
    "text_plain": (lambda: of_type("text/plain"), 415, None, {}),
    "unknown_path": (lambda: unsigned("GET", "/telephony/no-such-thing"), 404, None, {}),
    "unknown_path_below_webhook": (lambda: good(event(), target=WEBHOOK + "/more"), 404, None, {}),
    "healthz": (lambda: unsigned("GET", "/telephony/healthz"), 200, None, {}),
    "calls_without_token": (lambda: reading(None), 401, "no_credentials", {"WWW-Authenticate": "Bearer"}),
    "calls_with_admin_token": (lambda: reading(access(admin=True)), 200, None, {}),
    "calls_with_static_token": (lambda: reading("Bearer " + API_TOKEN), 200, None, {}),
    "calls_without_the_grant": (lambda: reading(access(call=True)), 403, "missing_grant", {}),
    "calls_with_forged_token": (lambda: reading(access(admin=True) + "x"), 401, "bad_signature",
                                {"WWW-Authenticate": 'Bearer error="invalid_token"'}),
    "calls_with_unknown_filter": (lambda: reading(access(admin=True), "/telephony/calls?romName=x"),
                                  400, "bad_parameter", {}),
    "no_such_call": (lambda: reading(access(admin=True), "/telephony/calls/none"), 404,
                     "no_such_call", {}),
    "query_is_not_path": (lambda: unsigned("GET", "/telephony/healthz?a=/telephony/b"), 200, None, {}),
}
#: an oversized body has no type either: which of the two is said first is the program's choice
ALSO_FINE = {"oversized_unsigned": (415, 401)}


def send(port, delivery):
    """(status, headers, body) of one delivery over its own connection."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    headers, body = dict(delivery.headers), delivery.body
    if delivery.chunked:
        headers["Transfer-Encoding"] = "chunked"
        body = iter([body[at:at + 50000] for at in range(0, len(body), 50000)])
    try:
        connection.request(delivery.method, delivery.target, body=body, headers=headers,
                           encode_chunked=delivery.chunked)
        response = connection.getresponse()
        return response.status, response.headers, response.read()
    finally:
        connection.close()


class Repeater:
    """Stands before a front and sends it each delivery several times at once."""

    def __init__(self, front, times):
        self.statuses = []
        repeater = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):  # noqa: N802, the library's name
                body = self.rfile.read(int(self.headers["Content-Length"]))
                headers = {name: self.headers[name] for name in ("Authorization", "Content-Type")}
                self.send_response(repeater.forward(front.port, Delivery(body, headers), times))
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *unused):
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}{WEBHOOK}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))

    def forward(self, port, delivery, times):
        """The worst of the answers, as LiveKit would repeat it for that one."""
        got = []
        together = threading.Barrier(times)

        def one():
            together.wait()
            try:
                got.append(send(port, delivery)[0])
            except OSError:
                got.append(502)

        threads = [threading.Thread(target=one) for _ in range(times)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.statuses += got
        return max(got)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *unused):
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


class OfEveryFront:
    """The scenarios; one class below for each front."""

    kind = None

    @classmethod
    def setUpClass(cls):
        cls.require(cls.kind.missing())
        cls.require(None if PROGRAM.exists() else f"no program {PROGRAM.name}; set TELEPHONY_FCGI")
        cls.livekit = Stub(key=deliveries.KEY, secret=deliveries.SECRET, agent_delay=0.05,
                           answer_delay=0.02, departure_timeout=0.5, retry_scale=0.1)
        cls.livekit.start()
        cls.addClassCleanup(cls.livekit.stop)
        cls.front = cls.kind(PROGRAM, config={
            "LIVEKIT_URL": cls.livekit.url,
            "LIVEKIT_API_KEY": deliveries.KEY,
            "LIVEKIT_API_SECRET": deliveries.SECRET,
            "TELEPHONY_ENABLED": "true",
            "TELEPHONY_AGENT_NAME": AGENT,
            "TELEPHONY_THREADS": "8",
            "TELEPHONY_DIAGNOSTICS": "true",
            "TELEPHONY_API_TOKENS": "tests: " + hashlib.sha256(API_TOKEN.encode()).hexdigest(),
        })
        cls.front.start()
        cls.addClassCleanup(cls.front.stop)

    @staticmethod
    def require(lacking):
        """With TELEPHONY_FRONTS=all nothing may be left out."""
        if lacking and os.environ.get("TELEPHONY_FRONTS") == "all":
            raise fronts.FrontError(lacking)
        if lacking:
            raise unittest.SkipTest(lacking)

    def setUp(self):
        self.livekit.webhook_urls()
        self.addCleanup(self.livekit.webhook_urls)

    def __str__(self):
        return f"{self.kind.name}/{self._testMethodName.removeprefix('test_')}"

    def explain(self, text):
        return f"{text}\n{self.front.log()[-4000:]}"

    def check(self, name):
        make, status, reason, headers = SCENARIOS[name]
        got, got_headers, body = send(self.front.port, make())
        if got in ALSO_FINE.get(name, ()):
            status = got
        self.assertEqual(got, status, self.explain(body[:500]))
        for header, value in headers.items():
            self.assertEqual(got_headers[header], value, f"{header}: {body[:500]}")
        if status >= 400:
            self.check_problem(got_headers, body, status, reason)

    def check_problem(self, headers, body, status, reason):
        """RFC 9457, so made by the program and not by the web server."""
        self.assertEqual(headers.get_content_type(), "application/problem+json", body[:500])
        problem = json.loads(body)
        self.assertEqual(problem.get("status"), status)
        if reason is not None:
            self.assertEqual(problem.get("reason"), reason)

    def test_recorded_call_then_again(self):
        for body in deliveries.recorded("inbound-answered") * 2:
            status, _, text = send(self.front.port, good(body))
            self.assertEqual(status, 200, self.explain(text))

    def test_whole_call_one_dispatch(self):
        self.livekit.webhook_urls(self.front.url + WEBHOOK)
        self.check_a_call()

    def test_whole_call_each_delivery_five_times_one_dispatch(self):
        with Repeater(self.front, EACH_SENT) as repeater:
            self.livekit.webhook_urls(repeater.url)
            room = self.check_a_call()
            self.livekit.webhook_urls()
        # Late events of other tests' rooms may come through here as well.
        sent = len(self.livekit.deliveries(room=room))
        self.assertEqual(set(repeater.statuses), {200}, self.explain(room))
        self.assertGreaterEqual(len(repeater.statuses), EACH_SENT * sent, self.explain(room))

    def check_a_call(self):
        """Somebody phones in, talks to the agent, hangs up; all is heard of."""
        room = self.livekit.call(talk_time=0.5)["room"]
        try:
            self.livekit.wait("agents", room=room, at_least=1, timeout=PATIENCE)
            self.livekit.wait("ended_calls", room=room, exactly=1, timeout=PATIENCE)
            self.livekit.wait("rooms", room=room, exactly=0, timeout=PATIENCE)
            self.livekit.wait("webhooks", room=room, outcome="pending", exactly=0, timeout=PATIENCE)
        except TimeoutError as error:
            self.fail(self.explain(error))
        self.assertEqual({d["outcome"] for d in self.livekit.deliveries(room=room)}, {"delivered"})
        self.await_jobs()
        self.check_dispatches(room)
        return room

    def await_jobs(self):
        """Plain CGI does a job after its answer, in a process that then ends."""
        if self.front.per_request:
            left = processes.await_end(self.front.fastcgi_pids(), PATIENCE)
            self.assertEqual(left, [], self.explain("still at work"))

    def check_dispatches(self, room):
        ordered = [d for d in self.livekit.state()["dispatches"] if d["room"] == room]
        self.assertEqual([d["agent_name"] for d in ordered], [AGENT], self.explain(ordered))
        self.assertFalse(ordered[0]["ghost"], ordered)
        asked = [r for r in self.livekit.requests(room=room) if r["method"] == "CreateDispatch"]
        self.assertEqual(len(asked), 1, asked)


def _add_scenarios():
    for name in SCENARIOS:
        def test(self, name=name):
            self.check(name)
        setattr(OfEveryFront, f"test_{name}", test)


_add_scenarios()


class ApacheModFcgid(OfEveryFront, unittest.TestCase):
    kind = fronts.ApacheModFcgid


class ApacheProxyFcgi(OfEveryFront, unittest.TestCase):
    kind = fronts.ApacheProxyFcgi


class ApacheCgi(OfEveryFront, unittest.TestCase):
    kind = fronts.ApacheCgi


class ApacheCgid(OfEveryFront, unittest.TestCase):
    """mod_cgid loses the answer of a program that ends before it has read the body."""

    kind = fronts.ApacheCgid


class Lighttpd(OfEveryFront, unittest.TestCase):
    kind = fronts.Lighttpd


class Nginx(OfEveryFront, unittest.TestCase):
    kind = fronts.Nginx


if __name__ == "__main__":
    unittest.main()
