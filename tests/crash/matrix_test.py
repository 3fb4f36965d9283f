"""One inbound call, and a kill -9 at each point of its way.

The points: around each commit (crashpoint.c dies inside it) and around each
request to LiveKit (the stub holds it, before or after acting, while the process
is killed). Another process then goes on: exactly one dispatch, the call ends as
it should, the room is deleted, and a job that was durable is done within
RECOVERY seconds of the kill.
"""
import os
import pathlib
import shutil
import signal
import tempfile
import time
import unittest

import cases
import processes
import rig as rigs

#: from the kill to the dispatch, for what was committed before it
RECOVERY = 2.0
#: what LiveKit's first retry adds where nothing had been committed
RETRY = 1.0
#: longer than a kill takes, shorter than a takeover waits before it looks
HELD_BEFORE = 600
#: longer than any takeover
HELD = 8000
#: as long as nothing may happen for
QUIET = 4.0

PRELOAD = None


def setUpModule():
    global PRELOAD, _BUILD
    rigs.require()
    _BUILD = tempfile.mkdtemp(prefix="tel-crashpoint-")
    PRELOAD = rigs.crashpoints(pathlib.Path(_BUILD))


def tearDownModule():
    shutil.rmtree(_BUILD)


class OneProcess(cases.Cases):
    """One FastCGI process, which gets the webhook and so the dispatch, and dies."""

    # The agent comes late, so that its own webhook is in nobody's way.
    rig = {"count": 1, "stub": {"agent_delay": 3, "answer_delay": 0.02}}

    def check_dispatched(self, rig, room, killed, within=RECOVERY):
        """Exactly one dispatch, in time; the whole call goes on to its end."""
        rig.livekit.wait("dispatches", room=room, at_least=1)
        rig.await_call(room, status="agent_dispatched")
        recovered = time.time() - killed
        made = rig.dispatches(room)
        self.assertEqual(len(made), 1, (made, rig.log()))
        # What was made before the kill is only found again: count until it is recorded.
        took = max(made[0]["created_at"] - killed, 0) if made[0]["created_at"] > killed else recovered
        self.assertLess(took, within, rig.log())
        self.check_end(rig, room)
        sent = len([r for r in rig.livekit.requests(room=room) if r["method"] == "CreateDispatch"])
        return f"{took:5.2f} s after the kill, {sent} CreateDispatch, 1 dispatch"

    def check_end(self, rig, room):
        """The caller hangs up; nothing is left of the call but its record."""
        rig.livekit.faults()
        rig.livekit.wait("agents", room=room, at_least=1)
        rig.livekit.hang_up(room=room)
        self.check_over(rig, room)

    def check_over(self, rig, room, outcome="completed"):
        rig.livekit.wait("rooms", room=room, exactly=0, timeout=rigs.PATIENCE)
        rig.await_call(room, status="ended", outcome=outcome)
        stats = rig.await_no_jobs()
        self.assertEqual((stats["calls"], stats["liveCalls"]), (1, 0))
        self.assertEqual(len(rig.dispatches(room)), 1, rig.log())
        checked = rig.ctl("store", "check")
        self.assertEqual(checked.returncode, 0, checked.stdout + checked.stderr)


def in_webhook_commit(point, within):
    def case(self, rig):
        rig.start_worker()
        rig.pid()
        rig.arm(point)
        room = rig.livekit.call()["room"]
        return self.check_dispatched(rig, room, rig.await_hit(), within)
    case.rig = {"preload": lambda: PRELOAD}
    return case


def in_request(fault, later=0.0, within=RECOVERY):
    """Killed while CreateDispatch is held; `later`: so many seconds after it came."""
    def case(self, rig):
        rig.start_worker()
        rig.livekit.faults({"method": "CreateDispatch", "times": 1, **fault})
        room = rig.livekit.call()["room"]
        rig.await_requests("CreateDispatch", room)
        time.sleep(later)
        return self.check_dispatched(rig, room, rig.kill(), within)
    return case


def in_result_commit(point):
    def case(self, rig):
        rig.start_worker()
        rig.livekit.faults({"method": "CreateDispatch", "times": 1, "delay_after_ms": 500})
        room = rig.livekit.call()["room"]
        rig.await_requests("CreateDispatch", room)
        rig.arm(point)
        return self.check_dispatched(rig, room, rig.await_hit())
    case.rig = {"preload": lambda: PRELOAD}
    return case


