"""docs/openapi.yaml and the running service agree: every route, method and status is in both,
every problem is documented and made to happen, and every answer obeys its schema.
"""
import hashlib
import json
import os
import pathlib
import re
import subprocess
import sys
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

import json_schema  # noqa: E402
import plain_yaml  # noqa: E402
import program  # noqa: E402
from livekit_stub import tokens  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parents[1]
CTL = pathlib.Path(os.environ.get("TELEPHONYCTL", program.TOP / "ctl" / "telephonyctl"))
DOCUMENT = plain_yaml.loads((ROOT / "docs" / "openapi.yaml").read_text(encoding="utf-8"))
METHODS = ("get", "post", "delete", "put", "patch")
TOKEN = "a-token-of-32-characters-or-more-1"
NOBODY = "/telephony/calls/00000000-0000-4000-8000-000000000000"
ORDER = b'{"to":"+15550100"}'

#: Our own trouble can't be had from outside: tests/unit/test_http*.c and tests/torture make it.
NOT_FROM_OUTSIDE = {"unavailable", "not_ready", "call_forgotten"}


def pattern(path):
    return re.compile(re.sub(r"\{[^}]*\}", "[^/]+", path) + "$")


PATTERNS = {path: pattern(path) for path in DOCUMENT["paths"]}


def documented_path(target):
    path = target.partition("?")[0]
    found = [name for name, one in PATTERNS.items() if one.match(path)]
    return found[0] if found else None


def jwt(secret=program.SECRET, key=program.KEY, **claims):
    now = int(time.time())
    return tokens.make({"iss": key, "nbf": now, "exp": now + 600, **claims}, secret)


def signed(body, secret=program.SECRET, key=program.KEY, **claims):
    import base64
    digest = base64.b64encode(hashlib.sha256(body).digest()).decode()
    return jwt(secret, key, **{"sha256": digest, **claims})


class Service:
    """One process with a store of its own; every answer is checked against the document."""

    seen = {}		# (method, path, status) -> reasons, of all services

    def __init__(self, test, **settings):
        self.test = test
        self.place = program.Place(**{
            "TELEPHONY_API_TOKENS": f"test: {hashlib.sha256(TOKEN.encode()).hexdigest()}",
            "TELEPHONY_DIAGNOSTICS": "true", "TELEPHONY_METRICS": "true",
            "TELEPHONY_RUN_JOBS": "false", "TELEPHONY_ALLOW_PREFIXES": "+1",
            "TELEPHONY_DEFAULT_FROM_NUMBER": "+15550000",
            "LIVEKIT_SIP_OUTBOUND_TRUNK_ID": "ST_out", **settings})
        test.addCleanup(self.place.close)
        self.process = self.place.fastcgi()

    def ask(self, status, method, target, body=b"", token=TOKEN, reason=None, **variables):
        extra = {"CONTENT_TYPE": "application/json", **variables}
        if token is not None:
            extra["HTTP_AUTHORIZATION"] = token if "webhook" in target else f"Bearer {token}"
        got = self.process.request(method, target, body, extra)
        self.test.assertEqual(got.status, status, f"{method} {target}: {got.body}")
        self.check(got, method, target, reason)
        return json.loads(got.body) if "json" in got.headers["Content-Type"] else got.body

    def check(self, got, method, target, reason):
        path = documented_path(target)
        documented = DOCUMENT["paths"][path][method.lower()]["responses"]
        self.test.assertIn(str(got.status), documented, f"{method} {path}")
        response = documented[str(got.status)]
        media, content = next(iter(response["content"].items()))
        self.test.assertEqual(got.headers["Content-Type"].partition(";")[0], media)
        value = json.loads(got.body) if "json" in media else got.body.decode()
        self.test.assertEqual(json_schema.problems(value, content["schema"], DOCUMENT), [],
                              f"{method} {target}: {value}")
        for name, header in response.get("headers", {}).items():
            header = json_schema.resolve(header["$ref"], DOCUMENT)
            if header["required"] or name in got.headers:
                text = got.headers[name]
                number = int(text) if header["schema"]["type"] == "integer" else text
                self.test.assertEqual(json_schema.problems(number, header["schema"], DOCUMENT), [])
        self.note(got, method, path, response, value, reason)

    def note(self, got, method, path, response, value, reason):
        told = value.get("reason") if got.status >= 400 else None
        if got.status >= 400:
            self.test.assertEqual(value["status"], got.status)
        if told:
            self.test.assertIn(told, response["x-reasons"], f"{method} {path} {got.status}")
            self.test.assertEqual(value["type"], f"urn:livekit-telephony:problem:{told}")
        self.test.assertEqual(told, reason, f"{method} {path}: {value}")
        Service.seen.setdefault((method.lower(), path, str(got.status)), set()).add(told)

    def webhook(self, status, body, token, reason=None, **variables):
        return self.ask(status, "POST", program.WEBHOOK, body, token, reason, **variables)

    def a_caller(self):
        body = program.caller_joined()
        self.webhook(200, body, signed(body))
        calls = self.ask(200, "GET", "/telephony/calls")["calls"]
        return next(call["callId"] for call in calls if call["direction"] == "inbound")

    def ctl(self, *words):
        return subprocess.run([CTL, *words], env=self.place.environment(), check=True,
                              capture_output=True, timeout=30)


