"""Self-healing, and a kill -9 at each point of its way: one living agent, and the call ends.

Three stories: a dispatch that no worker takes (the watchdog deletes it and makes another);
a call that no webhook tells of, neither its coming nor its going (the reconciler); a phone
that is alone for too long (the reaper). Points are counted, none is left out: a first run
counts the commits and the requests of the process that does the work; then it dies at each
of them, and another one goes on. A kill in a list is one case, as a list changes nothing;
other requests are killed before and after LiveKit has acted.
"""
import concurrent.futures
import os
import pathlib
import shutil
import sys
import tempfile
import threading
import time
import traceback
import unittest
from collections import Counter

import rig as rigs
from outbound_test import FAULTS

PATIENCE = 60
ROOM = "call-healing"
LISTS = ("ListRooms", "ListParticipants", "ListDispatch")
HELD = FAULTS["answer held"]
POINTS = ("pages", "synced", "meta")
#: commits that share one, and rounds that fit in: the last of a run may be missing in another one
SPARE = 2


class Story:
    """One call from its coming to its end; somebody of ours dies on the way."""

    settings = {}
    #: who does the work: the FastCGI process that gets the webhooks, or a worker
    worker = False
    agents = 1
    #: how many at a time; they wait most of it
    at_once = 8

    def open(self, preload=None):
        return rigs.Rig(count=1, preload=preload, webhooks=not self.worker, stub={"departure_timeout": 60},
                        settings={"TELEPHONY_RUN_JOBS": str(not self.worker).lower(), **self.settings})

    def begin(self, rig):
        """Everything is there, and nobody has phoned in."""
        if self.worker:
            self.first = rig.start_worker(**rig.preloaded())
            rig.until(lambda: "work_started" in (rig.dir / "worker.log").read_text(errors="replace"), "no worker")
        else:
            rig.pid()

    def kill(self, rig):
        if self.worker:
            rig.end_worker(self.first)
        else:
            rig.kill()

    def tell(self, rig):
        """The call's story up to its end."""
        raise NotImplementedError

    def await_agent(self, rig):
        rig.livekit.wait("agents", room=ROOM, at_least=1, timeout=PATIENCE)

    def judge(self, rig):
        rig.livekit.wait("rooms", room=ROOM, exactly=0, timeout=PATIENCE)
        call = rig.await_call(ROOM, status="ended", timeout=PATIENCE)
        rig.await_no_jobs()
        assert call["outcome"] == "completed", (call, rig.log())
        assert len(rig.calls()) == 1, rig.calls()
        lives = [life for life in rig.livekit.state()["room_lives"] if life["room"] == ROOM]
        assert max(life["max_living"] for life in lives) <= 1, (lives, rig.log())
        assert max(life["max_working"] for life in lives) <= 1, (lives, rig.log())
        came = sum(dispatch["agent_identity"] is not None for dispatch in rig.dispatches(ROOM))
        assert came == self.agents, (rig.dispatches(ROOM), rig.log())
        checked = rig.ctl("store", "check")
        assert checked.returncode == 0, checked.stdout + checked.stderr
        return f"{len(rig.dispatches(ROOM))} dispatches, {came} agent, {call['outcome']}"

    def run(self, rig):
        self.tell(rig)
        return self.judge(rig)


class Lost(Story):
    """A dispatch is lost, deleted, and made again."""

    def tell(self, rig):
        rig.livekit.workers(lose_first=1)
        rig.livekit.call(room=ROOM)
        self.await_agent(rig)
        rig.livekit.hang_up(room=ROOM)


class Unheard(Story):
    """The reconciler finds the call, and finds it gone."""

    settings = {"TELEPHONY_RECONCILE_INTERVAL": "1"}
    worker = True

    def tell(self, rig):
        rig.livekit.call(room=ROOM)
        self.await_agent(rig)
        rig.livekit.hang_up(room=ROOM)


class Alone(Story):
    """The agent leaves, the phone stays: it is hung up on."""

    settings = {"TELEPHONY_AGENT_LOSS": "keep", "TELEPHONY_SOLO_TIMEOUT": "10"}
    at_once = 16

    def tell(self, rig):
        rig.livekit.call(room=ROOM)
        self.await_agent(rig)
        rig.await_call(ROOM, status="agent_dispatched")
        rig.livekit.wait("webhooks", outcome="pending", exactly=0)
        rig.livekit.agent_leaves(ROOM)
        rig.livekit.wait("ended_calls", room=ROOM, exactly=1, timeout=PATIENCE)


