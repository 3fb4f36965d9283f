"""What the tests of self-healing stand on: an installation, who runs its jobs, and a judge.

    class Lost(cases.Cases):
        kind = home.Home
        rig = {"driver": "work"}

        def case_share(self, rig):
            rig.livekit.webhook_faults(drop=0.3)
            rig.livekit.calls(50, caller="+1555010{n}", talk_time=4)
            return rig.judge()
"""
import datetime
import json
import pathlib
import statistics
import struct
import sys
import threading
import time
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent), str(HERE.parent / "crash"), str(HERE.parent / "servers")]

import fronts  # noqa: E402
import processes  # noqa: E402
import rig as rigs  # noqa: E402

#: TELEPHONY_RECONCILE_INTERVAL of the tests
INTERVAL = 2
#: what a reconcile may add to its interval
ROUND = 1.0
#: a machine that runs other tests beside these is so much slower
SLACK = 1.5
#: LiveKit is back: all that is due is done by then
RETURN = 5.0
#: a dispatch without a job is known to be lost
LOST = 2.0
#: the longest pause between two dispatches while somebody waits
BACKOFF = 4.0
#: from the agent's leaving to the look
LEFT = 1.0
#: from the deleting of a dispatch to the next agent: looking again, the first pause, looking before it is sent
REPLACE = 2.5
#: a room is left over when its call has been over for so long
LEFT_OVER = 31.0
#: once all attempts were in vain, the pause between two more
KEEP = 11.0
#: who came so lately may be missing in a list of LiveKit's: he is not taken for gone
FRESH = 5.5
#: so often cron's `work --once` runs here
CRON = 1.0
GRACE = 4
PATIENCE = 30

_META = struct.Struct("=I I 2Q 24x 24x 24x 24x Q Q")
_META_AT = 16
_PAGE_SIZE_AT = _META_AT + 24
_MAGIC = 0xBEEFC0DE


def last_transaction(store):
    """The number of the last commit to an LMDB store, from its two meta pages."""
    with open(store / "data.mdb", "rb") as file:
        head = file.read(_PAGE_SIZE_AT + 4)
        (size,) = struct.unpack_from("=I", head, _PAGE_SIZE_AT)
        numbers = []
        for page in (0, 1):
            file.seek(page * size + _META_AT)
            fields = _META.unpack(file.read(_META.size))
            assert fields[0] == _MAGIC, "not a meta page of LMDB"
            numbers.append(fields[-1])
    return max(numbers)


def _seconds(text):
    return datetime.datetime.fromisoformat(text).timestamp()


