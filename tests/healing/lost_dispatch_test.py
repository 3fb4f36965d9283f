"""Dispatches that LiveKit loses, and agents that never join or join late: whoever stays gets one, and never two."""
import pathlib
import sys
import time
import unittest

sys.path[:0] = [str(pathlib.Path(__file__).resolve().parents[1] / name) for name in ("crash", "servers")]

import home  # noqa: E402
from home import BACKOFF, KEEP, LOST, REPLACE  # noqa: E402

import cases  # noqa: E402

CALLERS = 50
#: five dispatches in vain, with their pauses, and one ten seconds later
SIX_TRIES = 5 * LOST + (0.5 + 1 + 2 + 4) + KEEP
#: from one dispatch to the next while they get lost, at the most
RETRY = LOST + BACKOFF


@cases.tests_of
class Lost(cases.Cases):
    """Nobody takes a dispatch, and nobody tells us."""

    kind = home.Home

    def case_worker_is_full_for_a_while(self, rig):
        rig.livekit.workers(full=True)
        rig.phone_in(CALLERS)
        rig.livekit.wait("dispatches", at_least=CALLERS)
        rig.livekit.schedule((4, "workers", {"full": False}))
        free = time.time() + 4
        text = rig.judge(RETRY, since=free)
        self.assertEqual(rig.livekit.state()["ghosts"], 0)
        return text + f", from when it was free; {rig.livekit.state()['dispatch_count']} dispatches"

    def case_some_dispatches_are_lost(self, rig):
        rig.livekit.workers(lose=0.25)
        rig.phone_in(CALLERS)
        text = rig.judge(SIX_TRIES, timeout=60)
        return text + f"; {rig.livekit.state()['dispatch_count']} dispatches"

    def case_found_after_two_seconds_not_at_the_deadline(self, rig):
        rig.livekit.workers(full=True)
        rig.livekit.call(room="r", talk_time=1)
        rig.livekit.wait("dispatches", room="r")
        rig.livekit.workers(full=False)
        text = rig.judge(LOST + REPLACE)
        first, second = rig.dispatches("r")
        self.assertGreaterEqual(first["deleted_at"] - first["created_at"], LOST)
        self.assertGreaterEqual(second["created_at"], first["deleted_at"])
        return text

    def case_metrics_and_timeline_tell(self, rig):
        rig.livekit.workers(full=True)
        rig.livekit.call(room="r", talk_time=1)
        rig.livekit.wait("dispatches", room="r", at_least=2)
        rig.livekit.workers(full=False)
        rig.await_end()
        lost = rig.metric("telephony_agent_watch_total", result="lost")
        self.assertGreaterEqual(lost, 1)
        self.assertGreaterEqual(rig.metric("telephony_agent_watch_total", result="redispatched"), lost)
        said = [entry["what"] for entry in rig.timeline(rig.call("r")["callId"])]
        self.assertGreaterEqual(said.count("watch_agent"), 2 * lost)
        return f"{lost} lost"


@cases.tests_of
class Late(cases.Cases):
    """A worker has taken the dispatch, and its agent does not come, or comes late."""

    kind = home.Home
    DEADLINE = 3
    rig = {"settings": {"TELEPHONY_AGENT_JOIN_DEADLINE": str(DEADLINE)}}

    def case_agents_never_join(self, rig):
        return self.until_it_is_mended(rig, "never")

    def case_jobs_fail(self, rig):
        return self.until_it_is_mended(rig, "fail")

    def until_it_is_mended(self, rig, agents):
        rig.livekit.workers(agents=agents)
        rig.phone_in(30)
        rig.livekit.wait("dispatches", at_least=30)
        rig.livekit.schedule((5, "workers", {"agents": "join"}))
        return rig.judge(self.DEADLINE + BACKOFF, since=time.time() + 5)

    def case_not_before_the_deadline(self, rig):
        rig.livekit.workers(agents="never")
        rig.livekit.call(room="r", talk_time=1)
        rig.livekit.wait("dispatches", room="r", at_least=2)
        rig.livekit.workers(agents="join")
        text = rig.judge(2 * self.DEADLINE + BACKOFF)
        first = rig.dispatches("r")[0]
        self.assertGreaterEqual(first["deleted_at"] - first["created_at"], self.DEADLINE)
        return text

    def case_a_slow_agent_is_not_doubled(self, rig):
        rig.phone_in(30)
        text = rig.judge(5)
        self.assertEqual(rig.livekit.state()["dispatch_count"], 30, rig.log())
        return text

    case_a_slow_agent_is_not_doubled.rig = {
        "stub": {"agent_delay": 5}, "settings": {"TELEPHONY_AGENT_JOIN_DEADLINE": "8"}}

    def case_agents_come_as_the_deadline_passes(self, rig):
        """Whoever wins, nobody has two."""
        rig.phone_in(30)
        rig.livekit.wait("dispatches", at_least=30)
        rig.livekit.schedule((self.DEADLINE + 1, "settings", {"agent_delay": 0.1}))
        return rig.judge(2 * self.DEADLINE + BACKOFF + 2)

    case_agents_come_as_the_deadline_passes.rig = {"stub": {"agent_delay": DEADLINE + 0.02}}

    def case_a_route_says_when(self, rig):
        rig.livekit.workers(agents="never")
        rig.livekit.call(room="r", talk_time=1)
        rig.livekit.wait("dispatches", room="r", at_least=2)
        rig.livekit.workers(agents="join")
        text = rig.judge(2 * 1 + BACKOFF)
        first = rig.dispatches("r")[0]
        self.assertLess(first["deleted_at"] - first["created_at"], 1 + home.SLACK)
        return text

    case_a_route_says_when.rig = {"routes": {"default": {"agentJoinDeadlineSeconds": 1}}}


if __name__ == "__main__":
    unittest.main(verbosity=2)
