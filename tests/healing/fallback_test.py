"""No agent comes, however often one is sent for: what the route says."""
import pathlib
import sys
import time
import unittest

sys.path[:0] = [str(pathlib.Path(__file__).resolve().parents[1] / name) for name in ("crash", "servers")]

import home  # noqa: E402
from home import BACKOFF, KEEP, LOST, REPLACE  # noqa: E402

import cases  # noqa: E402

COLLEAGUE = "+15550199"

TWO_TRIES = {"agentAttempts": 2, "agentAttemptsWithinSeconds": 20}


@cases.tests_of
class Fallback(cases.Cases):
    """No agent comes, however often one is sent for: what the route says."""

    kind = home.Home
    at_once = 5
    VAIN = 2 * LOST + 0.5 + REPLACE

    def nobody_comes(self, rig):
        rig.livekit.workers(full=True)
        rig.livekit.call(room="r")
        return time.time()

    def case_hangup(self, rig):
        began = self.nobody_comes(rig)
        rig.livekit.wait("ended_calls", room="r", exactly=1, timeout=home.PATIENCE)
        took = time.time() - began
        call = rig.await_call("r", status="failed", outcome="failed")
        self.assertEqual(call["error"]["code"], "no_agent")
        self.assertLess(took, self.VAIN + home.SLACK)
        self.assertEqual(len(rig.dispatches("r")), 2, rig.log())
        self.assertGreaterEqual(rig.metric("telephony_agent_watch_total", result="fallback"), 1)
        rig.judge(self.VAIN)
        return f"hung up after {took:.2f} s"

    case_hangup.rig = {"routes": {"default": {**TWO_TRIES, "fallback": "hangup"}}}

    def case_transfer(self, rig):
        rig.livekit.callee(COLLEAGUE, "answer", after=0.2)
        began = self.nobody_comes(rig)
        rig.livekit.wait("requests", method="TransferSIPParticipant", room="r", exactly=1, timeout=home.PATIENCE)
        took = time.time() - began
        [asked] = rig.livekit.requests("TransferSIPParticipant", "r")
        self.assertEqual(asked["body"]["transfer_to"], f"tel:{COLLEAGUE}")
        self.assertLess(took, self.VAIN + home.SLACK)
        rig.await_end()
        self.assertEqual(len(rig.dispatches("r")), 2, rig.log())
        rig.check_store()
        return f"transferred after {took:.2f} s, {rig.call('r')['outcome']}"

    case_transfer.rig = {"routes": {"default": {**TWO_TRIES, "fallback": {"transfer": f"tel:{COLLEAGUE}"}}}}

    def case_transfer_that_fails_keeps_on(self, rig):
        rig.livekit.callee(COLLEAGUE, "busy", after=0.2)
        self.nobody_comes(rig)
        rig.livekit.wait("requests", method="TransferSIPParticipant", room="r", exactly=1, timeout=home.PATIENCE)
        rig.livekit.workers(full=False)
        rig.served(1)
        rig.livekit.hang_up(room="r")
        text = rig.judge(self.VAIN + BACKOFF + KEEP + REPLACE)
        self.assertEqual(len(rig.livekit.requests("TransferSIPParticipant", "r")), 1)
        return text

    case_transfer_that_fails_keeps_on.rig = case_transfer.rig

    def case_keep_goes_on_trying(self, rig):
        self.nobody_comes(rig)
        rig.livekit.wait("dispatches", room="r", at_least=3, timeout=home.PATIENCE)
        rig.livekit.workers(full=False)
        rig.served(1)
        rig.livekit.hang_up(room="r")
        text = rig.judge(self.VAIN + KEEP + LOST + KEEP + REPLACE)
        made = [dispatch["created_at"] for dispatch in rig.dispatches("r")]
        self.assertGreaterEqual(made[2] - made[1], 9.5)
        return text

    case_keep_goes_on_trying.rig = {"routes": {"default": {**TWO_TRIES, "fallback": "keep"}}}

    def case_solo_timeout_ends_it(self, rig):
        """Nobody comes at all: the phone does not ring for ever."""
        began = self.nobody_comes(rig)
        rig.livekit.wait("ended_calls", room="r", exactly=1, timeout=home.PATIENCE)
        took = time.time() - began
        self.assertGreaterEqual(took, 9.5)
        self.assertLess(took, 10 + LOST + REPLACE + home.SLACK)
        call = rig.await_call("r", status="failed", outcome="failed", endedBy="timeout")
        self.assertEqual(call["error"]["code"], "no_agent")
        rig.judge(10 + LOST + REPLACE)
        return f"hung up after {took:.2f} s"

    case_solo_timeout_ends_it.rig = {"settings": {"TELEPHONY_SOLO_TIMEOUT": "10"}}


if __name__ == "__main__":
    unittest.main(verbosity=2)