class Agreement(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        if not program.PROGRAM.exists() or not CTL.exists():
            self.skipTest("build it first")

    def test_everything(self):
        """In one, since what was seen is compared with the document in the end."""
        self.service = Service(self)
        for part in (self.health, self.webhooks, self.tokens, self.closed, self.lists, self.shows,
                     self.places, self.refuses_orders, self.guards, self.steers, self.routes):
            part()
        self.compare()

    def health(self):
        for name in ("healthz", "readyz", "metrics"):
            self.service.ask(200, "GET", f"/telephony/{name}", token=None)

    def webhooks(self):
        ask, body = self.service.webhook, program.event()
        now = int(time.time())
        ask(200, body, signed(body))
        ask(401, body, None, "no_header")
        ask(401, body, "x.y", "bad_jwt")
        ask(401, body, signed(body, key="stranger"), "unknown_key")
        ask(401, body, signed(body, secret="guessed"), "bad_signature")
        ask(401, body, signed(body, exp=now - 3600), "expired")
        ask(401, body, signed(body, nbf=now + 3600), "not_yet_valid")
        ask(401, b"{}", signed(body), "body_hash_mismatch")
        ask(401, body, self.other_algorithm(), "bad_alg")
        ask(400, b"{", signed(b"{"), "malformed")
        ask(400, body, signed(body), "truncated", CONTENT_LENGTH=str(len(body) + 1))
        ask(413, b"", signed(body), "too_big", CONTENT_LENGTH="9999999")
        ask(415, body, signed(body), "wrong_type", CONTENT_TYPE="text/plain")

    @staticmethod
    def other_algorithm():
        """A token whose header says that nothing signs it."""
        import base64
        head = base64.urlsafe_b64encode(b'{"alg":"none","typ":"JWT"}').decode().rstrip("=")
        return ".".join([head, *jwt().split(".")[1:]])

    def protected(self):
        """(method, target, body, missing grant) of every operation that needs a token."""
        yield "GET", "/telephony/calls", b"", {"call": True}
        yield "GET", NOBODY, b"", {"call": True}
        yield "GET", NOBODY + "/timeline", b"", {"call": True}
        yield "POST", "/telephony/calls", ORDER, {}
        yield "DELETE", NOBODY, b"", {}
        yield "POST", NOBODY + "/transfer", b'{"to":"tel:+15550300"}', {}

    def tokens(self):
        now = int(time.time())
        for method, target, body, grant in self.protected():
            for token, reason in (
                    (None, "no_credentials"), ("x", "bad_token"), (self.other_algorithm(), "bad_alg"),
                    (jwt(key="stranger"), "unknown_key"), (jwt(secret="guessed"), "bad_signature"),
                    (jwt(exp=now - 3600), "expired"), (jwt(nbf=now + 3600), "not_yet_valid")):
                self.service.ask(401, method, target, body, token, reason)
            self.service.ask(403, method, target, body, jwt(sip=grant), "missing_grant")
            good = {"admin": True} if grant else {"call": True}
            self.assertNotIn(self.service.process.request(
                method, target, b"", {"HTTP_AUTHORIZATION": f"Bearer {jwt(sip=good)}"}).status, (401, 403))

    def closed(self):
        closed = Service(self, TELEPHONY_DIAGNOSTICS="false", TELEPHONY_METRICS="false",
                         TELEPHONY_ENABLED="false")
        for target in ("/telephony/calls", NOBODY, NOBODY + "/timeline"):
            closed.ask(404, "GET", target, reason="diagnostics_off")
        closed.ask(404, "GET", "/telephony/metrics")
        closed.ask(403, "POST", "/telephony/calls", ORDER, reason="disabled")

    def lists(self):
        self.service.a_caller()
        ask = self.service.ask
        ask(200, "GET", "/telephony/calls?live=true&limit=1")
        ask(400, "GET", "/telephony/calls?limit=0", reason="bad_parameter")
        ask(400, "GET", "/telephony/calls?limit=1&limit=2", reason="bad_query")
        told = ask(400, "GET", "/telephony/calls?nonsense=1", reason="bad_parameter")["detail"]
        names = {json_schema.resolve(one["$ref"], DOCUMENT)["name"]
                 for one in DOCUMENT["paths"]["/telephony/calls"]["get"]["parameters"]}
        self.assertLessEqual(set(re.findall(r"\w+", told.partition("there are ")[2])), names)

    def shows(self):
        call_id = self.service.a_caller()
        self.service.ask(200, "GET", f"/telephony/calls/{call_id}")
        self.service.ask(200, "GET", f"/telephony/calls/{call_id}/timeline")
        for target in (NOBODY, NOBODY + "/timeline"):
            self.service.ask(404, "GET", target, reason="no_such_call")

    def places(self):
        ask = self.service.ask
        everything = json.dumps({
            "to": "+1 (555) 01-00.22", "from": "+15550001", "agentConfig": {"voice": "alto"},
            "agentName": "bob", "roomName": "taken", "trunkId": "ST_1",
            "ringingTimeoutSeconds": 5, "maxDurationSeconds": 86400, "dtmf": "w1#",
            "metadata": {"order": 7}}).encode()
        order = json_schema.problems(json.loads(everything),
                                     DOCUMENT["components"]["schemas"]["Order"], DOCUMENT)
        self.assertEqual(order, [])
        key = {"HTTP_IDEMPOTENCY_KEY": "key-1"}
        first = ask(202, "POST", "/telephony/calls", everything, **key)
        self.assertEqual(ask(202, "POST", "/telephony/calls", everything, **key)["callId"],
                         first["callId"])
        ask(422, "POST", "/telephony/calls", ORDER, reason="idempotency_key_reused", **key)
        ask(409, "POST", "/telephony/calls", b'{"to":"+15550101","roomName":"taken"}',
            reason="room_taken")
        ask(200, "POST", "/telephony/calls?dryRun=true", ORDER)

    def refuses_orders(self):
        for target in ("/telephony/calls", NOBODY + "/transfer"):
            def ask(status, body, reason, query="", target=target, **variables):
                self.service.ask(status, "POST", target + query, body, reason=reason, **variables)
            ask(400, b"{", "bad_json")
            ask(400, b"{}", "bad_member")
            ask(400, ORDER, "truncated", CONTENT_LENGTH="100")
            ask(400, ORDER, "bad_parameter", "?nonsense=1")
            ask(400, ORDER, "bad_query", "?a=1&a=2")
            ask(413, b'{"to":"' + b"1" * 300000 + b'"}', "too_big")
            ask(415, ORDER, "wrong_type", CONTENT_TYPE="text/plain")
        self.service.ask(400, "POST", "/telephony/calls", ORDER, reason="bad_idempotency_key",
                         HTTP_IDEMPOTENCY_KEY="\t")

    def guards(self):
        def refused(status, rule, before=(), order=ORDER, **settings):
            service = Service(self, **settings)
            for one in before:
                service.ask(202, "POST", "/telephony/calls", one)
            if rule == "outbound_stopped":
                service.ctl("outbound", "stop")
            got = service.ask(status, "POST", "/telephony/calls", order, reason=rule)
            self.assertEqual(got["rule"], rule)
        refused(403, "outbound_stopped")
        refused(403, "allow_prefixes", TELEPHONY_ALLOW_PREFIXES="")
        refused(403, "deny_prefixes", TELEPHONY_DENY_PREFIXES="+1555")
        refused(403, "from_numbers", TELEPHONY_FROM_NUMBERS="+15550000",
                order=b'{"to":"+15550100","from":"+15550009"}')
        refused(429, "max_concurrent", [ORDER], TELEPHONY_MAX_CONCURRENT_OUTBOUND="1")
        refused(429, "max_per_minute", [ORDER], TELEPHONY_MAX_OUTBOUND_PER_MINUTE="1")
        refused(429, "max_per_destination_day", [ORDER], TELEPHONY_MAX_PER_DESTINATION_PER_DAY="1")

    def steers(self):
        ask, target = self.service.ask, b'{"to":"tel:+15550300","playDialtone":true}'
        caller = f"/telephony/calls/{self.service.a_caller()}"
        ask(202, "POST", caller + "/transfer", target)
        ask(409, "POST", caller + "/transfer", target, reason="transfer_pending")
        call_id = ask(202, "POST", "/telephony/calls", b'{"to":"+15550102"}')["callId"]
        call = f"/telephony/calls/{call_id}"
        ask(409, "POST", call + "/transfer", target, reason="no_phone")
        ask(202, "DELETE", call)
        ask(200, "DELETE", call)
        ask(409, "POST", call + "/transfer", target, reason="call_over")
        ask(400, "DELETE", call + "?force=1", reason="bad_parameter")
        ask(400, "DELETE", call + "?a=1&a=2", reason="bad_query")
        ask(404, "DELETE", NOBODY, reason="no_such_call")
        ask(404, "POST", NOBODY + "/transfer", target, reason="no_such_call")

    def routes(self):
        """What the service knows, by its table and by what it says itself."""
        table = (ROOT / "src" / "http" / "answer.c").read_text(encoding="utf-8")
        known = {(method.lower(), path) for method, path in
                 re.findall(r'\{ "([A-Z]+)", "([^"]+)", tel_', table)}
        self.assertEqual(known, {(method, path) for path, item in DOCUMENT["paths"].items()
                                 for method in item if method in METHODS})
        for path, item in DOCUMENT["paths"].items():
            got = self.service.process.request("BREW", path.replace("{callId}", "x"))
            self.assertEqual(got.status, 405)
            allowed = {one.lower() for one in got.headers["Allow"].split(", ")} - {"head"}
            self.assertEqual(allowed, set(item))

    def compare(self):
        for path, item in DOCUMENT["paths"].items():
            for method, operation in item.items():
                for status, response in operation["responses"].items():
                    wanted = set(response.get("x-reasons", [])) - NOT_FROM_OUTSIDE
                    if response.get("x-reasons") and not wanted:
                        continue
                    with self.subTest(method=method, path=path, status=status):
                        self.assertIn((method, path, status), Service.seen)
                        self.assertEqual(Service.seen[method, path, status] - {None}, wanted)


class Document(unittest.TestCase):
    def test_every_reference_leads_somewhere_and_every_component_is_used(self):
        text = (ROOT / "docs" / "openapi.yaml").read_text(encoding="utf-8")
        used = set(re.findall(r'\$ref: "([^"]+)"', text))
        for reference in used:
            json_schema.resolve(reference, DOCUMENT)
        there = {f"#/components/{kind}/{name}" for kind in ("headers", "parameters", "schemas")
                 for name in DOCUMENT["components"][kind]}
        self.assertEqual(there - used, set())

    def test_operations_have_names_of_their_own(self):
        names = [operation["operationId"] for item in DOCUMENT["paths"].values()
                 for operation in item.values()]
        self.assertEqual(len(names), len(set(names)))

    def test_other_yaml_is_refused(self):
        for text in ("a: yes", "a: {b: c}", "a: &b c", "a: |\n  b", "a: b: c", "\ta: b", "a: b\na: c",
                     "a:\n   b: c", "- a\nb: c", "a: b # c"):
            with self.subTest(text=text), self.assertRaises(plain_yaml.Wrong):
                plain_yaml.loads(text)


if __name__ == "__main__":
    unittest.main()
