"""Bad input for every field of every endpoint that acts or lists, through lighttpd: the right
status, a problem+json that names the field, and nothing stored.
"""
import hashlib
import http.client
import json
import os
import pathlib
import subprocess
import sys
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

import deliveries  # noqa: E402
import fronts  # noqa: E402
import processes  # noqa: E402
from scenarios_test import PROGRAM, OfEveryFront  # noqa: E402

CTL = pathlib.Path(os.environ.get("TELEPHONYCTL", PROGRAM.parents[1] / "ctl" / "telephonyctl"))
TOKEN = "a-static-token-of-the-tests-0123456789"
CALLS = "/telephony/calls"
NOBODY = CALLS + "/00000000-0000-4000-8000-000000000000"
TRANSFER = NOBODY + "/transfer"

#: what no text may be
NO_TEXTS = (None, True, 7, 1.5, [], {}, "")
NO_NUMBERS = NO_TEXTS + (
    "+", "15550100", "0015550100", "+05550100", "+155501", "+1234567890123456", "+1555O100",
    "tel:+15550100", "sip:+15550100@example.com", "+15550100@example.com", "+15550100;ext=5",
    "+15550100,+15550101", "++15550100", "anonymous", "+1555\u00a00100", "+15550100\u0000",
    "+15550100\n", "+\u0661\u0665\u0665\u0665\u0660\u0661\u0660\u0660", "+1" * 300,
    "'; DROP TABLE calls; --", "../../etc/passwd", "%2B15550100")
NO_NAMES = NO_TEXTS[:-1] + ("", "a\nb", "a\u0000", "\u007f", "a\u001b[31m")
NO_SECONDS = (None, True, "30", 1.5, 30.0, [], {}, -1, 0, 2 ** 31, 2 ** 63 - 1, 2 ** 64, -2 ** 63,
              1e300)
NO_OBJECTS = (None, True, 7, "{}", [], [{}])
#: numbers that the agent would be told wrongly
CUT_NUMBERS = ({"n": 2 ** 64}, {"n": -2 ** 63 - 1}, {"n": [{"m": [10 ** 40]}]})

#: member of an order: values that it must not have
ORDERS = {
    "to": NO_NUMBERS,
    "from": NO_NUMBERS,
    "agentConfig": NO_OBJECTS + ({"x": "y" * 49152},) + CUT_NUMBERS,
    "agentName": NO_NAMES + ("a" * 129, "\u00e9" * 65),
    "roomName": NO_NAMES + ("a" * 257, "\u00e9" * 129),
    "trunkId": NO_NAMES + ("ST a", "\u00e9", "a" * 129),
    "ringingTimeoutSeconds": NO_SECONDS + (4, 76),
    "maxDurationSeconds": NO_SECONDS + (9, 86401),
    "dtmf": NO_TEXTS + ("a", "e", "E", "W", "1 2", "1,2", "1\u0000", "1" * 65, "\u0661"),
    "metadata": NO_OBJECTS + ({"x": "y" * 16384},) + CUT_NUMBERS,
    # Members that are not there, whatever they hold.
    "To": ("+15550100",), "callId": ("x",), "status": ("ended",), "dryRun": (True,),
    "idempotencyKey": ("k",), "x" * 64: (1,), "agent_config": ({},), "\u00e9": (1,),
}
#: member of an AgentConfig, named with what it is in
AGENT_CONFIGS = {
    "prompt": (True, 7, [], {}), "greeting": (True, 7, [], {}),
    "tools": (True, 7, "x", {}, [7], [""], [None]), "voice": (True, 7, "", [], {}),
    "model": (True, 7, "", [], {}), "noise_cancellation_type": (True, 7, "", [], {}),
    "telephony": ({}, None, "x"),
}
TRANSFERS = {
    "to": NO_TEXTS + (
        "+15550300", "tel:", "tel:15550300", "tel:+", "tel:+05550300", "tel:+15550300;ext=1",
        "tel:+15550300@x", "sip:", "sip:@x", "sip:a@", "sip:a@b@c", "sip:a b@c", "sip:a@b>",
        "sip:a@b\r\nX: y", "sip:a@b\u0000", "sip:\u00e9@b", "sips:a@b", "sip:%2B15550300@b", "sip:+15550300:pw@b", "sip:a@b?c=d",
        "http://a", "javascript:x",
        "sip:" + "a" * 253, "SIP:a@b", "tel:+1\n5550300"),
    "playDialtone": (None, 1, 0, "true", [], {}),
    "dialtone": (True,), "headers": ({},), '""': (1,),
}
#: no JSON at all, or no object
NO_BODIES = (b"", b" ", b"{", b"}", b"null", b"[]", b'"x"', b"7", b"true", b'{"to"}', b'{"to":}',
             b"{'to':'+15550100'}", b'{"to":"+15550100",}', b'{"to":"+15550100"}x',
             b'{"to":"+15550100"}{}', b'{"to":"\xff"}', b'\xef\xbb\xbf{"to":"+15550100"}',
             b'{"to":"+15550100"}\x00', b'{"to":"a\nb"}', b'{"to":NaN}', b'{"a":' * 40 + b"1" + b"}" * 40,
             b"to=%2B15550100", b"<to>+15550100</to>")
