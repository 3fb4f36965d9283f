"""LiveKit in trouble: it refuses, fails, is slow, acts and cuts the line, is down, comes back.

Whatever it does, a room gets one agent, other calls don't notice, webhooks are
answered at once, and nobody asks in a loop.
"""
import collections
import json
import os
import socket
import threading
import time
import unittest

import cases
import rig as rigs
from scenarios_test import send
from deliveries import good

WEBHOOK_LIMIT = 1.0
#: LiveKit is back: so long may its callers wait at most
RETURN_LIMIT = 5.0
SLOW = 5.0


def create(**fault):
    return {"method": "CreateDispatch", **fault}


def served(rig, room):
    """From the call to its agent, seconds."""
    rig.livekit.wait("agents", room=room, at_least=1, timeout=rigs.PATIENCE)
    made = rig.dispatches(room)[-1]["created_at"]
    joined = [d for d in rig.livekit.deliveries("participant_joined", room)
              if d["body"]["participant"].get("kind") == "SIP"]
    return made - joined[0]["queued_at"]


def requests(rig, room):
    return [r["method"] for r in rig.livekit.requests(room=room)]


@cases.tests_of
class Trouble(cases.Cases):
    def check_one_agent(self, rig, room):
        rig.await_call(room, status="agent_dispatched")
        self.assertEqual(len(rig.dispatches(room)), 1, rig.log())

    def check_goes_well(self, rig):
        """Somebody else's call, now: served, one dispatch."""
        room = rig.livekit.call()["room"]
        took = served(rig, room)
        self.check_one_agent(rig, room)
        return took

    def case_refused(self, rig):
        """A 4xx is final: the call has failed, and says why."""
        rig.livekit.faults(create(times=1, status=403, code="permission_denied", msg="not your room"))
        room = rig.livekit.call()["room"]
        call = rig.await_call(room, status="failed", outcome="failed", endedBy="livekit")
        self.assertEqual(call["error"], {"code": "permission_denied", "message": "not your room"})
        rig.livekit.wait("rooms", room=room, exactly=0)     # nobody listens to ringing for minutes
        rig.await_no_jobs()
        self.assertEqual(requests(rig, room).count("CreateDispatch"), 1)
        self.assertEqual(rig.dispatches(room), [])
        self.check_goes_well(rig)
        return "failed with its code and message, 1 CreateDispatch"

    def case_wrong_key(self, rig):
        """As if our API key had been revoked."""
        rig.livekit.faults({"method": "*", "status": 401, "code": "unauthenticated", "msg": "invalid token"})
        room = rig.livekit.call()["room"]
        call = rig.await_call(room, status="failed")
        self.assertEqual(call["error"]["code"], "unauthenticated")
        rig.await_no_jobs()
        return f"failed, {len(requests(rig, room))} requests"

    case_wrong_key.rig = {"settings": {"TELEPHONY_ROOM_DELETE": "never"}}

    def case_5xx_then_fine(self, rig):
        rig.livekit.faults(create(times=3, status=503, msg="no response from servers"))
        room = rig.livekit.call()["room"]
        took = served(rig, room)
        self.check_one_agent(rig, room)
        asked = requests(rig, room)
        self.assertEqual(asked, ["CreateDispatch"] + ["ListDispatch", "CreateDispatch"] * 3)
        return f"{took:5.2f} s, looked before each repeat"

    def case_5xx_after_acting(self, rig):
        rig.livekit.faults(create(times=1, status=500, code="internal", act=True))
        room = rig.livekit.call()["room"]
        self.check_one_agent(rig, room)
        self.assertEqual(requests(rig, room), ["CreateDispatch", "ListDispatch"])
        return "found, 1 CreateDispatch"

    def case_408_is_no_refusal(self, rig):
        rig.livekit.faults(create(times=1, status=408, code="deadline_exceeded", act=True))
        room = rig.livekit.call()["room"]
        self.check_one_agent(rig, room)
        return f"{len(requests(rig, room))} requests"

    def case_429_with_retry_after(self, rig):
        rig.livekit.faults(create(times=1, status=429, code="resource_exhausted", retry_after=2))
        room = rig.livekit.call()["room"]
        self.check_one_agent(rig, room)
        first, second = [r for r in rig.livekit.requests("CreateDispatch", room)]
        pause = second["at"] - first["at"]
        self.assertGreaterEqual(pause, 1.95)
        self.assertLess(pause, 4, rig.log())
        return f"asked again after {pause:.2f} s"

    def case_slow_answer_holds_nobody_up(self, rig):
        rig.livekit.faults(create(room="slow", delay_after_ms=SLOW * 1000))
        rig.livekit.call(room="slow")
        rig.await_requests("CreateDispatch", "slow")
        others = [c["room"] for c in rig.livekit.calls(20, caller="+1555{n}", prefix="other-{n}")]
        took = [served(rig, room) for room in others]
        self.assertLess(max(took), 2.0, rig.log())
        self.assertEqual(rig.call("slow")["status"], "sip_participant_joined")
        self.check_one_agent(rig, "slow")
        self.assertEqual(requests(rig, "slow"), ["CreateDispatch"])
        return f"20 others: {max(took):.2f} s at most"

    def case_slow_to_act_holds_nobody_up(self, rig):
        rig.livekit.faults(create(room="slow", delay_before_ms=SLOW * 1000))
        rig.livekit.call(room="slow")
        rig.await_requests("CreateDispatch", "slow")
        took = [self.check_goes_well(rig) for _ in range(5)]
        self.assertLess(max(took), 1.0, rig.log())
        self.check_one_agent(rig, "slow")
        self.assertEqual(requests(rig, "slow"), ["CreateDispatch"])
        return f"5 others: {max(took):.2f} s at most"

    def cut(self, rig, fault, asked):
        room = rig.livekit.call()["room"]
        self.check_one_agent(rig, room)     # connections are kept alive from here on
        rig.livekit.faults(create(times=1, **fault))
        rooms = [rig.livekit.call(caller=f"+1555010{n}")["room"] for n in range(4)]
        for room in rooms:
            self.check_one_agent(rig, room)
        [hit] = rig.livekit.fault_hits()
        self.assertEqual(hit, 1)
        together = collections.Counter(m for room in rooms for m in requests(rig, room))
        self.assertEqual(together, collections.Counter(asked) + collections.Counter(["CreateDispatch"] * 3))
        return "1 dispatch"

    def case_acts_then_cuts_the_connection(self, rig):
        return self.cut(rig, {"drop": "after"}, ["CreateDispatch", "ListDispatch"])

    def case_cuts_the_connection_without_acting(self, rig):
        return self.cut(rig, {"drop": "before"}, ["CreateDispatch", "ListDispatch", "CreateDispatch"])

    # libcurl repeats a POST by itself when a kept-alive connection breaks: only one process, so
    # that the connection is a used one for sure.
    case_acts_then_cuts_the_connection.rig = {"count": 1}
    case_cuts_the_connection_without_acting.rig = {"count": 1}

    def case_list_fails_too(self, rig):
        """Not knowing is no reason to repeat: only a list that came back is."""
        rig.livekit.faults(create(times=1, drop="after"),
                           {"method": "ListDispatch", "times": 3, "status": 503})
        room = rig.livekit.call()["room"]
        self.check_one_agent(rig, room)
        asked = requests(rig, room)
        self.assertEqual(asked, ["CreateDispatch"] + ["ListDispatch"] * 4)
        return "1 CreateDispatch, 4 ListDispatch"

    def case_restarts_under_a_request(self, rig):
        """The server dies while it holds our request; the phone is back in a new life of the room."""
        rig.livekit.faults(create(times=1, delay_before_ms=400, drop="before"))
        room = rig.livekit.call()["room"]
        rig.await_requests("CreateDispatch", room)
        rig.livekit.restart(room=room, return_after=1)
        rig.livekit.wait("agents", room=room, at_least=1, timeout=rigs.PATIENCE)
        self.check_one_agent(rig, room)
        return "1 dispatch, in the new life"

    def case_delete_fails_then_fine(self, rig):
        rig.livekit.faults({"method": "ListParticipants", "times": 1, "status": 500},
                           {"method": "DeleteRoom", "times": 1, "drop": "after"},
                           {"method": "DeleteRoom", "times": 1, "status": 503})
        room = rig.livekit.call(talk_time=0.1)["room"]
        rig.await_call(room, status="ended", outcome="completed")
        rig.livekit.wait("rooms", room=room, exactly=0, timeout=rigs.PATIENCE)
        rig.await_no_jobs()
        return f"{len(requests(rig, room))} requests"

    def case_late_answer_after_the_hangup(self, rig):
        """Acted upon when the room is gone: the ghost room is deleted again."""
        rig.livekit.faults(create(times=1, delay_before_ms=1000, delay_after_ms=300))
        room = rig.livekit.call()["room"]
        rig.await_requests("CreateDispatch", room)
        rig.livekit.hang_up(room=room)
        rig.livekit.finish(room)
        rig.livekit.wait("dispatches", room=room, at_least=1)
        self.assertEqual(rig.livekit.state()["ghosts"], 1)
        rig.livekit.wait("rooms", room=room, exactly=0)
        rig.await_call(room, status="ended", outcome="canceled")
        rig.await_no_jobs()
        self.assertEqual(len(rig.dispatches(room)), 1)
        return "1 ghost, deleted"

    case_late_answer_after_the_hangup.rig = {"settings": {"TELEPHONY_ROOM_DELETE": "never"}}

    def case_next_caller_while_a_request_is_slow(self, rig):
        """Same room, same life: the first caller's dispatch arrives late and serves the second one."""
        rig.livekit.faults(create(times=1, delay_before_ms=4000))
        rig.livekit.call(room="shared", caller="+15550101")
        rig.await_requests("CreateDispatch", "shared")
        rig.livekit.hang_up(room="shared")
        rig.livekit.wait("webhooks", event="participant_left", room="shared", outcome="delivered")
        rig.livekit.call(room="shared", caller="+15550102")
        rig.await_call("shared", status="agent_dispatched", timeout=30)
        self.assertEqual(len(rig.dispatches("shared")), 1, rig.log())
        self.assertEqual(len(rig.ctl_json("calls", "list", "--room", "shared")["calls"]), 2)
        return "2 calls, 1 dispatch"


