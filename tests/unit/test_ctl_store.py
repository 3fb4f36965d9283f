"""telephonyctl on a store that telephony.fcgi filled: calls, work, store, backup; and its manual."""
import json
import os
import pathlib
import pwd
import re
import shutil
import signal
import subprocess
import time
import unittest

from ctl_tool import (BUILD, NOT_SO, OK, PATIENCE, SECRET, SOURCE, TOOL, TROUBLE, USAGE, Directory,
                      Program)

from livekit_stub.client import Stub

A_CALL = "0f8fad5b-d9cb-469f-a165-70867728950e"
NOBODY = 65534
OUTBOUND = {
    "TELEPHONY_ALLOW_PREFIXES": "+1555",
    "TELEPHONY_DEFAULT_FROM_NUMBER": "+15550123",
    "LIVEKIT_SIP_OUTBOUND_TRUNK_ID": Stub.OUTBOUND_TRUNK,
}


class OnStore(unittest.TestCase):
    """A directory with a store in it, filled through the front door."""

    def setUp(self):
        self.directory = Directory()
        self.addCleanup(self.directory.close)

    def simulate(self, *words, **environment):
        program = Program(self.directory)
        try:
            got = self.directory.run("simulate", "inbound", "--json", "--url", program.url, *words,
                                     **environment)
        finally:
            program.close()
        self.assertEqual(got.returncode, OK, got.stdout + got.stderr)
        return json.loads(got.stdout)

    def run_tool(self, *words, expect=OK, **environment):
        got = self.directory.run(*words, **environment)
        self.assertEqual(got.returncode, expect, f"{words}\n{got.stdout}\n{got.stderr}")
        self.assertNotIn(SECRET, got.stdout + got.stderr)
        self.assertNotIn("turnPassword", got.stdout + got.stderr)
        return got

    def json(self, *words, **more):
        return json.loads(self.run_tool(*words, "--json", **more).stdout)


