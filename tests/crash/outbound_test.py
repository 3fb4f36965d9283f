"""One outbound call, and a kill -9 at each point of its way: the phone rings once at most.

Points are counted, none is left out: in a first run the commits of the process that
places the call are counted; then it dies at each of them, before its pages are synced,
after, and once it counts. And it dies around each request, while the stub holds it
before or after acting. Whoever placed the call repeats his request with the same
Idempotency-Key until it is answered, as a client should; another process goes on.
"""
import concurrent.futures
import json
import os
import pathlib
import shutil
import sys
import tempfile
import time
import unittest
import urllib.error
import urllib.request

import rig as rigs

NUMBER = "+15550200"
TRUNK = "ST_YSgKy8aZ6wsV"
AT_ONCE = 4
#: a dial that nobody can tell of is looked for this long, and then some
PATIENCE = 60
#: longer than any takeover
HELD = 8000
#: longer than a kill takes, shorter than a takeover waits before it looks
HELD_BEFORE = 600

SETTINGS = {"TELEPHONY_ALLOW_PREFIXES": "+1555", "TELEPHONY_DEFAULT_FROM_NUMBER": "+15550123",
            "LIVEKIT_SIP_OUTBOUND_TRUNK_ID": TRUNK}
METHODS = ("CreateRoom", "CreateSIPParticipant", "GetParticipant")
FAULTS = {
    "never acted upon": {"delay_before_ms": HELD, "drop": "before"},
    "acted upon after the kill": {"delay_before_ms": HELD_BEFORE},
    "answer held": {"delay_after_ms": HELD},
    "connection cut": {"delay_after_ms": 30, "drop": "after"},
}


def post(rig, path, body, key):
    request = urllib.request.Request(
        rig.front.url + path, json.dumps(body).encode(), method="POST",
        headers={"Content-Type": "application/json", "Idempotency-Key": key,
                 "Authorization": f"Bearer {rig.livekit.token()}"})
    with urllib.request.urlopen(request, timeout=10) as answer:
        return answer.status, json.load(answer)


def place(rig):
    """The call's id: asked for until it is answered."""
    def ask():
        try:
            status, call = post(rig, "/telephony/calls", {"to": NUMBER, "ringingTimeoutSeconds": 5}, "order-1")
        except urllib.error.HTTPError as error:
            if error.code < 500:
                raise AssertionError(f"{error.code} {error.read()}") from error
            return None
        except OSError:
            return None
        return call["callId"] if status == 202 else None
    return rig.until(ask, "the call is not placed")


def finished(rig, call_id):
    def look():
        call = rig.ctl_json("calls", "show", call_id)
        return call if call["status"] in ("ended", "failed") else None
    return rig.until(look, lambda: f"not over: {rig.ctl_json('calls', 'show', call_id)}", PATIENCE)


def open_rig(preload=None):
    return rigs.Rig(count=1, preload=preload, settings=SETTINGS, stub={"departure_timeout": 2})


def begin(rig):
    rig.livekit.callee(NUMBER, "answer", after=0.4, talk_time=0.6)
    rig.pid()


def judge(rig, call_id):
    """What the stub saw, and that nothing is left."""
    call = finished(rig, call_id)
    room = call["roomName"]
    rings = len([r for r in rig.livekit.requests(method="CreateSIPParticipant")])
    assert rings <= 1, f"{rings} dials\n{rig.log()}"
    assert len(rig.calls()) == 1, rig.calls()
    assert call["outcome"] in ("completed", "unknown"), (call, rig.log())
    if call["outcome"] == "completed":
        assert rings == 1, call
    assert len(rig.dispatches(room)) <= 1, (rig.dispatches(room), rig.log())
    rig.livekit.wait("rooms", room=room, exactly=0, timeout=rigs.PATIENCE)
    rig.await_no_jobs()
    checked = rig.ctl("store", "check")
    assert checked.returncode == 0, checked.stdout + checked.stderr
    return call["outcome"], rings


class Outbound(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        rigs.require()
        cls.build = tempfile.mkdtemp(prefix="tel-crashpoint-")
        cls.addClassCleanup(shutil.rmtree, cls.build)
        cls.preload = rigs.crashpoints(pathlib.Path(cls.build))

    def run_all(self, what, cases):
        """cases: name -> function; side by side, as they wait most of the time."""
        wanted = os.environ.get("TELEPHONY_CASES")
        with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
            running = {name: pool.submit(case) for name, case in cases.items()
                       if not wanted or name in wanted}
        print(f"{what}:", file=sys.stderr)
        failed = []
        for name, result in running.items():
            if result.exception() is not None:
                failed.append(f"{name}: {result.exception()!r}")
                continue
            outcome, rings = result.result()
            print(f"  {name:44} {outcome}, {rings} dial(s)", file=sys.stderr)
        sys.stderr.flush()
        self.assertEqual(failed, [])

    def commits(self):
        """How many a whole call takes."""
        with open_rig(self.preload) as rig:
            begin(rig)
            commits = rig.count_commits()
            self.assertEqual(judge(rig, place(rig)), ("completed", 1))
            return commits()

    def test_each_commit(self):
        def die_at(point, number):
            def case():
                with open_rig(self.preload) as rig:
                    begin(rig)
                    rig.start_worker()
                    rig.arm(f"{point} {number}")
                    return judge(rig, place(rig))
            return case

        commits = self.commits()
        self.assertGreaterEqual(commits, 5)
        self.run_all(f"killed at each of {commits} commits", {
            f"commit {number}, {point}": die_at(point, number)
            for number in range(1, commits + 1) for point in ("pages", "synced", "meta")})

    def test_each_request(self):
        def die_in(method, fault):
            def case():
                with open_rig() as rig:
                    begin(rig)
                    if method == "GetParticipant":
                        rig.livekit.callee(NUMBER, "answer", after=3.5, talk_time=0.6)
                    rig.start_worker()
                    rig.livekit.faults({"method": method, "times": 1, **fault})
                    call_id = place(rig)
                    room = rig.ctl_json("calls", "show", call_id)["roomName"]
                    rig.await_requests(method, room)
                    time.sleep(0.02)
                    rig.kill()
                    return judge(rig, call_id)
            return case

        self.run_all("killed in each request", {
            f"{method}, {how}": die_in(method, fault) for method in METHODS
            for how, fault in FAULTS.items()})


if __name__ == "__main__":
    unittest.main(verbosity=2)