class Gone:
    """Holds LiveKit's port while it is down; takes connections and cuts them, counting."""

    def __init__(self, port):
        self.connections = 0
        self._listener = socket.socket()
        self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._listener.bind(("127.0.0.1", port))
        self._listener.listen(64)
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self):
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            connection.close()

    def stop(self):
        self._listener.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._listener.close()


def cpu_seconds(pids):
    total = 0
    for pid in pids:
        with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as stat:
            fields = stat.read().rpartition(")")[2].split()
        total += int(fields[11]) + int(fields[12])
    return total / os.sysconf("SC_CLK_TCK")


@cases.tests_of
class Down(cases.Cases):
    """LiveKit's API is down when its webhooks come (they were on their way), and comes back."""

    CALLS = 10
    rig = {"webhooks": False, "stub": {"assume_rooms": True}}

    def joined(self, number):
        event = {"event": "participant_joined", "id": f"EV_down{number}", "createdAt": str(int(time.time())),
                 "room": {"sid": f"RM_down{number}", "name": f"down-{number}",
                          "creationTime": str(int(time.time()))},
                 "participant": {"sid": f"PA_down{number}", "identity": "sip_+15550100", "kind": "SIP",
                                 "state": "ACTIVE", "attributes": {
                                     "sip.callID": f"SCL_down{number}", "sip.callStatus": "ringing",
                                     "sip.phoneNumber": "+15550100", "sip.trunkPhoneNumber": "+15550123",
                                     "sip.ruleID": "SDR_1", "sip.trunkID": "ST_1"}}}
        return good(json.dumps(event).encode())

    def deliver(self, rig):
        """The slowest answer to a webhook, seconds."""
        took = []
        for number in range(self.CALLS):
            began = time.monotonic()
            status, _, body = send(rig.front.port, self.joined(number))
            took.append(time.monotonic() - began)
            self.assertEqual(status, 200, body)
        self.assertLess(max(took), WEBHOOK_LIMIT)
        return max(took)

    def check_return(self, rig):
        """Every call gets its one agent soon after LiveKit is back."""
        rig.livekit.start()
        back = time.time()
        rig.livekit.wait("dispatches", at_least=self.CALLS, timeout=rigs.PATIENCE)
        rig.until(lambda: {c["status"] for c in rig.calls()} == {"agent_dispatched"}, "not all were dispatched")
        made = [d["created_at"] for d in rig.livekit.state()["dispatches"]]
        self.assertEqual(len(made), self.CALLS, rig.log())
        self.assertLess(max(made) - back, RETURN_LIMIT, rig.log())
        return max(made) - back

    def wait_idly(self, rig, seconds):
        """CPU that our processes use meanwhile, as a share of one core."""
        before = cpu_seconds(rig.front.fastcgi_pids())
        time.sleep(seconds)
        return (cpu_seconds(rig.front.fastcgi_pids()) - before) / seconds

    def down(self, rig, seconds, listening):
        rig.livekit.stop()
        gone = Gone(rig.livekit.port) if listening else None
        try:
            answered = self.deliver(rig)
            busy = self.wait_idly(rig, seconds)
        finally:
            if gone:
                gone.stop()
        tried = rig.front.log().count('"dispatch_retry"')
        self.assertLess(busy, 0.2)
        self.assertLessEqual(tried, self.CALLS * (3 + seconds))
        took = self.check_return(rig)
        tries = f", {gone.connections} connections" if gone else ""
        if gone:
            self.assertLessEqual(gone.connections, 2 * self.CALLS * (3 + seconds))
        return (f"webhooks {answered * 1000:.0f} ms, {tried} tries for {self.CALLS} calls in {seconds} s{tries}, "
                f"{busy:.0%} CPU, all dispatched {took:.2f} s after the return")

    def case_refuses_connections(self, rig):
        return self.down(rig, 6, False)

    def case_cuts_connections(self, rig):
        return self.down(rig, 6, True)

    def case_long_outage(self, rig):
        return self.down(rig, 20, False)

    def case_hangs(self, rig):
        """Takes connections and answers nothing: webhooks don't wait for it, nothing spins."""
        rig.livekit.stop()
        with socket.socket() as hole:
            hole.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            hole.bind(("127.0.0.1", rig.livekit.port))
            hole.listen(1024)
            answered = self.deliver(rig)
            busy = self.wait_idly(rig, 3)
        self.assertLess(busy, 0.2)
        took = self.check_return(rig)
        return f"webhooks {answered * 1000:.0f} ms, {busy:.0%} CPU, all dispatched {took:.2f} s after the return"


