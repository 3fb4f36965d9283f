#!/usr/bin/env python3
"""Make the seeds of the fuzz corpora: recorded-* and edge-* below corpus/.

    tests/fuzz/make_corpus.py

recorded-*: out of tests/fixtures/recorded, what LiveKit really sent and
answered, one file a shape. edge-*: made by hand, below, where a parser has
something to decide. found-* are inputs that a fuzzer found; they are kept as
they are, whatever this makes anew.
"""

import json
import pathlib
import re

HERE = pathlib.Path(__file__).resolve().parent
RECORDED = HERE.parent / "fixtures" / "recorded"

METHODS = {"CreateDispatch": 0, "ListDispatch": 1, "ListParticipants": 2, "DeleteRoom": 3,
           "CreateRoom": 4, "GetParticipant": 5, "CreateSIPParticipant": 6,
           "TransferSIPParticipant": 7, "DeleteDispatch": 8, "ListRooms": 9}

UUID = "0a1b2c3d-0000-4000-8000-00000000000f"
RECORD = {"v": 1, "id": UUID, "direction": "inbound", "status": "agent_dispatched",
          "from": "+15550100", "to": "+15550123", "createdAt": 1795398041000,
          "updatedAt": 1795398042000, "roomName": "call-_+15550100_x", "roomSid": "RM_x",
          "sipCallId": "SCL_x", "participantSid": "PA_x", "identity": "sip_+15550100",
          "agentName": "agent", "agentConfig": "{\"prompt\":\"hi\"}", "agentRoute": "default",
          "raw": "{\"event\":\"participant_joined\"}", "timelineLen": 2,
          "legs": [{"kind": "sip", "sipStatus": "ringing", "joinedAt": 1795398041000,
                    "participantSid": "PA_x", "roomSid": "RM_x", "sipCallId": "SCL_x"}],
          "jobs": [{"kind": "dispatch_agent", "pending": True, "attempt": 1,
                    "due": 1795398041000, "leaseOwner": "host/1/2",
                    "leaseUntil": 1795398161000},
                   {"kind": "end_overdue", "pending": True, "due": 1795484441000}]}
ENTRY = {"v": 1, "seq": 3, "at": 1795398041000, "source": "event", "what": "participant_joined",
         "result": "agent requested", "status": "agent_dispatched",
         "notes": [["eventId", "EV_x"], ["roomSid", "RM_x"]]}

EVENT = {"event": "participant_joined", "id": "EV_1", "createdAt": "1795398041",
         "room": {"sid": "RM_1", "name": "room", "creationTimeMs": "1795398039998"},
         "participant": {"sid": "PA_1", "identity": "sip_1", "kind": "SIP",
                         "attributes": {"sip.callID": "SCL_1", "sip.ruleID": "SDR_1",
                                        "sip.callStatus": "ringing",
                                        "sip.phoneNumber": "+15550100",
                                        "sip.trunkPhoneNumber": "+15550123"}}}


def changed(base, **members):
    """A copy with these members; None removes one, a__b is a member's member."""
    copy = json.loads(json.dumps(base))
    for path, value in members.items():
        *way, last = path.split("__")
        at = copy
        for key in way:
            at = at[key]
        if value is None:
            at.pop(last, None)
        else:
            at[last] = value
    return copy


def compact(value):
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def lines(name):
    for line in (RECORDED / name).read_text().splitlines():
        yield json.loads(line)


def shape(event):
    """A short name: tar's oldest format has 99 bytes for a path."""
    participant = event.get("participant", {})
    attributes = participant.get("attributes", {})
    words = [event["event"].removeprefix("participant_"), participant.get("kind", ""),
             attributes.get("sip.callStatus", ""), participant.get("disconnectReason", "")]
    return re.sub(r"[^a-z0-9-]+", "-", "-".join(w for w in words if w).lower())


