"""A whole installation for one test: LiveKit's stub, lighttpd, our processes, one store.

    with Rig() as rig:
        room = rig.livekit.call(talk_time=1)["room"]
        rig.await_call(room, status="ended")

Everything listens on free ports of 127.0.0.1 and lives in temporary directories;
leaving the rig ends all of it.
"""
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent), str(HERE.parent / "servers")]

import fronts  # noqa: E402
import processes  # noqa: E402
from livekit_stub.client import Stub  # noqa: E402

BUILD = pathlib.Path(os.environ.get("top_builddir", HERE.parents[1]))
PROGRAM = pathlib.Path(os.environ.get("TELEPHONY_FCGI", BUILD / "fcgi" / "telephony.fcgi"))
CTL = pathlib.Path(os.environ.get("TELEPHONYCTL", BUILD / "ctl" / "telephonyctl"))
WEBHOOK = "/telephony/livekit-webhook"
AGENT = "phone-agent"
POLL = 0.02
PATIENCE = 20


def require():
    """Skips where something is missing; with TELEPHONY_FRONTS=all that is an error."""
    lacking = fronts.Lighttpd.missing()
    for path in (PROGRAM, CTL):
        lacking = lacking or (None if path.exists() else f"no {path.name} was built")
    if lacking and os.environ.get("TELEPHONY_FRONTS") == "all":
        raise fronts.FrontError(lacking)
    if lacking:
        raise unittest.SkipTest(lacking)


class _Lighttpd(fronts.Lighttpd):
    """The shipped configuration with another number of processes."""

    def __init__(self, *args, count, **kwargs):
        super().__init__(*args, **kwargs)
        self._count = count

    def shipped(self, name, **values):
        text = super().shipped(name, **values)
        assert text.count('"max-procs" => 2') == 1, text
        return text.replace('"max-procs" => 2', f'"max-procs" => {self._count}')


def crashpoints(directory):
    """Builds crashpoint.c into `directory`; the library's path."""
    library = directory / "crashpoint.so"
    subprocess.run([os.environ.get("CC", "cc").split()[0], "-shared", "-fPIC", "-O1", "-Wall",
                    "-o", str(library), str(HERE / "crashpoint.c"), "-ldl"], check=True)
    return library


