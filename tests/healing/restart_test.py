"""livekit-server dies under calls. Phones that come back are the same calls and get an agent; the others' calls end."""
import pathlib
import sys
import time
import unittest

sys.path[:0] = [str(pathlib.Path(__file__).resolve().parents[1] / name) for name in ("crash", "servers")]

import home  # noqa: E402
from home import GRACE, INTERVAL, RETURN, ROUND  # noqa: E402

import cases  # noqa: E402

CALLERS = 40
BACK = 3
#: as long as lists show the rooms of a server that is dead
SHOWN = 2
#: until a call is over whose phone does not come back: its room is missed, and waited for
OVER = SHOWN + INTERVAL + ROUND + GRACE


@cases.tests_of
class Restarted(cases.Cases):
    kind = home.Home
    at_once = 8

    def settled(self, rig, **plan):
        """Calls that are old enough to be missed at once."""
        rig.phone_in(CALLERS, **{"talk_time": None, **plan})
        rig.served(CALLERS)
        rig.livekit.wait("webhooks", outcome="pending", exactly=0)
        time.sleep(home.FRESH)

    def case_empty(self, rig):
        """Nobody comes back."""
        self.settled(rig)
        rig.livekit.restart(shown_for=SHOWN)
        died = time.time()
        rig.await_end()
        took = time.time() - died
        self.assertLess(took, OVER + rig.delay + home.SLACK, rig.log())
        self.check_no_ghost(rig)
        rig.check_outcomes()
        rig.check_store()
        return f"{CALLERS} calls over {took:.2f} s after the end"

    def check_no_ghost(self, rig):
        state = rig.livekit.state()
        ghosts = [dispatch for dispatch in state["dispatches"] if dispatch["ghost"]]
        self.assertEqual(ghosts, [], rig.log())

    def check_returned(self, rig, back):
        """Who came back is served in the new room within RETURN seconds of it; then he hangs up."""
        rig.livekit.wait("participants", kind="SIP", at_least=back, timeout=home.PATIENCE)
        rig.served(back, timeout=RETURN + rig.delay)
        rig.livekit.schedule((home.FRESH, "hangup", {"everybody": True}))
        text = rig.judge(RETURN)
        self.check_no_ghost(rig)
        self.assertEqual(rig.livekit.state()["dispatch_count"], CALLERS + back)
        return text

    def returned(self, rig, share=1.0, **plan):
        self.settled(rig)
        rig.livekit.restart(return_after=BACK, return_share=share, seed=2, shown_for=SHOWN, **plan)
        gone = sum(call["ended"] == "SERVER_DIED" for call in rig.callers())
        return self.check_returned(rig, CALLERS - gone)

    def case_all_come_back(self, rig):
        return self.returned(rig)

    def case_half_of_them_come_back(self, rig):
        return self.returned(rig, share=0.5)

    def case_the_old_room_is_told_of_once_more(self, rig):
        """The dead room's agents reconnect before the phones do: it starts and ends again, by its old sid."""
        return self.returned(rig, echo_after=1)

    def case_down_for_a_while(self, rig):
        return self.returned(rig, down_for=2)

    def case_they_come_back_while_the_lists_are_stale(self, rig):
        self.settled(rig)
        rig.livekit.restart(return_after=1, return_share=0.5, seed=3, shown_for=5)
        gone = sum(call["ended"] == "SERVER_DIED" for call in rig.callers())
        return self.check_returned(rig, CALLERS - gone)

    def case_without_webhooks(self, rig):
        """The reconciler alone sees that they are back."""
        self.settled(rig)
        rig.livekit.webhook_faults(drop=1.0)
        rig.livekit.restart(return_after=BACK, return_share=0.5, seed=4, shown_for=SHOWN)
        gone = sum(call["ended"] == "SERVER_DIED" for call in rig.callers())
        return self.check_returned(rig, CALLERS - gone)

    def case_with_work_alone(self, rig):
        return self.returned(rig, share=0.5)

    case_with_work_alone.rig = {"driver": "work"}

    def case_a_dispatch_comes_upon_the_next_life(self, rig):
        """It dies while it is asked for an agent: the agent waits in the new room when the phone comes back."""
        rig.livekit.faults({"method": "CreateDispatch", "times": 1, "delay_before_ms": 300})
        rig.livekit.call(room="r")
        rig.await_requests("CreateDispatch", "r")
        rig.livekit.restart(return_after=BACK)
        rig.livekit.wait("participants", room="r", kind="SIP", exactly=1)
        rig.served(1)
        rig.livekit.schedule((home.FRESH, "hangup", {"room": "r"}))
        text = rig.judge(RETURN)
        self.assertEqual(len(rig.dispatches("r")), 1, "the one that was there would have done")
        return text

    def case_before_the_agents_came(self, rig):
        """It dies while dispatches are on their way."""
        rig.phone_in(CALLERS, talk_time=1)
        rig.livekit.wait("dispatches", at_least=CALLERS // 2)
        rig.livekit.restart(return_after=BACK, shown_for=SHOWN)
        text = rig.judge(RETURN)
        return text

    case_before_the_agents_came.rig = {"stub": {"agent_delay": 1}}


if __name__ == "__main__":
    unittest.main(verbosity=2)