class Home(rigs.Rig):
    """A rig with a driver:

    fcgi   the FastCGI processes run the jobs
    work   telephonyctl work does, they don't
    once   nothing but telephonyctl work --once, every CRON seconds
    cgi    plain CGI, each process after its answer
    nobody no jobs are run until the test sees to it

    routes: what is in routes.json
    """

    def __init__(self, driver="fcgi", routes=None, settings=None, stub=None, **more):
        self.driver = driver
        defaults = {"TELEPHONY_RECONCILE_INTERVAL": str(INTERVAL), "TELEPHONY_RETURN_GRACE": str(GRACE),
                    "TELEPHONY_METRICS": "true"}
        if driver in ("work", "once", "nobody"):
            defaults["TELEPHONY_RUN_JOBS"] = "false"
        if driver == "cgi":
            self.kind = fronts.ApacheCgi
        times = {"departure_timeout": 5, "empty_timeout": 30, "agent_linger": 1}
        super().__init__(settings={**defaults, **(settings or {})}, stub={**times, **(stub or {})}, **more)
        if routes is not None:
            path = self.dir / "routes.json"
            path.write_text(json.dumps(routes))
            self._settings["TELEPHONY_ROUTES"] = str(path)
        self._stop_cron = threading.Event()
        self._cron = threading.Thread(target=self._run_cron, daemon=True)

    def __enter__(self):
        super().__enter__()
        if self.driver == "work":
            self.start_worker()
        if self.driver == "once":
            self._cron.start()
        return self

    def __exit__(self, *unused):
        self.stop_cron()
        super().__exit__(*unused)

    def _run_cron(self):
        while not self._stop_cron.wait(CRON):
            self.ctl("work", "--once", "--patience", "10")

    def stop_cron(self):
        self._stop_cron.set()
        if self._cron.is_alive():
            self._cron.join()

    @property
    def delay(self):
        """What the driver adds to every time."""
        return CRON + SLACK if self.driver == "once" else SLACK

    def phone_in(self, count, **plan):
        """So many people at once; they talk for two seconds if not said otherwise."""
        return self.livekit.calls(count, **{"caller": "+15551{n}", "talk_time": 2, **plan})

    # What there is to see.

    def transaction(self):
        return last_transaction(self.dir / "state")

    def get(self, path):
        """(body, seconds it took)"""
        began = time.monotonic()
        with urllib.request.urlopen(self.front.url + path, timeout=10) as answer:
            return answer.read().decode(), time.monotonic() - began

    def read_metrics(self):
        lines = [line for line in self.get("/telephony/metrics")[0].splitlines() if not line.startswith("#")]
        return {line.rpartition(" ")[0]: int(line.rpartition(" ")[2]) for line in lines}

    def metric(self, name, **labels):
        return self.read_metrics()[name + "{" + ",".join(f'{key}="{value}"' for key, value in labels.items()) + "}"]

    def callers(self):
        return self.livekit.state()["calls"]

    def served(self, at_least=None, timeout=PATIENCE, **which):
        """Waits until nobody in a room is without an agent, and at least so many have one."""
        if at_least is not None:
            self.livekit.wait("agents", at_least=at_least, timeout=timeout, **which)
        self.livekit.wait("unserved", exactly=0, timeout=timeout, **which)

    # The judge.

    def waits(self, since=0.0):
        """Seconds that phones waited for an agent, from `since` at the earliest: (those who got one, those who left)."""
        came, left = [], []
        for phone in self.callers() + self.livekit.state()["dials"]:
            for wait in phone["waits"]:
                until = time.time() if wait["until"] is None else wait["until"]
                took = max(until - max(wait["since"], since), 0.0)
                (came if wait["over"] == "agent" else left).append(took)
        return came, left

    def check_waits(self, bound, since=0.0):
        """Nobody who stayed waited longer; the longest and the median as text."""
        came, left = self.waits(since)
        worst = max(came + left, default=0.0)
        assert worst <= bound + self.delay, f"somebody waited {worst:.2f} s, not {bound} s\n{self.who_waited(bound)}"
        if not came:
            return "nobody served"
        return f"{len(came)} agents, after {statistics.median(came):.2f} s (median), {max(came):.2f} s (worst)"

    def who_waited(self, longer):
        found = [caller for caller in self.callers()
                 if any((wait["until"] or time.time()) - wait["since"] > longer for wait in caller["waits"])]
        return "\n".join(f"{caller}\n{self.story(caller['room'])}" for caller in found[:1])

    def story(self, room):
        """What happened to a room: what was asked, what was told, and what the timeline says of it."""
        lines = [(r["at"], f"<- {r['method']} {r['status']}") for r in self.livekit.requests(room=room)]
        lines += [(d["queued_at"], f"-> {d['event']} {d['outcome']} {d['body']['room']['sid']}"
                                   f" {d['body'].get('participant', {}).get('sid', '')}")
                  for d in self.livekit.deliveries(room=room) if not d["event"].startswith("track")]
        for call in self.ctl_json("calls", "list", "--room", room)["calls"]:
            lines += [(_seconds(entry["at"]), f"   {entry['source']}: {entry['what']}: {entry['result']} {entry['evidence']}")
                      for entry in self.timeline(call["callId"])]
        return "\n".join(f"{at % 1000:7.3f} {text}" for at, text in sorted(lines))

    def check_one_agent(self):
        """Never two living dispatches, nor two agents whom nobody told to go, in a life of a room."""
        state = self.livekit.state()
        crowded = [life for life in state["room_lives"] if life["max_living"] > 1 or life["max_working"] > 1]
        assert not crowded, f"{len(crowded)} rooms with two: {crowded[0]}\n{self.story(crowded[0]['room'])}"

    def await_end(self, timeout=PATIENCE):
        """All have hung up, or were hung up on; nothing is left to do, no room is left."""
        try:
            self.livekit.wait("ended_calls", exactly=len(self.callers()) + self.livekit.state()["dial_count"],
                              timeout=timeout)
            self.livekit.wait("rooms", exactly=0, timeout=timeout)
        except TimeoutError as error:
            raise AssertionError(f"{error}\n{self.left_over()}") from error
        self.until(lambda: not self.ctl_json("calls", "list", "--live", "--limit", "1000")["calls"],
                   lambda: f"calls go on: {self.ctl_json('calls', 'list', '--live')['calls'][:2]}", timeout)
        self.await_no_jobs(timeout)

    def left_over(self):
        state = self.livekit.state()
        names = [call["room"] for call in state["calls"] if call["ended"] is None]
        names += [room["name"] for room in state["rooms"]]
        return "\n".join(f"{name}: {self.call(name)}\n{self.story(name)}" for name in names[:2])

    def check_outcomes(self, heard=True, unheard_of=0.0):
        """Each phone has one call, whose outcome is what its caller did.

        heard        False: no webhook tells of ends, so an honest "unknown" will do
        unheard_of   who stayed no longer than this may have been missed altogether
        """
        calls, lives = {}, {life["room"]: life for life in self.livekit.state()["room_lives"]}
        for call in self.calls():
            calls.setdefault((call["sipParticipant"] or {}).get("sipCallId"), []).append(call)
        for caller in self.callers():
            found = calls.pop(caller["sip_call_id"], [])
            if not found and stay(caller) <= unheard_of:
                continue
            assert len(found) == 1, f"{len(found)} calls of {caller}"
            self._check_outcome(found[0], caller, None if heard else lives[caller["room"]])
        assert not calls, f"calls of nobody: {list(calls.values())[:2]}"

    def _check_outcome(self, call, caller, life):
        """`life`: of its room, if nobody may have heard the caller leave."""
        assert call["status"] in ("ended", "failed"), call
        true = outcomes(caller)
        if life:
            true = true | {"unknown"} | ({"completed"} if life["max_agents"] else set())
            # Nobody told of the agent, and the watchdog had not looked yet.
            true = true | ({"canceled"} if stay(caller) < LOST + self.delay else set())
        assert call["outcome"] in true, f"{call['outcome']}, not {true}: {caller}\n{call}\n{self.story(call['roomName'])}"

    def check_store(self):
        """It fits together, nothing is to be done, and nobody dead still reads."""
        self.stop_cron()
        stats = self.stats()
        assert (stats["pendingCalls"], stats["leasedCalls"], stats["liveCalls"]) == (0, 0, 0), stats
        checked = self.ctl("store", "check")
        assert checked.returncode == 0, checked.stdout + checked.stderr
        for worker in self._workers:
            self.end_worker(worker)
        self.front.stop()
        readers = self.stats()["readers"]
        assert readers == 0, f"{readers} readers, and nobody is there"

    def judge(self, bound, since=0.0, heard=True, unheard_of=0.0, timeout=PATIENCE):
        """All of it, once everybody is to hang up; what came out, as text."""
        self.await_end(timeout)
        #: as they were at the end
        self.metrics = self.read_metrics()
        text = self.check_waits(bound, since)
        self.check_one_agent()
        self.check_outcomes(heard, unheard_of)
        ghosts = self.livekit.state()["ghosts"]
        self.check_store()
        return text + (f", {ghosts} ghosts deleted" if ghosts else "")


def stay(caller):
    """Seconds from his ringing to his end."""
    return caller["ended_at"] - caller["waits"][0]["since"]


def outcomes(caller):
    """What may be said of a caller who was heard of all the time."""
    had_agent = any(wait["over"] == "agent" for wait in caller["waits"])
    if had_agent:
        return {"completed"}
    if caller["ended"] in ("ROOM_DELETED", "PARTICIPANT_REMOVED"):
        return {"failed"}
    if caller["ended"] == "SERVER_DIED":
        return {"unknown"}
    return {"canceled", "no_answer"}
