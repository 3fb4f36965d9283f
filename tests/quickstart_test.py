"""./quickstart in a tree of its own, with programs that are built already.

What it installs and how it builds is not tried here (.ci/run does that): the tree
has a Makefile that has nothing to do, and every package counts as installed.
"""
import json
import os
import pathlib
import re
import select
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent
sys.path[:0] = [str(HERE), str(HERE / "servers")]

import fronts  # noqa: E402
import processes  # noqa: E402
from livekit_stub.client import Stub  # noqa: E402

PROGRAM = pathlib.Path(os.environ.get("TELEPHONY_FCGI", ROOT / "fcgi" / "telephony.fcgi"))
CTL = pathlib.Path(os.environ.get("TELEPHONYCTL", ROOT / "ctl" / "telephonyctl"))
PATIENCE = 60
SERVING = "Serving until Ctrl-C."


def requirements():
    for program in (PROGRAM, CTL):
        if not program.exists():
            return f"no {program.name}: build it first"
    for name in ("bash", "curl"):
        if shutil.which(name) is None:
            return f"{name} is not installed"
    return fronts.Lighttpd.missing()


def make_tree():
    """What quickstart needs of a clone, where nothing is left to be built."""
    tree = pathlib.Path(tempfile.mkdtemp(prefix="tel-quick&start-"))
    for name in ("quickstart", "apache-conf", "tests/livekit_stub", "tests/demo_call.py"):
        source, target = ROOT / name, tree / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, target)
    for program, name in ((PROGRAM, "fcgi/telephony.fcgi"), (CTL, "ctl/telephonyctl")):
        (tree / name).parent.mkdir()
        shutil.copy(program, tree / name)
    # Each newer than what it is made of.
    for age, name in enumerate(("configure.ac", "configure", "config.status", "Makefile.am", "Makefile.in", "Makefile")):
        (tree / name).write_text("all:\n")
        os.utime(tree / name, (1000 + age, 1000 + age))
    (tree / "bin").mkdir()
    (tree / "bin" / "dpkg-query").write_text("#!/bin/sh\nprintf installed\n")
    (tree / "bin" / "dpkg-query").chmod(0o755)
    return tree


