"""Webhooks that never come: LiveKit's own state is the truth."""
import pathlib
import sys
import unittest

sys.path[:0] = [str(pathlib.Path(__file__).resolve().parents[1] / name) for name in ("crash", "servers")]

import home  # noqa: E402
from home import INTERVAL, ROUND  # noqa: E402

import cases  # noqa: E402

#: the reconciler sees whatever no webhook told
SEEN = INTERVAL + ROUND


def people(rig, stay, cancel, impatient):
    """Some talk, some hang up before an agent can be there, some at once."""
    rig.phone_in(stay, caller="+15551{n}", talk_time=3)
    rig.phone_in(cancel, caller="+15552{n}", talk_time=None, cancel_after=SEEN + 2)
    rig.phone_in(impatient, caller="+15553{n}", talk_time=None, cancel_after=0.3)


@cases.tests_of
class Dropped(cases.Cases):
    kind = home.Home
    at_once = 8

    def case_a_third(self, rig):
        rig.livekit.webhook_faults(drop=0.3, seed=1)
        people(rig, 50, 10, 10)
        return rig.judge(SEEN, heard=False, unheard_of=SEEN)

    def case_all(self, rig):
        return self.all_dropped(rig)

    def case_all_with_work_alone(self, rig):
        return self.all_dropped(rig)

    def case_all_with_work_once_alone(self, rig):
        return self.all_dropped(rig)

    case_all_with_work_alone.rig = {"driver": "work"}
    case_all_with_work_once_alone.rig = {"driver": "once"}

    def all_dropped(self, rig):
        rig.livekit.webhook_faults(drop=1.0)
        people(rig, 40, 5, 5)
        text = rig.judge(SEEN, heard=False, unheard_of=SEEN + rig.delay)
        self.assertEqual(rig.livekit.state()["webhook_counts"].keys(), {"dropped_fault"})
        self.assertGreaterEqual(rig.metrics.get('telephony_repairs_total{kind="leg_found"}', 0), 40)
        return text

    def case_all_and_counts_that_lag(self, rig):
        """ListRooms says that nobody is in a room where somebody rings."""
        rig.livekit.webhook_faults(drop=1.0)
        rig.phone_in(20)
        return rig.judge(SEEN, heard=False)

    case_all_and_counts_that_lag.rig = {"stub": {"count_lag": 30}}

    def one_kind(self, rig, *events):
        rig.livekit.webhook_faults(drop_events=list(events))
        people(rig, 20, 4, 4)
        return rig.judge(SEEN, heard="participant_left" not in events, unheard_of=SEEN)

    def case_comings(self, rig):
        return self.one_kind(rig, "participant_joined")

    def case_goings(self, rig):
        return self.one_kind(rig, "participant_left")

    def case_ends(self, rig):
        return self.one_kind(rig, "room_finished", "participant_left")

    def case_an_agent_that_left_unheard(self, rig):
        rig.phone_in(20, talk_time=17)
        rig.served(20)
        rig.livekit.wait("webhooks", outcome="pending", exactly=0)
        rig.livekit.webhook_faults(drop=1.0)
        rig.livekit.schedule((home.FRESH, "agent", {"action": "kill", "after": 0}))
        text = rig.judge(SEEN + home.LEFT + home.REPLACE, heard=False)
        self.assertGreaterEqual(rig.metrics['telephony_repairs_total{kind="agent_gone"}'], 20)
        self.assertEqual(rig.livekit.state()["dispatch_count"], 40)
        return text


if __name__ == "__main__":
    unittest.main(verbosity=2)