class Dies:
    """Lets a process die at the n-th commit, and starts another one then."""

    def __init__(self, story, preload, point, number):
        self._story = story
        self._preload = preload
        self._order = f"{point} {number}"

    def __call__(self):
        with self._story.open(self._preload) as rig:
            self._story.begin(rig)
            rig.arm(self._order)
            hit = pathlib.Path(f"{rig.order}.hit")
            over = threading.Event()
            helper = threading.Thread(target=self._help, args=(rig, hit, over))
            helper.start()
            try:
                said = self._story.run(rig)
            finally:
                over.set()
                helper.join()
            return said, hit.exists()

    @staticmethod
    def _help(rig, hit, over):
        while not hit.exists():
            if over.wait(rigs.POLL):
                return
        rig.start_worker()


class KilledIn:
    """Kills the process while LiveKit holds the n-th request of a method."""

    def __init__(self, story, method, number, fault):
        self._story = story
        self._method = method
        self._number = number
        self._fault = fault

    def __call__(self):
        with self._story.open() as rig:
            self._story.begin(rig)
            rig.livekit.faults({"method": self._method, "skip": self._number - 1, "times": 1, **self._fault})
            killed = threading.Event()
            killer = threading.Thread(target=self._kill, args=(rig, killed))
            killer.start()
            try:
                said = self._story.run(rig)
            finally:
                killed.over = True
                killer.join()
            return said, killed.is_set()

    def _kill(self, rig, killed):
        """Once it was asked, or never if the story ends before."""
        killed.over = False
        while not any(rig.livekit.fault_hits()):
            if killed.over:
                return
            time.sleep(rigs.POLL)
        self._story.kill(rig)
        killed.set()
        rig.start_worker()


class Healing(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        rigs.require()
        cls.build = tempfile.mkdtemp(prefix="tel-crashpoint-")
        cls.addClassCleanup(shutil.rmtree, cls.build)
        cls.preload = rigs.crashpoints(pathlib.Path(cls.build))

    def counted(self, kind):
        """A run in which nobody dies: how many commits it took, and which requests."""
        story = kind()
        with story.open(self.preload) as rig:
            story.begin(rig)
            commits = rig.count_commits()
            story.tell(rig)
            rig.livekit.wait("rooms", room=ROOM, exactly=0, timeout=PATIENCE)
            asked = [request["method"] for request in rig.livekit.requests()]
            story.judge(rig)
            return commits(), asked

    def run_all(self, what, cases, at_once):
        """cases: name -> (callable, must it strike)."""
        wanted = os.environ.get("TELEPHONY_CASES")
        with concurrent.futures.ThreadPoolExecutor(at_once) as pool:
            running = {name: (pool.submit(case), must) for name, (case, must) in cases.items()
                       if not wanted or wanted in name}
        print(f"{what}:", file=sys.stderr)
        failed = []
        for name, (result, must) in running.items():
            if result.exception() is not None:
                failed.append(f"{name}: {''.join(traceback.format_exception(result.exception()))}")
                continue
            said, struck = result.result()
            print(f"  {name:44} {said}{'' if struck else ' (not reached)'}", file=sys.stderr)
            if must and not struck:
                failed.append(f"{name}: was not reached")
        sys.stderr.flush()
        self.assertEqual(failed, [])

    def matrix(self, kind):
        commits, asked = self.counted(kind)
        cases = {f"commit {number}, {point}": (Dies(kind(), self.preload, point, number), number <= commits - SPARE)
                 for number in range(1, commits + 1) for point in POINTS}
        seen, total = Counter(), Counter(asked)
        for method in asked:
            seen[method] += 1
            must = method not in LISTS or seen[method] <= total[method] - SPARE
            faults = {"answer held": HELD} if method in LISTS else FAULTS
            for how, fault in faults.items():
                name = f"{method} {seen[method]}, {how}"
                cases[name] = (KilledIn(kind(), method, seen[method], fault), must)
        self.run_all(f"{kind.__doc__} Killed at each of {commits} commits and {len(asked)} requests", cases,
                     kind.at_once)

    def test_a_dispatch_that_is_lost(self):
        self.matrix(Lost)

    def test_a_call_that_nobody_tells_of(self):
        self.matrix(Unheard)

    def test_a_phone_that_is_alone(self):
        self.matrix(Alone)


if __name__ == "__main__":
    unittest.main(verbosity=2)
