"""A broken routes.json and processes that start: the rules before it are kept with the store."""
import json
import os
import pathlib
import pwd
import stat
import subprocess
import sys
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from livekit_stub.client import Stub  # noqa: E402
from program import KEY, SECRET, TOP, WEBHOOK, Place, caller_joined, signed  # noqa: E402

TOOL = pathlib.Path(os.environ.get("TELEPHONYCTL", TOP / "ctl" / "telephonyctl"))
OK, NOT_SO, _, TROUBLE = range(4)
BROKEN = {"no JSON": '{"default": ', "another type": '{"default": 7}', "empty": ""}


def rules(agent):
    return json.dumps({"default": {"agentName": agent}})


def lines(stderr, event):
    """What the log says of one kind."""
    found = [json.loads(line) for line in stderr.decode().splitlines() if line.startswith("{")]
    return [line for line in found if line["event"] == event]


class Kept(unittest.TestCase):
    def setUp(self):
        self.place = Place(TELEPHONY_RUN_JOBS="false")
        self.addCleanup(self.place.close)
        self.routes = self.place.dir / "routes.json"
        self.copy = self.place.store / "routes.good"
        self.place.settings["TELEPHONY_ROUTES"] = str(self.routes)
        self.calls = 0

    def write(self, text):
        """As editors do: another file that takes its place."""
        other = self.place.dir / "routes.json.new"
        other.write_text(text)
        other.rename(self.routes)

    def call(self, status=200):
        """A phone comes in by plain CGI: the finished process."""
        self.calls += 1
        body = caller_joined(f"call-{self.calls}", f"SCL_{self.calls}", f"PA_{self.calls}")
        done = self.place.cgi("POST", WEBHOOK, body, signed(body))
        self.assertEqual(status, done.answer.status, done.stderr)
        return done

    def tool(self, *words, expect=OK, **run):
        done = subprocess.run([TOOL, *words], env=self.place.environment(), capture_output=True,
                              stdin=subprocess.DEVNULL, timeout=60, check=False, **run)
        self.assertEqual(expect, done.returncode, done.stdout + done.stderr)
        return done

    def agent(self):
        """The agent of the last call."""
        listed = json.loads(self.tool("calls", "list", "--json").stdout)["calls"]
        (call,) = [call for call in listed if call["roomName"] == f"call-{self.calls}"]
        return call["agent"]["name"]


class Cgi(Kept):
    """Each request is a process of its own, which knows nothing of the one before."""

    def test_a_broken_file_changes_nothing(self):
        self.write(rules("before"))
        done = self.call()
        self.assertEqual("before", self.agent())
        self.assertEqual([], lines(done.stderr, "routes_broken"))
        for name, text in BROKEN.items():
            with self.subTest(name):
                self.write(text)
                done = self.call()
                self.assertEqual("before", self.agent())
                (said,) = lines(done.stderr, "routes_broken")
                self.assertEqual("error", said["level"])
                self.assertEqual(str(self.routes), said["file"])
                self.assertEqual(1, said["problems"])
                self.assertRegex(said["since"], r"^20\d\d-\d\d-\d\dT.*Z$")
                (problem,) = lines(done.stderr, "routes_problem")
                self.assertIn(str(self.routes), problem["problem"])
        self.write(rules("after"))
        done = self.call()
        self.assertEqual("after", self.agent())
        self.assertEqual([], lines(done.stderr, "routes_broken"))
        self.write("[")
        self.call()
        self.assertEqual("after", self.agent())

    def test_a_file_that_is_gone_changes_nothing(self):
        self.write(rules("before"))
        self.call()
        self.routes.unlink()
        done = self.call()
        self.assertEqual("before", self.agent())
        self.assertIn("there is no such file", lines(done.stderr, "routes_problem")[0]["problem"])

    def test_since_is_when_the_rules_were_new(self):
        self.write(rules("before"))
        self.call()
        os.utime(self.copy, (1_000_000_000, 1_000_000_000.5))
        self.call()
        self.write("[")
        (said,) = lines(self.call().stderr, "routes_broken")
        self.assertEqual("2001-09-09T01:46:40.500Z", said["since"])

    def test_readyz_says_so(self):
        self.write(rules("before"))
        self.call()
        self.write("[")
        answer = self.place.cgi("GET", "/telephony/readyz").answer
        self.assertEqual(200, answer.status)
        self.assertIn("the rules before it are in force", json.loads(answer.body)["checks"]["routes"]["detail"])

    def test_another_file_has_no_rules_before_it(self):
        self.write(rules("before"))
        self.call()
        other = self.place.dir / "other.json"
        other.write_text("[")
        self.place.settings["TELEPHONY_ROUTES"] = str(other)
        done = self.call(503)
        self.assertEqual("not_started", json.loads(done.answer.body)["reason"])
        self.assertIn(str(other), lines(done.stderr, "start_failed")[0]["detail"])
        self.assertIn("of another file", lines(done.stderr, "routes_copy_ignored")[0]["detail"])

    def test_the_first_file_must_be_good(self):
        self.write("[")
        done = self.call(503)
        self.assertEqual([], lines(done.stderr, "routes_copy_ignored"))
        self.assertFalse(self.copy.exists())

    def test_the_copy_is_written_once(self):
        self.write(rules("before"))
        self.call()
        before = self.copy.stat()
        self.assertEqual(0o600, stat.S_IMODE(before.st_mode))
        self.call()
        self.write(rules("before"))
        self.call()
        self.write("[")
        self.call()
        after = self.copy.stat()
        self.assertEqual((before.st_ino, before.st_mtime_ns), (after.st_ino, after.st_mtime_ns))
        self.write(rules("after"))
        self.call()
        self.assertNotEqual(before.st_ino, self.copy.stat().st_ino)
        self.assertEqual([self.copy], sorted(self.place.store.glob("routes*")))

    def test_a_damaged_copy_is_ignored(self):
        self.write(rules("before"))
        self.call()
        whole = self.copy.read_bytes()
        self.write("[")
        for damaged in (b"", whole[:10], whole[:-3], whole[:-3] + b"\0\0\0", whole + b"x"):
            with self.subTest(damaged):
                self.copy.write_bytes(damaged)
                done = self.call(503)
                (said,) = lines(done.stderr, "routes_copy_ignored")
                self.assertEqual(("warn", str(self.copy)), (said["level"], said["file"]))
        self.write(rules("cured"))
        self.call()
        self.write("[")
        self.call()
        self.assertEqual("cured", self.agent())

    def test_where_no_copy_can_be_written_calls_go_on(self):
        self.copy.mkdir()
        self.write(rules("before"))
        done = self.call()
        self.assertEqual("before", self.agent())
        (said,) = lines(done.stderr, "routes_not_kept")
        self.assertEqual(("warn", str(self.copy)), (said["level"], said["file"]))


