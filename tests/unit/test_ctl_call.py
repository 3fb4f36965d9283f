"""telephonyctl call and outbound: calls are placed, steered and watched, on the store itself."""
import json
import os
import pwd
import signal
import subprocess
import time
import unittest

from ctl_tool import NOT_SO, OK, PATIENCE, SECRET, TOOL, TROUBLE, USAGE, Directory, Program

from livekit_stub.client import Stub

A_CALL = "0f8fad5b-d9cb-469f-a165-70867728950e"
CALLEE = "+15550177"
OURS = "+15550123"
RULES = ["outbound_stopped", "allow_prefixes", "deny_prefixes", "from_numbers", "max_concurrent",
         "max_per_minute", "max_per_destination_day"]


class Calls(unittest.TestCase):
    """A directory with the settings that outbound calls need."""

    def setUp(self):
        self.directory = Directory()
        self.addCleanup(self.directory.close)
        self.directory.settings.update({
            "TELEPHONY_ALLOW_PREFIXES": "+1555",
            "TELEPHONY_DEFAULT_FROM_NUMBER": OURS,
            "LIVEKIT_SIP_OUTBOUND_TRUNK_ID": Stub.OUTBOUND_TRUNK,
        })

    def run_tool(self, *words, expect=OK, **environment):
        got = self.directory.run(*words, **environment)
        self.assertEqual(got.returncode, expect, f"{words}\n{got.stdout}\n{got.stderr}")
        self.assertNotIn(SECRET, got.stdout + got.stderr)
        return got

    def json(self, *words, **more):
        return json.loads(self.run_tool(*words, "--json", **more).stdout)

    def place(self, *words, to=CALLEE, **more):
        return self.json("call", "place", "--to", to, *words, **more)

    def refused(self, *words, to=CALLEE, **more):
        got = self.run_tool("call", "place", "--to", to, *words, expect=NOT_SO, **more)
        self.assertEqual(got.stdout, "")
        return got.stderr

    def wrong(self, *words, **more):
        """What is said about a command line that must not store anything."""
        got = self.run_tool(*words, expect=USAGE, **more)
        self.assertEqual(got.stdout, "")
        self.assertIn("--help", got.stderr)
        return got.stderr

    def calls(self):
        return self.json("calls", "list")["calls"]

    def livekit(self, *webhooks, **options):
        stub = Stub(webhooks, agent_delay=0.02, **options)
        stub.__enter__()
        self.addCleanup(stub.__exit__, None, None, None)
        self.directory.settings["LIVEKIT_URL"] = stub.url
        return stub