@cases.tests_of
class Dispatch(OneProcess):
    case_webhook_commit_written = in_webhook_commit("pages", RECOVERY + RETRY)
    case_webhook_commit_synced = in_webhook_commit("synced", RECOVERY + RETRY)
    case_webhook_commit_durable = in_webhook_commit("meta", RECOVERY)

    case_request_never_acted_upon = in_request({"delay_before_ms": HELD, "drop": "before"})
    case_request_acted_upon_after_the_kill = in_request({"delay_before_ms": HELD_BEFORE})
    case_request_acted_upon_answer_held = in_request({"delay_after_ms": HELD})
    case_request_acted_upon_connection_cut = in_request({"delay_after_ms": 30, "drop": "after"}, 0.02)
    case_request_refused_for_now = in_request({"delay_before_ms": 200, "status": 503})

    case_result_commit_written = in_result_commit("pages")
    case_result_commit_synced = in_result_commit("synced")
    case_result_commit_durable = in_result_commit("meta")

    def case_takeover_killed_while_it_looks(self, rig):
        first = rig.start_worker()
        rig.livekit.faults({"method": "CreateDispatch", "times": 1, "delay_after_ms": HELD},
                           {"method": "ListDispatch", "times": 1, "delay_after_ms": HELD})
        room = rig.livekit.call()["room"]
        rig.await_requests("CreateDispatch", room)
        os.kill(rig.front.pid, signal.SIGSTOP)      # so that lighttpd starts no other
        try:
            rig.kill()
            rig.await_requests("ListDispatch", room)
            rig.end_worker(first)
            killed = time.time()
            rig.start_worker()
            rig.await_call(room, status="agent_dispatched")
            took = time.time() - killed
        finally:
            os.kill(rig.front.pid, signal.SIGCONT)
        self.assertLess(took, RECOVERY, rig.log())
        self.check_end(rig, room)
        return f"{took:5.2f} s after the second kill, 1 dispatch"

    def case_all_dead_then_work_once(self, rig):
        """cron alone finishes what a web server's processes have left."""
        rig.livekit.faults({"method": "CreateDispatch", "times": 1, "delay_before_ms": HELD, "drop": "before"})
        room = rig.livekit.call()["room"]
        rig.await_requests("CreateDispatch", room)
        os.kill(rig.front.pid, signal.SIGSTOP)
        try:
            killed = rig.kill()
            rig.livekit.faults()
            done = rig.ctl("work", "--once")
            self.assertEqual(done.returncode, 0, done.stderr)
            took = time.time() - killed
            self.assertEqual(len(rig.dispatches(room)), 1, done.stderr)
            self.assertEqual(rig.call(room)["status"], "agent_dispatched", done.stderr)
        finally:
            os.kill(rig.front.pid, signal.SIGCONT)
        self.check_end(rig, room)
        return f"{took:5.2f} s after the kill, 1 dispatch"

    def case_stopped_process_keeps_its_lease(self, rig):
        """SIGSTOP: alive but stuck. Nobody may send a second request for it."""
        rig.start_worker()
        rig.livekit.faults({"method": "CreateDispatch", "times": 1, "delay_before_ms": 300})
        room = rig.livekit.call()["room"]
        rig.await_requests("CreateDispatch", room)
        pid = rig.pid()
        os.kill(pid, signal.SIGSTOP)
        try:
            with self.assertRaises(TimeoutError):
                rig.livekit.wait("requests", room=room, at_least=2, timeout=QUIET)
        finally:
            os.kill(pid, signal.SIGCONT)
        rig.await_call(room, status="agent_dispatched", timeout=2)
        self.assertEqual(len(rig.dispatches(room)), 1)
        self.check_end(rig, room)
        return f"nothing sent by others in {QUIET} s, 1 dispatch"

    def case_stopped_kindly_it_finishes(self, rig):
        """SIGTERM while the request is under way: it waits for the answer."""
        rig.start_worker()
        rig.livekit.faults({"method": "CreateDispatch", "times": 1, "delay_after_ms": 700})
        room = rig.livekit.call()["room"]
        rig.await_requests("CreateDispatch", room)
        pid = rig.pid()
        os.kill(pid, signal.SIGTERM)
        left = processes.await_end([pid], 5)
        self.assertEqual(left, [], rig.log())
        rig.await_call(room, status="agent_dispatched", timeout=1)
        asked = [r["method"] for r in rig.livekit.requests(room=room)]
        self.assertEqual(asked, ["CreateDispatch"], rig.log())
        self.check_end(rig, room)
        return "1 CreateDispatch, nobody had to look"


