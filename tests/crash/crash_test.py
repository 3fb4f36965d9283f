"""kill -9 of our processes, at random, hundreds of times, while people phone in.

LiveKit's stub has callers, sends the webhooks they cause and retries them as the
real one does; each delivery arrives two to five times at once. Meanwhile random
processes of ours die at random moments. Afterwards every caller must have had
one agent, nothing acknowledged may be missing, and nothing may be left over.

    TELEPHONY_CRASH_SEED   what is random, again (not the moments)
    TELEPHONY_CRASH_KILLS  how many (200)
"""
import concurrent.futures
import heapq
import itertools
import os
import random
import signal
import statistics
import sys
import threading
import time
import unittest
from collections import Counter

import rig as rigs
from processes import runs
from repeater import Repeater

KILLS = int(os.environ.get("TELEPHONY_CRASH_KILLS", "200"))
SEED = int(os.environ.get("TELEPHONY_CRASH_SEED", "0")) or random.SystemRandom().randrange(1, 2**32)
FASTCGI = 4
WORKERS = 2
CALLS_PER_SECOND = 6
MEAN_BETWEEN_KILLS = 0.2
#: one kill in so many takes all our processes at once
MASSACRE = 25
LONGEST_LOAD = max(75, KILLS * 0.4)
DRAIN = 60
#: a request that was sent before the end became known may arrive so much later
IN_FLIGHT = 1.5
#: LiveKit takes its time, so that kills hit requests under way, and fails now and then; it acts
#: sooner than a takeover looks
FAULTS = (
    {"method": "CreateDispatch", "share": 0.08, "drop": "after"},
    {"method": "CreateDispatch", "share": 0.08, "delay_before_ms": 100, "drop": "before"},
    {"method": "CreateDispatch", "share": 0.05, "status": 503},
    {"method": "CreateDispatch", "share": 0.6, "delay_before_ms": 150, "delay_after_ms": 250},
    {"method": "ListDispatch", "share": 0.3, "delay_after_ms": 250},
    {"method": "ListParticipants", "share": 0.3, "delay_after_ms": 150},
    {"method": "DeleteRoom", "share": 0.1, "drop": "after"},
    {"method": "DeleteRoom", "share": 0.4, "delay_before_ms": 100, "delay_after_ms": 150},
)
#: what each delivery of these must leave in a call's timeline
RECORDED = {"participant_joined", "participant_left", "room_finished"}


class Killer:
    """Kills a random process of ours at random moments, and counts those that lived."""

    def __init__(self, rig, seed):
        self._rig = rig
        self._random = random.Random(seed)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._workers = [rig.start_worker() for _ in range(WORKERS)]
        self.kills = Counter()
        self.lifetimes = []
        self.failed = None

    @property
    def total(self):
        return sum(self.kills.values())

    def start(self):
        self._thread.start()

    def stop(self):
        self._stop.set()
        self._thread.join()
        for worker in self._workers:
            self._rig.end_worker(worker)
        if self.failed:
            raise self.failed

    def _run(self):
        try:
            while not self._stop.wait(self._random.expovariate(1 / MEAN_BETWEEN_KILLS)):
                self._strike()
            self._revive()
        except BaseException as error:
            self.failed = error

    def _strike(self):
        victims = self._living()
        self._random.shuffle(victims)
        everybody = self._random.randrange(MASSACRE) == 0
        for kind, pid, program in victims if everybody else victims[:1]:
            self._kill(kind, pid, program)
        self._revive()

    def _living(self):
        front = self._rig.front
        found = [("fastcgi", pid, front.program) for pid in front.fastcgi_pids()]
        ctl = self._rig.dir / "telephonyctl"
        return found + [("worker", w.pid, ctl) for w in self._workers if runs(w.pid, ctl)]

    def _kill(self, kind, pid, program):
        """Counts only if it was a living process of ours up to this instruction."""
        try:
            fd = os.pidfd_open(pid)
        except ProcessLookupError:
            return
        try:
            if runs(pid, program):
                self.lifetimes.append(_age(pid))
                signal.pidfd_send_signal(fd, signal.SIGKILL)
                self.kills[kind] += 1
        except ProcessLookupError:
            pass
        finally:
            os.close(fd)

    def _revive(self):
        """Whoever keeps workers alive (systemd) starts new ones at once."""
        for at, worker in enumerate(self._workers):
            if worker.poll() is not None:
                self._workers[at] = self._rig.start_worker()


def _age(pid):
    """Seconds a process has lived."""
    with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as stat:
        started = int(stat.read().rpartition(")")[2].split()[19]) / os.sysconf("SC_CLK_TCK")
    return time.clock_gettime(time.CLOCK_BOOTTIME) - started