class Others(Kept):
    """Whatever else starts anew."""

    def test_work_once(self):
        self.write(rules("before"))
        with Stub(key=KEY, secret=SECRET, assume_rooms=True) as livekit:
            self.place.settings["LIVEKIT_URL"] = livekit.url
            self.tool("work", "--once")
            self.write("[")
            self.call()
            done = self.tool("work", "--once")
            self.assertEqual(1, len(lines(done.stderr, "routes_broken")))
            self.assertEqual(1, livekit.state()["dispatch_count"])
        self.assertEqual("before", self.agent())

    def test_fastcgi_looks_for_a_file_that_is_good_again(self):
        self.write(rules("before"))
        self.call()
        self.write("[")
        fastcgi = self.place.fastcgi()
        self.ring(fastcgi, "before")
        self.write(rules("after"))
        self.ring(fastcgi, "after", 1.1)
        self.assertEqual(["routes_problem", "routes_broken", "routes_loaded"],
                         [line["event"] for line in fastcgi.log() if line["event"].startswith("routes_")])

    def test_fastcgi_keeps_what_it_reads_later(self):
        self.write(rules("first"))
        fastcgi = self.place.fastcgi()
        self.ring(fastcgi, "first")
        self.write(rules("second"))
        self.ring(fastcgi, "second", 1.1)
        fastcgi.stop()
        self.write("[")
        self.call()
        self.assertEqual("second", self.agent())

    def ring(self, fastcgi, agent, wait=0.0):
        """A call comes in; the file is looked at once a second."""
        time.sleep(wait)
        self.calls += 1
        body = caller_joined(f"call-{self.calls}", f"SCL_{self.calls}", f"PA_{self.calls}")
        self.assertEqual(200, fastcgi.webhook(body).status)
        self.assertEqual(agent, self.agent())

    def test_the_kill_switch_works(self):
        """Who places no calls by hand needs no good file either."""
        self.write(rules("before"))
        self.call()
        self.write("[")
        self.tool("outbound", "stop")

    def test_checks_are_of_the_file(self):
        self.write(rules("before"))
        self.call()
        self.write("[")
        for words in (["config", "check"], ["routes", "check", str(self.routes)],
                      ["routes", "resolve", "--to", "+15550123"]):
            with self.subTest(words):
                done = self.tool(*words, expect=NOT_SO)
                self.assertIn(str(self.routes).encode(), done.stdout + done.stderr)

    @unittest.skipUnless(os.geteuid() == 0, "needs root, to be somebody else")
    def test_root_leaves_nothing_in_another_users_store(self):
        self.write(rules("before"))
        user = pwd.getpwnam("nobody")
        os.chown(self.place.store, user.pw_uid, user.pw_gid)
        self.tool("work", "--once", expect=TROUBLE)
        self.tool("calls", "list", expect=TROUBLE)
        self.assertEqual([], [path.name for path in self.place.store.iterdir()
                              if path.name.startswith("routes")])


if __name__ == "__main__":
    unittest.main()
