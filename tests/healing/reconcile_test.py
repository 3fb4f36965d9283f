"""telephonyctl reconcile: what it would do, that it then does just that, and that nothing is left to do afterwards."""
import pathlib
import sys
import time
import unittest

sys.path[:0] = [str(pathlib.Path(__file__).resolve().parents[1] / name) for name in ("crash", "servers")]

import home  # noqa: E402

import cases  # noqa: E402

AGENT = [{"agent_name": home.rigs.AGENT}]
TO_REPAIR = {
    ("leg_found", "unheard"), ("leg_found", "unheard-with-agent"), ("leg_gone", "left"), ("room_gone", "closed"),
    ("agent_found", "agent-came"), ("agent_gone", "agent-went"),
}


@cases.tests_of
class Reconcile(cases.Cases):
    kind = home.Home
    rig = {"driver": "nobody", "settings": {"TELEPHONY_RECONCILE_INTERVAL": "never"},
           "stub": {"empty_timeout": 600, "departure_timeout": 600}}

    def world(self, rig):
        """One room for each thing that webhooks can fail to tell, and one that is none of ours."""
        livekit = rig.livekit
        for room in ("left", "closed", "agent-went"):
            self.answer(rig, room)
        livekit.wait("agents", exactly=3)
        livekit.settings(agent_delay=1)
        self.answer(rig, "agent-came")
        livekit.webhook_faults(drop=1.0)
        livekit.call(room="unheard")
        livekit.call(room="unheard-with-agent", agents=AGENT)
        livekit.room("meeting", participants=[{"identity": "ann"}, {"identity": "bob"}])
        livekit.wait("agents", exactly=5)
        time.sleep(home.FRESH)
        livekit.hang_up(room="left")
        livekit.hang_up(room="closed")
        livekit.finish("closed")
        livekit.kill_agent("agent-went")

    def answer(self, rig, room):
        """An agent is sent for; whether his coming is heard of is another matter."""
        rig.livekit.call(room=room)
        rig.livekit.wait("webhooks", outcome="pending", exactly=0)
        self.assertEqual(rig.ctl("work", "--once").returncode, 0)
        rig.livekit.wait("dispatches", room=room, exactly=1)

    def reconcile(self, rig, *words):
        """What it says, after it has been seen that the store and LiveKit agree with it about who was asked."""
        before = len(rig.livekit.requests())
        said = rig.ctl_json("reconcile", *words)
        self.assertTrue(said["complete"], said)
        asked = [request["method"] for request in rig.livekit.requests()[before:]]
        self.assertEqual(said["requests"], len(asked), (said, asked))
        self.assertLessEqual(set(asked), {"ListRooms", "ListParticipants", "ListDispatch"})
        return said

    @staticmethod
    def found(said):
        return {(repair["kind"], repair["roomName"]) for repair in said["repairs"]}

    def case_dry_then_wet(self, rig):
        self.world(rig)
        self.check_dry(rig)
        self.check_wet(rig)
        self.check_done(rig)
        self.check_jobs(rig)
        return f"{len(TO_REPAIR)} repairs"

    def check_dry(self, rig):
        commits, calls, counted = rig.transaction(), rig.calls(), rig.read_metrics()
        said = self.reconcile(rig, "--dry-run")
        self.assertTrue(said["dryRun"])
        self.assertEqual(self.found(said), TO_REPAIR)
        self.assertEqual({repair["result"] for repair in said["repairs"]}, {"planned"})
        self.assertEqual(said["rooms"], 6)
        text = rig.ctl("reconcile", "--dry-run").stdout
        for kind, room in TO_REPAIR:
            self.assertRegex(text, rf"(?m)^{kind} .* {room}\b")
        self.assertEqual((rig.transaction(), rig.calls(), rig.read_metrics()), (commits, calls, counted))

    def check_wet(self, rig):
        said = self.reconcile(rig)
        self.assertFalse(said["dryRun"])
        self.assertEqual(self.found(said), TO_REPAIR)
        for kind in {kind for kind, _ in TO_REPAIR}:
            wanted = sum(kind == each for each, _ in TO_REPAIR)
            self.assertEqual(rig.metric("telephony_repairs_total", kind=kind), wanted, kind)
        statuses = {call["roomName"]: call["status"] for call in rig.calls()}
        self.assertEqual(set(statuses), {room for _, room in TO_REPAIR})
        self.assertEqual(statuses["left"], "ended")
        self.assertEqual(statuses["unheard-with-agent"], "agent_dispatched")
        for _, room in TO_REPAIR:
            entries = [entry for entry in rig.timeline(rig.call(room)["callId"]) if entry["source"] == "repair"]
            self.assertTrue(entries, room)

    def check_done(self, rig):
        commits = rig.transaction()
        self.assertEqual(self.reconcile(rig)["repairs"], [])
        self.assertEqual(rig.transaction(), commits)

    def check_jobs(self, rig):
        """Whoever runs jobs does the rest: an agent for whom nobody came, and none for the others."""
        rig.start_worker()
        rig.served(4)
        rig.check_one_agent()
        self.assertEqual(len(rig.dispatches("unheard-with-agent")), 1)
        self.assertEqual(len(rig.dispatches("agent-came")), 1)
        rig.livekit.webhook_faults()
        rig.livekit.hang_up(everybody=True)
        rig.livekit.wait("rooms", exactly=1, timeout=home.PATIENCE)
        self.assertEqual(rig.livekit.state()["rooms"][0]["name"], "meeting")
        rig.livekit.finish("meeting")
        rig.await_end()
        rig.check_store()

    def case_only_rooms_of_the_prefix(self, rig):
        """Of the others those in which somebody is: a phone may be anywhere."""
        rig.livekit.webhook_faults(drop=1.0)
        rig.livekit.call(room="lobby")
        rig.livekit.call(room="call-1")
        for room in ("call-2", "office", "garden"):
            rig.livekit.room(room)
        said = self.reconcile(rig)
        self.assertEqual(self.found(said), {("leg_found", "call-1"), ("leg_found", "lobby")})
        asked = {request["room"] for request in rig.livekit.requests("ListParticipants")}
        self.assertEqual(asked, {"call-1", "call-2", "lobby"})
        return "empty ones of other names are not looked at"

    case_only_rooms_of_the_prefix.rig = {
        "settings": {"TELEPHONY_RECONCILE_INTERVAL": "never", "TELEPHONY_ROOM_PREFIX": "call-"}}

    def case_livekit_is_down(self, rig):
        rig.livekit.call(room="r")
        rig.livekit.wait("webhooks", outcome="pending", exactly=0)
        commits = rig.transaction()
        rig.livekit.down()
        done = rig.ctl("reconcile")
        self.assertEqual(done.returncode, 3, done.stdout + done.stderr)
        self.assertIn("not everything could be compared", done.stderr)
        self.assertEqual(rig.transaction(), commits)
        rig.livekit.up()
        rig.livekit.faults({"method": "ListParticipants", "status": 503})
        done = rig.ctl("reconcile")
        self.assertEqual(done.returncode, 3, done.stdout + done.stderr)
        self.assertEqual(rig.transaction(), commits)
        return "said, and nothing concluded"

    def case_who_left_a_moment_ago_is_told_by_the_webhook(self, rig):
        """A webhook that is on its way and a reconcile at the same time: one end, one outcome."""
        rig.phone_in(20, talk_time=None, cancel_after=home.FRESH)
        rig.livekit.wait("webhooks", outcome="pending", exactly=0)
        rig.livekit.webhook_faults(shuffle_ms=300)
        while any(call["ended"] is None for call in rig.callers()):
            self.reconcile(rig)
        rig.livekit.wait("webhooks", outcome="pending", exactly=0)
        self.reconcile(rig)
        self.assertEqual({call["status"] for call in rig.calls()}, {"ended"})
        self.assertEqual(len(rig.calls()), 20)
        return "20 ended once"


if __name__ == "__main__":
    unittest.main(verbosity=2)