class Callers:
    """People phone in; some hang up early, under some LiveKit dies."""

    def __init__(self, livekit, seed):
        self._livekit = livekit
        self._random = random.Random(seed)
        self._later = []
        self._order = itertools.count()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self.talkers = set()
        self.cancellers = set()
        self.restarted = set()
        self.failed = None

    @property
    def count(self):
        return len(self.talkers) + len(self.cancellers)

    def start(self):
        self._thread.start()

    def stop(self):
        """No new callers; those that are there go on."""
        self._stop.set()
        self._thread.join(DRAIN)
        if self._thread.is_alive():
            raise AssertionError("somebody under whom LiveKit was restarted got no agent")
        if self.failed:
            raise self.failed

    def _run(self):
        try:
            self._push(0, self._phone)
            while self._later:
                due, _, act = heapq.heappop(self._later)
                if due > time.monotonic():
                    time.sleep(due - time.monotonic())
                act()
        except BaseException as error:
            self.failed = error

    def _push(self, delay, act):
        heapq.heappush(self._later, (time.monotonic() + delay, next(self._order), act))

    def _phone(self):
        if self._stop.is_set():
            return
        kind = self._random.random()
        caller = f"+1555{self.count:07}"
        if kind < 0.1:
            call = self._livekit.call(caller=caller, cancel_after=self._random.uniform(0, 0.6))
            self.cancellers.add(call["room"])
        elif kind < 0.15:
            call = self._livekit.call(caller=caller)
            self.talkers.add(call["room"])
            self._push(0.5, lambda: self._restart_under(call["room"]))
        else:
            call = self._livekit.call(caller=caller, talk_time=self._random.uniform(0.2, 3))
            self.talkers.add(call["room"])
        self._push(self._random.expovariate(CALLS_PER_SECOND), self._phone)

    def _restart_under(self, room):
        """livekit-server dies once the agent is there; the phone comes back by itself."""
        if not self._agents(room):
            self._push(0.2, lambda: self._restart_under(room))
            return
        self.restarted.add(room)
        self._livekit.restart(room=room, return_after=0.7)
        self._push(1.2, lambda: self._hang_up(room))

    def _hang_up(self, room):
        if not self._agents(room):
            self._push(0.2, lambda: self._hang_up(room))
        else:
            self._livekit.hang_up(room=room)

    def _agents(self, room):
        try:
            return self._livekit.wait("agents", room=room, at_least=1, timeout=0)
        except TimeoutError:
            return 0