def recorded():
    """(target, name, content) of all that was recorded."""
    seen = set()
    for path in sorted(RECORDED.glob("*bound-*.jsonl")):
        bodies = []
        for delivery in lines(path.name):
            bodies.append(delivery["body"])
            name = shape(json.loads(delivery["body"]))
            if name in seen:
                continue
            seen.add(name)
            yield "event", name, delivery["body"]
            yield "jwt", name, delivery["authorization"]
            yield "webhook", name, delivery["authorization"] + "\n" + delivery["body"]
            yield "gateway", name, (
                "REQUEST_METHOD=POST\nREQUEST_URI=/telephony/livekit-webhook\n"
                f"CONTENT_TYPE={delivery['contentType']}\n"
                f"CONTENT_LENGTH={len(delivery['body'].encode())}\n"
                f"HTTP_AUTHORIZATION={delivery['authorization']}\n\n" + delivery["body"])
        if path.name.startswith("inbound"):
            yield "deliveries", path.stem, "\n".join(bodies)
            yield "deliveries", path.stem + "-slow", "\n@7\n".join(bodies)
    for n, call in enumerate(lines("api-responses.jsonl")):
        yield "twirp", f"{n:02}-{call['method'].lower()}-{call['status']}", (
            f"{METHODS.get(call['method'], 1)} {call['status']}\n" + compact(call["response"]))


def edge_events():
    yield "empty", ""
    yield "null", "null"
    yield "array", "[]"
    yield "good", compact(EVENT)
    yield "cut", compact(EVENT)[:-1]
    yield "behind", compact(EVENT) + "x"
    yield "twice", compact(EVENT) * 2
    yield "blanks", " \n" + compact(EVENT) + "\r\n"
    yield "byte-order-mark", "\ufeff" + compact(EVENT)
    yield "no-id", compact(changed(EVENT, id=None))
    yield "id-is-number", compact(changed(EVENT, id=7))
    yield "long-id", compact(changed(EVENT, id="E" * 129))
    yield "longest-id", compact(changed(EVENT, id="E" * 128))
    yield "nul-in-sid", compact(changed(EVENT, participant__sid="PA\0x"))
    yield "long-room", compact(changed(EVENT, room__name="r" * 257))
    yield "snake", compact(changed(EVENT, createdAt=None, created_at=1795398041))
    yield "time-double", compact(changed(EVENT, createdAt=1.795398041e9))
    yield "time-nan", compact(changed(EVENT, createdAt="@")).replace('"@"', "NaN")
    yield "time-infinite", compact(changed(EVENT, createdAt="@")).replace('"@"', "1e999")
    yield "time-huge", compact(changed(EVENT, createdAt="9223372036854775807"))
    yield "time-negative", compact(changed(EVENT, createdAt="-1"))
    yield "kind-number", compact(changed(EVENT, participant__kind=3))
    yield "reason-number", compact(changed(EVENT, participant__disconnectReason=2))
    yield "surrogate", compact(changed(EVENT, room__name="@")).replace("@", "\\ud800")
    yield "attributes-list", compact(changed(EVENT, participant__attributes=[1]))
    yield "room-null", compact(changed(EVENT, room="@")).replace('"@"', "null")
    yield "deep", "[" * 40
    yield "deep-member", '{"a":' * 31 + "1" + "}" * 31
    yield "secret-attribute", compact(changed(EVENT, participant__attributes={
        "sip.h.Authorization": "Basic eDp5", "sip.callID": "S"}))
    yield "not-utf8", compact(EVENT).encode().replace(b"sip_1", b"\xff\xfe")
    yield "foreign", compact(changed(EVENT, event="track_published", participant__kind="STANDARD",
                                     participant__attributes={"x": "\u263a"}))
    yield "kind-number-spaced", json.dumps(changed(EVENT, participant__kind=4))
    yield "raw-too-long", compact(changed(EVENT, participant__attributes={
        f"sip.h.X-{n}": "\u263a" * 60 for n in range(40)}))