class Place(Calls):
    def test_stores_and_dials_nobody(self):
        stub = self.livekit()
        got = self.run_tool("call", "place", "--to", "+1 (555) 017-7")
        self.assertIn("telephonyctl work", got.stderr)
        self.assertRegex(got.stdout, r"(?m)^to +\+15550177$")
        (call,) = self.calls()
        self.assertIn(f"telephonyctl call watch {call['callId']}", got.stderr)
        self.assertEqual((call["direction"], call["status"], call["from"], call["to"],
                          call["trunkId"]),
                         ("outbound", "created", OURS, CALLEE, Stub.OUTBOUND_TRUNK))
        self.assertEqual(stub.state()["dial_count"], 0)

    def test_says_who_it_was(self):
        call = self.place()
        self.run_tool("call", "hangup", call["callId"])
        timeline = self.json("call", "show", call["callId"], "--timeline")["timeline"]
        self.assertEqual(timeline[0]["source"], "request")
        self.assertIn(f"ctl:{pwd.getpwuid(os.getuid()).pw_name}",
                      timeline[-1]["evidence"].values())

    def test_takes_all_that_the_api_takes(self):
        config = self.directory.write("agent.json", '{"voice": "alto"}')
        call = self.place("--from", "+15550124", "--agent-config", config, "--agent-name", "smith",
                          "--room-name", "support", "--trunk-id", "ST_other",
                          "--ringing-timeout-seconds", 30, "--max-duration-seconds", 600,
                          "--dtmf", "ww1#", "--metadata", '{"ticket": 7}')
        self.assertEqual((call["from"], call["agent"]["name"], call["roomName"], call["trunkId"],
                          call["ringingTimeoutSeconds"], call["maxDurationSeconds"],
                          call["metadata"]),
                         ("+15550124", "smith", "support", "ST_other", 30, 600, {"ticket": 7}))
        self.assertEqual(self.json("call", "show", call["callId"]), call)

    def test_the_agent_config_gets_to_the_agent(self):
        stub = self.livekit()
        config = self.directory.write("agent.json", '{"voice": "alto"}')
        for given, room in ((config, "one"), (' {"voice": "alto"}', "two")):
            self.place("--agent-config", given, "--room-name", room)
            self.run_tool("work", "--once", "--patience", 3)
            (made,) = stub.requests("CreateRoom", room=room)
            metadata = json.loads(made["body"]["agents"][0]["metadata"])
            self.assertEqual(metadata["voice"], "alto")

    def test_what_is_wrong_is_said_by_option(self):
        missing = str(self.directory.path / "missing.json")
        for words, named in (
                ([], "--to is missing"),
                (["--to", "5550177"], "--to: it must be the number to call"),
                (["--to", ""], "--to is empty"),
                (["--to", CALLEE, "--from", "anna"], "--from: it must be a number of your own"),
                (["--to", CALLEE, "--agent-config", missing], f"--agent-config: the file {missing}"),
                (["--to", CALLEE, "--agent-config", "{]"], "--agent-config is no JSON: "),
                (["--to", CALLEE, "--agent-config", '{"greeting": 7}'],
                 "--agent-config: greeting: "),
                (["--to", CALLEE, "--agent-config", '{"x": 1, "x": 2}'], "--agent-config: x is there twice"),
                (["--to", CALLEE, "--agent-name", "a\x07"], "--agent-name: it must be a name"),
                (["--to", CALLEE, "--agent-name", "a\udcff"], "--agent-name is no UTF-8"),
                (["--to", CALLEE, "--room-name", "r" * 257], "--room-name: "),
                (["--to", CALLEE, "--trunk-id", "S T"], "--trunk-id: "),
                (["--to", CALLEE, "--ringing-timeout-seconds", 4],
                 "--ringing-timeout-seconds '4' is not a whole number from 5 to "),
                (["--to", CALLEE, "--max-duration-seconds", 9],
                 "--max-duration-seconds '9' is not a whole number from 10 to "),
                (["--to", CALLEE, "--dtmf", "x"], "--dtmf: it must be 1 to 64 of"),
                (["--to", CALLEE, "--metadata", "7"], "--metadata: it must be a JSON object"),
                (["--to", CALLEE, "--metadata", "x"], "--metadata: it must be a JSON object"),
                (["--to", CALLEE, "--metadata", '{"x": }'], "--metadata is no JSON: "),
                (["--to", CALLEE, "--idempotency-key", "k" * 256],
                 "--idempotency-key must have 1 to 255"),
                (["--to", CALLEE, "--idempotency-key", "kä"], "--idempotency-key must have"),
                ([CALLEE], "one argument too many")):
            with self.subTest(words=words):
                self.assertIn(named, self.wrong("call", "place", *words))
        said = self.wrong("call", "place", "--to", "x", "--from", "y", "--dtmf", "z")
        for option in ("--to: ", "--from: ", "--dtmf: "):
            self.assertIn(option, said)

    def test_what_is_not_configured_is_said_with_its_setting(self):
        for missing, option in (("TELEPHONY_DEFAULT_FROM_NUMBER", "--from"),
                                ("LIVEKIT_SIP_OUTBOUND_TRUNK_ID", "--trunk-id")):
            said = self.wrong("call", "place", "--to", CALLEE, **{missing: ""})
            self.assertIn(f"{option} is missing", said)
            self.assertIn(missing, said)
        self.assertIn("TELEPHONY_ENABLED", self.refused(TELEPHONY_ENABLED="false"))
        self.assertEqual(self.calls(), [])

    def test_is_refused_by_name_of_the_rule_and_the_setting(self):
        for setting, value, rule in (
                ("TELEPHONY_ALLOW_PREFIXES", "", "allow_prefixes"),
                ("TELEPHONY_ALLOW_PREFIXES", "+49", "allow_prefixes"),
                ("TELEPHONY_DENY_PREFIXES", "+15550", "deny_prefixes"),
                ("TELEPHONY_FROM_NUMBERS", OURS, "from_numbers")):
            with self.subTest(setting=setting, value=value):
                said = self.refused("--from", "+15550199", **{setting: value})
                self.assertIn(f"refused by {rule}: ", said)
                self.assertIn(setting, said)
        self.assertEqual(self.calls(), [])

    def test_limits_say_when_they_open(self):
        limit = {"TELEPHONY_MAX_OUTBOUND_PER_MINUTE": "1"}
        self.place(**limit)
        said = self.refused(**limit)
        self.assertIn("refused by max_per_minute: ", said)
        self.assertRegex(said, r"in \d+ s\n")
        self.assertEqual(len(self.calls()), 1)

    def test_the_same_key_is_the_same_call(self):
        call = self.place("--idempotency-key", "k")
        got = self.run_tool("call", "place", "--to", CALLEE, "--idempotency-key", "k", "--json")
        self.assertEqual(json.loads(got.stdout)["callId"], call["callId"])
        self.assertIn("was given before", got.stderr)
        self.assertIn("with other options", self.refused("--idempotency-key", "k", to="+15550178"))
        self.assertEqual(len(self.calls()), 1)

    def test_a_room_holds_one_call(self):
        call = self.place("--room-name", "support")
        said = self.refused("--room-name", "support", to="+15550178")
        self.assertIn(f"--room-name: call {call['callId']}", said)