class CrashTest(unittest.TestCase):
    def test_kill_9_under_load(self):
        rigs.require()
        print(f"TELEPHONY_CRASH_SEED={SEED}", flush=True)
        with rigs.Rig(count=FASTCGI, webhooks=False,
                      settings={"TELEPHONY_ROOM_DELETE": "1", "TELEPHONY_RECONCILE_INTERVAL": "5"}) as rig:
            with Repeater(rig.webhook_url, SEED) as self.repeater:
                rig.livekit.webhook_urls(self.repeater.url)
                rig.livekit.faults(*FAULTS, seed=SEED)
                began = time.monotonic()
                self.load(rig)
                self.drain(rig)
                took = time.monotonic() - began
            self.check(rig, took)

    def load(self, rig):
        self.killer = Killer(rig, SEED + 1)
        self.callers = Callers(rig.livekit, SEED + 2)
        self.callers.start()
        self.killer.start()
        deadline = time.monotonic() + LONGEST_LOAD
        while self.killer.total < KILLS and time.monotonic() < deadline and \
                not self.killer.failed and not self.callers.failed:
            time.sleep(0.05)
        self.killer.stop()
        self.callers.stop()
        self.assertGreaterEqual(self.killer.total, KILLS, "too few of our processes lived to be killed")
        for kind in ("fastcgi", "worker"):
            self.assertGreater(self.killer.kills[kind], KILLS / 10, self.killer.kills)

    def drain(self, rig):
        """All callers are served and gone, all rooms deleted, all jobs done."""
        livekit, calls = rig.livekit, self.callers.count
        try:
            livekit.wait("ended_calls", exactly=calls, timeout=DRAIN)
            livekit.wait("rooms", exactly=0, timeout=DRAIN)
            livekit.wait("webhooks", outcome="pending", exactly=0, timeout=DRAIN)
        except TimeoutError as error:
            unserved = [c for c in livekit.state()["calls"] if c["ended"] is None]
            rooms = [r["name"] for r in livekit.state()["rooms"]]
            records = [rig.call(name) for name in [c["room"] for c in unserved][:2] + rooms[:2]]
            self.fail(f"{error}\ncallers {unserved[:5]}\nrooms {rooms[:5]}\n{records}\n{rig.log()}")
        self.stats = rig.await_no_jobs(DRAIN)

    # Afterwards.

    def check(self, rig, took):
        state = rig.livekit.state()
        deliveries = rig.livekit.deliveries()
        calls = rig.calls()
        log = rig.front.log() + (rig.dir / "worker.log").read_text(errors="replace")
        self.check_dispatches(state, deliveries)
        self.check_calls(calls, deliveries)
        self.check_events(rig, calls, deliveries)
        self.check_store(rig, calls)
        began = log.count('"started"') + log.count('"work_started"')
        self.assertGreater(began, KILLS / 2, "hardly any killed process had got to work")
        requests = state["requests"].get("CreateDispatch", {})
        print("crash test: " + ", ".join([
            f"{self.killer.total} kills ({', '.join(f'{n} {k}' for k, n in sorted(self.killer.kills.items()))}; "
            f"{began} processes had begun to work, "
            f"the killed had lived {statistics.median(self.killer.lifetimes):.1f} s in the median)",
            f"{self.callers.count} calls ({len(self.callers.cancellers)} hung up early, "
            f"{len(self.callers.restarted)} had LiveKit restarted)",
            f"{len(self.repeater.acknowledged)} events acknowledged of {len(deliveries)}, "
            f"answers {self.repeater.answers}",
            f"{state['dispatch_count']} dispatches by {requests.get('total', 0)} requests",
            f"{state['ghosts']} ghosts, all deleted",
            f"{log.count('job_taken_over')} takeovers, {log.count('dispatch_found')} dispatches found",
            f"{took:.1f} s"]), file=sys.stderr, flush=True)

    def check_dispatches(self, state, deliveries):
        """One a life of a room with an answered caller, none more, none when all was over."""
        by_life = Counter(d["room_sid"] for d in state["dispatches"])
        self.assertLessEqual(max(by_life.values(), default=0), 1,
                             [d for d in state["dispatches"] if by_life[d["room_sid"]] > 1])
        self.assertLessEqual(state["max_living_dispatches"], 1)
        for call in state["calls"]:
            if call["room"] in self.callers.talkers:
                self.assertTrue(call["answered"], call)
        expected = self.callers.talkers | self.callers.restarted
        by_room = Counter(d["room"] for d in state["dispatches"] if not d["ghost"])
        for room in expected:
            self.assertEqual(by_room[room], 2 if room in self.callers.restarted else 1, room)
        self.check_none_after_the_end(state, deliveries)

    def check_none_after_the_end(self, state, deliveries):
        left = {d["room"]: self.repeater.acknowledged[d["id"]] for d in deliveries
                if d["event"] == "participant_left" and d["id"] in self.repeater.acknowledged
                and d["body"]["participant"].get("kind") == "SIP"}
        for dispatch in state["dispatches"]:
            over = left.get(dispatch["room"])
            if over is not None:
                self.assertLess(dispatch["created_at"], over + IN_FLIGHT, dispatch)

    def check_calls(self, calls, deliveries):
        """One record a caller, and each is over."""
        heard_of = {d["room"] for d in deliveries if d["id"] in self.repeater.acknowledged
                    and d["body"].get("participant", {}).get("kind") == "SIP"}
        self.assertEqual(Counter(c["roomName"] for c in calls), Counter(heard_of))
        for call in calls:
            self.assertIn(call["status"], ("ended", "failed"), call)
            self.assertIsNotNone(call["outcome"], call)
            if call["roomName"] in self.callers.talkers:
                self.assertEqual(call["outcome"], "completed", call)

    def check_events(self, rig, calls, deliveries):
        """What was answered with 2xx is in a timeline: the very event, by its id."""
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            timelines = list(pool.map(rig.timeline, [call["callId"] for call in calls]))
        stored = {entry["evidence"].get("eventId") for timeline in timelines for entry in timeline}
        missing = [d for d in deliveries if d["id"] in self.repeater.acknowledged
                   and d["event"] in RECORDED and d["id"] not in stored]
        self.assertEqual(missing, [])

    def check_store(self, rig, calls):
        self.assertEqual(self.stats["calls"], len(calls))
        self.assertEqual(self.stats["liveCalls"], 0)
        checked = rig.ctl("store", "check")
        self.assertEqual(checked.returncode, 0, checked.stdout + checked.stderr)
        # Nobody lives any more but who asks: the slots of the hundreds of dead must be free.
        rig.front.stop()
        self.assertEqual(rig.front.killed, [])
        self.assertLessEqual(rig.stats()["readers"], 1)


if __name__ == "__main__":
    unittest.main(verbosity=2)