def edge_deliveries():
    joined = compact(EVENT)
    left = compact(changed(EVENT, event="participant_left", id="EV_2",
                           participant__disconnectReason="CLIENT_INITIATED"))
    finished = compact(changed(EVENT, event="room_finished", id="EV_3", participant=None))
    agent = compact(changed(EVENT, id="EV_4", participant={
        "sid": "PA_A", "identity": "agent", "kind": "AGENT"}))
    again = compact(changed(EVENT, id="EV_5", room__sid="RM_2", participant__sid="PA_2"))
    yield "in-order", "\n".join([joined, agent, left, finished])
    yield "backwards", "\n".join([finished, left, agent, joined])
    yield "slowly", "\n@20\n".join([joined, agent, left, finished])
    yield "restarted", "\n".join([joined, agent, finished, "@5", again, "@30"])
    yield "never-ends", "\n".join([joined, "@20", "@20"])
    yield "two-rooms", "\n".join([joined, compact(changed(EVENT, id="EV_6", room__name="other"))])
    yield "far-future", compact(changed(EVENT, createdAt="253402300799")) + "\n" + left
    yield "many-legs", "\n".join(compact(changed(
        EVENT, id=f"EV_{n}", participant={
            "sid": f"PA_{n}", "identity": f"i{n}", "kind": "SIP",
            "attributes": {"sip.callID": "S", "sip.ruleID": "R"}}))
        for n in range(28))


def edge_tokens():
    yield "empty", ""
    yield "dots", ".."
    yield "four-parts", "a.b.c.d"
    yield "none", "eyJhbGciOiJub25lIn0.eyJpc3MiOiJkZXZrZXkifQ."
    yield "padded", "eyJhbGciOiJIUzI1NiJ9==.eyJpc3MiOiJkZXZrZXkifQ==.AAAA="
    yield "long", "A" * 2000 + "." + "B" * 40 + "." + "C" * 43


def edge_claims():
    head = '{"alg":"HS256","typ":"JWT"}\n'
    good = {"iss": "devkey", "exp": 1795398340, "nbf": 1795398040, "sub": "me",
            "sip": {"call": True}, "video": {"roomCreate": True}}
    yield "good", head + compact(good)
    yield "no-exp", head + compact(changed(good, exp=None))
    yield "exp-huge", head + compact(changed(good, exp=10 ** 30))
    yield "exp-double", head + compact(changed(good, exp=1795398340.5))
    yield "exp-infinite", head + compact(changed(good, exp="@")).replace('"@"', "1e999")
    yield "nbf-infinite", head + compact(changed(good, nbf="@")).replace('"@"', "-1e999")
    yield "exp-nan", head + compact(changed(good, exp="@")).replace('"@"', "NaN")
    yield "exp-text", head + compact(changed(good, exp="1795398340"))
    yield "nbf-null", head + compact(changed(good, nbf="@")).replace('"@"', "null")
    yield "iss-number", head + compact(changed(good, iss=1))
    yield "other-key", head + compact(changed(good, iss="other"))
    yield "grant-number", head + compact(changed(good, sip={"call": 1}))
    plain = {"exp": 1795398340, "iss": "devkey", "nbf": 1795398040, "sha256": "A" * 43 + "="}
    yield "plain", head + compact(plain)
    yield "plain-iss-number", head + compact(changed(plain, iss=1))
    yield "plain-exp-text", head + compact(changed(plain, exp="1795398340"))
    yield "plain-exp-twice", head + compact(plain).replace("}", ',"exp":1}')
    yield "plain-many", head + compact({**plain, **{f"x{i}": i for i in range(5)}})
    yield "crit", '{"alg":"HS256","crit":["exp"]}\n' + compact(good)
    yield "alg-none", '{"alg":"none"}\n' + compact(good)
    yield "alg-twice", '{"alg":"none","alg":"HS256"}\n' + compact(good)


