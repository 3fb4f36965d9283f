"""Everything that can be asked of the service, asked; what it answered is kept.

    for exchange in Traffic(document).play(): …

Calls are real ones, on the LiveKit stub; the guards, the settings and the damaged
store have processes of their own.
"""
import base64
import contextlib
import dataclasses
import hashlib
import http.server
import json
import os
import re
import subprocess
import threading
import time
from urllib.parse import quote

import fcgi_client
from livekit_stub import signing, tokens
from livekit_stub.client import Stub
from program import KEY, SECRET, TOP, WEBHOOK, Place, caller_joined, event

CTL = os.environ.get("TELEPHONYCTL", str(TOP / "ctl" / "telephonyctl"))
CALLS = "/telephony/calls"
NOBODY = "00000000-0000-4000-8000-000000000000"
STATIC_TOKEN = "a-token-of-the-operator's-own-making"
CALLEE = "+15550100"
PATIENCE = 20
MIB = 1024 * 1024


@dataclasses.dataclass
class Exchange:
    operation_id: str  # None: it is about no operation
    asked: str
    status: int
    headers: dict
    value: object  # JSON, or the text

    @property
    def word(self):
        return self.value.get("reason") if isinstance(self.value, dict) and self.status >= 400 else None


def granted(**grants):
    return tokens.access_token(KEY, SECRET, sip=grants)


def with_algorithm(token, name):
    head = base64.urlsafe_b64encode(json.dumps({"alg": name}).encode()).rstrip(b"=").decode()
    return ".".join([head, *token.split(".")[1:]])


def bad_tokens():
    """word -> a token that is refused with it"""
    sip, now = {"admin": True}, time.time()
    return {
        "bad_token": "x",
        "bad_alg": with_algorithm(granted(admin=True), "none"),
        "unknown_key": tokens.access_token("somebody", SECRET, sip=sip),
        "bad_signature": tokens.access_token(KEY, "x" * 32, sip=sip),
        "expired": tokens.access_token(KEY, SECRET, sip=sip, now=now - 86400),
        "not_yet_valid": tokens.access_token(KEY, SECRET, sip=sip, now=now + 86400),
    }


def bad_signatures(body):
    now = time.time()
    return {
        "no_header": None,
        "bad_jwt": "x",
        "bad_alg": with_algorithm(signing.sign(body, KEY, SECRET), "none"),
        "unknown_key": signing.sign(body, "somebody", SECRET),
        "bad_signature": signing.sign(body, KEY, "x" * 32),
        "expired": signing.sign(body, KEY, SECRET, now - 86400),
        "not_yet_valid": signing.sign(body, KEY, SECRET, now + 86400),
        "body_hash_mismatch": signing.sign(body + b" ", KEY, SECRET),
    }


class Relay(http.server.ThreadingHTTPServer):
    """Webhooks of LiveKit, on their way to the program."""

    daemon_threads = True

    def __init__(self, deliver):
        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):  # noqa: N802
                body = self.rfile.read(int(self.headers["Content-Length"]))
                status = deliver(body, self.headers["Authorization"])
                self.send_response(status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        super().__init__(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server_address[1]}/"

    def __enter__(self):
        self.thread = threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.02})
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.shutdown()
        self.thread.join()
        self.server_close()