#: (lighttpd itself drops an empty header and refuses DEL.)
NO_KEYS = ("k" * 256, "caf\u00e9", "a\tb")
NO_QUERIES = {"dryRun=yes": "bad_parameter", "dryRun=": "bad_parameter", "dryRun=TRUE": "bad_parameter",
              "dryrun=true": "bad_parameter", "x=1": "bad_parameter", "dryRun=true&dryRun=true": "bad_query",
              "dryRun=%": "bad_query", "x=" + "1" * 2000: "bad_query"}
#: parameter of the list: values that it must not have
FILTERS = {
    "live": ("", "yes", "1", "TRUE"), "limit": ("", "0", "201", "-1", "1.5", "ten", "9" * 30),
    "cursor": ("x", "../..", "a" * 500), "roomName": ("a" * 257,),
    "romName": ("x",), "order": ("asc",), "callId": ("x",),
}
NO_IDS = ("x", "00000000-0000-4000-8000-00000000000", "00000000-0000-4000-8000-0000000000000",
          "00000000000040008000000000000000", "%7B00000000-0000-4000-8000-000000000000%7D", "*",
          "a" * 900)


class BadInput(unittest.TestCase):
    """One lighttpd with one store for all, since nothing is ever stored."""

    @classmethod
    def setUpClass(cls):
        if fronts.Lighttpd.missing() or not PROGRAM.exists() or not CTL.exists():
            OfEveryFront.require(fronts.Lighttpd.missing() or "not built")
        cls.front = fronts.Lighttpd(PROGRAM, config={
            "LIVEKIT_URL": "http://127.0.0.1:1", "LIVEKIT_API_KEY": deliveries.KEY,
            "LIVEKIT_API_SECRET": deliveries.SECRET, "TELEPHONY_DIAGNOSTICS": "true",
            "TELEPHONY_API_TOKENS": f"tests: {hashlib.sha256(TOKEN.encode()).hexdigest()}",
            "TELEPHONY_ALLOW_PREFIXES": "+1", "TELEPHONY_DEFAULT_FROM_NUMBER": "+15550000",
            "LIVEKIT_SIP_OUTBOUND_TRUNK_ID": "ST_out"})
        cls.front.start()
        cls.addClassCleanup(cls.front.stop)
        cls.connection = http.client.HTTPConnection("127.0.0.1", cls.front.port, timeout=30)
        cls.addClassCleanup(cls.connection.close)

    def tearDown(self):
        self.assertEqual(self.stored(), [0, 0, 0])

    def stored(self):
        run = subprocess.run([self.front.copy_of(CTL), "store", "stats", "--json"],
                             env={**os.environ, "TELEPHONY_CONFIG": str(self.front.config_path)},
                             capture_output=True, timeout=30, check=True, **processes.run_as())
        stats = json.loads(run.stdout)
        return [stats[name] for name in ("calls", "timelineEntries", "requestKeys")]

    def ask(self, method, target, body=None, **headers):
        """(status, problem) of one request; whatever is no success must be a problem."""
        headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json",
                   **{name.replace("_", "-"): value for name, value in headers.items()}}
        self.connection.request(method, target, body=body, headers=headers)
        answer = self.connection.getresponse()
        text = answer.read()
        self.assertEqual(answer.getheader("Content-Type"), "application/problem+json",
                         f"{method} {target} {body!r}: {answer.status} {text!r}")
        problem = json.loads(text)
        self.assertEqual(problem["status"], answer.status)
        self.assertNotIn("\x00", problem.get("detail", ""))
        return answer.status, problem

    def refuses_member(self, target, body, member):
        with self.subTest(target=target, body=repr(body)[:200]):
            status, problem = self.ask("POST", target, json.dumps(body))
            self.assertEqual((status, problem["reason"]), (400, "bad_member"), problem)
            self.assertEqual(problem["member"], member)
            self.assertEqual(problem["errors"][0]["member"], member)
            self.assertTrue(problem["detail"].startswith(f"{member}: "), problem["detail"])
            self.assertGreater(len(problem["errors"][0]["detail"]), 20, "what is allowed is missing")

    def refuses(self, status, reason, method, target, body=None, **headers):
        with self.subTest(method=method, target=target[:200], body=repr(body)[:200],
                          headers=repr(headers)[:200]):
            got, problem = self.ask(method, target, body, **headers)
            self.assertEqual((got, problem["reason"]), (status, reason), problem)
            return problem

    def test_every_member_of_an_order(self):
        for member, values in ORDERS.items():
            for value in values:
                self.refuses_member(CALLS, {"to": "+15550100", member: value}, member)
                self.refuses_member(CALLS + "?dryRun=true", {"to": "+15550100", member: value}, member)
        self.refuses_member(CALLS, {}, "to")
        self.refuses_member(CALLS, {"from": "+15550001"}, "to")

    def test_every_member_of_an_agent_config(self):
        for member, values in AGENT_CONFIGS.items():
            for value in values:
                self.refuses_member(CALLS, {"to": "+15550100", "agentConfig": {member: value}},
                                    f"agentConfig.{member}")

    def test_a_config_that_is_too_much_with_the_routes(self):
        self.refuses_member(CALLS, {"to": "+15550100", "agentConfig": {"x": "y" * 49100}}, "agentConfig")

    def test_every_member_of_a_transfer(self):
        for member, values in TRANSFERS.items():
            for value in values:
                self.refuses_member(TRANSFER, {"to": "tel:+15550300", member.strip('"'): value}, member)
        self.refuses_member(TRANSFER, {}, "to")
        self.refuses_member(TRANSFER, {"playDialtone": True}, "to")

    def test_bodies(self):
        for target in (CALLS, TRANSFER):
            for body in NO_BODIES:
                self.refuses(400, "bad_json", "POST", target, body)
            self.refuses(400, "bad_member", "POST", target, b'{"to":"+15550100","to":"+15550100"}')
            self.refuses(413, "too_big", "POST", target, b'{"to":"' + b"1" * 300000 + b'"}')
            for content_type in ("text/plain", "application/x-www-form-urlencoded", "application/jsonx",
                                 "multipart/form-data", ""):
                self.refuses(415, "wrong_type", "POST", target, b'{"to":"+15550100"}',
                             Content_Type=content_type)

    def test_keys(self):
        for key in NO_KEYS:
            problem = self.refuses(400, "bad_idempotency_key", "POST", CALLS, b'{"to":"+15550100"}',
                                   Idempotency_Key=key.encode("utf-8"))
            self.assertIn("Idempotency-Key: ", problem["detail"])

    def test_queries(self):
        for query, reason in NO_QUERIES.items():
            problem = self.refuses(400, reason, "POST", f"{CALLS}?{query}", b'{"to":"+15550100"}')
            if reason == "bad_parameter":
                self.assertTrue(problem["detail"].startswith(query.partition("=")[0] + ": "))
        for method, body in (("DELETE", None), ("POST", b'{"to":"tel:+15550300"}')):
            target = NOBODY if method == "DELETE" else TRANSFER
            self.refuses(400, "bad_parameter", method, target + "?force=1", body)
            self.refuses(400, "bad_query", method, target + "?a=1&a=2", body)

    def test_filters(self):
        for name, values in FILTERS.items():
            for value in values:
                problem = self.refuses(400, "bad_parameter", "GET", f"{CALLS}?{name}={value}")
                self.assertTrue(problem["detail"].startswith(f"{name}: "), problem)

    def test_ids(self):
        for one in NO_IDS:
            self.refuses(404, "no_such_call", "GET", f"{CALLS}/{one}")
            self.refuses(404, "no_such_call", "GET", f"{CALLS}/{one}/timeline")
            self.refuses(404, "no_such_call", "DELETE", f"{CALLS}/{one}")
            self.refuses(404, "no_such_call", "POST", f"{CALLS}/{one}/transfer",
                         b'{"to":"tel:+15550300"}')

    def test_tokens(self):
        for method, target, body in (("GET", CALLS, None), ("GET", NOBODY, None),
                                     ("GET", NOBODY + "/timeline", None),
                                     ("POST", CALLS, b'{"to":"+15550100"}'), ("DELETE", NOBODY, None),
                                     ("POST", TRANSFER, b'{"to":"tel:+15550300"}')):
            for token, reason in (("", "no_credentials"), ("Bearer", "no_credentials"),
                                  ("Basic YTpi", "no_credentials"), (TOKEN, "no_credentials"),
                                  ("Bearer x", "bad_token"), (f"Bearer {TOKEN}x", "bad_token"),
                                  ("Bearer " + "a." * 2000, "bad_token")):
                self.refuses(401, reason, method, target, body, Authorization=token)


if __name__ == "__main__":
    unittest.main()