def edge_records():
    yield "good", compact(RECORD)
    yield "over", compact(changed(RECORD, status="ended", outcome="completed", endedBy="caller",
                                  endedAt=1795398099000, jobs=[]))
    yield "newer", compact(changed(RECORD, v=2))
    yield "no-version", compact(changed(RECORD, v=None))
    yield "bad-id", compact(changed(RECORD, id="x"))
    yield "number-no-e164", compact({**RECORD, "from": "12\0345678901234"})
    yield "attempt-highest", compact(changed(RECORD, jobs=[
        {"kind": "dispatch_agent", "pending": True, "attempt": 4294967295, "due": 1}]))
    yield "times-lowest", compact(changed(RECORD, createdAt=-2 ** 63, jobs=[
        {"kind": "dispatch_agent", "pending": True, "leaseOwner": "x", "leaseUntil": -2 ** 63}]))
    yield "times-highest", compact(changed(RECORD, createdAt=2 ** 63 - 1, jobs=[
        {"kind": "delete_room", "pending": True, "due": 2 ** 63 - 1}]))
    yield "legs-too-many", compact(changed(RECORD, legs=[{"kind": "sip"}] * 65))
    yield "job-unknown", compact(changed(RECORD, jobs=[{"kind": "make_coffee"}]))
    yield "not-utf8", compact(RECORD).encode().replace(b"sip_+", b"\xff\xfe")
    yield "raw-is-no-json", compact(changed(RECORD, raw="NaN"))
    yield "raw-cut", compact(changed(RECORD, raw='{"a":'))


def edge_entries():
    yield "good", compact(ENTRY)
    yield "no-notes", compact(changed(ENTRY, notes=None))
    yield "notes-too-many", compact(changed(ENTRY, notes=[["k", "v"]] * 13))
    yield "note-of-one", compact(changed(ENTRY, notes=[["k"]]))
    yield "note-empty", compact(changed(ENTRY, notes=[["", ""], ["[,{", "{"]]))
    yield "at-lowest", compact(changed(ENTRY, at=-2 ** 63))
    yield "at-highest", compact(changed(ENTRY, at=2 ** 63 - 1))
    yield "seq-highest", compact(changed(ENTRY, seq=2 ** 32 - 1))
    yield "seq-too-high", compact(changed(ENTRY, seq=2 ** 32))


def edge_duties():
    duty = {"v": 1, "owner": "host:1:2", "until": 1795398161000, "runAt": 1795398041000}
    yield "good", compact(duty)
    yield "nobody", compact({"v": 1})
    yield "later", compact(changed(duty, v=2))
    yield "owner-longest", compact(changed(duty, owner="x" * 96))
    yield "owner-too-long", compact(changed(duty, owner="x" * 97))
    yield "until-highest", compact(changed(duty, until=2 ** 61 - 1))
    yield "run-at-lowest", compact(changed(duty, runAt=-2 ** 63))


