"""Webhooks that come when all is repaired already, and outbound calls of which none tells."""
import json
import pathlib
import sys
import unittest
import urllib.request

sys.path[:0] = [str(pathlib.Path(__file__).resolve().parents[1] / name) for name in ("crash", "servers")]

import home  # noqa: E402
from home import INTERVAL, ROUND  # noqa: E402

import cases  # noqa: E402

#: the reconciler sees whatever no webhook told
SEEN = INTERVAL + ROUND
OUTBOUND = {"TELEPHONY_ALLOW_PREFIXES": "+1555", "TELEPHONY_DEFAULT_FROM_NUMBER": "+15550123",
            "LIVEKIT_SIP_OUTBOUND_TRUNK_ID": "ST_YSgKy8aZ6wsV", "TELEPHONY_MAX_CONCURRENT_OUTBOUND": "50",
            "TELEPHONY_MAX_OUTBOUND_PER_MINUTE": "100"}
#: what a late webhook may add to a record: that it came, and when the agent left an empty room
CHATTER = ("updatedAt", "raw")


def without_chatter(call):
    kept = {name: value for name, value in call.items() if name not in CHATTER}
    kept["agent"] = {name: value for name, value in call["agent"].items() if name != "leftAt"}
    return kept


@cases.tests_of
class Late(cases.Cases):
    """Webhooks wait somewhere until the reconciler has made good for them, and then come all the same."""

    kind = home.Home
    at_once = 5
    rig = {"stub": {"webhook_max_age": 600}}

    def held(self, rig, calls):
        """Everything happens unheard; what is in the store then."""
        rig.livekit.webhook_faults(pause=True)
        rig.phone_in(calls)
        rig.livekit.wait("ended_calls", exactly=calls, timeout=home.PATIENCE)
        rig.await_end()
        return {call["callId"]: call for call in rig.calls()}

    def case_change_nothing(self, rig):
        before = self.held(rig, 20)
        dispatches = rig.livekit.state()["dispatch_count"]
        rig.livekit.webhook_faults()
        rig.livekit.wait("webhooks", outcome="pending", exactly=0, timeout=home.PATIENCE)
        self.assertEqual(set(rig.livekit.state()["webhook_counts"]), {"delivered"})
        rig.await_no_jobs()
        after = {call["callId"]: call for call in rig.calls()}
        self.assertEqual(after.keys(), before.keys())
        for call_id, call in after.items():
            self.assertEqual(without_chatter(call), without_chatter(before[call_id]), rig.timeline(call_id))
        self.assertEqual(rig.livekit.state()["dispatch_count"], dispatches)
        return rig.judge(SEEN, heard=False)

    def case_repairs_are_told_as_such(self, rig):
        before = self.held(rig, 3)
        found = rig.metric("telephony_repairs_total", kind="leg_found")
        self.assertEqual(found, 3)
        for call_id in before:
            sources = [entry["source"] for entry in rig.timeline(call_id)]
            self.assertEqual(sources[0], "repair")
            self.assertNotIn("event", sources)
        return f"{found} found"

    def case_in_the_middle_of_a_call(self, rig):
        """The joining arrives when the call was found long ago, and its agent is there."""
        rig.livekit.webhook_faults(pause=True)
        rig.phone_in(20, talk_time=8)
        rig.served(20)
        rig.livekit.webhook_faults()
        text = rig.judge(SEEN)
        self.assertEqual(rig.livekit.state()["dispatch_count"], 20, rig.log())
        return text


@cases.tests_of
class Outbound(cases.Cases):
    """We know of these ourselves; what became of them is LiveKit's to tell."""

    kind = home.Home
    at_once = 5
    rig = {"settings": OUTBOUND}

    def place(self, rig, number):
        request = urllib.request.Request(
            rig.front.url + "/telephony/calls", json.dumps({"to": number, "ringingTimeoutSeconds": 10}).encode(),
            method="POST", headers={"Content-Type": "application/json", "Idempotency-Key": f"order {number}",
                                    "Authorization": f"Bearer {rig.livekit.token()}"})
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.load(answer)["callId"]

    def case_all_dropped(self, rig):
        rig.livekit.webhook_faults(drop=1.0)
        rig.livekit.callee("*", "answer", after=0.5, talk_time=3)
        return self.all_completed(rig)

    def case_answers_lost_as_well(self, rig):
        rig.livekit.webhook_faults(drop=1.0)
        rig.livekit.callee("*", "answer", after=0.5, talk_time=4, drop_reply_after=0.2)
        return self.all_completed(rig)

    def all_completed(self, rig):
        placed = {self.place(rig, f"+1555020{n}") for n in range(8)}
        rig.livekit.wait("dials", exactly=8, timeout=home.PATIENCE)
        rig.await_end()
        self.assertEqual({call["callId"]: call["outcome"] for call in rig.calls()},
                         {call_id: "completed" for call_id in placed})
        self.assertEqual(rig.livekit.state()["dial_count"], 8)
        rig.check_one_agent()
        rig.check_store()
        return "8 completed"


if __name__ == "__main__":
    unittest.main(verbosity=2)