class Rig:
    """stub and settings are options of the stub and of the program.

    count     FastCGI processes below lighttpd
    preload   library of crashpoints(): then arm() works
    webhooks  False: the stub sends none until the test says where to
    """

    #: what the program runs behind
    kind = _Lighttpd

    def __init__(self, count=2, preload=None, webhooks=True, stub=None, settings=None):
        self._directory = tempfile.TemporaryDirectory(prefix="tel-crash-")
        self.dir = pathlib.Path(self._directory.name).resolve()
        self._workers = []
        self._webhooks = webhooks
        self.livekit = Stub(**{"agent_delay": 0.05, "answer_delay": 0.02, "empty_timeout": 600,
                               "departure_timeout": 600, "list_dispatch_delay": 0.5, **(stub or {})})
        # Rounds of the reconciler ask and commit in between: whoever counts has none.
        self._settings = {"TELEPHONY_AGENT_NAME": AGENT, "TELEPHONY_ROOM_DELETE": "now",
                          "TELEPHONY_RECONCILE_INTERVAL": "never",
                          "TELEPHONY_THREADS": "4", "TELEPHONY_STORE_SIZE": "256M", **(settings or {})}
        self._count = count
        self._preload = preload
        self.order = self.dir / "order"
        self.front = None

    def __enter__(self):
        processes.open_way(self.dir / "x")
        (self.dir / "state").mkdir(mode=0o700)
        processes.put_program(CTL, self.dir / "telephonyctl")
        if self._preload:
            shutil.copy(self._preload, self.dir)
        processes.hand_over(self.dir)
        try:
            self.livekit.start()
            self.start_front()
            if self._webhooks:
                self.livekit.webhook_urls(self.webhook_url)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *unused):
        for worker in self._workers:
            self.end_worker(worker)
        if self.front is not None:
            self.front.stop()
        self.livekit.stop()
        self._directory.cleanup()

    def preloaded(self):
        """The environment of a process that arm() is about."""
        if not self._preload:
            return {}
        return {"TELEPHONY_CRASH_ORDER": str(self.order),
                "LD_PRELOAD": str(self.dir / pathlib.Path(self._preload).name),
                "ASAN_OPTIONS": "verify_asan_link_order=0"}

    def start_front(self):
        """The web server and the program behind it; again after front.stop(), elsewhere."""
        more = {"count": self._count} if self.kind is _Lighttpd else {}
        self.front = self.kind(PROGRAM, env=self.preloaded(), state_dir=self.dir / "state", config={
            "LIVEKIT_URL": self.livekit.url, "LIVEKIT_API_KEY": self.livekit.key,
            "LIVEKIT_API_SECRET": self.livekit.secret,
            "TELEPHONY_STORE": f"lmdb:{self.dir / 'state'}", **self._settings}, **more)
        self.front.start()
        # Not the whole directory: the program is at work in it, and makes and renames files.
        processes.hand_over(pathlib.Path(shutil.copy(self.front.config_path, self.dir / "telephony.conf")))
        self.until(self._answers, "the program does not answer")

    @property
    def webhook_url(self):
        return self.front.url + WEBHOOK

    def _answers(self):
        try:
            with urllib.request.urlopen(f"{self.front.url}/telephony/healthz", timeout=10) as answer:
                return answer.status == 200
        except OSError:
            return False

    # Our processes.

    def pid(self):
        """The one FastCGI process, as soon as there is one."""
        return self.until(self.front.fastcgi_pids, "no FastCGI process")[0]

    def kill(self):
        """kill -9 to every FastCGI process; when that was."""
        for pid in self.front.fastcgi_pids():
            processes.send_signal(pid, signal.SIGKILL)
        return time.time()

    def environment(self):
        return {"PATH": os.environ.get("PATH", os.defpath), "LANG": "C",
                "TELEPHONY_CONFIG": str(self.dir / "telephony.conf")}

    def start_worker(self, **environment):
        """telephonyctl work, until killed or the end of the rig."""
        with open(self.dir / "worker.log", "ab") as log:
            worker = subprocess.Popen(
                [str(self.dir / "telephonyctl"), "work"], stdin=subprocess.DEVNULL, stdout=log,
                stderr=log, cwd=self.dir, env={**self.environment(), **environment},
                start_new_session=True, **processes.run_as())
        self._workers.append(worker)
        return worker

    @staticmethod
    def end_worker(worker):
        if worker.poll() is None:
            worker.send_signal(signal.SIGCONT)
            worker.kill()
        worker.wait()

    def ctl(self, *words, timeout=60):
        return subprocess.run([str(self.dir / "telephonyctl"), *words], cwd=self.dir, text=True,
                              env=self.environment(), stdin=subprocess.DEVNULL, capture_output=True,
                              timeout=timeout, **processes.run_as())

    def ctl_json(self, *words):
        done = self.ctl(*words, "--json")
        if done.returncode != 0:
            raise AssertionError(f"telephonyctl {' '.join(words)}: {done.returncode}\n{done.stderr}\n{self.log()}")
        return json.loads(done.stdout)

    def arm(self, point):
        """The next commit of a FastCGI process will not get beyond that point."""
        unfinished = self.order.with_suffix(".new")
        unfinished.write_text(point)
        processes.hand_over(unfinished)
        unfinished.rename(self.order)

    def count_commits(self):
        """From now on; the function that tells how many there were."""
        log = pathlib.Path(f"{self.order}.log")
        log.touch()
        processes.hand_over(log)
        return lambda: len(log.read_bytes())

    def await_hit(self):
        """When the armed point was reached, and its process died."""
        hit = pathlib.Path(f"{self.order}.hit")
        self.until(hit.exists, "no commit reached the crash point")
        return hit.stat().st_ctime

    # What there is to see.

    def calls(self):
        return self.ctl_json("calls", "list", "--limit", "100000")["calls"]

    def call(self, room):
        """The newest call of that room, or None."""
        found = self.ctl_json("calls", "list", "--room", room)["calls"]
        return found[0] if found else None

    def timeline(self, call_id):
        return self.ctl_json("calls", "show", call_id, "--timeline")["timeline"]

    def stats(self):
        return self.ctl_json("store", "stats")

    def dispatches(self, room):
        return [d for d in self.livekit.state()["dispatches"] if d["room"] == room]

    def log(self):
        worker = self.dir / "worker.log"
        text = self.front.log() if self.front else ""
        return (text + (worker.read_text(errors="replace") if worker.exists() else ""))[-8000:]

    # Waiting.

    def until(self, look, otherwise, timeout=PATIENCE):
        """What look() returns, once that is true."""
        deadline = time.monotonic() + timeout
        while True:
            value = look()
            if value:
                return value
            if time.monotonic() > deadline:
                raise AssertionError(f"{otherwise() if callable(otherwise) else otherwise}\n{self.log()}")
            time.sleep(POLL)

    def await_call(self, room, timeout=PATIENCE, **wanted):
        """The room's newest call, once it has these fields."""
        last = []

        def look():
            call = self.call(room)
            last[:] = [call]
            return call if call and wanted.items() <= call.items() else None

        return self.until(look, lambda: f"{room} is not {wanted}: {last}", timeout)

    def await_requests(self, method, room, at_least=1, timeout=PATIENCE):
        self.livekit.wait("requests", method=method, room=room, at_least=at_least, timeout=timeout)

    def await_no_jobs(self, timeout=PATIENCE):
        """Nothing is left to be done for any call."""
        last = []

        def look():
            last[:] = [self.stats()]
            return last[0]["pendingCalls"] == 0 and last[0]["leasedCalls"] == 0

        self.until(look, lambda: f"jobs are left: {last}", timeout)
        return last[0]