def edge_routes():
    text = (HERE.parent.parent / "docs" / "ROUTES.md").read_text()
    example = re.search(r"```json\n(.*?)```", text, re.S).group(1)
    yield "documented", "+15550123 ST_3xAmPlE agent\n" + example
    yield "documented-prefix", "+15559999  agent\n" + example
    yield "nothing", "+15550123 ST_x agent\n{}"
    yield "empty", "\n"
    yield "duplicate", " \n" + '{"default":{},"default":{}}'
    yield "same-number", " \n" + compact({"numbers": {"+1 5550123": {}, "+15550123": {}}})
    yield "star", "alice  a\n" + compact({"numbers": {"*": {"agentName": "x"}}})
    yield "remove", " ST_x a\n" + compact({"trunks": {"ST_x": {"agentConfig": {
        "prompt": "@", "new": {"a": "@", "b": [1, {"c": 2}]}}}}}).replace('"@"', "null")
    yield "nan", " \n" + '{"default":{"agentConfig":{"x":NaN,"y":1e999,"z":1E5,"w":01}}}'
    yield "big-numbers", " \n" + ('{"default":{"agentConfig":{"x":123456789012345678901234567890,'
                                  '"y":-0,"z":0.1}}}')
    yield "not-utf8", b' \n{"numbers":{"\xff":{}}}'
    yield "long-key", " \n" + compact({"numbers": {"k" * 600: {}}, "trunks": {"t" * 600: {}}})
    yield "comment", ' \n{/* no */"default":{}}'
    waits = {"agentJoinDeadlineSeconds": 300, "agentAttempts": 100, "agentAttemptsWithinSeconds": 3600}
    for name, fallback in {"keep": "keep", "number": {"transfer": "+1 (555) 0300"},
                           "tel": {"transfer": "tel:+15550300"}, "none": {}, "nobody": "transfer",
                           "sip": {"transfer": "sip:a@b;x=y"}, "more": {"transfer": "+1", "a": 1},
                           "longest": {"transfer": "+" + " " * 251 + "15550300"}}.items():
        yield f"fallback-{name}", "+15550123 ST_x a\n" + compact(
            {"default": waits, "trunks": {"ST_x": {"fallback": fallback}}})
    yield "wait-too-long", " \n" + compact({"default": {key: n + 1 for key, n in waits.items()}})
    yield "deep", " \n" + '{"default":{"agentConfig":' + '{"a":' * 40 + "1" + "}" * 42


def edge_http():
    """(target, name, content): request targets, and CGI variables."""
    for name, text in {
            "root": "GET\n/", "call": f"GET\n/telephony/calls/{UUID}?a=b",
            "head": f"HEAD\n/telephony/calls/{UUID}/", "leg": "GET\n/telephony/calls/x/legs/y",
            "post": "POST\n/telephony/calls?roomName=a%20b&cursor=c0&x",
            "method": "PATCH\n/telephony/calls/x", "absolute": "GET\nhttp://host/telephony/calls",
            "authority": "GET\nhttp://host", "dots": "GET\n/telephony/../x",
            "dots-encoded": "GET\n/%2e%2e/x", "slash-encoded": "GET\n/telephony%2fcalls",
            "nul": "GET\n/%00", "backslash": "GET\n/a\\b", "two-slashes": "GET\n//x",
            "cut": "GET\n/%4", "high": "GET\n/%ff%C3%A4", "star": "OPTIONS\n*", "empty": "\n",
            "long": "GET\n/" + "a" * 1030, "question": "GET\n/?", "fragment": "GET\n/a#b?c",
            "double": "GET\n/%252e%252e"}.items():
        yield "target", name, text
    for name, text in {
            "no-length": "REQUEST_METHOD=POST\nREQUEST_URI=/\n\n" + "b" * 300,
            "cut-off": "REQUEST_METHOD=POST\nCONTENT_LENGTH=300\n\nshort",
            "more": "REQUEST_METHOD=POST\nCONTENT_LENGTH=2\n\nlonger",
            "too-big": "CONTENT_LENGTH=1048577\n\n", "huge": "CONTENT_LENGTH=" + "9" * 40,
            "negative": "CONTENT_LENGTH=-1", "words": "CONTENT_LENGTH=1e3",
            "script": "REQUEST_METHOD=GET\nSCRIPT_NAME=/telephony\nPATH_INFO=/calls?x/../y\n"
                      "QUERY_STRING=a=b",
            "script-long": "SCRIPT_NAME=/" + "a" * 2000 + "\nPATH_INFO=/" + "b" * 2100,
            "redirected": "REDIRECT_HTTP_AUTHORIZATION=Bearer x\nHTTP_AUTHORIZATION=",
            "no-equals": "REQUEST_METHOD\nREQUEST_URI", "type": "CONTENT_TYPE= Application/JSON ;a"
            }.items():
        yield "gateway", name, text