class Traffic:
    def __init__(self, document):
        self.document = document
        self.exchanges = []
        self.admin = granted(admin=True)

    # ---- asking

    def note(self, operation_id, asked, answer):
        is_json = answer.headers.get("Content-Type", "").endswith("json")
        value = json.loads(answer.body) if is_json else answer.body.decode()
        exchange = Exchange(operation_id, asked, answer.status, answer.headers, value)
        self.exchanges.append(exchange)
        return exchange

    def ask(self, program, operation_id, status, word=None, *, call=NOBODY, query="", body=None,
            token="", kind="application/json", headers=None, send=None):
        """One request by the file's method and path; `status` and `word` are expected."""
        operation = self.document.operations[operation_id]
        target = operation.path.replace("{callId}", call) + query
        if isinstance(body, (dict, list)):
            body = json.dumps(body).encode()
        body = body or b""
        token = self.admin if token == "" else token
        extra = {"HTTP_AUTHORIZATION": f"Bearer {token}" if token and operation.is_for_bearers else token or None,
                 "CONTENT_TYPE": kind, **(headers or {})}
        if operation_id == "receiveWebhook" and token == self.admin:
            extra["HTTP_AUTHORIZATION"] = signing.sign(body, KEY, SECRET)
        send = send or program.request
        answer = send(operation.method, target, body, extra)
        return self.expect(self.note(operation_id, f"{operation.method} {target} {body[:200]!r}", answer), status, word)

    @staticmethod
    def expect(exchange, status, word):
        if (exchange.status, exchange.word) != (status, word):
            raise AssertionError(f"{exchange.asked}: {exchange.status} {exchange.word} instead of "
                                 f"{status} {word}: {exchange.value}")
        return exchange

    @staticmethod
    def announce(program, announced, sent):
        """A sender for a body that is shorter than it says."""
        def send(method, target, _body, extra):
            with fcgi_client.Connection(program.address) as connection:
                variables = fcgi_client.variables(method, target, b"", {**extra, "CONTENT_LENGTH": str(announced)})
                connection.begin(variables)
                connection.send_body(sent)
                return connection.answer()
        return send

    def until(self, program, call, what):
        """The call's record, as soon as what(record) is true."""
        deadline = time.monotonic() + PATIENCE
        while True:
            record = self.ask(program, "showCall", 200, call=call).value
            if what(record):
                return record
            if time.monotonic() > deadline:
                raise AssertionError(f"it does not come to that: {record}")
            time.sleep(0.02)

    # ---- all of it

    def play(self):
        self.calls()
        with Place(**self.settings(TELEPHONY_RUN_JOBS="false")) as place:
            program = place.fastcgi()
            self.health(place, program)
            self.outside(program)
            self.credentials(program)
            self.webhooks(program)
            self.queries(program)
            self.orders(program)
            self.guards(place, program)
            program.stop()
        self.damaged()
        return self.exchanges

    @staticmethod
    def settings(**more):
        token = hashlib.sha256(STATIC_TOKEN.encode()).hexdigest()
        return {"TELEPHONY_DIAGNOSTICS": "true", "TELEPHONY_METRICS": "true",
                "TELEPHONY_API_TOKENS": f"operator: {token}",
                "TELEPHONY_ALLOW_PREFIXES": "+1555", "TELEPHONY_DENY_PREFIXES": "+1555666",
                "TELEPHONY_FROM_NUMBERS": Stub.OUR_NUMBER, "TELEPHONY_DEFAULT_FROM_NUMBER": Stub.OUR_NUMBER,
                "LIVEKIT_SIP_OUTBOUND_TRUNK_ID": Stub.OUTBOUND_TRUNK,
                "TELEPHONY_MAX_CONCURRENT_OUTBOUND": "0", "TELEPHONY_MAX_OUTBOUND_PER_MINUTE": "0",
                "TELEPHONY_MAX_PER_DESTINATION_PER_DAY": "0", **more}

    # ---- calls, on a LiveKit

    def calls(self):
        with contextlib.ExitStack() as stack:
            livekit = stack.enter_context(Stub(key=KEY, secret=SECRET, agent_delay=0.02, answer_delay=0.02,
                                               agent_linger=0.05, departure_timeout=0.1))
            place = stack.enter_context(Place(**self.settings(LIVEKIT_URL=livekit.url)))
            program = place.fastcgi()

            def deliver(body, authorization):
                variables = {"HTTP_AUTHORIZATION": authorization}
                answer = program.request("POST", WEBHOOK, body, variables)
                return self.note("receiveWebhook", f"webhook {body[:200]!r}", answer).status

            relay = stack.enter_context(Relay(deliver))
            livekit.webhook_urls(relay.url)
            ringing = self.placed(program, livekit, "no_answer", {"ring_after": 0.01}, to="+15550102")
            self.inbound(program, livekit)
            self.answered(program, livekit)
            self.busy(program, livekit)
            self.ringing(program, ringing)
            self.pages(program)
            livekit.webhook_urls()
            program.stop()

    def inbound(self, program, livekit):
        room = livekit.call(caller=CALLEE, talk_time=0.1)["room"]
        livekit.wait("ended_calls", room=room, exactly=1)
        livekit.wait("webhooks", room=room, outcome="pending", exactly=0)
        page = self.ask(program, "listCalls", 200, query=f"?roomName={quote(room)}").value
        call = page["calls"][0]["callId"]
        self.until(program, call, lambda record: record["endedAt"])
        self.ask(program, "showTimeline", 200, call=call)

    def placed(self, program, livekit, behaviour, script, to=CALLEE, **order):
        livekit.callee(to, behaviour, **script)
        answer = self.ask(program, "placeCall", 202, body={"to": to, **order})
        assert answer.headers["Location"] == f"{CALLS}/{answer.value['callId']}"
        return answer.value["callId"]

    def answered(self, program, livekit):
        order = {"agentConfig": {"greeting": "Hello."}, "metadata": {"order": 7}, "roomName": "desk",
                 "ringingTimeoutSeconds": 30, "maxDurationSeconds": 60, "dtmf": "w1"}
        call = self.placed(program, livekit, "answer", {"after": 0.1}, **order)
        self.ask(program, "placeCall", 409, "room_taken", body={"to": CALLEE, "roomName": "desk"})
        self.until(program, call, lambda record: record["answeredAt"])
        livekit.callee("+15550300", "busy", after=0.05)
        transfer = {"to": "tel:+1 555 0300", "playDialtone": True}
        self.ask(program, "transferCall", 403, "transfer_forbidden", call=call, body={"to": "tel:+442079460000"})
        self.ask(program, "transferCall", 403, "transfer_forbidden", call=call, body={"to": "sip:0190123456@example.com"})
        self.ask(program, "transferCall", 202, call=call, body=transfer)
        self.until(program, call, lambda record: record["transfer"]["state"] == "failed")
        self.ask(program, "hangUpCall", 202, call=call, token=granted(call=True))
        self.until(program, call, lambda record: record["endedAt"])
        self.ask(program, "hangUpCall", 200, call=call, token=STATIC_TOKEN)
        self.ask(program, "transferCall", 409, "call_over", call=call, body=transfer)
        self.ask(program, "showTimeline", 200, call=call)

    def ringing(self, program, call):
        self.ask(program, "transferCall", 409, "no_phone", call=call, body={"to": "sip:desk@example.com"})
        self.until(program, call, lambda record: record["ringingAt"])
        self.ask(program, "hangUpCall", 202, call=call)
        self.until(program, call, lambda record: record["endedAt"])

    def busy(self, program, livekit):
        call = self.placed(program, livekit, "busy", {"after": 0.05, "ring_after": 0.01})
        self.until(program, call, lambda record: record["outcome"] == "busy")
        self.ask(program, "showTimeline", 200, call=call)

    def pages(self, program):
        first = self.ask(program, "listCalls", 200, query="?limit=1").value
        second = self.ask(program, "listCalls", 200, query=f"?limit=1&cursor={first['nextCursor']}").value
        assert first["calls"][0]["callId"] != second["calls"][0]["callId"]

    # ---- health, and what is about no operation

    def health(self, place, program):
        for operation_id in ("showHealth", "showReadiness", "showMetrics", "listCalls"):
            answer = self.ask(program, operation_id, 200)
            head = program.request("HEAD", self.document.operations[operation_id].path, b"",
                                   {"HTTP_AUTHORIZATION": f"Bearer {self.admin}"})
            assert (head.status, head.body) == (answer.status, b"")
        routes = place.dir / "routes.json"
        routes.write_text("{}")
        other = place.fastcgi(TELEPHONY_ROUTES=str(routes), TELEPHONY_METRICS="false", TELEPHONY_DIAGNOSTICS="false")
        self.ask(other, "showReadiness", 200)
        routes.write_text("{")
        self.until_routes_fail(other)
        self.ask(other, "showMetrics", 404)
        for operation_id in ("listCalls", "showCall", "showTimeline"):
            self.ask(other, operation_id, 404, "diagnostics_off")
        other.stop()
        for operation_id in self.document.operations:
            answer = place.cgi("GET", self.document.operations[operation_id].path,
                               extra={"LIVEKIT_API_KEY": ""}).answer
            self.expect(self.note(None, "by CGI, without a key", answer), 503, "not_started")

    def until_routes_fail(self, program):
        deadline = time.monotonic() + PATIENCE
        while self.ask(program, "showReadiness", 200).value["checks"]["routes"]["status"] == "ok":
            assert time.monotonic() < deadline, "the broken routes are not seen"
            time.sleep(0.02)

    def outside(self, program):
        for target, status, word in (("/", 404, None), ("/telephony", 404, None), (CALLS + "/a/b/c", 404, None),
                                     (CALLS + "/%zz", 400, "bad_path"), (CALLS + "/" + "x" * 1024, 414, None)):
            self.expect(self.note(None, target, program.request("GET", target)), status, word)
        for path, methods in self.document.text["paths"].items():
            there = {method.upper() for method in methods} & {"GET", "POST", "PUT", "PATCH", "DELETE"}
            for method in {"GET", "POST", "PUT", "PATCH", "DELETE"} - there:
                answer = self.note(None, f"{method} {path}", program.request(method, path.replace("{callId}", NOBODY)))
                self.expect(answer, 405, None)
                allowed = set(answer.headers["Allow"].split(", "))
                assert allowed == there | ({"HEAD"} if "GET" in there else set()), (path, allowed)

    # ---- who

    def credentials(self, program):
        for operation_id, operation in self.document.operations.items():
            if not operation.is_for_bearers:
                continue
            self.ask(program, operation_id, 401, "no_credentials", token=None)
            for word, token in bad_tokens().items():
                self.ask(program, operation_id, 401, word, token=token)
            self.ask(program, operation_id, 403, "missing_grant", token=granted(call=operation.method == "GET"))
            if "{callId}" in operation.path:
                body = {"to": "tel:+15550300"} if operation.method == "POST" else None
                self.ask(program, operation_id, 404, "no_such_call", body=body)
                self.ask(program, operation_id, 404, "no_such_call", body=body, call="x")

    def webhooks(self, program):
        body = event()
        for word, signature in bad_signatures(body).items():
            self.ask(program, "receiveWebhook", 401, word, body=body, token=signature)
        self.ask(program, "receiveWebhook", 200, body=body, kind="application/webhook+json")
        self.ask(program, "receiveWebhook", 200, body=body)
        self.ask(program, "receiveWebhook", 400, "malformed", body=b"[]")
        # Numbers that are names.
        named = json.loads(caller_joined("named"))
        named["participant"]["attributes"].update({"sip.phoneNumber": "alice", "sip.trunkPhoneNumber": "desk"})
        self.ask(program, "receiveWebhook", 200, body=named)
        call = self.ask(program, "listCalls", 200, query="?roomName=named").value["calls"][0]["callId"]
        # Nobody runs the job.
        self.ask(program, "transferCall", 202, call=call, body={"to": "sip:desk@example.com"})
        self.ask(program, "transferCall", 409, "transfer_pending", call=call, body={"to": "sip:desk@example.com"})
        self.bodies(program, "receiveWebhook", MIB)

    def bodies(self, program, operation_id, most):
        """What is wrong before anybody looks into the body."""
        self.ask(program, operation_id, 415, "wrong_type", body=b"{}", kind="text/plain")
        if most < MIB:
            self.ask(program, operation_id, 413, "too_big", body=b" " * (most + 1))
        self.ask(program, operation_id, 413, "too_big", send=self.announce(program, MIB + 1, b"x" * 100))
        self.ask(program, operation_id, 400, "truncated", send=self.announce(program, 8, b"1234"))

    # ---- parameters and members

    def queries(self, program):
        then = "2026-11-23T06:34:00"
        good = {"listCalls": {"live": ["true", "false"], "status": ["created", "failed"],
                              "direction": ["inbound", "outbound"], "from": [CALLEE], "to": [CALLEE],
                              "roomName": ["x", "x" * 256], "since": [then + "Z"], "until": [then + ".5+01:00"], "limit": [1, 200], "cursor": []},
                "placeCall": {"dryRun": ["true"]}, "hangUpCall": {}, "transferCall": {}}
        bad = {"listCalls": {"live": ["1", ""], "status": ["x"], "direction": ["x"],
                             "from": ["x", CALLEE[1:]], "to": ["x", CALLEE + "x"], "roomName": ["x" * 257],
                             "since": ["x", then], "until": ["2026-11-23"], "limit": [0, 201, "x"], "cursor": ["x"]},
               "placeCall": {"dryRun": ["1"]}, "hangUpCall": {}, "transferCall": {}}
        for operation_id in good:
            parameters = self.document.parameters(operation_id, "query")
            body = {"to": CALLEE} if operation_id == "placeCall" else {"to": "tel:+15550300"}
            self.ask(program, operation_id, 400, "bad_query", query="?x=%zz", body=body)
            refused = self.ask(program, operation_id, 400, "bad_parameter", query="?too=1", body=body)
            # It says what there is; that is what the file has.
            assert refused.value["detail"].startswith("too: there is no such ")
            told = set(re.findall(r"\w+", refused.value["detail"].partition("; there ")[2])) - {"is", "are", "none"}
            assert told == parameters.keys(), (operation_id, told ^ parameters.keys())
            for name in parameters:
                for value in good[operation_id][name]:
                    self.fits(operation_id, name, value, True)
                    self.ask(program, operation_id, 200, query=f"?{name}={quote(str(value))}", body=body)
                for value in bad[operation_id][name]:
                    self.fits(operation_id, name, value, name == "cursor")
                    self.ask(program, operation_id, 400, "bad_parameter", body=body,
                             query=f"?{name}={quote(str(value))}")

    def fits(self, operation_id, name, value, wanted):
        schema = self.document.parameters(operation_id, "query")[name]["schema"]
        assert (not self.document.validator.errors(value, schema)) == wanted, (operation_id, name, value)

    def orders(self, program):
        text = {"": False, 5: False, "a\nb": False, "x": True}
        names = list(text.items())
        numbers = [("+15550100", True), ("+1 (555) 010-0.", True), ("+1555010", True), ("+155501", False),
                   ("+155501001234567", True),
                   ("+1555010012345678", False), ("+05550100", False), ("5550100", False), ("+1555x", False),
                   ("", False), (5, False), (None, False)]
        objects = [({}, True), ({"a": [1]}, True), ([], False), ("x", False), (None, False)]
        seconds = [("45", False), (45.5, False), (None, False), (True, False)]
        order = {
            "to": numbers,
            "from": [(value, is_good) for value, is_good in numbers if not is_good] + [(Stub.OUR_NUMBER, True)],
            "agentConfig": objects + [
                ({"prompt": None, "greeting": "Hi.", "tools": ["a", {}], "voice": "a", "model": "b", "more": 1}, True),
                ({"prompt": 5}, False), ({"greeting": []}, False), ({"tools": [1]}, False), ({"tools": [""]}, False),
                ({"voice": ""}, False), ({"model": 1}, False), ({"noise_cancellation_type": ""}, False),
                ({"telephony": {}}, False)],
            "agentName": names + [("x" * 128, True), ("x" * 129, False)],
            "roomName": names + [("x" * 256, True), ("x" * 257, False)],
            "trunkId": names + [("a b", False), ("x" * 129, False)],
            "ringingTimeoutSeconds": seconds + [(5, True), (75, True), (4, False), (76, False)],
            "maxDurationSeconds": seconds + [(10, True), (86400, True), (9, False), (86401, False)],
            "dtmf": [("0123456789*#ABCDw", True), ("1" * 64, True), ("1" * 65, False), ("", False), ("x", False),
                     (1, False)],
            "metadata": objects,
        }
        transfer = {
            "to": [(f"tel:{value}", is_good) for value, is_good in numbers if isinstance(value, str)]
                  + [("sip:desk@example.com", True), ("sip:", False), ("sip:a b", False), ("mailto:x", False),
                     ("+15550300", False), ("sip:" + "x" * 253, False), (5, False), (None, False)],
            "playDialtone": [(True, True), (False, True), ("true", False), (1, False), (None, False)],
        }
        self.bodies(program, "placeCall", 256 * 1024)
        self.bodies(program, "transferCall", 256 * 1024)
        self.try_members(program, "placeCall", order, {"to": CALLEE}, (200, None), "?dryRun=true")
        self.try_members(program, "transferCall", transfer, {"to": "tel:+15550300"}, (404, "no_such_call"), "")

    def try_members(self, program, operation_id, table, least, good, query):
        """File and service take the same values, member by member."""
        schema = self.document.body_schema(operation_id)
        known = self.document.resolved(schema)["properties"].keys()
        assert known == table.keys(), known ^ table.keys()
        for member, values in table.items():
            for value, is_good in values:
                body = {**least, member: value}
                errors = self.document.validator.errors(body, schema)
                assert (not errors) == is_good, (operation_id, member, value, errors)
                if is_good:
                    self.ask(program, operation_id, *good, body=body, query=query)
                else:
                    self.refused(program, operation_id, member, body, query)
        refused = self.refused(program, operation_id, "too", {**least, "too": 1}, query)
        assert refused["errors"][0]["detail"].endswith(
            "allowed are " + ", ".join(list(known)[:-1]) + " and " + list(known)[-1]), refused
        self.refused(program, operation_id, "to", {}, query)
        self.ask(program, operation_id, 400, "bad_json", body=b"{", query=query)
        self.ask(program, operation_id, 400, "bad_json", body=b"[]", query=query)

    def refused(self, program, operation_id, member, body, query):
        problem = self.ask(program, operation_id, 400, "bad_member", body=body, query=query).value
        assert problem["member"].split(".")[0] == member, (body, problem)
        return problem

    # ---- the guards

    def guards(self, place, program):
        order = {"to": CALLEE}
        key = {"HTTP_IDEMPOTENCY_KEY": "order 7"}
        first = self.ask(program, "placeCall", 202, body=order, headers=key)
        again = self.ask(program, "placeCall", 202, body=order, headers=key)
        assert first.value["callId"] == again.value["callId"]
        assert ["Idempotency-Replayed" in one.headers for one in (first, again)] == [False, True]
        self.ask(program, "placeCall", 422, "idempotency_key_reused", body={"to": "+15550101"}, headers=key)
        self.ask(program, "listCalls", 200, query="?live=true&limit=1")
        schema = self.document.parameters("placeCall", "header")["Idempotency-Key"]["schema"]
        for value in ("", "x" * 256, "ü"):
            assert self.document.validator.errors(value, schema)
            self.ask(program, "placeCall", 400, "bad_idempotency_key", body=order,
                     headers={"HTTP_IDEMPOTENCY_KEY": value})
        for body, word in (({"to": "+4930123456"}, "allow_prefixes"), ({"to": "+15556661234"}, "deny_prefixes"),
                           ({**order, "from": "+15550999"}, "from_numbers")):
            self.ask(program, "placeCall", 403, word, body=body)
            self.ask(program, "placeCall", 200, body=body, query="?dryRun=true")
        self.limits(place)
        self.switch(place, "stop")
        self.ask(program, "placeCall", 403, "outbound_stopped", body=order)
        self.switch(place, "start")

    def limits(self, place):
        order = {"to": CALLEE}
        for settings, status, word in (
                ({"TELEPHONY_MAX_CONCURRENT_OUTBOUND": "1"}, 429, "max_concurrent"),
                ({"TELEPHONY_MAX_OUTBOUND_PER_MINUTE": "1"}, 429, "max_per_minute"),
                ({"TELEPHONY_MAX_PER_DESTINATION_PER_DAY": "1"}, 429, "max_per_destination_day"),
                ({"TELEPHONY_ENABLED": "false"}, 403, "disabled"),
                ({"TELEPHONY_DEFAULT_FROM_NUMBER": None}, 400, "bad_member"),
                ({"LIVEKIT_SIP_OUTBOUND_TRUNK_ID": None}, 400, "bad_member")):
            program = place.fastcgi(**settings)
            self.ask(program, "placeCall", status, word, body=order)
            if status == 429:
                self.ask(program, "placeCall", 200, body=order, query="?dryRun=true")
            program.stop()

    @staticmethod
    def switch(place, word):
        subprocess.run([CTL, "outbound", word], env=place.environment(), check=True, timeout=PATIENCE,
                       stdout=subprocess.DEVNULL)

    # ---- a store that can't be read

    def damaged(self):
        with Place(**self.settings(TELEPHONY_RUN_JOBS="false")) as place:
            program = place.fastcgi()
            call = self.ask(program, "placeCall", 202, body={"to": CALLEE}).value["callId"]
            with open(place.store / "data.mdb", "r+b") as data:
                size = os.fstat(data.fileno()).st_size
                page = os.sysconf("SC_PAGE_SIZE")
                # All but the two pages that say where the others are.
                data.seek(2 * page)
                data.write(bytes(size - 2 * page))
            bodies = {"receiveWebhook": caller_joined(), "placeCall": {"to": CALLEE},
                      "transferCall": {"to": "tel:+15550300"}}
            for operation_id, operation in self.document.operations.items():
                if operation_id == "showHealth":
                    self.ask(program, operation_id, 200)
                    continue
                word = "not_ready" if operation_id == "showReadiness" else "unavailable"
                self.ask(program, operation_id, 503, word, call=call, body=bodies.get(operation_id))
