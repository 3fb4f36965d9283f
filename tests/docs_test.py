"""What README and docs say is so: commands run, links lead somewhere, settings exist.

Blocks marked ```sh are run against a real front with a store that has a call in
it, or are in ELSEWHERE with the place where they are tried.
"""
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent
sys.path[:0] = [str(HERE), str(HERE / "servers")]

import fronts  # noqa: E402
import processes  # noqa: E402
from livekit_stub.client import Stub  # noqa: E402

PROGRAM = pathlib.Path(os.environ.get("TELEPHONY_FCGI", ROOT / "fcgi" / "telephony.fcgi"))
CTL = pathlib.Path(os.environ.get("TELEPHONYCTL", ROOT / "ctl" / "telephonyctl"))
PAGES = [ROOT / "README.md", ROOT / "apache-conf" / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
PATIENCE = 30

#: beginning of a command: where it is tried
ELSEWHERE = {
    "./quickstart check": ".ci/run",
    "./quickstart": "tests/quickstart_test.py",
    'curl -s -H "Authorization: Bearer $(cat var/token)"': "tests/quickstart_test.py",
    "echo 'TELEPHONY_ALLOW_PREFIXES": "tests/quickstart_test.py",
    "LIVEKIT_URL=wss://livekit.example.org": "tests/quickstart_test.py",
    "autoreconf": "./quickstart", "./configure": "./quickstart", "make": "./quickstart",
    "sudo make install": "make distcheck",
    "telephonyctl call transfer": "tests/unit/test_ctl_call.py",
}
#: the whole of a command that runs until it is stopped: where it is tried
DAEMONS = {"telephonyctl work": "tests/unit/test_ctl_store.py"}
#: names that look like settings and are none
NO_SETTINGS = {"TELEPHONY_FRONTS", "TELEPHONY_FCGI"}


def blocks(page, language):
    """The code blocks of that language, without the indentation they have in lists."""
    found = re.findall(rf"^( *)```{language}\n(.*?)^ *```$", page.read_text(encoding="utf-8"), re.M | re.S)
    return [re.sub(rf"^{indent}", "", text, flags=re.M) for indent, text in found]


def commands(page):
    """What is in the sh blocks, one string a command; continued lines are one."""
    for block in blocks(page, "sh"):
        for line in block.replace("\\\n", " ").splitlines():
            if line.strip():
                yield line


class Links(unittest.TestCase):
    def test_lead_to_files(self):
        for page in PAGES:
            for target in re.findall(r"\]\(([^)#]+)", page.read_text(encoding="utf-8")):
                if "://" in target:
                    continue
                with self.subTest(page=page.name, target=target):
                    self.assertTrue((page.parent / target).exists())

    def test_paths_in_text_exist(self):
        pattern = re.compile(r"`((?:src|tests|docs|apache-conf|ctl|fcgi|bench|lmdb-store|memory-store)"
                             r"(?:/[\w.*-]+)*/?)`")
        for page in PAGES:
            for path in pattern.findall(page.read_text(encoding="utf-8")):
                with self.subTest(page=page.name, path=path):
                    # Some pages are read from where their own directory is the root.
                    self.assertTrue(any(list(base.glob(path.rstrip("/"))) for base in (ROOT, page.parent)))


class Targets(unittest.TestCase):
    """What `make …` is said to do is something that it can do."""

    def test_exist(self):
        known = {"check", "distcheck", "install"}
        for rules in (ROOT / "Makefile.am", HERE / "quality.am", HERE / "fuzz" / "fuzz.mk"):
            known |= set(re.findall(r"^([a-z][a-z-]*):", rules.read_text(encoding="utf-8"), re.M))
        self.assertIn("check-asan", known)
        for page in PAGES:
            for target in re.findall(r"`make ([a-z-]+)", page.read_text(encoding="utf-8")):
                with self.subTest(page=page.name, target=target):
                    self.assertIn(target, known)


class Programs(unittest.TestCase):
    """Those that need the programs; built by now when run by make check."""

    @classmethod
    def setUpClass(cls):
        for program in (PROGRAM, CTL):
            if not program.exists():
                raise unittest.SkipTest(f"no {program.name}: build it first")

    def test_settings_exist(self):
        reference = subprocess.run([CTL, "config", "reference"], stdout=subprocess.PIPE, text=True, check=True).stdout
        known = set(re.findall(r"^\| `(\w+)`", reference, re.M))
        self.assertGreater(len(known), 10)
        for page in PAGES:
            named = re.findall(r"\b(?:LIVEKIT|TELEPHONY)_[A-Z]+(?:_[A-Z]+)*\b", page.read_text(encoding="utf-8"))
            with self.subTest(page=page.name):
                self.assertEqual(set(named) - known - NO_SETTINGS, set())

    def test_reference_is_of_this_program(self):
        reference = subprocess.run([CTL, "config", "reference"], stdout=subprocess.PIPE, text=True, check=True).stdout
        self.assertEqual((ROOT / "docs" / "SETTINGS.md").read_text(encoding="utf-8"), reference,
                         "make it anew: telephonyctl config reference > docs/SETTINGS.md")


class Commands(unittest.TestCase):
    call_id = None

    @classmethod
    def setUpClass(cls):
        for program in (PROGRAM, CTL):
            if not program.exists():
                raise unittest.SkipTest(f"no {program.name}: build it first")
        if fronts.Lighttpd.missing():
            raise unittest.SkipTest(fronts.Lighttpd.missing())
        cls.livekit = Stub(agent_delay=0.05, departure_timeout=0.2, assume_rooms=True)
        cls.livekit.start()
        cls.livekit.callee("*", "answer", after=0.1, talk_time=0.3)
        cls.addClassCleanup(cls.livekit.stop)
        cls.place = cls.make_place()
        cls.front = fronts.Lighttpd(PROGRAM, config={
            "LIVEKIT_URL": cls.livekit.url, "LIVEKIT_API_KEY": cls.livekit.key,
            "LIVEKIT_API_SECRET": cls.livekit.secret, "TELEPHONY_ROUTES": str(cls.place / "routes.json"), "TELEPHONY_METRICS": "true",
            "TELEPHONY_ALLOW_PREFIXES": "+1", "TELEPHONY_DEFAULT_FROM_NUMBER": "+15550000",
            "LIVEKIT_SIP_OUTBOUND_TRUNK_ID": Stub.OUTBOUND_TRUNK})
        cls.front.start()
        cls.addClassCleanup(cls.front.stop)
        cls.make_call()

    @classmethod
    def make_place(cls):
        """A directory with the files that the pages assume, and telephonyctl."""
        directory = tempfile.TemporaryDirectory(prefix="tel-docs-")
        cls.addClassCleanup(directory.cleanup)
        place = pathlib.Path(directory.name)
        routes = next(text for text in blocks(ROOT / "README.md", "json") if '"default"' in text)
        for name, text in (("routes.json", routes), ("routes.json.new", routes), ("secret.txt", Stub().secret)):
            (place / name).write_text(text)
        processes.put_program(CTL, place / "telephonyctl")
        processes.open_way(place / "x")
        processes.hand_over(place)
        return place

    @classmethod
    def make_call(cls):
        cls.livekit.webhook_urls(cls.front.url + "/telephony/livekit-webhook")
        room = cls.livekit.call(talk_time=0.2)["room"]
        cls.livekit.wait("ended_calls", room=room, exactly=1, timeout=PATIENCE)
        cls.livekit.wait("webhooks", room=room, outcome="pending", exactly=0, timeout=PATIENCE)
        cls.call_id = json.loads(cls.run_sh("telephonyctl calls list --json").stdout)["calls"][0]["callId"]

    @classmethod
    def run_sh(cls, command):
        environment = {"PATH": f"{cls.place}:{os.environ['PATH']}", "CALLID": cls.call_id or "",
                       "TELEPHONY_CONFIG": str(cls.front.config_path)}
        return subprocess.run(["/bin/sh", "-euc", command], cwd=cls.place, env=environment, text=True,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              timeout=PATIENCE, check=False, **processes.run_as())

    def localised(self, command):
        """The example's address, call and directories replaced by those of this test."""
        command = command.replace("http://127.0.0.1:8080", self.front.url)
        command = command.replace(" /var/backups/", " ")
        return re.sub(r"\b[0-9a-f]{8}-[0-9a-f-]{27}\b", self.call_id, command)

    def test_all_run(self):
        for number, (page, command) in enumerate((page, command) for page in PAGES for command in commands(page)):
            if command in DAEMONS or any(command.startswith(start) for start in ELSEWHERE):
                continue
            # Each backup into a directory of its own.
            local = self.localised(command).replace(" backup ", f" backup {self.place}/{number}-")
            with self.subTest(page=page.name, command=command):
                done = self.run_sh(local)
                self.assertEqual(done.returncode, 0, f"{local}\n{done.stdout}\n{done.stderr}")


if __name__ == "__main__":
    unittest.main()