def edge_api():
    token = "Bearer the-token\n"
    for name, text in {
            "calls": "GET /telephony/calls\n" + token,
            "filtered": "GET /telephony/calls?live=true&roomName=room&limit=1\n" + token,
            "limit": "GET /telephony/calls?limit=201\n" + token,
            "cursor": "GET /telephony/calls?cursor=c0000000000000002\n" + token,
            "unknown": "GET /telephony/calls?rooomName=%e2%98%ba\n" + token,
            "twice": "GET /telephony/calls?live=true&live=false\n" + token,
            "room-high": "GET /telephony/calls?roomName=%ff+%00\n" + token,
            "unknown-high": "GET /telephony/calls?%ff%fe=1\n" + token,
            "unknown-long": "GET /telephony/calls?" + "%e2%98%ba" * 100 + "\n" + token,
            "call": f"GET /telephony/calls/{UUID}\n" + token,
            "timeline": f"GET /telephony/calls/{UUID}/timeline\n" + token,
            "no-token": "GET /telephony/calls\n", "basic": "GET /telephony/calls\nBasic eDp5",
            "other-token": "GET /telephony/calls\nBearer x.y.z",
            "ready": "GET /telephony/readyz\n", "health": "HEAD /telephony/healthz\n",
            "metrics": "GET /telephony/metrics\n", "delete": "DELETE /telephony/calls\n" + token,
            "webhook": "POST /telephony/livekit-webhook\n\n" + compact(changed(EVENT, id="EV_9")),
            "webhook-bad": "POST /telephony/livekit-webhook\n\n{"}.items():
        yield "api", name, text


def edge_texts():
    """(target, name, content) of what is one short text."""
    for n, text in enumerate(["+15550100", "sip:+15550100@host;x=y", "tel:+1(555)01-00", "0015550100",
                              "15550100", "0301234567", "+0123456789", "+1234567890123456", "++1",
                              "SIPS:%2B1@", "alice", "00", "+", " +1 555 0100 ", "+1555\x000100",
                              "001234567890123456", "+\u0661\u0662\u0663\u0664\u0665\u0666\u0667"]):
        yield "number", f"{n:02}", text
    for n, text in enumerate(["2026-11-23T06:34:00.123Z", "1970-01-01T00:00:00+23:59",
                              "9999-12-31T23:59:60-23:59", "2000-02-29t00:00:00z",
                              "1900-02-29T00:00:00Z", "2026-11-23 06:34:00.123456789+05:30",
                              "2026-11-23T06:34:00.Z", "2026-11-23T06:34:00", "-5",
                              "9223372036854775807", "253402300800000", "00", "-"]):
        yield "time", f"{n:02}", text
    for n, text in enumerate(["c0000000000000005", "cffffffffffffffff", "c0000000000000000",
                              "C0000000000000005", "c000000000000000g", "c5", "c",
                              "c00000000000000050", "c0000000000000005\0", "c 000000000000005"]):
        yield "cursor", f"{n:02}", text
    for n, text in enumerate([b"Aplain", b"\x05cut here", b"\x03\xe2\x98\xba", b"\x7f\xff\xc0\x80",
                              b"\x7f\xed\xa0\x80", b"\x7f\xf4\x90\x80\x80", b"\x7f\xf0\x9f\x98"]):
        yield "utf8", f"{n:02}", text
    for n, text in enumerate(["key: secret", "a:b,c:d\n# no\n\n e : f ", "a", ":", "a:", ",,,",
                              "wss://host/path/", "https://[::1]:7880", "http://u:p@host",
                              "ws://host?x", "WSS://HOST//", "http://", "http:///x",
                              "\n".join(f"k{n}: s" for n in range(17))]):
        yield "keys", f"{n:02}", text