@cases.tests_of
class Deletion(OneProcess):
    """The same for the end of the call: hang-up, ListParticipants, DeleteRoom."""

    rig = {"count": 1}

    def talking(self, rig):
        """A call with its agent; nothing of it is under way any more."""
        room = rig.livekit.call()["room"]
        rig.livekit.wait("agents", room=room, at_least=1)
        rig.await_call(room, status="agent_dispatched")
        rig.livekit.wait("webhooks", outcome="pending", exactly=0)
        return room

    def check_deleted(self, rig, room, killed, within=RECOVERY + 1):
        rig.livekit.wait("rooms", room=room, exactly=0, timeout=rigs.PATIENCE)
        took = time.time() - killed
        self.assertLess(took, within, rig.log())
        self.check_over(rig, room)
        return f"{took:5.2f} s after the kill"


def in_hangup_commit(point, within):
    def case(self, rig):
        room = self.talking(rig)
        rig.arm(point)
        rig.livekit.hang_up(room=room)
        killed = rig.await_hit()
        rig.start_worker()
        return self.check_deleted(rig, room, killed, within)
    case.rig = {"preload": lambda: PRELOAD}
    return case


def in_deletion_request(method, fault):
    def case(self, rig):
        room = self.talking(rig)
        rig.livekit.faults({"method": method, "times": 1, **fault})
        rig.livekit.hang_up(room=room)
        rig.await_requests(method, room)
        killed = rig.kill()
        rig.start_worker()
        return self.check_deleted(rig, room, killed)
    return case


def in_deletion_commit(point):
    """The commit of what became of DeleteRoom, or one of the events it caused."""
    def case(self, rig):
        room = self.talking(rig)
        rig.livekit.faults({"method": "DeleteRoom", "times": 1, "delay_before_ms": 300})
        rig.livekit.hang_up(room=room)
        rig.await_requests("DeleteRoom", room)
        rig.arm(point)
        killed = rig.await_hit()
        rig.start_worker()
        return self.check_deleted(rig, room, killed)
    case.rig = {"preload": lambda: PRELOAD}
    return case


for _point, _within in (("pages", RECOVERY + RETRY + 1), ("synced", RECOVERY + RETRY + 1), ("meta", RECOVERY + 1)):
    setattr(Deletion, f"case_hangup_commit_{_point}", in_hangup_commit(_point, _within))
    setattr(Deletion, f"case_deletion_commit_{_point}", in_deletion_commit(_point))
for _method in ("ListParticipants", "DeleteRoom"):
    setattr(Deletion, f"case_{_method}_never_acted_upon",
            in_deletion_request(_method, {"delay_before_ms": HELD, "drop": "before"}))
    setattr(Deletion, f"case_{_method}_answer_held",
            in_deletion_request(_method, {"delay_after_ms": HELD}))
cases.tests_of(Deletion)


@cases.tests_of
class GoneCaller(OneProcess):
    """The caller hangs up while the request is under way, and the process dies: no ghost room stays."""

    def gone(self, rig, fault):
        rig.start_worker()
        rig.livekit.faults({"method": "CreateDispatch", "times": 1, **fault})
        room = rig.livekit.call()["room"]
        rig.await_requests("CreateDispatch", room)
        rig.livekit.hang_up(room=room)
        rig.livekit.finish(room)
        rig.livekit.wait("webhooks", event="room_finished", room=room, outcome="delivered")
        return room, rig.kill()

    def check_no_ghost(self, rig, room, killed, ghosts):
        rig.await_no_jobs()
        rig.livekit.wait("rooms", room=room, exactly=0, timeout=5)
        took = time.time() - killed
        self.assertEqual(rig.livekit.state()["ghosts"], ghosts)
        rig.await_call(room, status="ended", outcome="canceled")
        self.assertLessEqual(len(rig.dispatches(room)), 1)
        return f"{took:5.2f} s after the kill, {ghosts} ghost(s) made and deleted"

    def case_dispatch_makes_a_ghost_after_the_kill(self, rig):
        room, killed = self.gone(rig, {"delay_before_ms": HELD_BEFORE})
        rig.livekit.wait("dispatches", room=room, at_least=1)
        return self.check_no_ghost(rig, room, killed, 1)

    def case_dispatch_never_acted_upon(self, rig):
        room, killed = self.gone(rig, {"delay_before_ms": HELD, "drop": "before"})
        return self.check_no_ghost(rig, room, killed, 0)


if __name__ == "__main__":
    unittest.main(verbosity=2)