class DryRun(Calls):
    def test_lists_every_rule_and_stores_nothing(self):
        got = self.run_tool("call", "place", "--to", CALLEE, "--dry-run")
        self.assertEqual([line.split()[:2] for line in got.stdout.splitlines()[:-1]],
                         [[rule, "passed"] for rule in RULES])
        self.assertIn("would be placed", got.stdout)
        got = self.run_tool("call", "place", "--to", CALLEE, "--dry-run", expect=NOT_SO,
                            TELEPHONY_ALLOW_PREFIXES="")
        self.assertRegex(got.stdout, r"(?m)^allow_prefixes +refused +.*TELEPHONY_ALLOW_PREFIXES")
        self.assertIn("would be refused", got.stdout)
        self.assertEqual(self.calls(), [])

    def test_as_json(self):
        said = self.place("--dry-run")
        self.assertEqual((said["dryRun"], said["allowed"]), (True, True))
        self.assertEqual([rule["rule"] for rule in said["rules"]], RULES)
        said = self.place("--dry-run", expect=NOT_SO, TELEPHONY_DENY_PREFIXES="+1555")
        self.assertEqual([rule["rule"] for rule in said["rules"] if not rule["passed"]],
                         ["deny_prefixes"])


class Switch(Calls):
    def test_stops_and_starts(self):
        self.assertIn("open: ", self.run_tool("outbound", "start").stdout)
        self.assertEqual(self.json("outbound", "status"), {"stopped": False, "stoppedAt": None})
        stopped = self.run_tool("outbound", "stop").stdout
        self.assertIn("stopped since", stopped)
        self.assertEqual(self.run_tool("outbound", "stop").stdout, stopped)
        self.assertIn("telephonyctl outbound start",
                      self.run_tool("outbound", "status", expect=NOT_SO).stdout)
        self.assertTrue(self.json("outbound", "status", expect=NOT_SO)["stopped"])
        said = self.refused()
        self.assertIn("refused by outbound_stopped: ", said)
        self.assertIn("telephonyctl outbound start", said)
        self.run_tool("outbound", "start")
        self.place()

    def test_status_tells_what_else_is_in_the_way(self):
        self.run_tool("outbound", "start")
        got = self.run_tool("outbound", "status", TELEPHONY_ALLOW_PREFIXES="")
        self.assertIn("TELEPHONY_ALLOW_PREFIXES", got.stdout)
        got = self.run_tool("outbound", "status", TELEPHONY_ENABLED="false")
        self.assertIn("TELEPHONY_ENABLED", got.stdout)

    def test_what_waits_is_not_dialled(self):
        stub = self.livekit()
        call = self.place()
        self.run_tool("outbound", "stop")
        self.run_tool("work", "--once", "--patience", 5)
        self.assertEqual(stub.state()["dial_count"], 0)
        self.assertEqual(self.json("call", "show", call["callId"])["outcome"], "canceled")

    def test_no_store_is_told(self):
        got = self.run_tool("outbound", "status", expect=TROUBLE)
        self.assertIn("TELEPHONY_STORE", got.stderr)