class Calls(OnStore):
    def test_list_and_show(self):
        self.simulate("--from", "+15550177", "--to", "+15550188", "--room", "support")
        listed = self.json("calls", "list")
        self.assertIsNone(listed["nextCursor"])
        (call,) = listed["calls"]
        self.assertEqual((call["from"], call["to"], call["roomName"], call["direction"]),
                         ("+15550177", "+15550188", "support", "inbound"))
        self.assertIn(call["status"], ("ended", "failed"))
        self.assertEqual(call["raw"]["event"], "room_finished")
        self.assertEqual(self.json("calls", "show", call["callId"]), call)

        timed = self.json("calls", "show", call["callId"].upper(), "--timeline")
        timeline = timed.pop("timeline")
        self.assertEqual(timed, call)
        what = [entry["what"] for entry in timeline]
        self.assertEqual(what[0], "participant_joined")
        self.assertIn("participant_left", what)
        self.assertEqual([entry["seq"] for entry in timeline], list(range(len(timeline))))
        self.assertEqual(timeline[0]["offsetMs"], 0)
        self.assertIn("eventId", timeline[0]["evidence"])

    def test_in_words(self):
        self.simulate("--from", "+15550177", "--room", "support")
        table = self.run_tool("calls", "list").stdout.splitlines()
        self.assertEqual(len(table), 2)
        self.assertEqual(table[0].split(), ["TIME", "CALL", "DIRECTION", "FROM", "TO", "STATUS",
                                            "OUTCOME", "AGENT", "DURATION"])
        cells = table[1].split()
        self.assertEqual(cells[2:5], ["inbound", "+15550177", "+15550123"])
        self.assertRegex(cells[8], r"^\d+\.\ds$")
        for name, cell in zip(("CALL", "FROM", "AGENT"), (cells[1], cells[3], cells[7])):
            self.assertEqual(table[0].index(name), table[1].index(cell))

        text = self.run_tool("calls", "show", cells[1]).stdout
        for line in (r"call +" + cells[1], r"from +\+15550177", r"room +support, RM_",
                     r"agent +telephony-agent", r"phone leg +PA_"):
            self.assertRegex(text, f"(?m)^{line}")
        self.assertNotIn("timeline", text)
        text = self.run_tool("calls", "show", cells[1], "--timeline").stdout
        self.assertRegex(text, r"(?m)^ +\+0\.000  event  participant_joined: ")
        self.assertRegex(text, r"(?m)^ +eventId=EV_")

    def test_pages_live_and_rooms(self):
        self.simulate("--calls", 7, "--room", "held-{n}", "--hold")
        self.simulate("--calls", 5, "--room", "over-{n}", "--concurrency", 1)
        names = [call["roomName"] for call in self.json("calls", "list")["calls"]]
        self.assertEqual(names[:5], [f"over-{n}" for n in (5, 4, 3, 2, 1)])
        self.assertEqual(len(names), 12)
        live = self.json("calls", "list", "--live")["calls"]
        self.assertEqual({call["roomName"] for call in live}, set(names[5:]))
        (one,) = self.json("calls", "list", "--room", "over-3")["calls"]
        self.assertEqual(one["roomName"], "over-3")
        self.assertEqual(self.json("calls", "list", "--room", "nowhere")["calls"], [])

        paged, words = [], []
        while True:
            page = self.json("calls", "list", "--limit", 5, *words)
            paged += [call["roomName"] for call in page["calls"]]
            if not page["nextCursor"]:
                break
            words = ["--cursor", page["nextCursor"]]
        self.assertEqual(paged, names)

        got = self.run_tool("calls", "list", "--limit", 3)
        self.assertEqual(len(got.stdout.splitlines()), 4)
        self.assertRegex(got.stderr, r"--cursor \S+")
        self.assertRegex(self.run_tool("calls", "list", "--live").stdout, r"s\+\n")

    def test_more_than_a_page_of_the_store(self):
        program = Program(self.directory)
        self.addCleanup(program.close)
        got = self.directory.run("simulate", "inbound", "--url", program.url, "--calls", 230,
                                 "--concurrency", 8, "--room", "r{n}", "--hold", "--no-agent")
        self.assertEqual(got.returncode, OK, got.stdout + got.stderr)
        listed = self.json("calls", "list", "--limit", 1000)
        self.assertEqual({call["roomName"] for call in listed["calls"]},
                         {f"r{n}" for n in range(1, 231)})
        self.assertEqual(len(self.json("calls", "list", "--limit", 220)["calls"]), 220)
        self.assertEqual(len(self.run_tool("calls", "list", "--limit", 230).stdout.splitlines()),
                         231)

    def test_what_is_not_there(self):
        self.simulate()
        got = self.run_tool("calls", "show", A_CALL, expect=NOT_SO)
        self.assertEqual(got.stdout, "")
        self.assertIn(A_CALL, got.stderr)
        self.assertIn("--cursor", self.run_tool("calls", "list", "--cursor", "?!",
                                                expect=USAGE).stderr)

    def test_what_callers_send_can_not_reach_the_terminal(self):
        self.simulate("--from", "\x1b[31mred\x07", "--room", "bell\x07")
        table = self.run_tool("calls", "list").stdout
        call = table.splitlines()[1].split()[1]
        text = table + self.run_tool("calls", "show", call, "--timeline").stdout
        self.assertIn("?[31mred?", text)
        self.assertEqual(set(re.findall(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]", text)), set())
        self.assertEqual(self.json("calls", "show", call)["roomName"], "bell\x07")


class Store(OnStore):
    def test_stats_and_check(self):
        self.simulate("--calls", 3, "--hold")
        stats = self.json("store", "stats")
        self.assertEqual((stats["calls"], stats["liveCalls"]), (3, 3))
        self.assertGreater(stats["eventIds"], 0)
        self.assertGreater(stats["usedBytes"], 0)
        self.assertRegex(self.run_tool("store", "stats").stdout, r"(?m)^calls +3$")
        check = self.json("store", "check")
        self.assertEqual((check["ok"], check["problems"], check["calls"]), (True, 0, 3))
        self.assertIn("they fit together", self.run_tool("store", "check").stdout)

    def test_no_store_is_told_and_none_is_made(self):
        for words in (["calls", "list"], ["calls", "show", A_CALL], ["store", "stats"],
                      ["store", "check"], ["backup", "copy"]):
            got = self.run_tool(*words, expect=TROUBLE)
            self.assertIn("TELEPHONY_STORE", got.stderr)
            self.assertIn(str(self.directory.store), got.stderr)
        self.assertEqual(list(self.directory.path.iterdir()), [])

    def test_a_damaged_store_is_told(self):
        self.simulate()
        data = self.directory.store / "data.mdb"
        data.write_bytes(b"\xff" * data.stat().st_size)
        for words in (["calls", "list"], ["store", "stats"], ["store", "check"]):
            self.assertIn("TELEPHONY_STORE", self.run_tool(*words, expect=TROUBLE).stderr)

    def test_backup_is_a_store(self):
        self.simulate("--calls", 4)
        before = self.json("calls", "list")
        self.assertIn("copy", self.run_tool("backup", "copy").stdout)
        copy = self.directory.path / "copy"
        self.assertEqual(copy.stat().st_mode & 0o777, 0o700)
        of_copy = {"TELEPHONY_STORE": f"lmdb:{copy}"}
        self.assertEqual(self.json("calls", "list", **of_copy), before)
        self.assertTrue(self.json("store", "check", **of_copy)["ok"])
        self.assertIn("copy", self.run_tool("backup", "copy", expect=NOT_SO).stderr)
        self.run_tool("backup", "no/such/parent", expect=NOT_SO)


class ClosedDescriptors(OnStore):
    """No file of the store may get a number that results or the log are written to."""

    def run_without(self, closing, *words):
        command = " ".join(f'"{word}"' for word in (TOOL, *words))
        return subprocess.run(["sh", "-c", f"exec {closing}; exec {command}"], cwd="/",
                              env=self.directory.environment(TELEPHONY_LOG_LEVEL="debug"),
                              stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              timeout=PATIENCE, check=False)

    def test_the_log_is_not_written_into_the_store(self):
        for closing in ("2>&-", "0<&- 2>&-", "1>&- 2>&-", "0<&- 1>&- 2>&-"):
            with self.subTest(closing=closing):
                shutil.rmtree(self.directory.store, ignore_errors=True)
                self.assertEqual(self.run_without(closing, "work", "--once").returncode, OK)
                self.assertIn("fit together", self.run_tool("store", "check").stdout)
                for path in self.directory.store.iterdir():
                    self.assertNotIn(b'{"ts":', path.read_bytes(), path)

    def test_results_that_go_nowhere_are_trouble(self):
        self.simulate()
        for closing in ("1>&-", "0<&- 1>&-"):
            for words in (["calls", "list"], ["store", "check"], ["store", "stats", "--json"]):
                with self.subTest(closing=closing, words=words):
                    got = self.run_without(closing, *words)
                    self.assertEqual(got.returncode, TROUBLE, got.stderr)
                    self.assertIn("standard output", got.stderr)
        for path in self.directory.store.iterdir():
            self.assertNotIn(b"fit together", path.read_bytes(), path)
        self.assertIn("fit together", self.run_tool("store", "check").stdout)


class OfAnotherUser(OnStore):
    def setUp(self):
        super().setUp()
        if os.geteuid() != 0:
            self.skipTest("only root can be two users")
        try:
            pwd.getpwuid(NOBODY)
        except KeyError:
            self.skipTest("there is no user nobody")
        # The build may be where only root can go.
        self.tool = self.directory.path / "telephonyctl"
        shutil.copy(TOOL, self.tool)
        self.directory.path.chmod(0o755)

    def as_nobody(self, *words):
        return subprocess.run([self.tool, *words], env=self.directory.environment(), user=NOBODY,
                              group=NOBODY, extra_groups=[], cwd="/", capture_output=True,
                              text=True, timeout=PATIENCE, check=False)

    def test_it_is_said_whose_store_it_is(self):
        self.simulate()
        for words in (["calls", "list"], ["store", "stats"], ["work", "--once"]):
            got = self.as_nobody(*words)
            self.assertEqual(got.returncode, TROUBLE, words)
            self.assertIn("TELEPHONY_STORE: /", got.stderr)
            self.assertIn("run it as user 0 (root)\n", got.stderr)

    def test_root_may_read_it_and_not_work_on_it(self):
        self.simulate("--hold")
        for path in (self.directory.store, *self.directory.store.iterdir()):
            os.chown(path, NOBODY, NOBODY)
        self.assertEqual(len(self.json("calls", "list")["calls"]), 1)
        got = self.run_tool("work", "--once", expect=TROUBLE)
        self.assertIn("nobody", got.stderr)


class Work(OnStore):
    def livekit(self, **options):
        stub = Stub(agent_delay=0.02, assume_rooms=True, **options)
        stub.__enter__()
        self.addCleanup(stub.__exit__, None, None, None)
        self.directory.settings["LIVEKIT_URL"] = stub.url
        return stub

    def test_once_dispatches_what_waits(self):
        stub = self.livekit()
        self.simulate("--calls", 5, "--hold", "--no-agent")
        self.assertEqual(self.json("store", "stats")["pendingCalls"], 5)
        got = self.run_tool("work", "--once")
        self.assertEqual(got.stdout, "")
        self.assertEqual(stub.state()["living_dispatches"], 5)
        calls = self.json("calls", "list")["calls"]
        self.assertEqual({call["status"] for call in calls}, {"agent_dispatched"})
        self.run_tool("work", "--once")
        self.assertEqual(stub.state()["dispatch_count"], 5)
        for line in got.stderr.splitlines():
            self.assertIn("event", json.loads(line))

    def test_daemon_dispatches_until_told_to_stop(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            stub = self.livekit()
            self.simulate("--hold", "--no-agent")
            with subprocess.Popen([TOOL, "work"], env=self.directory.environment(),
                                  stderr=subprocess.PIPE, text=True) as daemon:
                stub.wait("living_dispatches", at_least=1, timeout=PATIENCE)
                daemon.send_signal(number)
                log = daemon.communicate(timeout=PATIENCE)[1]
            self.assertEqual(daemon.returncode, OK, log)
            events = [json.loads(line)["event"] for line in log.splitlines()]
            self.assertEqual((events[0], events[-1]), ("work_started", "work_stopped"))

    def test_a_limit_on_files_is_trouble_and_no_death(self):
        got = subprocess.run(["sh", "-c", 'ulimit -f 100; exec "$0" work --once', str(TOOL)],
                             env=self.directory.environment(), capture_output=True, text=True,
                             timeout=PATIENCE, check=False)
        self.assertEqual(got.returncode, TROUBLE, got.stderr)
        self.assertIn("File too large", got.stderr)

    def test_a_store_that_can_not_be_opened(self):
        self.directory.store.mkdir()
        self.directory.store.chmod(0o777)
        for words in (["work"], ["work", "--once"]):
            self.assertIn("TELEPHONY_STORE", self.run_tool(*words, expect=TROUBLE).stderr)


class Reconcile(OnStore):
    """LiveKit has no address to send webhooks to."""

    def livekit(self):
        stub = Stub(agent_delay=0.02, departure_timeout=0.2)
        stub.__enter__()
        self.addCleanup(stub.__exit__, None, None, None)
        self.directory.settings["LIVEKIT_URL"] = stub.url
        return stub

    def calls(self):
        return self.json("calls", "list")["calls"]

    def repairs(self, *words):
        said = self.json("reconcile", *words)
        self.assertTrue(said["complete"])
        self.assertIsNone(said["code"])
        self.assertEqual(said["failed"], 0)
        self.assertEqual(said["dryRun"], "--dry-run" in words)
        return said["repairs"]

    def test_a_phone_that_nobody_heard_coming(self):
        stub = self.livekit()
        room = stub.call(caller="+15550177")["room"]
        (planned,) = self.repairs("--dry-run")
        self.assertEqual((planned["kind"], planned["result"], planned["roomName"], planned["callId"]),
                         ("leg_found", "planned", room, None))
        self.assertEqual(self.calls(), [])
        (made,) = self.repairs()
        (call,) = self.calls()
        self.assertEqual((made["kind"], made["roomName"], made["callId"], made["participant"]),
                         ("leg_found", room, call["callId"], call["sipParticipant"]["identity"]))
        self.assertEqual((call["roomName"], call["from"]), (room, "+15550177"))
        self.assertEqual(self.repairs(), [])
        self.run_tool("work", "--once")
        self.assertEqual(stub.state()["dispatch_count"], 1)

    def test_in_words(self):
        stub = self.livekit()
        room = stub.call()["room"]
        said = self.run_tool("reconcile", "--dry-run").stdout
        self.assertRegex(said, rf"(?m)^leg_found +planned +- +{re.escape(room)} +\S+$")
        self.assertIn("1 rooms at LiveKit, 0 calls go on; 1 rooms were looked at\n", said)
        self.assertIn("repairs that would be made: 1\n", said)
        got = self.run_tool("reconcile")
        self.assertIn("repairs made: 1\n", got.stdout)
        self.assertEqual(got.stderr, "")
        self.assertIn("nothing is to be repaired\n", self.run_tool("reconcile").stdout)

    def test_nothing_is_there(self):
        self.livekit()
        started = time.monotonic()
        self.assertEqual(self.repairs("--patience", 30), [])
        self.assertLess(time.monotonic() - started, 10)

    def test_without_livekit(self):
        got = self.run_tool("reconcile", "--json", expect=TROUBLE)
        said = json.loads(got.stdout)
        self.assertFalse(said["complete"])
        self.assertTrue(said["code"])
        self.assertIn(f"not everything could be compared: {said['code']}", got.stderr)
        got = self.run_tool("reconcile", expect=TROUBLE)
        self.assertEqual(got.stdout, "")

    def test_when_disabled(self):
        got = self.run_tool("reconcile", expect=NOT_SO, TELEPHONY_ENABLED="false")
        self.assertIn("TELEPHONY_ENABLED", got.stderr)
        self.assertEqual(got.stdout, "")


class Manual(OnStore):
    """Every command of docs/TELEPHONYCTL.md is run as it is written."""

    TEXT = SOURCE / "docs" / "TELEPHONYCTL.md"

    def commands(self):
        text = self.TEXT.read_text(encoding="utf-8")
        for block in re.findall(r"(?ms)^```sh\n(.*?)^```", text):
            yield from (line for line in block.splitlines() if line.strip())

    def prepare(self):
        self.simulate("--room", "support", "--hold", "--no-agent")
        self.directory.write("routes.json", '{"default": {"agentName": "smith"}}')
        self.directory.write("secret.txt", SECRET)
        (call,) = self.json("calls", "list")["calls"]
        binaries = self.directory.path / "bin"
        binaries.mkdir()
        (binaries / "telephonyctl").symlink_to(TOOL)
        return {"CALLID": call["callId"], "PATH": f"{binaries}:{os.environ['PATH']}"}

    def test_is_true(self):
        more = self.prepare()
        program = Program(self.directory)
        self.addCleanup(program.close)
        livekit = Stub([program.url], agent_delay=0.02, departure_timeout=0.2, assume_rooms=True)
        with livekit:
            livekit.callee("*", "answer", after=0.1, talk_time=0.3)
            self.directory.settings["LIVEKIT_URL"] = livekit.url
            environment = self.directory.environment(**more, **OUTBOUND)
            self.keep_working(environment)
            ran = 0
            for command in self.commands():
                with self.subTest(command=command):
                    self.assertTrue(command.startswith("telephonyctl "))
                    self.run_line(command.replace("http://127.0.0.1:8080", program.origin),
                                  environment)
                    ran += 1
        self.assertGreater(ran, 20)

    def keep_working(self, environment):
        """Commands that wait for the end of a call need somebody who runs its jobs."""
        daemon = subprocess.Popen([TOOL, "work"], env=environment, stderr=subprocess.DEVNULL)
        self.addCleanup(daemon.wait, PATIENCE)
        self.addCleanup(daemon.kill)

    def run_line(self, command, environment):
        with subprocess.Popen(["sh", "-c", f"exec {command}"], env=environment,
                              cwd=self.directory.path, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              text=True) as process:
            if command == "telephonyctl work":
                process.stderr.readline()
                process.terminate()
            out, err = process.communicate(timeout=PATIENCE)
        self.assertEqual(process.returncode, OK, out + err)

    def test_names_every_command_and_option(self):
        text = self.TEXT.read_text(encoding="utf-8")
        listed = self.run_tool("--help").stdout.split("Commands:\n")[1].split("\n\n")[0]
        shown = " \n".join(self.commands()) + " \n"
        for line in listed.splitlines():
            command = re.match(r"  (\w+(?: \w+)?)  ", line).group(1)
            self.assertIn(f"telephonyctl {command} ", shown)
        for option in set(re.findall(r"`(--[a-z-]+)", text)):
            self.assertTrue(any(option in self.run_tool(*command.split(), "--help").stdout
                                for command in ("simulate inbound", "calls list", "calls show",
                                                "call place", "call transfer",
                                                "work", "reconcile", "routes resolve", "backup")) or
                            option == "--help", option)


if __name__ == "__main__":
    unittest.main()
