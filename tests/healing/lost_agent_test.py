"""Agents that leave or die under a caller who stays: what TELEPHONY_AGENT_LOSS says."""
import pathlib
import sys
import time
import unittest

sys.path[:0] = [str(pathlib.Path(__file__).resolve().parents[1] / name) for name in ("crash", "servers")]

import home  # noqa: E402
from home import LEFT, REPLACE  # noqa: E402

import cases  # noqa: E402

CALLERS = 50
COLLEAGUE = "+15550199"


@cases.tests_of
class Gone(cases.Cases):
    """An agent was there, and leaves the phone alone."""

    kind = home.Home
    at_once = 7

    def lose(self, rig, count, lose):
        """Everybody has an agent, and loses him at once."""
        rig.phone_in(count, talk_time=8)
        rig.served(count)
        rig.livekit.wait("webhooks", outcome="pending", exactly=0)
        self.assertEqual(lose(), count)
        return rig.judge(LEFT + REPLACE)

    def case_agents_die(self, rig):
        """Noticed by LiveKit when it notices; from then on it is our time."""
        text = self.lose(rig, CALLERS, lambda: rig.livekit.kill_agents(after=1))
        self.assertEqual(rig.livekit.state()["dispatch_count"], 2 * CALLERS)
        return text

    def case_agents_end_their_jobs(self, rig):
        return self.lose(rig, 10, lambda: rig.livekit.control("POST", "agent", {"action": "leave"})["agents"])

    def case_one_that_leaves_with_the_caller_is_not_replaced(self, rig):
        rig.phone_in(30, talk_time=0.5)
        text = rig.judge(REPLACE)
        self.assertEqual(rig.livekit.state()["dispatch_count"], 30, rig.log())
        return text

    def lose_one(self, rig):
        rig.livekit.call(room="r")
        rig.served(1)
        rig.await_call("r", status="agent_dispatched")
        rig.livekit.wait("webhooks", outcome="pending", exactly=0)
        rig.livekit.agent_leaves("r")
        return time.time()

    def case_loss_redispatch(self, rig):
        self.lose_one(rig)
        rig.served(1)
        rig.livekit.hang_up(room="r")
        return rig.judge(LEFT + REPLACE)

    def case_loss_hangup(self, rig):
        left = self.lose_one(rig)
        rig.livekit.wait("ended_calls", room="r", exactly=1)
        took = time.time() - left
        call = rig.await_call("r", status="ended", outcome="completed", endedBy="agent")
        self.assertLess(took, LEFT + REPLACE + home.SLACK, call)
        self.assertEqual(len(rig.dispatches("r")), 1)
        return f"hung up {took:.2f} s later; " + rig.judge(LEFT + REPLACE)

    case_loss_hangup.rig = {"settings": {"TELEPHONY_AGENT_LOSS": "hangup"}}

    def case_loss_keep(self, rig):
        """The phone stays alone, but no longer than the solo time-out."""
        left = self.lose_one(rig)
        rig.livekit.wait("ended_calls", room="r", exactly=1, timeout=home.PATIENCE)
        took = time.time() - left
        self.assertGreaterEqual(took, 9.5)
        self.assertLess(took, 10 + REPLACE + home.SLACK)
        rig.await_call("r", status="ended", outcome="completed", endedBy="timeout")
        self.assertEqual(len(rig.dispatches("r")), 1)
        return f"hung up {took:.2f} s later; " + rig.judge(10 + REPLACE)

    case_loss_keep.rig = {"settings": {"TELEPHONY_AGENT_LOSS": "keep", "TELEPHONY_SOLO_TIMEOUT": "10"}}

    def case_loss_fallback(self, rig):
        rig.livekit.callee(COLLEAGUE, "answer", after=0.2)
        self.lose_one(rig)
        rig.livekit.wait("requests", method="TransferSIPParticipant", room="r", exactly=1, timeout=home.PATIENCE)
        rig.livekit.wait("ended_calls", room="r", exactly=1)
        rig.await_call("r", status="ended", outcome="completed")
        self.assertEqual(len(rig.dispatches("r")), 1)
        return rig.judge(LEFT + REPLACE)

    case_loss_fallback.rig = {"settings": {"TELEPHONY_AGENT_LOSS": "fallback"},
                              "routes": {"default": {"fallback": {"transfer": f"tel:{COLLEAGUE}"}}}}


if __name__ == "__main__":
    unittest.main(verbosity=2)
