"""LiveKit's API is down while people phone in and hang up: requests are answered, nobody asks in a loop, and
what is due is done soon after it is back. What LiveKit's world does meanwhile goes on."""
import pathlib
import sys
import time
import unittest

sys.path[:0] = [str(pathlib.Path(__file__).resolve().parents[1] / name) for name in ("crash", "servers")]

import home  # noqa: E402
from home import RETURN  # noqa: E402

import cases  # noqa: E402

DOWN = 8
CALLERS = 30
#: what nobody waits longer for than a moment, on a machine that is busy
ANSWER = 1.0
#: so often a call's job is tried in that time: pauses of 0.5, 1, 2, 4 s, the half of them at least
TRIES = 7
#: by two processes, beside the calls' jobs: rounds of the reconciler
BASE = 20
#: commits of a call that is heard of: joined, left, its agent's, and what came of them
HEARD = 6


@cases.tests_of
class Down(cases.Cases):
    kind = home.Home
    at_once = 7

    def around(self, rig):
        """Before: some talk, and will hang up while it is down. During: others phone in, and some of them give up."""
        rig.phone_in(CALLERS, caller="+15551{n}", talk_time=5)
        rig.served(CALLERS)
        return [(0.5, "call", {"count": CALLERS, "caller": "+15552{n}", "talk_time": 4}),
                (1.0, "call", {"count": 10, "caller": "+15553{n}", "cancel_after": 3})]

    def down(self, rig, how, heard=True):
        steps = self.around(rig)
        asked = rig.livekit.state(brief=True)["connections"]
        commits, tried = rig.transaction(), rig.front.log().count('"dispatch_retry"')
        if not heard:
            rig.livekit.webhook_faults(drop=1.0)
        rig.livekit.schedule(*steps)
        rig.livekit.down(DOWN, how)
        back = time.time() + DOWN
        slowest = self.ask_until(rig, back)
        asked = rig.livekit.state(brief=True)["connections"] - asked
        commits = rig.transaction() - commits
        tried = rig.front.log().count('"dispatch_retry"') - tried
        return slowest, asked, commits, tried, back

    def ask_until(self, rig, until):
        """The slowest answer of ours meanwhile."""
        slowest = 0.0
        while time.time() < until - 0.2:
            slowest = max(slowest, rig.get("/telephony/healthz")[1], rig.get("/telephony/readyz")[1])
            time.sleep(0.05)
        self.assertLess(slowest, ANSWER)
        return slowest

    def check(self, rig, how, heard=True):
        slowest, asked, commits, tried, back = self.down(rig, how, heard)
        calls = 2 * CALLERS + 10
        if how == "refuse":
            asked = f"at least {tried}"
        else:
            self.assertLessEqual(asked, TRIES * calls + BASE, rig.log())
        # Each try is a commit that takes the job, and one that puts it off.
        self.assertLessEqual(commits, (HEARD + 2 * TRIES) * calls, rig.log())
        self.check_webhooks(rig)
        self.check_done(rig, back)
        text = rig.judge(RETURN, since=back, heard=heard, unheard_of=0 if heard else DOWN, timeout=40)
        return (f"{asked} attempts and {commits} commits for {calls} calls in {DOWN} s, slowest answer "
                f"{slowest * 1000:.0f} ms; {text}, from its return")

    def check_webhooks(self, rig):
        """They were all taken, and at once."""
        counts = rig.livekit.state(brief=True)["webhook_counts"]
        self.assertLessEqual(set(counts), {"delivered", "dropped_fault", "pending"}, counts)

    def check_done(self, rig, back):
        """Everybody who is there has an agent, and the rooms of those who left are gone."""
        left = max(back + RETURN + rig.delay - time.time(), 0)
        rig.livekit.wait("unserved", exactly=0, timeout=left)
        known = {call["roomName"] for call in rig.calls()}
        gone = [call["room"] for call in rig.callers()
                if call["room"] in known and call["ended_at"] and call["ended_at"] < back]
        self.assertTrue(gone)
        rooms = {room["name"] for room in rig.livekit.state()["rooms"]}
        while rooms & set(gone):
            self.assertLess(time.time(), back + RETURN + rig.delay, (rooms & set(gone), rig.log()))
            time.sleep(0.1)
            rooms = {room["name"] for room in rig.livekit.state()["rooms"]}

    def case_refuses_connections(self, rig):
        return self.check(rig, "refuse")

    def case_cuts_connections(self, rig):
        return self.check(rig, "cut")

    def case_hangs(self, rig):
        return self.check(rig, "hang")

    def case_refuses_and_no_webhook_comes(self, rig):
        return self.check(rig, "refuse", heard=False)

    # Nobody knows of who came and went meanwhile: LiveKit closes those rooms.
    case_refuses_and_no_webhook_comes.rig = {"stub": {"departure_timeout": 10}}

    def case_refuses_with_work_alone(self, rig):
        return self.check(rig, "refuse")

    case_refuses_with_work_alone.rig = {"driver": "work"}

    def case_cuts_with_work_once_alone(self, rig):
        return self.check(rig, "cut")

    case_cuts_with_work_once_alone.rig = {"driver": "once"}

    # The rooms of callers who left stay until we delete them.
    rig = {"stub": {"departure_timeout": 60}}

    def case_only_the_round_fails(self, rig):
        """Nothing but ListRooms is refused: calls that webhooks tell of don't notice."""
        rig.livekit.faults({"method": "ListRooms", "status": 503})
        rig.phone_in(CALLERS)
        text = rig.judge(0.5)
        asked = len(rig.livekit.requests("ListRooms"))
        self.assertLess(asked, 40)
        return f"{asked} ListRooms; {text}"


if __name__ == "__main__":
    unittest.main(verbosity=2)
