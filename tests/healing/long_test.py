"""What takes a minute by its nature, all at once: nobody hears webhooks for 60 s, calls of maximum duration, rooms
that are left over. LiveKit's schedule is the real one: 1, 2, 4, 8 s, then the event is lost."""
import pathlib
import sys
import time
import unittest

sys.path[:0] = [str(pathlib.Path(__file__).resolve().parents[1] / name) for name in ("crash", "servers")]

import home  # noqa: E402
from home import INTERVAL, RETURN, ROUND  # noqa: E402
from relay import Relay  # noqa: E402

import cases  # noqa: E402

AWAY = 60
DOWN = 30
HUNDRED = 100
#: they come one after another, from before the outage until its end
EVERY = 0.55
BEFORE = 8


def arrivals(talk_time):
    return [(EVERY * number, "call", {"caller": f"+15551{number:03}", "talk_time": talk_time + number % 7})
            for number in range(HUNDRED)]


@cases.tests_of
class Minute(cases.Cases):
    kind = home.Home

    def begin(self, rig, relay):
        rig.livekit.webhook_urls(relay.url)
        rig.livekit.schedule(*arrivals(12))
        time.sleep(BEFORE)
        relay.close()

    def finish(self, rig, **judged):
        rig.livekit.wait("ended_calls", exactly=HUNDRED, timeout=home.PATIENCE)
        text = rig.judge(heard=False, unheard_of=INTERVAL, **judged)
        counts = rig.livekit.state(brief=True)["webhook_counts"]
        self.assertGreater(counts["failed"] + counts.get("dropped_age", 0), HUNDRED)
        return f"{text}; webhooks {counts}"

    def case_nobody_receives_webhooks(self, rig):
        """The web server is there for nobody; telephonyctl work is."""
        with Relay(rig.webhook_url) as relay:
            self.begin(rig, relay)
            time.sleep(AWAY)
            relay.open()
            return self.finish(rig, bound=INTERVAL + ROUND)

    case_nobody_receives_webhooks.rig = {"driver": "work"}

    def case_everything_of_ours_is_gone(self, rig):
        """Web server and processes: whoever is there when they are back is served soon after it."""
        with Relay(rig.webhook_url) as relay:
            self.begin(rig, relay)
            rig.front.stop()
            time.sleep(AWAY)
            rig.start_front()
            back = time.time()
            relay.target = rig.webhook_url
            relay.open()
            return self.finish(rig, bound=RETURN, since=back)

    def case_livekit_is_down_for_half_a_minute(self, rig):
        """Its API, that is: phones ring on, and whoever waits is served within 5 s of its return."""
        rig.livekit.schedule(*[(number, "call", {"caller": f"+15552{number:03}", "talk_time": 45})
                               for number in range(DOWN - 5)])
        rig.livekit.down(DOWN, "refuse")
        back = time.time() + DOWN
        time.sleep(DOWN)
        rig.livekit.wait("unserved", exactly=0, timeout=max(back + RETURN + rig.delay - time.time(), 0))
        return rig.judge(RETURN, since=back, timeout=60)

    def case_maximum_duration(self, rig):
        rig.phone_in(10, talk_time=None)
        began = time.time()
        rig.livekit.wait("ended_calls", exactly=10, timeout=AWAY + home.PATIENCE)
        took = time.time() - began
        self.assertGreaterEqual(took, AWAY - 0.5)
        self.assertLess(took, AWAY + home.SLACK)
        rig.await_end()
        self.assertEqual({(call["outcome"], call["endedBy"]) for call in rig.calls()}, {("completed", "timeout")})
        return f"hung up after {took:.2f} s; " + rig.judge(home.SLACK)

    case_maximum_duration.rig = {"settings": {"TELEPHONY_MAX_CALL_DURATION": str(AWAY)}}

    def case_a_room_left_over(self, rig):
        """The call is over and its room deleted; then a late agent makes it anew, and nobody is told."""
        rig.livekit.call(room="r", talk_time=1)
        rig.await_end()
        rig.livekit.webhook_faults(drop=1.0)
        answer = rig.livekit.api("AgentDispatchService/CreateDispatch",
                                 {"room": "r", "agent_name": home.rigs.AGENT, "metadata": "{}"}, "r")
        self.assertEqual(answer.status, 200)
        made = time.time()
        rig.livekit.wait("rooms", room="r", exactly=0, timeout=home.LEFT_OVER + home.PATIENCE)
        took = time.time() - made
        self.assertEqual(rig.livekit.state()["room_lives"][-1]["ended"], "ROOM_DELETED")
        self.assertGreaterEqual(rig.metric("telephony_repairs_total", kind="left_over"), 1)
        rig.check_store()
        return f"deleted {took:.2f} s later"

    case_a_room_left_over.rig = {"stub": {"empty_timeout": 600}}


if __name__ == "__main__":
    unittest.main(verbosity=2)