def setUpModule():
    """Whoever is started with SIGINT ignored, as background jobs are, can't hear of it."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


class Quickstart(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        lacking = requirements()
        if lacking:
            raise unittest.SkipTest(lacking)

    def setUp(self):
        self.tree = self.new_tree()
        self.port = processes.free_port()

    def new_tree(self):
        tree = make_tree()
        self.addCleanup(shutil.rmtree, tree)
        return tree

    def start(self, *arguments, tree=None, port=None, **environment):
        tree = tree or self.tree
        known = {"PATH": f"{tree}/bin:{os.environ['PATH']}:/usr/sbin", "QUICKSTART_PORT": str(port or self.port)}
        process = subprocess.Popen(["./quickstart", *arguments], cwd=tree, env=known | environment, text=True,
                                   stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                   start_new_session=True)
        self.addCleanup(self.stop, process)
        return process

    @staticmethod
    def stop(process):
        """By a signal that it hears, so that it stops what it has started."""
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGTERM)
        process.communicate(timeout=PATIENCE)

    def run_once(self, **more):
        process = self.start("--once", **more)
        text = process.communicate(timeout=PATIENCE)[0]
        return process.returncode, text

    def read_until(self, process, wanted):
        """Its output so far, as soon as that has `wanted` in it."""
        text, deadline = "", time.monotonic() + PATIENCE
        while wanted not in text:
            left = max(0, deadline - time.monotonic())
            ready = select.select([process.stdout], [], [], left)[0]
            more = os.read(process.stdout.fileno(), 65536).decode() if ready else ""
            self.assertTrue(more, f"no {wanted!r} in:\n{text}")
            text += more
        return text

    def check_nothing_is_left(self, tree=None, port=None):
        tree = tree or self.tree
        left = processes.pids_where(lambda pid: processes.runs(pid, tree / "fcgi" / "telephony.fcgi"))
        self.assertEqual(processes.await_end(left, 5), [])
        with socket.socket() as probe:
            self.assertNotEqual(probe.connect_ex(("127.0.0.1", port or self.port)), 0)
        self.assertFalse((tree / "var" / "run").exists())

    def test_once_shows_a_call_and_leaves_nothing_but_var(self):
        before = set(os.listdir(self.tree))
        status, text = self.run_once()
        self.assertEqual(status, 0, text)
        self.assertIn("One call, one dispatch, outcome completed.", text)
        self.assertRegex(text, "agent_dispatched|dispatched")
        self.check_nothing_is_left()
        self.assertEqual(set(os.listdir(self.tree)) - before, {"var"})

    def readme(self, begins):
        """The README's command that begins so, for this port, run where a reader would."""
        lines = (ROOT / "README.md").read_text().splitlines()
        command = next(line for line in lines if line.startswith(begins))
        done = subprocess.run(["/bin/sh", "-euc", command.replace(":8080/", f":{self.port}/")], cwd=self.tree,
                              text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=PATIENCE,
                              check=False)
        self.assertEqual(done.returncode, 0, done.stdout)
        return done.stdout

    def test_readme_calls_somebody(self):
        first = self.start()
        self.read_until(first, SERVING)
        refused = json.loads(self.readme("curl -s -H"))
        self.assertEqual(refused["status"], 403, refused)
        self.assertIn("TELEPHONY_ALLOW_PREFIXES", refused["detail"])
        self.readme("echo 'TELEPHONY_ALLOW")
        self.stop(first)
        self.read_until(self.start(), SERVING)
        call = json.loads(self.readme("curl -s -H"))
        self.assertEqual((call["direction"], call["to"]), ("outbound", "+15550200"), call)
        self.assertTrue(self.is_answered(call["callId"]))

    def is_answered(self, call_id):
        token = (self.tree / "var" / "token").read_text()
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}/telephony/calls/{call_id}",
                                         headers={"Authorization": f"Bearer {token}"})
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
                if json.load(answer)["answeredAt"]:
                    return True
            time.sleep(0.05)
        return False

    def test_again_keeps_settings_and_store_to_itself(self):
        self.assertEqual(self.run_once()[0], 0)
        config = self.tree / "var" / "telephony.conf"
        config.write_text(config.read_text() + "TELEPHONY_THREADS=2\n")
        secret = re.search("^LIVEKIT_API_SECRET=(.{64})$", config.read_text(), re.M).group(1)
        status, text = self.run_once()
        self.assertEqual(status, 0, text)
        self.assertIn(f"LIVEKIT_API_SECRET={secret}\n", config.read_text())
        self.assertIn("TELEPHONY_THREADS=2\n", config.read_text())
        for path, mode in ((config, 0o600), (self.tree / "var", 0o700), (self.tree / "var" / "store", 0o700)):
            self.assertEqual(stat.S_IMODE(path.stat().st_mode), mode, path)

    def test_two_at_once(self):
        other, other_port = self.new_tree(), processes.free_port()
        both = [self.start("--once"), self.start("--once", tree=other, port=other_port)]
        for process in both:
            text = process.communicate(timeout=PATIENCE)[0]
            self.assertEqual(process.returncode, 0, text)
        self.check_nothing_is_left(other, other_port)

    def test_a_second_one_in_the_tree_leaves_the_first_alone(self):
        first = self.start()
        self.read_until(first, SERVING)
        for words in (["--once"], ["check"]):
            with self.subTest(words=words):
                second = self.start(*words, port=processes.free_port())
                text = second.communicate(timeout=PATIENCE)[0]
                self.assertEqual(second.returncode, 1, text)
                self.assertIn("quickstart runs in this tree already", text)
                health = f"http://127.0.0.1:{self.port}/telephony/healthz"
                self.assertEqual(urllib.request.urlopen(health, timeout=PATIENCE).status, 200)

    def test_no_secret_is_in_the_list_of_processes(self):
        process = self.start()
        self.read_until(process, SERVING)
        config = (self.tree / "var" / "telephony.conf").read_text()
        secret = re.search("^LIVEKIT_API_SECRET=(.{64})$", config, re.M).group(1)
        session = processes.pids_where(lambda pid: processes.alive_in(pid, process.pid))
        shown = [pathlib.Path(f"/proc/{pid}/cmdline").read_bytes().decode() for pid in session]
        self.assertTrue(any("livekit_stub" in words for words in shown), shown)
        for words in shown:
            self.assertNotIn(secret, words)

    def test_a_taken_port_is_named(self):
        with socket.create_server(("127.0.0.1", self.port)):
            status, text = self.run_once()
        self.assertEqual(status, 1)
        self.assertIn(f"port {self.port} ", text)
        self.assertIn("QUICKSTART_PORT", text)

    def test_what_is_no_port_is_named(self):
        for port in ("0", "80x", "99999", "-1"):
            with self.subTest(port=port):
                status, text = self.run_once(QUICKSTART_PORT=port)
                self.assertEqual(status, 2, text)
                self.assertIn(f'QUICKSTART_PORT: "{port}"', text)
                self.assertFalse((self.tree / "var").exists())

    def test_serves_until_interrupted(self):
        process = self.start()
        text = self.read_until(process, SERVING)
        self.assertIn(f"http://127.0.0.1:{self.port}/telephony/livekit-webhook", text)
        os.killpg(process.pid, signal.SIGINT)
        rest = process.communicate(timeout=PATIENCE)[0]
        self.assertEqual(process.returncode, 0, rest)
        self.check_nothing_is_left()

    def test_what_it_suggests_works(self):
        process = self.start()
        text = self.read_until(process, SERVING)
        suggested = re.findall(r"^    ((?:curl|export|ctl/).*)$", text, re.M)
        self.assertEqual(len(suggested), 4, text)
        suggested += [f"curl -fs {url}" for url in re.findall(r"(?:Health|Metrics): (\S+)", text)]
        self.assertEqual(len(suggested), 6, text)
        done = subprocess.run(["/bin/sh", "-euc", "\n".join(suggested)], cwd=self.tree, text=True, timeout=PATIENCE,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
        self.assertEqual(done.returncode, 0, done.stdout)
        self.stop(process)
        self.check_nothing_is_left()

    def test_serves_a_given_livekit(self):
        secret = "a-secret-of-my-own-LiveKit-32-long"
        with Stub(key="mykey", secret=secret, agent_delay=0.05, departure_timeout=0.2) as livekit:
            process = self.start(LIVEKIT_URL=livekit.url, LIVEKIT_API_KEY="mykey", LIVEKIT_API_SECRET=secret)
            text = self.read_until(process, SERVING)
            self.assertIn("/telephony/livekit-webhook", text)
            livekit.webhook_urls(f"http://127.0.0.1:{self.port}/telephony/livekit-webhook")
            room = livekit.call(talk_time=0.2)["room"]
            livekit.wait("ended_calls", room=room, exactly=1, timeout=PATIENCE)
            self.assertEqual(livekit.state(brief=True)["dispatch_count"], 1)
            os.killpg(process.pid, signal.SIGINT)
            text += process.communicate(timeout=PATIENCE)[0]
        self.check_nothing_is_left()
        self.assertNotIn(secret, text)
        for path in (self.tree / "var").rglob("*"):
            if path.is_file():
                self.assertNotIn(secret.encode(), path.read_bytes(), path)

    def test_a_program_that_does_not_start(self):
        (self.tree / "fcgi" / "telephony.fcgi").write_text("#!/bin/sh\nexit 1\n")
        status, text = self.run_once()
        self.assertEqual(status, 1, text)
        self.assertIn("var/", text)
        self.check_nothing_is_left()

    def test_wrong_usage(self):
        process = self.start("--twice")
        text = process.communicate(timeout=PATIENCE)[0]
        self.assertEqual(process.returncode, 2)
        self.assertIn("Usage:", text)


if __name__ == "__main__":
    unittest.main()