def edge_settings():
    """(target, name, content): a file's syntax, and an environment."""
    good = ("LIVEKIT_URL=wss://livekit.example\nLIVEKIT_API_KEY=devkey\n"
            "LIVEKIT_API_SECRET=devsecretdevsecretdevsecretdevsecret\n")
    for name, text in {
            "good": good, "quotes": "A=\"b\"\nB='c # d'\nC=\"e", "comment": "# x\nA=b # c\n",
            "blanks": " A = b \r\n\n\tB=\n", "nul": "A=b\0c\nB=d", "mark": "\ufeffA=b",
            "no-key": "=x\nA\n1A=b\nA-B=c", "behind": "A=\"b\" c", "hash": "A=#b\nB= #c"}.items():
        yield "config_file", name, text
    for name, text in {
            "good": good, "empty": "", "keys": good + "LIVEKIT_KEYS=a: b, c: d,,e",
            "all": good + "TELEPHONY_STORE=lmdb:/x\nTELEPHONY_STORE_SIZE=4g\n"
                   "TELEPHONY_THREADS=8\nTELEPHONY_ROOM_DELETE=never\nTELEPHONY_LOG_LEVEL=debug\n"
                   "TELEPHONY_ROUTES=/etc/routes.json\nTELEPHONY_AGENT_NAME=a\n"
                   "TELEPHONY_AGENT_LOSS=fallback\nTELEPHONY_AGENT_JOIN_DEADLINE=3\n"
                   "TELEPHONY_SOLO_TIMEOUT=never\nTELEPHONY_MAX_CALL_DURATION=60\n"
                   "TELEPHONY_RECONCILE_INTERVAL=never\nTELEPHONY_ROOM_PREFIX=call-\n",
            "mistyped": good + "TELEPHONY_STOER=x\nLIVEKIT_APIKEY=y",
            "bad": good + "TELEPHONY_STORE=redis:x\nTELEPHONY_STORE_SIZE=9999999t\n"
                   "TELEPHONY_THREADS=-1\nTELEPHONY_ENABLED=perhaps\nLIVEKIT_URL=http://u:p@h",
            "urls": good.replace("wss://livekit.example", "https://[::1]:7880/livekit//"),
            "disabled": "TELEPHONY_ENABLED=false\nLIVEKIT_API_KEY=k\nLIVEKIT_API_SECRET=s"}.items():
        yield "settings", name, text


ROOM = {"sid": "RM_1", "name": "out", "creation_time_ms": "1795400325657", "turn_password": "x",
        "metadata": compact({"telephony": {"callId": UUID}})}
DIALLED = {"participant_id": "PA_1", "participant_identity": "sip-" + UUID, "room_name": "out",
           "sip_call_id": "SCL_1"}
MOVED = {"transfer_id": "T_1", "status": "STS_TRANSFER_SUCCESSFUL", "reason": "STR_COMPLETED",
         "sip_status": {"code": "SIP_STATUS_OK", "status": "OK"}}


def sip_error(code, sip_status_code, sip_status):
    return {"code": code, "msg": "twirp error unknown: sip status",
            "meta": {"sip_status_code": sip_status_code, "sip_status": sip_status}}