@cases.tests_of
class Flood(cases.Cases):
    """More calls than a process has requests under way, and LiveKit hangs."""

    CALLS = 150
    rig = {"count": 1, "stub": {"agent_delay": 0.02}}

    def case_more_calls_than_slots(self, rig):
        rig.livekit.faults(create(delay_before_ms=5000))
        rooms = [c["room"] for c in rig.livekit.calls(self.CALLS, caller="+1555{n}", prefix="flood-{n}")]
        rig.livekit.wait("webhooks", outcome="pending", exactly=0)
        rig.livekit.wait("requests", method="CreateDispatch", at_least=60)
        before = cpu_seconds(rig.front.fastcgi_pids())
        time.sleep(1)
        busy = cpu_seconds(rig.front.fastcgi_pids()) - before
        rig.livekit.faults()
        rig.livekit.wait("agents", at_least=self.CALLS, timeout=30)
        rig.until(lambda: {c["status"] for c in rig.calls()} == {"agent_dispatched"}, "not all were dispatched")
        self.assertEqual(len(rig.livekit.state()["dispatches"]), len(rooms), rig.log())
        self.assertEqual(rig.livekit.state()["max_living_dispatches"], 1)
        self.assertLess(busy, 0.5)
        return f"{len(rooms)} calls, {busy:.0%} CPU while all slots were taken"


if __name__ == "__main__":
    unittest.main(verbosity=2)