class Steer(Calls):
    def test_hangs_up_what_nobody_has_dialled(self):
        stub = self.livekit()
        call = self.place()
        got = self.json("call", "hangup", call["callId"])
        self.assertEqual(got["callId"], call["callId"])
        self.run_tool("work", "--once", "--patience", 5)
        self.assertEqual(stub.state()["dial_count"], 0)
        got = self.run_tool("call", "hangup", call["callId"].upper(), "--json")
        self.assertEqual(json.loads(got.stdout)["outcome"], "canceled")
        self.assertIn("over already", got.stderr)

    def test_calls_that_are_not_there(self):
        self.place()
        for words in (["hangup", A_CALL], ["show", A_CALL], ["watch", A_CALL],
                      ["transfer", A_CALL, "--to", "tel:+15550188"]):
            got = self.run_tool("call", *words, expect=NOT_SO)
            self.assertEqual(got.stdout, "")
            self.assertIn(f"there is no call {A_CALL}", got.stderr)
            self.assertIn("'x' is no call id",
                          self.wrong("call", *[("x" if word == A_CALL else word)
                                               for word in words]))

    def test_transfers_only_what_talks(self):
        call = self.place()
        self.assertIn("--to is missing", self.wrong("call", "transfer", call["callId"]))
        for target in ("+15550188", "tel:5550188", "sips:x@example.org", "sip:"):
            self.assertIn("--to: it must be where the call goes to",
                          self.wrong("call", "transfer", call["callId"], "--to", target))
        got = self.run_tool("call", "transfer", call["callId"], "--to", "tel:+15550188",
                            expect=NOT_SO)
        self.assertIn("not answered yet", got.stderr)
        self.run_tool("call", "hangup", call["callId"])
        got = self.run_tool("call", "transfer", call["callId"], "--to", "sip:x@example.org",
                            expect=NOT_SO)
        self.assertIn("the call is over", got.stderr)


