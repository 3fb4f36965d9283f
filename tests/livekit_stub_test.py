"""The LiveKit stub must behave as the recorded LiveKit did; otherwise tests that use it prove nothing."""

import base64
import concurrent.futures
import hashlib
import hmac
import http.client
import http.server
import json
import subprocess
import sys
import threading
import time
import unittest
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
RECORDED = HERE / "fixtures" / "recorded"
sys.path.insert(0, str(HERE))

from livekit_stub import signing, tokens  # noqa: E402
from livekit_stub.client import ApiAnswer, Stub, StubError  # noqa: E402

Json = dict[str, Any]
DISPATCH = "AgentDispatchService/CreateDispatch"
LIST_DISPATCH = "AgentDispatchService/ListDispatch"
DELETE_DISPATCH = "AgentDispatchService/DeleteDispatch"
DIAL = "SIP/CreateSIPParticipant"
TRANSFER = "SIP/TransferSIPParticipant"
CALLEE = "+15550200"
QUICK = {"agent_delay": 0.02, "answer_delay": 0.01, "departure_timeout": 0.1, "list_dispatch_delay": 0.05}


def recorded_lines(name: str) -> list[Json]:
    """One recording, line by line."""
    with (RECORDED / name).open(encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def recorded_events(name: str) -> list[Json]:
    """The bodies of a recording's deliveries."""
    return [json.loads(line["body"]) for line in recorded_lines(name)]


class Receiver:
    """A webhook receiver that answers what it is told and remembers what it got."""

    def __init__(self, statuses: Iterator[tuple[int, Json]] | None = None) -> None:
        self.requests: list[Json] = []
        self.lock = threading.Lock()
        receiver = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                with receiver.lock:
                    receiver.requests.append(
                        {"at": time.monotonic(), "headers": dict(self.headers), "body": body}
                    )
                    status, headers = next(statuses, (200, {})) if statuses else (200, {})
                self.send_response(status)
                for name, value in {"Content-Length": "0", **headers}.items():
                    self.send_header(name, value)
                self.end_headers()

            def log_message(self, *_arguments: Any) -> None:
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/telephony/livekit-webhook"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


def answers(*statuses: int, **headers: str) -> Iterator[tuple[int, Json]]:
    """These statuses one after the other, the first with the headers."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return iter([(status, named if index == 0 else {}) for index, status in enumerate(statuses)])


class StubTest(unittest.TestCase):
    """The tests of a class use one process, which is reset for each of them."""

    maxDiff = None
    shared: Stub

    @classmethod
    def setUpClass(cls) -> None:
        cls.shared = Stub(**QUICK).start()
        cls.addClassCleanup(cls.shared.stop)

    def start(self, webhooks: Iterable[str] = (), **options: Any) -> Stub:
        self.shared.reset()
        self.shared.webhook_urls(*webhooks)
        self.shared.settings(**options)
        return self.shared

    def receiver(self, statuses: Iterator[tuple[int, Json]] | None = None) -> Receiver:
        receiver = Receiver(statuses)
        self.addCleanup(receiver.close)
        return receiver

    def background(self, act: Callable[..., Any], *arguments: Any) -> "concurrent.futures.Future[Any]":
        pool = concurrent.futures.ThreadPoolExecutor(1)
        self.addCleanup(pool.shutdown)
        return pool.submit(act, *arguments)

    def dispatch(self, stub: Stub, room: str, name: str = "telephony-agent", metadata: str = "") -> Json:
        answer = stub.api(DISPATCH, {"room": room, "agent_name": name, "metadata": metadata}, room)
        self.assertEqual(answer.status, 200, answer.body)
        return answer.body

    def dispatches(self, stub: Stub, room: str) -> list[Json]:
        """The named ones."""
        answer = stub.api(LIST_DISPATCH, {"room": room}, room)
        self.assertEqual(answer.status, 200, answer.body)
        return [item for item in answer.body["agent_dispatches"] if item["agent_name"]]

    def answered_call(self, stub: Stub, **plan: Any) -> Json:
        """An inbound call with an agent in it."""
        call = stub.call(**plan)
        self.dispatch(stub, call["room"])
        stub.wait("participants", room=call["room"], status="active")
        return call


def shape(value: Any) -> Any:
    """Keys and types; int64s are strings of digits, and a list is like its first element."""
    if isinstance(value, dict):
        return {name: shape(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [shape(value[0])] if value else []
    if isinstance(value, str) and value.isdigit():
        return "int64"
    return type(value).__name__


def differences(expected: Any, actual: Any, where: str = "") -> list[str]:
    """Where two shapes differ; an empty list is like any list."""
    if isinstance(expected, dict) and isinstance(actual, dict):
        found = [f"{where}.{name} only on one side" for name in expected.keys() ^ actual.keys()]
        for name in expected.keys() & actual.keys():
            found += differences(expected[name], actual[name], f"{where}.{name}")
        return found
    if isinstance(expected, list) and isinstance(actual, list):
        return differences(expected[0], actual[0], f"{where}[]") if expected and actual else []
    return [] if expected == actual else [f"{where}: {expected} became {actual}"]


class ReplayTest(StubTest):
    """The recorded requests, one after the other, in the situations they were made in."""

    ROOM = "call-_+15550100_x8LyrtkXTWTU"

    def test_answers_have_the_recorded_shapes(self) -> None:
        stub = self.start(agent_delay=0.3, departure_timeout=5)
        stub.call(room=self.ROOM)
        ids: dict[str, str] = {}
        for line in recorded_lines("api-responses.jsonl"):
            with self.subTest(f"{line['method']} {line['status']}"):
                self.prepare(stub, line)
                answer = self.repeat(stub, line, ids)
                self.assertEqual(answer.status, line["status"], answer.body)
                self.assertEqual(differences(shape(line["response"]), shape(answer.body)), [])
                self.assertEqual(answer.body.get("msg"), line["response"].get("msg"))
                if line["method"] == "CreateDispatch" and answer.status == 200:
                    ids[line["response"]["id"]] = answer.body["id"]

    def prepare(self, stub: Stub, line: Json) -> None:
        """Wait for what was the case when the request was recorded."""
        kinds = [participant["kind"] for participant in line["response"].get("participants", [])]
        if "AGENT" in kinds:
            stub.wait("participants", room=self.ROOM, status="active")

    def repeat(self, stub: Stub, line: Json, ids: dict[str, str]) -> ApiAnswer:
        request = dict(line["request"])
        if request.get("dispatch_id") in ids:
            request["dispatch_id"] = ids[request["dispatch_id"]]
        return stub.api(f"{line['service']}/{line['method']}", request, line["tokenRoom"])


def summary(events: list[Json]) -> list[tuple[Any, ...]]:
    """What a receiver can tell events apart by; room sids become the order of their appearance."""
    lives: list[str] = []
    rows = []
    for event in events:
        participant = event.get("participant", {})
        attributes = participant.get("attributes", {})
        if event["room"]["sid"] not in lives:
            lives.append(event["room"]["sid"])
        rows.append(
            (
                event["event"],
                lives.index(event["room"]["sid"]),
                participant.get("kind"),
                participant.get("disconnectReason"),
                attributes.get("sip.callStatus"),
                sorted(name for name in attributes if name.startswith("sip.")),
            )
        )
    return rows


# Recordings were made on a loaded machine, so these lag behind the truth by some seconds.
LAGGING = ("numParticipants", "numPublishers")


class EventsTest(StubTest):
    """Whole calls, compared with the recorded deliveries of the same calls."""

    def start_with_webhooks(self, **options: Any) -> Stub:
        self.webhooks = self.receiver()
        return self.start(webhooks=[self.webhooks.url], **options)

    def assert_same_events(self, stub: Stub, name: str) -> None:
        """Same order, same contents, same fields as in the recording, and every signature is good."""
        expected = recorded_events(name)
        stub.wait("webhooks", outcome="delivered", at_least=len(expected))
        actual = [json.loads(request["body"]) for request in self.webhooks.requests]
        self.assertEqual(summary(actual), summary(expected))
        for wanted, given in zip(expected, actual, strict=True):
            for event in (wanted, given):
                for field in LAGGING:
                    event["room"].pop(field, None)
            self.assertEqual(differences(shape(wanted), shape(given)), [], wanted["event"])
        for request in self.webhooks.requests:
            claims = tokens.verify(request["headers"]["Authorization"], {stub.key: stub.secret})
            self.assertEqual(claims["sha256"], signing.body_digest(request["body"]))
            self.assertEqual(claims["exp"] - claims["nbf"], 300)
            self.assertEqual(request["headers"]["Content-Type"], "application/webhook+json")

    def test_inbound_answered(self) -> None:
        stub = self.start_with_webhooks()
        self.answered_call(stub, talk_time=0.05)
        self.assert_same_events(stub, "inbound-answered.jsonl")
        self.assertTrue(stub.state()["calls"][0]["answered"])

    def test_inbound_caller_cancels(self) -> None:
        stub = self.start_with_webhooks()
        stub.call(cancel_after=0.05)
        self.assert_same_events(stub, "inbound-caller-cancels.jsonl")

    def test_inbound_ring_timeout(self) -> None:
        stub = self.start_with_webhooks(ring_timeout=0.05)
        stub.call()
        self.assert_same_events(stub, "inbound-ring-timeout.jsonl")

    def test_inbound_room_deleted(self) -> None:
        stub = self.start_with_webhooks()
        call = self.answered_call(stub)
        self.assertEqual(stub.api("RoomService/DeleteRoom", {"room": call["room"]}).status, 200)
        self.assert_same_events(stub, "inbound-room-deleted-by-api.jsonl")

    def test_inbound_livekit_restarted(self) -> None:
        stub = self.start_with_webhooks(departure_timeout=0.1)
        call = self.answered_call(stub)
        stub.restart(echo_after=0.03, return_after=0.1)
        stub.wait("participants", room=call["room"], status="ringing")
        stub.hang_up(call=call["call"])
        self.assert_same_events(stub, "inbound-livekit-restarted.jsonl")

    def test_two_legs_with_one_identity(self) -> None:
        stub = self.start_with_webhooks()
        first = stub.call(room="lobby")
        second = stub.call(room="lobby", talk_time=0.02)
        self.dispatch(stub, "lobby")
        stub.wait("rooms", room="lobby", exactly=0)
        stub.wait("webhooks", event="room_finished", outcome="delivered")
        sids: dict[str, list[Any]] = {}
        for event in (json.loads(request["body"]) for request in self.webhooks.requests):
            participant = event.get("participant", {})
            if participant.get("kind") == "SIP":
                row = (event["event"], participant.get("disconnectReason"))
                sids.setdefault(participant["sid"], []).append(row)
        left = "participant_left"
        self.assertEqual(
            sids,
            {
                first["participant_sid"]: [("participant_joined", None), (left, "DUPLICATE_IDENTITY")],
                second["participant_sid"]: [("participant_joined", None), (left, "CLIENT_INITIATED")],
            },
        )
        self.assertEqual(first["room_sid"], second["room_sid"])

    def dial(self, stub: Stub, room: str, **order: Any) -> ApiAnswer:
        return stub.api(DIAL, dial_order(room, **order), room)

    def test_outbound_answered_then_room_deleted(self) -> None:
        stub = self.start_with_webhooks()
        stub.callee(CALLEE, "answer", after=0.05)
        answer = self.dial(stub, "out", participant_attributes={"telephony.callId": "c0ffee"})
        self.assertEqual(answer.status, 200, answer.body)
        present = stub.api("RoomService/GetParticipant", {"room": "out", "identity": "callee"}, "out").body
        self.assertEqual(present["attributes"]["sip.callStatus"], "active")
        self.assertEqual(present["sid"], answer.body["participant_id"])
        stub.api("RoomService/DeleteRoom", {"room": "out"})
        self.assert_same_events(stub, "outbound-answered-room-deleted.jsonl")

    def test_outbound_callee_hangs_up(self) -> None:
        stub = self.start_with_webhooks()
        stub.callee(CALLEE, "answer", after=0.02, talk_time=0.05)
        self.assertEqual(self.dial(stub, "out").status, 200)
        self.assert_same_events(stub, "outbound-callee-hangs-up.jsonl")

    def test_outbound_participant_removed(self) -> None:
        stub = self.start_with_webhooks()
        self.assertEqual(self.dial(stub, "out").status, 200)
        body = {"room": "out", "identity": "callee"}
        self.assertEqual(stub.api("RoomService/RemoveParticipant", body, "out").status, 200)
        self.assert_same_events(stub, "outbound-participant-removed.jsonl")

    def assert_refused(self, answer: ApiAnswer, status: int, code: str, meta: Json | None) -> None:
        self.assertEqual((answer.status, answer.body["code"]), (status, code))
        self.assertEqual(answer.body.get("meta"), meta)

    def test_outbound_busy(self) -> None:
        stub = self.start_with_webhooks()
        stub.callee(CALLEE, "busy", ring_after=0.01)
        meta = {"sip_status_code": "486", "sip_status": "Busy Here"}
        self.assert_refused(self.dial(stub, "out"), 503, "unavailable", meta)
        self.assert_same_events(stub, "outbound-busy-486.jsonl")

    def test_outbound_declined(self) -> None:
        stub = self.start_with_webhooks()
        stub.callee(CALLEE, "decline", ring_after=0.01)
        meta = {"sip_status_code": "603", "sip_status": "Decline"}
        self.assert_refused(self.dial(stub, "out"), 503, "unavailable", meta)
        self.assert_same_events(stub, "outbound-declined-603.jsonl")

    def test_outbound_no_answer(self) -> None:
        stub = self.start_with_webhooks()
        stub.callee(CALLEE, "no_answer", ring_after=0.01)
        self.assert_refused(self.dial(stub, "out", ringing_timeout="0.1s"), 408, "canceled", None)
        self.assert_same_events(stub, "outbound-no-answer.jsonl")

    def test_outbound_unreachable_with_agent_first(self) -> None:
        stub = self.start_with_webhooks(unreachable_after=0.1)
        stub.callee(CALLEE, "unreachable")
        order = {"name": "out", "agents": [{"agentName": "telephony-agent", "metadata": "{}"}]}
        self.assertEqual(stub.api("RoomService/CreateRoom", order).status, 200)
        stub.wait("agents", room="out")
        answer = self.dial(stub, "out", participant_attributes={"telephony.callId": "c0ffee"})
        self.assert_refused(answer, 408, "canceled", None)
        self.assert_same_events(stub, "outbound-unreachable-agent-first.jsonl")

    def test_outbound_hung_up_while_ringing(self) -> None:
        stub = self.start_with_webhooks()
        stub.callee(CALLEE, "no_answer", ring_after=0.01)
        pending = self.background(self.dial, stub, "out")
        stub.wait("participants", room="out", status="ringing")
        stub.api("RoomService/DeleteRoom", {"room": "out"})
        self.assert_refused(pending.result(5), 408, "canceled", None)
        self.assert_same_events(stub, "outbound-hung-up-while-ringing.jsonl")


def signed_as(algorithm: str, claims: str, secret: str) -> str:
    """A token whose HS256 signature is good although its header claims another algorithm."""

    def encode(raw: bytes) -> str:
        return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()

    signed = f"{encode(json.dumps({'alg': algorithm}).encode())}.{claims}"
    return f"{signed}.{encode(hmac.new(secret.encode(), signed.encode(), hashlib.sha256).digest())}"


def dial_order(room: str, **order: Any) -> Json:
    """A CreateSIPParticipant request that waits for the answer."""
    return {
        "sip_trunk_id": Stub.OUTBOUND_TRUNK,
        "sip_call_to": CALLEE,
        "room_name": room,
        "participant_identity": "callee",
        "wait_until_answered": True,
        **order,
    }


class DialTest(StubTest):
    """What no recording shows about dialling."""

    def test_not_found_is_an_invalid_argument(self) -> None:
        stub = self.start()
        stub.callee(CALLEE, "not_found")
        answer = stub.api(DIAL, dial_order("out"), "out")
        self.assertEqual((answer.status, answer.body["code"]), (400, "invalid_argument"))
        self.assertEqual(answer.body["meta"], {"sip_status_code": "404", "sip_status": "Not Found"})

    def test_without_waiting_the_answer_comes_at_once(self) -> None:
        stub = self.start()
        stub.callee(CALLEE, "no_answer")
        answer = stub.api(DIAL, dial_order("out", wait_until_answered=False), "out")
        self.assertEqual(answer.status, 200)
        names = {"participant_id", "participant_identity", "room_name", "sip_call_id"}
        self.assertEqual(set(answer.body), names)
        stub.wait("participants", room="out", status="ringing")

    def test_a_cut_reply_leaves_the_call_going_on(self) -> None:
        stub = self.start()
        stub.callee(CALLEE, "answer", after=0.1, drop_reply_after=0.02)
        with self.assertRaises((http.client.HTTPException, OSError)):
            stub.api(DIAL, dial_order("out"), "out")
        stub.wait("participants", room="out", status="active")
        self.assertEqual(stub.state()["dial_count"], 1)

    def test_a_repeat_rings_again_and_kills_the_first_leg(self) -> None:
        stub = self.start()
        stub.callee(CALLEE, "no_answer")
        first = self.background(stub.api, DIAL, dial_order("out"), "out")
        stub.wait("dials")
        second = stub.api(DIAL, dial_order("out", wait_until_answered=False), "out")
        self.assertEqual(second.status, 200)
        self.assertEqual(first.result(5).status, 408)
        ends = [dial["ended"] for dial in stub.state()["dials"]]
        self.assertEqual(ends, ["DUPLICATE_IDENTITY", None])

    def test_max_call_duration_ends_the_call(self) -> None:
        stub = self.start()
        answer = stub.api(DIAL, dial_order("out", max_call_duration="0.05s"), "out")
        self.assertEqual(answer.status, 200)
        stub.wait("ended_calls", room="out")

    def test_unknown_trunk_and_bad_duration(self) -> None:
        stub = self.start()
        self.assertEqual(stub.api(DIAL, dial_order("out", sip_trunk_id="ST_no")).status, 404)
        self.assertEqual(stub.api(DIAL, dial_order("out", ringing_timeout="soon")).status, 400)
        self.assertEqual(stub.state()["dial_count"], 0)

    def test_any_sip_response(self) -> None:
        stub = self.start()
        cases = [(480, 503, "unavailable"), (600, 503, "unavailable"), (403, 403, "permission_denied"),
                 (408, 408, "deadline_exceeded"), (487, 409, "aborted"), (500, 500, "internal")]  # fmt: skip
        for sip_code, status, code in cases:
            with self.subTest(sip_code):
                stub.callee(CALLEE, "refuse", after=0, sip_code=sip_code, sip_status="Words")
                answer = stub.api(DIAL, dial_order("out"), "out")
                self.assertEqual((answer.status, answer.body["code"]), (status, code))
                meta = {"sip_status_code": str(sip_code), "sip_status": "Words"}
                self.assertEqual(answer.body["meta"], meta)
        stub.callee(CALLEE, "busy", after=0, twirp_code="resource_exhausted")
        answer = stub.api(DIAL, dial_order("out"), "out")
        self.assertEqual((answer.status, answer.body["meta"]["sip_status_code"]), (429, "486"))
        with self.assertRaises(StubError):
            stub.callee(CALLEE, "refuse")

    def test_a_trunk_that_is_gone_rings_nobody(self) -> None:
        stub = self.start()
        answer = stub.api(DIAL, dial_order("out", sip_trunk_id="ST_gone"), "out")
        self.assertEqual((answer.status, answer.body["code"]), (404, "not_found"))
        self.assertNotIn("meta", answer.body)
        stub.faults({"method": DIAL, "status": 503})
        answer = stub.api(DIAL, dial_order("out"), "out")
        self.assertEqual((answer.status, answer.body["code"]), (503, "unavailable"))
        self.assertEqual((stub.state()["dial_count"], stub.state()["room_count"]), (0, 0))

    def test_the_server_waits_for_an_answer_only_so_long(self) -> None:
        stub = self.start(dial_limit=0.1)
        stub.callee(CALLEE, "no_answer", ring_after=0.01)
        answer = stub.api(DIAL, dial_order("out", ringing_timeout="45s"), "out")
        self.assertEqual((answer.status, answer.body["code"]), (408, "deadline_exceeded"))
        self.assertEqual(stub.state()["dials"][0]["ended"], "CLIENT_INITIATED")
        stub.api(DIAL, dial_order("out", wait_until_answered=False), "out")
        stub.wait("participants", room="out", status="ringing")
        time.sleep(0.15)
        self.assertIsNone(stub.state()["dials"][1]["ended"])

    def test_the_reply_may_come_after_the_hang_up(self) -> None:
        webhooks = self.receiver()
        stub = self.start([webhooks.url])
        for behaviour, script, status in [("answer", {"talk_time": 0.02}, 200), ("busy", {}, 503)]:
            with self.subTest(behaviour):
                stub.callee(CALLEE, behaviour, after=0.01, reply_after=0.3, **script)
                reply = self.background(stub.api, DIAL, dial_order(behaviour), behaviour)
                left = {"event": "participant_left", "room": behaviour, "outcome": "delivered"}
                stub.wait("webhooks", timeout=5, **left)
                self.assertFalse(reply.done())
                self.assertEqual(reply.result(5).status, status)

    def test_calls_without_any_webhook(self) -> None:
        webhooks = self.receiver()
        stub = self.start([webhooks.url])
        stub.webhook_faults(drop=1)
        stub.callee(CALLEE, "answer", after=0.01, talk_time=0.02)
        self.assertEqual(stub.api(DIAL, dial_order("out"), "out").status, 200)
        stub.wait("rooms", room="out", exactly=0)
        self.assertEqual(webhooks.requests, [])

    def test_a_made_room_keeps_its_mark(self) -> None:
        stub = self.start()
        for mark in ("ours", "other"):
            order = {"name": "out", "metadata": mark, "agents": [{"agent_name": "a", "metadata": "m"}]}
            self.assertEqual(stub.api("RoomService/CreateRoom", order).body["metadata"], "ours")
        stub.callee(CALLEE, "no_answer", ring_after=0.01)
        self.background(stub.api, DIAL, dial_order("out"), "out")
        stub.wait("participants", room="out", status="ringing")
        rooms = stub.api("RoomService/ListRooms", {"names": ["out"]}).body["rooms"]
        self.assertEqual([room["metadata"] for room in rooms], ["ours"])
        where = {"room": "out", "identity": "callee"}
        found = stub.api("RoomService/GetParticipant", where, "out").body
        self.assertEqual(found["attributes"]["sip.callStatus"], "ringing")
        self.assertEqual(len(self.dispatches(stub, "out")), 1)
        stub.api("RoomService/DeleteRoom", {"room": "out"})
        self.assertEqual(stub.api("RoomService/GetParticipant", where, "out").status, 404)

    def test_transfer_ends_the_leg(self) -> None:
        stub = self.start()
        stub.callee("+15550300", "answer", after=0)
        call = self.answered_call(stub)
        order = {"room_name": call["room"], "participant_identity": call["identity"]}
        transfer = {**order, "transfer_to": "tel:+15550300"}
        self.assertEqual(stub.api(TRANSFER, transfer, call["room"]).status, 200)
        stub.wait("ended_calls", room=call["room"])
        self.assertEqual(stub.api(TRANSFER, transfer, call["room"]).status, 404)

    def test_refused_transfer_leaves_the_call_alone(self) -> None:
        stub = self.start()
        stub.callee("+15550300", "busy", after=0)
        call = self.answered_call(stub)
        order = {"room_name": call["room"], "participant_identity": call["identity"]}
        transfer = {**order, "transfer_to": "tel:+15550300"}
        answer = stub.api(TRANSFER, transfer, call["room"])
        self.assertEqual(answer.body["meta"]["sip_status_code"], "486")
        self.assertIsNone(stub.state()["calls"][0]["ended"])


class DispatchTest(StubTest):
    """The ways in which a call gets no agent, or too many."""

    def test_dispatch_after_the_call_makes_a_ghost_room(self) -> None:
        stub = self.start()
        call = self.answered_call(stub, talk_time=0.01)
        stub.wait("rooms", room=call["room"], exactly=0)
        self.assertEqual(stub.state()["ghosts"], 0)
        self.dispatch(stub, call["room"])
        stub.wait("agents", room=call["room"])
        state = stub.state()
        self.assertEqual(state["ghosts"], 1)
        self.assertNotEqual(state["rooms"][0]["sid"], call["room_sid"])
        self.assertEqual([item["ghost"] for item in state["dispatches"]], [False, True])

    def test_ghost_room_ends_by_itself(self) -> None:
        stub = self.start(empty_timeout=0.1)
        self.dispatch(stub, "nobody-here")
        stub.wait("agents", room="nobody-here")
        stub.wait("rooms", room="nobody-here", exactly=0)

    def test_repeated_dispatch_brings_a_second_agent(self) -> None:
        stub = self.start()
        call = stub.call()
        first, second = self.dispatch(stub, call["room"]), self.dispatch(stub, call["room"])
        self.assertNotEqual(first["id"], second["id"])
        stub.wait("agents", room=call["room"], exactly=2)
        life = stub.state()["room_lives"][0]
        self.assertEqual((life["max_living"], life["max_agents"]), (2, 2))
        self.assertEqual(stub.state(brief=True)["max_living_dispatches"], 2)

    def test_without_a_free_worker_a_dispatch_is_lost_for_good(self) -> None:
        stub = self.start()
        for change in ({"names": ["somebody-else"]}, {"names": None, "full": True}):
            with self.subTest(change):
                stub.workers(**change)
                call = stub.call()
                self.dispatch(stub, call["room"])
                stub.workers(names=None, full=False)
                witness = stub.call()
                self.dispatch(stub, witness["room"])
                stub.wait("agents", room=witness["room"])
                [lost] = self.dispatches(stub, call["room"])
                self.assertEqual(lost["state"]["jobs"], [])
                self.assertFalse(any(d["served"] for d in stub.state()["dispatches"] if d["id"] == lost["id"]))

    def test_served_dispatch_has_a_running_job_until_it_is_deleted(self) -> None:
        stub = self.start(agent_linger=0.05)
        call = self.answered_call(stub)
        [served] = self.dispatches(stub, call["room"])
        [job] = served["state"]["jobs"]
        self.assertEqual(job["state"]["status"], "JS_RUNNING")
        who = stub.state()["rooms"][0]["participants"]
        self.assertIn((f"agent-{job['id']}", "AGENT"), [(p["identity"], p["kind"]) for p in who])
        order = {"dispatch_id": served["id"], "room": call["room"]}
        self.assertEqual(stub.api(DELETE_DISPATCH, order, call["room"]).status, 200)
        self.assertEqual(self.dispatches(stub, call["room"]), [])
        stub.wait("agents", room=call["room"], exactly=0)
        self.assertEqual(stub.api(DELETE_DISPATCH, order, call["room"]).status, 404)

    def test_killed_agent_keeps_its_job_and_is_not_replaced(self) -> None:
        stub = self.start()
        call = self.answered_call(stub)
        self.assertEqual(stub.kill_agent(call["room"]), 1)
        stub.wait("agents", room=call["room"], exactly=0)
        [dispatch] = self.dispatches(stub, call["room"])
        self.assertEqual(dispatch["state"]["jobs"][0]["state"]["status"], "JS_RUNNING")
        self.assertIsNone(stub.state()["calls"][0]["ended"])

    def test_agent_that_leaves_has_finished_its_job(self) -> None:
        stub = self.start()
        call = self.answered_call(stub)
        self.assertEqual(stub.agent_leaves(call["room"]), 1)
        stub.wait("agents", room=call["room"], exactly=0)
        [dispatch] = self.dispatches(stub, call["room"])
        self.assertEqual(dispatch["state"]["jobs"][0]["state"]["status"], "JS_SUCCESS")

    def test_list_dispatch_without_a_room_is_slow_and_unavailable(self) -> None:
        stub = self.start(list_dispatch_delay=0.2)
        start = time.monotonic()
        self.assertEqual(stub.api(LIST_DISPATCH, {"room": "no"}, "no").status, 503)
        self.assertGreaterEqual(time.monotonic() - start, 0.2)

    def test_create_room_again_ignores_the_agents(self) -> None:
        stub = self.start()
        order = {"name": "out", "agents": [{"agent_name": "a", "metadata": "m"}]}
        first, second = (stub.api("RoomService/CreateRoom", order).body for _ in range(2))
        self.assertEqual(first["sid"], second["sid"])
        self.assertEqual([item["metadata"] for item in self.dispatches(stub, "out")], ["m"])

    def test_long_metadata_survives(self) -> None:
        stub = self.start()
        call = stub.call()
        self.assertEqual(len(self.dispatch(stub, call["room"], metadata="ü" * 70_000)["metadata"]), 70_000)

    def test_agents_of_a_dispatch_rule_come_by_themselves(self) -> None:
        stub = self.start()
        call = stub.call(agents=[{"agent_name": "configured"}])
        stub.wait("participants", room=call["room"], status="active")
        self.assertEqual([d["agent_name"] for d in self.dispatches(stub, call["room"])], ["configured"])


class TokenTest(StubTest):
    """Who may do what."""

    def status(self, stub: Stub, token: str | None, method: str, body: Json) -> int:
        connection = http.client.HTTPConnection(stub.host, stub.port)
        headers = {"Content-Type": "application/json"}
        if token is not None:
            headers["Authorization"] = f"Bearer {token}"
        connection.request("POST", f"/twirp/livekit.{method}", json.dumps(body), headers)
        status = connection.getresponse().status
        connection.close()
        return status

    def test_grants(self) -> None:
        stub = self.start()
        stub.room("r")
        admin = {"roomAdmin": True, "room": "r"}
        transfer = {"room_name": "r", "participant_identity": "nobody", "transfer_to": "tel:+15550300"}
        cases: list[tuple[str, Json, Json, Json, int]] = [
            ("RoomService/ListRooms", {}, {"roomList": True}, {}, 200),
            ("RoomService/ListRooms", {}, admin, {}, 401),
            ("RoomService/CreateRoom", {"name": "r"}, {"roomCreate": True}, {}, 200),
            ("RoomService/CreateRoom", {"name": "r"}, admin, {}, 401),
            ("RoomService/ListParticipants", {"room": "r"}, admin, {}, 200),
            ("RoomService/ListParticipants", {"room": "r"}, {"room": "r"}, {}, 401),
            ("RoomService/ListParticipants", {"room": "r"}, {"roomAdmin": True}, {}, 401),
            (LIST_DISPATCH, {"room": "r"}, admin, {}, 200),
            (LIST_DISPATCH, {"room": "r"}, {"roomAdmin": True, "room": "other"}, {}, 401),
            ("SIP/ListSIPInboundTrunk", {}, {}, {"admin": True}, 200),
            ("SIP/ListSIPInboundTrunk", {}, {}, {"call": True}, 401),
            (DIAL, dial_order("r"), admin, {"admin": True}, 401),
            (DIAL, dial_order("r"), {}, {"call": True}, 200),
            (TRANSFER, transfer, {}, {"call": True}, 401),
            (TRANSFER, transfer, {"roomAdmin": True, "room": "other"}, {"call": True}, 401),
            (TRANSFER, transfer, admin, {"admin": True}, 401),
            (TRANSFER, transfer, admin, {"call": True}, 404),
            ("RoomService/DeleteRoom", {"room": "r"}, admin, {}, 401),
            ("RoomService/DeleteRoom", {"room": "r"}, {"roomCreate": True}, {}, 200),
        ]
        for method, body, video, sip, expected in cases:
            with self.subTest(method=method, video=video, sip=sip):
                token = tokens.access_token(stub.key, stub.secret, video, sip)
                self.assertEqual(self.status(stub, token, method, body), expected)

    def test_bad_tokens(self) -> None:
        stub = self.start()
        now = time.time()
        good = {"video": {"roomList": True}}
        header, claims, signature = tokens.access_token(stub.key, stub.secret, **good).split(".")
        other_claims = tokens.access_token(stub.key, stub.secret, {"roomCreate": True}).split(".")[1]
        bad = {
            "none": None,
            "rubbish": "rubbish",
            "other key": tokens.access_token("other", stub.secret, **good),
            "other secret": tokens.access_token(stub.key, "other", **good),
            "expired": tokens.access_token(stub.key, stub.secret, **good, now=now - 1000),
            "not yet": tokens.access_token(stub.key, stub.secret, **good, now=now + 1000),
            "changed claims": f"{header}.{other_claims}.{signature}",
            "unsigned": f"eyJhbGciOiJub25lIn0.{claims}.",
            "other algorithm": signed_as("HS512", claims, stub.secret),
        }
        for name, token in bad.items():
            with self.subTest(name):
                self.assertEqual(self.status(stub, token, "RoomService/ListRooms", {}), 401)

    def test_what_is_no_method(self) -> None:
        stub = self.start()
        answer = stub.api("RoomService/Nonsense", {})
        self.assertEqual((answer.status, answer.body["code"]), (404, "bad_route"))
        answer = stub.api("RoomService/CreateRoom", {"name": 7})
        self.assertEqual((answer.status, answer.body["code"]), (400, "malformed"))


class WebhookTest(StubTest):
    """The sender's schedule."""

    def one_event(self, stub: Stub, room: str = "r") -> Json:
        """A room starts; return its event once it is settled."""
        stub.room(room)
        stub.wait("webhooks", room=room, outcome="pending", exactly=0)
        return stub.deliveries(event="room_started", room=room)[0]

    def test_five_attempts_then_never_again(self) -> None:
        receiver = self.receiver(answers(500, 502, 503, 429, 500))
        stub = self.start(webhooks=[receiver.url], retry_scale=0.05)
        event = self.one_event(stub)
        self.assertEqual(event["outcome"], "failed")
        self.assertEqual([attempt["status"] for attempt in event["attempts"]], [500, 502, 503, 429, 500])
        self.assertEqual(len({request["body"] for request in receiver.requests}), 1)
        self.assertEqual(len({request["headers"]["Authorization"] for request in receiver.requests}), 1)
        times = [request["at"] for request in receiver.requests]
        for index, wait in enumerate((0.05, 0.1, 0.2, 0.4)):
            self.assertGreaterEqual(times[index + 1] - times[index], wait * 0.9)

    def test_what_is_not_retried(self) -> None:
        for status, outcome in ((200, "delivered"), (400, "refused"), (404, "refused"), (501, "refused")):
            with self.subTest(status):
                receiver = self.receiver(answers(status))
                stub = self.start(webhooks=[receiver.url], retry_scale=0.01)
                event = self.one_event(stub)
                self.assertEqual((event["outcome"], len(event["attempts"])), (outcome, 1))

    def test_connection_errors_are_retried(self) -> None:
        receiver = self.receiver()
        receiver.close()
        stub = self.start(webhooks=[receiver.url], retry_scale=0.001)
        event = self.one_event(stub)
        self.assertEqual((event["outcome"], len(event["attempts"])), ("failed", 5))

    def test_retry_after_is_obeyed(self) -> None:
        receiver = self.receiver(answers(503, 200, Retry_After="6"))
        stub = self.start(webhooks=[receiver.url], retry_scale=0.05)
        self.assertEqual(self.one_event(stub)["outcome"], "delivered")
        first, second = (request["at"] for request in receiver.requests)
        self.assertGreaterEqual(second - first, 0.27)

    def test_a_room_waits_for_its_retries_and_others_do_not(self) -> None:
        receiver = self.receiver(answers(500))
        stub = self.start(webhooks=[receiver.url], retry_scale=0.3)
        stub.room("slow", participants=[{"identity": "p"}])
        stub.wait("attempts", room="slow")
        self.one_event(stub, "quick")
        stub.wait("webhooks", room="slow", outcome="delivered", exactly=3)
        order = [json.loads(request["body"]) for request in receiver.requests]
        names = [(event["room"]["name"], event["event"]) for event in order]
        slow = [("slow", name) for name in ("room_started", "participant_joined", "track_published")]
        self.assertEqual(names, [slow[0], ("quick", "room_started"), *slow])
        self.assertEqual(order[0]["id"], order[2]["id"])

    def test_old_and_too_many_events_are_dropped(self) -> None:
        receiver = self.receiver()
        stub = self.start(webhooks=[receiver.url], webhook_max_depth=2)
        stub.webhook_faults(pause=True)
        stub.room("r", participants=[{"identity": "p"}])
        stub.wait("webhooks", room="r", outcome="dropped_depth", exactly=1)
        stub.settings(webhook_max_age=0)
        stub.webhook_faults()
        stub.wait("webhooks", room="r", outcome="dropped_age", exactly=2)
        self.assertEqual(receiver.requests, [])

    def test_faults_on_the_way(self) -> None:
        receiver = self.receiver()
        stub = self.start(webhooks=[receiver.url])
        stub.webhook_faults(drop=1.0)
        self.assertEqual(self.one_event(stub, "dropped")["outcome"], "dropped_fault")
        stub.webhook_faults(drop_events=["participant_joined"])
        stub.room("partly", participants=[{"identity": "p"}])
        stub.wait("webhooks", room="partly", outcome="delivered", exactly=2)
        stub.webhook_faults(duplicate=1.0)
        stub.room("twice")
        stub.wait("attempts", room="twice", exactly=2)
        stub.wait("webhooks", room="twice", outcome="delivered")
        bodies = [json.loads(request["body"]) for request in receiver.requests]
        self.assertEqual(
            sorted((body["room"]["name"], body["event"]) for body in bodies),
            [("partly", "room_started"), ("partly", "track_published")] + [("twice", "room_started")] * 2,
        )
        stub.webhook_faults(shuffle_ms=20)
        stub.room("shuffled", participants=[{"identity": "p"}])
        stub.wait("webhooks", room="shuffled", outcome="delivered", exactly=3)


class FaultTest(StubTest):
    """API requests that go wrong."""

    def room_names(self, stub: Stub) -> list[str]:
        return [room["name"] for room in stub.state()["rooms"]]

    def create(self, stub: Stub, name: str) -> ApiAnswer:
        return stub.api("RoomService/CreateRoom", {"name": name}, timeout=5)

    def test_refused_without_acting(self) -> None:
        stub = self.start()
        rule = {"method": "CreateRoom", "status": 429, "code": "resource_exhausted", "msg": "slow down"}
        stub.faults({**rule, "retry_after": 3, "times": 1})
        answer = self.create(stub, "r")
        self.assertEqual((answer.status, answer.headers["Retry-After"]), (429, "3"))
        self.assertEqual(answer.body, {"code": "resource_exhausted", "msg": "slow down"})
        self.assertEqual(self.room_names(stub), [])
        self.assertEqual(self.create(stub, "r").status, 200)
        self.assertEqual(stub.fault_hits(), [1])

    def test_acted_and_answered_5xx(self) -> None:
        stub = self.start()
        stub.faults({"method": "RoomService/CreateRoom", "status": 502, "act": True})
        self.assertEqual(self.create(stub, "r").status, 502)
        self.assertEqual(self.room_names(stub), ["r"])

    def test_cut_before_and_after_acting(self) -> None:
        stub = self.start()
        for drop, rooms in (("before", []), ("after", ["r"])):
            with self.subTest(drop):
                stub.faults({"method": "*", "room": "r", "drop": drop})
                with self.assertRaises((http.client.HTTPException, OSError)):
                    self.create(stub, "r")
                self.assertEqual(self.room_names(stub), rooms)
        self.assertEqual(stub.state()["requests"]["CreateRoom"], {"total": 2, "dropped": 2})
        self.assertEqual(self.create(stub, "other").status, 200)

    def test_late_answers(self) -> None:
        stub = self.start()
        for delay, acts_at_once in (("delay_before_ms", False), ("delay_after_ms", True)):
            with self.subTest(delay):
                stub.faults({"method": "CreateRoom", delay: 300})
                start = time.monotonic()
                pending = self.background(self.create, stub, delay)
                stub.wait("requests", room=delay)
                self.assertEqual(delay in self.room_names(stub), acts_at_once)
                self.assertEqual(pending.result(5).status, 200)
                self.assertGreaterEqual(time.monotonic() - start, 0.3)

    def test_a_request_that_was_given_up_is_still_acted_upon(self) -> None:
        stub = self.start()
        stub.faults({"method": "CreateRoom", "delay_before_ms": 100})
        with self.assertRaises(TimeoutError):
            stub.api("RoomService/CreateRoom", {"name": "r"}, timeout=0.02)
        stub.wait("rooms", room="r")

    def test_the_first_requests_are_left_out(self) -> None:
        stub = self.start()
        stub.faults({"method": "CreateRoom", "skip": 2, "times": 1, "status": 500})
        self.assertEqual([self.create(stub, "r").status for _ in range(4)], [200, 200, 500, 200])

    def test_misspelt_requests_are_refused(self) -> None:
        stub = self.start()
        for mistake in (
            lambda: stub.faults({"metod": "CreateRoom"}),
            lambda: stub.call(talktime=1),
            lambda: stub.wait("rooms", rom="r"),
            lambda: stub.webhook_faults(dorp=1),
            lambda: stub.callee(CALLEE, "sings"),
            lambda: stub.settings(agent_dealy=1),
        ):
            with self.assertRaises(StubError):
                mistake()


class DownTest(StubTest):
    """The API can't be reached; the world goes on, and tests still see it."""

    def list_rooms(self, stub: Stub, timeout: float = 5) -> int:
        return stub.api("RoomService/ListRooms", {}, timeout=timeout).status

    def test_refuses_connections_and_comes_back_on_its_port(self) -> None:
        stub = self.start()
        stub.down()
        with self.assertRaises(ConnectionRefusedError):
            self.list_rooms(stub)
        call = stub.call()
        self.assertEqual(stub.state()["calls"][0]["room"], call["room"])
        stub.up()
        self.assertEqual(self.list_rooms(stub), 200)

    def test_comes_back_by_itself(self) -> None:
        stub = self.start()
        for how in ("refuse", "cut", "hang"):
            with self.subTest(how):
                stub.down(0.1, how)
                time.sleep(0.2)
                self.assertEqual(self.list_rooms(stub), 200)

    def test_cuts_connections_and_counts_them(self) -> None:
        stub = self.start()
        stub.down(how="cut")
        before = stub.state(brief=True)
        for _ in range(3):
            with self.assertRaises((http.client.HTTPException, OSError)):
                self.list_rooms(stub)
        after = stub.state(brief=True)
        self.assertEqual(after["connections"] - before["connections"], 3)
        self.assertEqual(after["requests"], {})

    def test_takes_connections_and_says_nothing(self) -> None:
        stub = self.start()
        stub.down(how="hang")
        with self.assertRaises(TimeoutError):
            self.list_rooms(stub, timeout=0.1)
        pending = self.background(self.list_rooms, stub)
        time.sleep(0.05)
        stub.up()
        with self.assertRaises((http.client.HTTPException, OSError)):
            pending.result(5)

    def test_cuts_what_is_under_way(self) -> None:
        stub = self.start()
        stub.faults({"method": "ListRooms", "delay_before_ms": 60000})
        pending = self.background(self.list_rooms, stub)
        stub.wait("requests")
        stub.down()
        with self.assertRaises((http.client.HTTPException, OSError)):
            pending.result(5)
        stub.reset()
        self.assertEqual(self.list_rooms(stub), 200)


class WorkersTest(StubTest):
    """Dispatches that are lost, jobs without an agent, agents that die."""

    def jobs(self, stub: Stub, room: str) -> list[str]:
        """The states of the jobs of the room's only dispatch."""
        [dispatch] = self.dispatches(stub, room)
        return [job["state"]["status"] for job in dispatch["state"]["jobs"]]

    def test_a_job_comes_before_its_agent(self) -> None:
        stub = self.start(job_delay=0.05, agent_delay=0.3)
        stub.room("r", participants=[{"identity": "p"}])
        self.dispatch(stub, "r")
        self.assertEqual(self.jobs(stub, "r"), [])
        while not self.jobs(stub, "r"):
            time.sleep(0.01)
        self.assertEqual((self.jobs(stub, "r"), stub.state()["rooms"][0]["agents"]), (["JS_RUNNING"], 0))
        stub.wait("agents", room="r")

    def test_jobs_whose_agents_do_not_come(self) -> None:
        stub = self.start()
        for agents, status in (("never", "JS_RUNNING"), ("fail", "JS_FAILED")):
            with self.subTest(agents):
                stub.workers(agents=agents)
                self.dispatch(stub, agents)
                while not self.jobs(stub, agents):
                    time.sleep(0.01)
                self.assertEqual(self.jobs(stub, agents), [status])
        with self.assertRaises(TimeoutError):
            stub.wait("agents", timeout=0.1)
        with self.assertRaises(StubError):
            stub.workers(agents="sometimes")

    def test_some_dispatches_are_lost_for_good(self) -> None:
        stub = self.start()
        stub.workers(lose=0.5, seed=3)
        for index in range(20):
            self.dispatch(stub, f"r{index}")
        served = sum(dispatch["served"] for dispatch in stub.state()["dispatches"])
        self.assertTrue(0 < served < 20)
        stub.wait("agents", exactly=served)
        stub.workers(lose=0.0, lose_first=2)
        for index in range(3):
            self.dispatch(stub, f"first{index}")
        stub.wait("agents", room="first2")
        self.assertEqual([d["served"] for d in stub.state()["dispatches"]][20:], [False, False, True])
        served += 1
        with self.assertRaises(TimeoutError):
            stub.wait("agents", at_least=served + 1, timeout=0.1)

    def test_all_agents_die(self) -> None:
        stub = self.start(agent_loss=0.1)
        for index in range(3):
            self.answered_call(stub, caller=f"+1555{index}")
        self.assertEqual(stub.kill_agents(after=0.05), 3)
        self.assertEqual(stub.state()["rooms"][0]["agents"], 1)
        stub.wait("unserved", exactly=3)

    def test_an_agent_that_was_told_to_go_is_not_working(self) -> None:
        stub = self.start(agent_linger=1)
        call = self.answered_call(stub)
        [first] = self.dispatches(stub, call["room"])
        stub.api(DELETE_DISPATCH, {"room": call["room"], "dispatch_id": first["id"]}, call["room"])
        self.dispatch(stub, call["room"])
        stub.wait("agents", room=call["room"], exactly=2)
        [life] = stub.state()["room_lives"]
        self.assertEqual((life["max_agents"], life["max_working"], life["max_living"]), (2, 1, 1))
        self.dispatch(stub, call["room"])
        stub.wait("agents", room=call["room"], at_least=3)
        self.assertEqual(stub.state()["max_working_agents"], 2)

    def test_deleting_a_dispatch_of_no_room(self) -> None:
        stub = self.start()
        answer = stub.api(DELETE_DISPATCH, {"room": "r", "dispatch_id": "AD_none"}, "r")
        self.assertEqual((answer.status, answer.body["code"]), (503, "unavailable"))

    def test_how_long_a_phone_waits_for_an_agent(self) -> None:
        stub = self.start()
        call = self.answered_call(stub)
        stub.agent_leaves(call["room"])
        stub.wait("unserved", room=call["room"])
        self.dispatch(stub, call["room"])
        stub.wait("unserved", exactly=0)
        stub.restart(return_after=0.05)
        stub.wait("unserved", room=call["room"])
        stub.hang_up(room=call["room"])
        [caller] = stub.state()["calls"]
        waits = caller["waits"]
        self.assertEqual([wait["over"] for wait in waits], ["agent", "agent", "gone"])
        self.assertEqual(waits[0]["room_sid"], call["room_sid"])
        self.assertNotEqual(waits[2]["room_sid"], call["room_sid"])
        self.assertAlmostEqual(caller["ended_at"], waits[2]["until"], delta=1)
        for wait in waits:
            self.assertLess(wait["until"] - wait["since"], 5)


class ListTest(StubTest):
    """What a backend can find out by asking."""

    def test_participants_with_all_that_webhooks_tell(self) -> None:
        stub = self.start()
        call = self.answered_call(stub, attributes={"x-tenant": "7"})
        answer = stub.api("RoomService/ListParticipants", {"room": call["room"]}, call["room"])
        by_kind = {who["kind"]: who for who in answer.body["participants"]}
        phone, agent = by_kind["SIP"], by_kind["AGENT"]
        self.assertEqual(phone["attributes"]["sip.callID"], call["sip_call_id"])
        self.assertEqual(phone["attributes"]["x-tenant"], "7")
        self.assertEqual(agent["attributes"]["lk.agent.name"], "telephony-agent")
        for who in (phone, agent):
            self.assertEqual(who["state"], "ACTIVE")
            self.assertEqual(int(who["joined_at"]), int(who["joined_at_ms"]) // 1000)
            self.assertLess(abs(time.time() - int(who["joined_at_ms"]) / 1000), 30)

    def room(self, stub: Stub) -> Json:
        [room] = stub.api("RoomService/ListRooms", {}).body["rooms"]
        return room

    def test_agents_are_no_participants_of_a_room(self) -> None:
        stub = self.start()
        self.answered_call(stub)
        room = self.room(stub)
        self.assertEqual((room["num_participants"], room["num_publishers"]), (1, 2))
        self.assertEqual(int(room["creation_time"]), int(room["creation_time_ms"]) // 1000)

    def test_counts_may_lag_behind(self) -> None:
        stub = self.start(count_lag=0.2)
        stub.call()
        self.assertEqual(self.room(stub)["num_participants"], 0)
        self.assertEqual(len(stub.state()["rooms"][0]["participants"]), 1)
        while self.room(stub)["num_participants"] == 0:
            time.sleep(0.02)


class ScheduleTest(StubTest):
    """What is to happen later, by the stub's own clock."""

    def test_steps_are_made_in_time(self) -> None:
        stub = self.start()
        began = time.monotonic()
        stub.schedule((0.2, "call", {"room": "r"}), (0.1, "workers", {"full": True}), (0.3, "down", {}))
        stub.wait("rooms", room="r")
        self.assertGreaterEqual(time.monotonic() - began, 0.2)
        self.dispatch(stub, "r")
        self.assertFalse(stub.state()["dispatches"][0]["served"])

    def test_steps_that_fail_are_told(self) -> None:
        stub = self.start()
        stub.schedule((0, "finish", {"room": "none"}))
        while not stub.state()["failed_steps"]:
            time.sleep(0.01)
        with self.assertRaises(StubError):
            stub.schedule((0, "dance", {}))


class WorldTest(StubTest):
    """Restarts, control requests, load-test mode."""

    def test_restart_forgets_everything_without_events(self) -> None:
        receiver = self.receiver()
        stub = self.start(webhooks=[receiver.url])
        call = self.answered_call(stub)
        stub.wait("webhooks", event="track_published", outcome="delivered", exactly=2)
        self.assertEqual(stub.restart(return_after=0.1, shown_for=0.05), [call["room"]])
        self.assertEqual(self.listed(stub, call["room"]), [call["participant_sid"]])
        stub.wait("participants", room=call["room"], status="ringing")
        [back] = stub.state()["calls"]
        self.assertEqual(back["sip_call_id"], call["sip_call_id"])
        self.assertNotEqual(back["room_sid"], call["room_sid"])
        self.assertNotEqual(back["participant_sid"], call["participant_sid"])
        self.assertEqual(self.listed(stub, call["room"]), [back["participant_sid"]])
        self.assertEqual(self.dispatches(stub, call["room"]), [])
        self.dispatch(stub, call["room"])
        stub.wait("participants", room=call["room"], status="active")
        self.assertEqual(stub.state()["ghosts"], 0)
        self.assertEqual(stub.deliveries(event="participant_left"), [])

    def listed(self, stub: Stub, room: str) -> list[str]:
        """The sids of the phones that ListParticipants shows."""
        answer = stub.api("RoomService/ListParticipants", {"room": room}, room)
        return [who["sid"] for who in answer.body["participants"] if who["kind"] == "SIP"]

    def test_dispatch_before_the_phone_returns_is_no_ghost(self) -> None:
        stub = self.start()
        call = self.answered_call(stub)
        stub.restart(return_after=0.1)
        self.dispatch(stub, call["room"])
        stub.wait("participants", room=call["room"], status="active")
        self.assertEqual(stub.state()["ghosts"], 0)

    def test_requests_are_refused_while_the_server_is_down(self) -> None:
        stub = self.start()
        stub.restart(down_for=60)
        with self.assertRaises(ConnectionRefusedError):
            stub.api("RoomService/ListRooms", {})

    def test_phones_that_do_not_come_back_are_gone(self) -> None:
        stub = self.start()
        calls = [self.answered_call(stub, caller=f"+1555{index}") for index in range(8)]
        stub.restart(return_after=0.05, return_share=0.5, seed=1)
        gone = {call["room"] for call in stub.state()["calls"] if call["ended"] == "SERVER_DIED"}
        self.assertTrue(0 < len(gone) < len(calls))
        stub.wait("unserved", exactly=len(calls) - len(gone))
        self.assertEqual({room["name"] for room in stub.state()["rooms"]} & gone, set())

    def test_lists_show_a_dead_room_until_they_notice(self) -> None:
        stub = self.start()
        call = self.answered_call(stub)
        before = stub.api("RoomService/ListRooms", {}).body
        stub.restart(shown_for=0.2)
        self.assertEqual(stub.api("RoomService/ListRooms", {}).body, before)
        self.assertEqual(before["rooms"][0]["sid"], call["room_sid"])
        self.assertEqual(self.listed(stub, call["room"]), [call["participant_sid"]])
        answer = stub.api(LIST_DISPATCH, {"room": call["room"]}, call["room"])
        self.assertEqual((answer.status, answer.body["code"]), (503, "unavailable"))
        while self.listed(stub, call["room"]):
            time.sleep(0.02)
        self.assertEqual(stub.api("RoomService/ListRooms", {}).body, {"rooms": []})

    def test_caller_details(self) -> None:
        stub = self.start()
        plan = {"identity": "me", "attributes": {"x-custom": "1", "sip.callTag": None}}
        stub.call(caller="+4930123", called="+15550123", hide_phone_number=True, **plan)
        [who] = stub.state()["rooms"][0]["participants"]
        self.assertEqual(who["identity"], "me")
        self.assertNotIn("sip.phoneNumber", who["attributes"])
        self.assertNotIn("sip.callTag", who["attributes"])
        self.assertEqual(who["attributes"]["x-custom"], "1")
        self.assertTrue(stub.state()["rooms"][0]["name"].startswith("call-_+4930123_"))

    def test_many_callers(self) -> None:
        stub = self.start()
        rooms = {call["room"] for call in stub.calls(20, room="r{n}", caller="+1555{n}")}
        self.assertEqual(rooms, {f"r{index}" for index in range(20)})
        self.assertEqual(len(stub.hang_up(everybody=True)), 20)

    def test_plain_rooms(self) -> None:
        stub = self.start()
        made = stub.room("r", sid="RM_given", participants=[{"identity": "a"}])
        self.assertEqual(made["room_sid"], "RM_given")
        stub.join("r", "b", kind="STANDARD")
        stub.leave("r", "a")
        self.assertEqual([who["identity"] for who in stub.state()["rooms"][0]["participants"]], ["b"])
        stub.finish("r")
        self.assertEqual(stub.state()["rooms"], [])

    def test_assumed_rooms_are_no_ghosts_and_silent(self) -> None:
        receiver = self.receiver()
        stub = self.start(webhooks=[receiver.url], assume_rooms=True)
        self.assertEqual(self.dispatches(stub, "r"), [])
        self.dispatch(stub, "r")
        stub.wait("agents", room="r")
        [dispatch] = self.dispatches(stub, "r")
        self.assertEqual(dispatch["state"]["jobs"][0]["state"]["status"], "JS_RUNNING")
        self.assertEqual(stub.state()["ghosts"], 0)
        self.assertEqual(stub.deliveries(), [])
        self.assertEqual(stub.api("RoomService/DeleteRoom", {"room": "r"}).status, 200)

    def test_reset(self) -> None:
        stub = self.start()
        self.answered_call(stub)
        stub.workers(full=True)
        stub.reset()
        state = stub.state()
        self.assertEqual((state["rooms"], state["dispatches"], state["requests"]), ([], [], {}))
        self.answered_call(stub)

    def test_wait_tells_how_far_it_got(self) -> None:
        stub = self.start()
        stub.call()
        with self.assertRaisesRegex(TimeoutError, "still 1"):
            stub.wait("rooms", at_least=2, timeout=0.01)

    def test_request_log(self) -> None:
        stub = self.start()
        self.dispatch(stub, "r", metadata="m")
        [entry] = stub.requests("CreateDispatch")
        self.assertEqual((entry["status"], entry["room"], entry["body"]["metadata"]), (200, "r", "m"))
        self.assertEqual(entry["grants"]["video"]["room"], "r")
        self.assertIn("CreateDispatch", stub.log_file.read_text(encoding="utf-8"))


class ProcessTest(StubTest):
    """The program itself."""

    def test_stops_cleanly_and_comes_back_on_its_port(self) -> None:
        stub = Stub().start()
        self.addCleanup(stub.stop)
        port = stub.port
        self.background(stub.wait, "rooms")
        stub.wait("requests", exactly=0)
        self.assertEqual(stub.stop(), 0)
        self.assertEqual(stub.start().port, port)

    def test_all_times_by_one_factor(self) -> None:
        with Stub(time_scale=0.1, agent_delay=0.5) as stub:
            now = stub.settings()
        self.assertAlmostEqual(now["retry_scale"], 0.1)
        self.assertAlmostEqual(now["webhook_max_age"], 3)
        self.assertAlmostEqual(now["agent_loss"], 2)
        self.assertAlmostEqual(now["list_dispatch_delay"], 0.3)
        self.assertEqual(now["agent_delay"], 0.5)
        with Stub() as stub:
            self.assertEqual((stub.settings()["retry_scale"], stub.settings()["webhook_max_age"]), (1.0, 30))

    def test_only_loopback(self) -> None:
        for arguments in (
            ["--listen", "0.0.0.0:0"],
            ["--listen", "example.org:0"],
            ["--webhook", "http://192.0.2.1/"],
        ):
            with self.subTest(arguments):
                done = subprocess.run(
                    [sys.executable, "-m", "livekit_stub", *arguments], cwd=HERE, capture_output=True, timeout=20
                )
                self.assertEqual(done.returncode, 2)
                self.assertIn(b"loopback", done.stderr)
        stub = self.start()
        with self.assertRaises(StubError):
            stub.webhook_urls("http://192.0.2.1/")


if __name__ == "__main__":
    unittest.main()