def edge_answers():
    for name, text in {
            "empty": "3 200\n{}", "nothing": "3 200\n", "page": "1 502\n<html>", "none": "1 0\n",
            "list-object": '1 200\n{"agentDispatches":{}}', "list-null": '1 200\n{"agentDispatches":null}',
            "list-of-null": '1 200\n{"agentDispatches":[null]}', "no-id": '0 200\n{"id":""}',
            "participants": '2 200\n{"participants":[{"sid":"PA","kind":3},{}]}',
            "participant-null": '2 200\n{"participants":[null]}',
            "metadata": '0 200\n' + compact({"id": "AD_1", "metadata": compact(
                {"telephony": {"callId": UUID, "roomSid": "RM_x"}})}),
            "metadata-odd": '0 200\n{"id":"AD_1","metadata":"{\\"telephony\\":7}"}',
            "room": '4 200\n' + compact(ROOM), "rooms": '9 200\n' + compact({"rooms": [ROOM, ROOM]}),
            "room-no-sid": '4 200\n{"name":"r"}', "rooms-of-null": '9 200\n{"rooms":[null]}',
            "room-metadata-odd": '4 200\n' + compact(changed(ROOM, metadata="[1]")),
            "jobs": '1 200\n' + compact({"agent_dispatches": [
                {"id": "AD_1", "state": {"jobs": [{"id": "AJ_1"}], "deleted_at": "0"}}]}),
            "dialled": '6 200\n' + compact(DIALLED),
            "dialled-camel": '6 200\n{"participantId":"PA_1","sipCallId":"SCL_1"}',
            "dial-busy": '6 503\n' + compact(sip_error("unavailable", "486", "Busy Here")),
            "dial-declined": '6 503\n' + compact(sip_error("unavailable", "603", "Decline")),
            "dial-no-number": '6 400\n' + compact(sip_error("invalid_argument", "404", "Not Found")),
            "dial-canceled": '6 408\n{"code":"canceled","msg":"transaction failed to complete"}',
            "dial-exhausted": '6 429\n' + compact(sip_error("resource_exhausted", 480, 5)),
            "dial-ringing": '6 503\n' + compact(sip_error("unavailable", "180", "Ringing")),
            "dial-no-sip": '6 503\n{"code":"unavailable","msg":"no response from servers"}',
            "moved": '7 200\n' + compact(MOVED), "moved-at-once": "7 200\n{}",
            "move-failed": '7 200\n' + compact(changed(MOVED, status="STS_TRANSFER_FAILED")),
            "move-refused": '7 503\n' + compact(sip_error("unavailable", "603", "Decline")),
            "one": '5 200\n{"sid":"PA_1","identity":"sip-1","kind":"SIP"}', "one-empty": "5 200\n{}",
            "deleted": '8 200\n{"id":"AD_1"}',
            "code-number": '1 404\n{"code":404}', "late": '1 429\n{"code":"resource_exhausted"}',
            "long": "1 400\n" + compact({"code": "c" * 200, "msg": "\u263a" * 300})}.items():
        yield name, text


def edge_orders():
    everything = {
        "to": "+1 (555) 01-00.22", "from": "+15550001", "agentConfig": {"voice": "alto"},
        "agentName": "bob", "roomName": "r", "trunkId": "ST_1", "ringingTimeoutSeconds": 5,
        "maxDurationSeconds": 86400, "dtmf": "w1#", "metadata": {"order": 7}}
    yield from {
        "minimal": '{"to":"+15550100"}', "everything": compact(everything),
        "transfer": '{"to":"tel:+15550300","playDialtone":true}',
        "sip": '{"to":"sip:bob@example.com;transport=tcp"}',
        "twice": '{"to":"+15550100","to":"+15550101","":1}', "list": "[]", "half": '{"to":',
        "values": '{"maxDurationSeconds":-9223372036854775808,"ringingTimeoutSeconds":1e300,'
                  '"dtmf":"1\\u0000","trunkId":null}'}.items()


def edges():
    for name, text in edge_events():
        yield "event", name, text
    for target, make in {"deliveries": edge_deliveries, "jwt": edge_tokens, "claims": edge_claims,
                         "record": edge_records, "entry_record": edge_entries, "duty_record": edge_duties,
                         "routes": edge_routes, "order": edge_orders, "twirp": edge_answers}.items():
        for name, text in make():
            yield target, name, text
    for name, text in edge_tokens():
        yield "webhook", name, text + "\n{}"
    yield from edge_http()
    yield from edge_api()
    yield from edge_texts()
    yield from edge_settings()


def main():
    for old in [*HERE.glob("corpus/*/recorded-*"), *HERE.glob("corpus/*/edge-*")]:
        old.unlink()
    for kind, seeds in (("recorded", recorded()), ("edge", edges())):
        for target, name, content in seeds:
            path = HERE / "corpus" / target / f"{kind}-{name}"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content if isinstance(content, bytes) else content.encode())


if __name__ == "__main__":
    main()