class Whole(Calls):
    """With webhooks coming in, and somebody running the jobs."""

    def setUp(self):
        super().setUp()
        self.program = Program(self.directory)
        self.addCleanup(self.program.close)
        self.stub = self.livekit(self.program.url, departure_timeout=0.2)

    def callee(self, **how):
        self.stub.callee(CALLEE, **how)

    def work(self):
        """`telephonyctl work` until the test is over."""
        path = self.directory.path / "work.log"
        with open(path, "wb") as log:
            daemon = subprocess.Popen([TOOL, "work"], env=self.directory.environment(), stderr=log)

        def stop():
            daemon.send_signal(signal.SIGTERM)
            self.assertEqual(daemon.wait(PATIENCE), OK)
        self.addCleanup(stop)
        self.wait_until(lambda: "work_started" in path.read_text(encoding="utf-8"))

    def wait_until(self, condition):
        deadline = time.monotonic() + PATIENCE
        while not condition():
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.1)

    def shown(self, call):
        return self.json("call", "show", call["callId"])

    def test_work_once_places_it(self):
        self.callee(behaviour="answer", after=0.3, talk_time=0.5)
        call = self.place()
        self.run_tool("work", "--once", "--patience", 20)
        call = self.json("call", "show", call["callId"])
        self.assertEqual(self.stub.state()["dial_count"], 1)
        self.assertIsNotNone(call["answeredAt"])
        self.run_tool("work", "--once", "--patience", 20)
        self.assertEqual(self.stub.state()["dial_count"], 1)

    def test_wait_says_whether_somebody_answered(self):
        self.work()
        self.callee(behaviour="answer", after=0.3, talk_time=0.5)
        got = self.run_tool("call", "place", "--to", CALLEE, "--wait")
        self.assertRegex(got.stdout, r"(?m)^ +\+0\.\d+  request  place")
        self.assertRegex(got.stdout, r"(?m)^status +ended, completed")
        self.assertRegex(got.stdout, r"(?m)^phone +answered, .*answered \+")
        self.callee(behaviour="busy", after=0.2)
        call = self.place("--wait", expect=NOT_SO)
        self.assertEqual((call["outcome"], call["sipStatusCode"]), ("busy", 486))
        self.assertEqual(self.stub.state()["dial_count"], 2)

    def test_watch_goes_on_to_the_end(self):
        self.callee(behaviour="answer", after=0.3, talk_time=30)
        call = self.place()
        with subprocess.Popen([TOOL, "call", "watch", call["callId"], "--json"],
                              env=self.directory.environment(), stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, text=True) as watch:
            first = json.loads(watch.stdout.readline())
            self.assertEqual((first["seq"], first["source"]), (0, "request"))
            self.work()
            self.wait_until(lambda: self.shown(call)["answeredAt"])
            self.run_tool("call", "hangup", call["callId"])
            rest, said = watch.communicate(timeout=PATIENCE)
        self.assertEqual(watch.returncode, OK, said)
        entries = [first, *map(json.loads, rest.splitlines())]
        self.assertEqual([entry["seq"] for entry in entries], list(range(len(entries))))
        self.assertIn(entries[-1]["status"], ("ended", "failed"))
        got = self.run_tool("call", "watch", call["callId"])
        self.assertGreaterEqual(len(got.stdout.splitlines()), len(entries))
        self.assertRegex(got.stdout, r"(?m)^status +ended, .*ended by api")

    def test_watch_has_patience(self):
        call = self.place()
        got = self.run_tool("call", "watch", call["callId"], "--patience", 1, expect=NOT_SO)
        self.assertIn("still goes on", got.stderr)
        self.assertIn("request  place", got.stdout)

    def test_watch_says_that_nobody_works(self):
        call = self.place()
        with subprocess.Popen([TOOL, "call", "watch", call["callId"]],
                              env=self.directory.environment(), stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, text=True) as watch:
            said = watch.stderr.readline()
            watch.kill()
        self.assertIn("telephonyctl work", said)

    def test_transfer(self):
        self.work()
        self.callee(behaviour="answer", after=0.2, talk_time=30)
        call = self.place()
        self.wait_until(lambda: self.shown(call)["answeredAt"])
        got = self.run_tool("call", "transfer", call["callId"], "--to", "tel:+1 555 0188",
                            "--play-dialtone")
        self.assertRegex(got.stdout, r"(?m)^transfer +requested, to tel:\+15550188")
        self.wait_until(lambda: self.shown(call)["transfer"]["state"] != "requested")
        transfer = self.shown(call)["transfer"]
        self.assertEqual((transfer["state"], transfer["to"], transfer["playDialtone"]),
                         ("done", "tel:+15550188", True))


if __name__ == "__main__":
    unittest.main()
