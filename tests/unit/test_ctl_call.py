"""telephonyctl call and outbound: on a store that nobody else uses, so nobody is dialled."""
import json
import unittest

from ctl_tool import NOT_SO, OK, USAGE, Directory

NOBODY = "0f8fad5b-d9cb-469f-a165-70867728950e"
RULES = ["outbound_stopped", "allow_prefixes", "deny_prefixes", "from_numbers", "max_concurrent",
         "max_per_minute", "max_per_destination_day"]


class Tool(unittest.TestCase):
    def setUp(self):
        self.directory = Directory()
        self.addCleanup(self.directory.close)
        self.directory.settings.update({
            "TELEPHONY_ALLOW_PREFIXES": "+1555", "TELEPHONY_DEFAULT_FROM_NUMBER": "+15550000",
            "LIVEKIT_SIP_OUTBOUND_TRUNK_ID": "ST_out"})

    def run_tool(self, *words, expect=OK, **environment):
        got = self.directory.run(*words, **environment)
        self.assertEqual(got.returncode, expect, f"{words}\n{got.stdout}\n{got.stderr}")
        return got

    def place(self, *words, expect=OK, **environment):
        got = self.run_tool("call", "place", "--json", *words, expect=expect, **environment)
        return json.loads(got.stdout) if got.stdout else got.stderr

    def stored(self):
        stats = json.loads(self.run_tool("store", "stats", "--json").stdout)
        return stats["calls"]


class Place(Tool):
    def test_stores_what_the_options_say(self):
        call = self.place("--to", "+1 (555) 01-00", "--from", "+15550001", "--room-name", "r",
                          "--agent-name", "bob", "--agent-config", '{"voice":"alto"}',
                          "--trunk-id", "ST_1", "--ringing-timeout-seconds", "5",
                          "--max-duration-seconds", "86400", "--dtmf", "w1",
                          "--metadata", '{"order":7}')
        self.assertEqual(call["to"], "+15550100")
        self.assertEqual(call["from"], "+15550001")
        self.assertEqual(call["direction"], "outbound")
        self.assertEqual(call["status"], "created")
        self.assertEqual(call["roomName"], "r")
        self.assertEqual(call["agent"]["name"], "bob")
        self.assertEqual(call["trunkId"], "ST_1")
        self.assertEqual(call["ringingTimeoutSeconds"], 5)
        self.assertEqual(call["maxDurationSeconds"], 86400)
        self.assertEqual(call["metadata"], {"order": 7})
        shown = json.loads(self.run_tool("call", "show", call["callId"], "--json").stdout)
        self.assertEqual(shown, call)

    def test_one_order_one_call_with_a_key(self):
        words = ("--to", "+15550100", "--idempotency-key", "k")
        first = self.place(*words)
        self.assertEqual(self.place(*words)["callId"], first["callId"])
        self.assertIn("idempotency-key", self.place("--to", "+15550101", "--idempotency-key", "k",
                                                    expect=NOT_SO))
        self.assertEqual(self.stored(), 1)

    def test_a_taken_room_is_refused(self):
        call = self.place("--to", "+15550100", "--room-name", "r")
        self.assertIn(call["callId"], self.place("--to", "+15550101", "--room-name", "r",
                                                 expect=NOT_SO))

    def test_guards_are_named(self):
        self.assertIn("allow_prefixes: ", self.place("--to", "+4930123456", expect=NOT_SO))
        told = self.place("--to", "+15550100", expect=NOT_SO, TELEPHONY_ALLOW_PREFIXES="")
        self.assertIn("TELEPHONY_ALLOW_PREFIXES is not set", told)
        self.assertEqual(self.stored(), 0)

    def test_a_dry_run_lists_every_rule_and_stores_nothing(self):
        good = self.place("--to", "+15550100", "--dry-run")
        self.assertTrue(good["dryRun"] and good["allowed"])
        self.assertEqual([rule["rule"] for rule in good["rules"]], RULES)
        bad = self.place("--to", "+4930123456", "--dry-run", expect=NOT_SO)
        self.assertEqual([rule["rule"] for rule in bad["rules"] if not rule["passed"]],
                         ["allow_prefixes"])
        text = self.run_tool("call", "place", "--to", "+4930123456", "--dry-run",
                             expect=NOT_SO).stdout
        for rule in RULES:
            self.assertRegex(text, rf"(?m)^(passed|REFUSED) +{rule} ")
        self.assertEqual(self.stored(), 0)

    def test_bad_values_are_named(self):
        for member, words in (("to", ["--to", "15550100"]),
                              ("from", ["--to", "+15550100", "--from", "bob"]),
                              ("agentConfig", ["--to", "+15550100", "--agent-config", "{"]),
                              ("agentConfig.voice",
                               ["--to", "+15550100", "--agent-config", '{"voice":1}']),
                              ("metadata", ["--to", "+15550100", "--metadata", "[]"]),
                              ("trunkId", ["--to", "+15550100", "--trunk-id", "a b"]),
                              ("dtmf", ["--to", "+15550100", "--dtmf", "x"]),
                              ("agentName", ["--to", "+15550100", "--agent-name", "a\tb"])):
            with self.subTest(member=member):
                self.assertIn(f"{member}: it must be", self.place(*words, expect=USAGE))
        self.assertIn("--to is missing", self.place(expect=USAGE))
        self.assertIn("TELEPHONY_DEFAULT_FROM_NUMBER",
                      self.place("--to", "+15550100", expect=USAGE,
                                 TELEPHONY_DEFAULT_FROM_NUMBER=""))
        self.assertIn("LIVEKIT_SIP_OUTBOUND_TRUNK_ID",
                      self.place("--to", "+15550100", expect=USAGE,
                                 LIVEKIT_SIP_OUTBOUND_TRUNK_ID=""))
        self.assertEqual(self.stored(), 0)


class Steer(Tool):
    def test_hang_up_and_watch(self):
        call_id = self.place("--to", "+15550100")["callId"]
        self.run_tool("call", "watch", call_id, "--patience", "1", expect=NOT_SO)
        self.run_tool("call", "transfer", call_id, "--to", "tel:+15550300", expect=NOT_SO)
        self.run_tool("call", "hangup", call_id)
        watched = self.run_tool("call", "watch", call_id, "--patience", "30").stdout
        self.assertIn("place", watched)
        self.assertIn("hang_up", watched)
        self.assertIn("canceled", watched)
        again = self.run_tool("call", "hangup", call_id)
        self.assertIn("over already", again.stderr)

    def test_unknown_calls(self):
        for words in (["hangup", NOBODY], ["transfer", NOBODY, "--to", "tel:+15550300"]):
            self.assertIn(NOBODY, self.run_tool("call", *words, expect=NOT_SO).stderr)
        self.place("--to", "+15550100")
        self.run_tool("call", "watch", NOBODY, expect=NOT_SO)

    def test_bad_command_lines(self):
        for words in (["hangup", "x"], ["watch", "x"], ["transfer", NOBODY],
                      ["transfer", NOBODY, "--to", "bob"], ["hangup"]):
            self.run_tool("call", *words, expect=USAGE)


class Switch(Tool):
    def test_stops_and_starts(self):
        self.assertIn("open", self.run_tool("outbound", "status").stdout)
        self.assertIn("stopped since", self.run_tool("outbound", "stop").stdout)
        self.run_tool("outbound", "stop")
        status = json.loads(self.run_tool("outbound", "status", "--json", expect=NOT_SO).stdout)
        self.assertTrue(status["stopped"] and status["stoppedAt"])
        self.assertIn("outbound_stopped: ", self.place("--to", "+15550100", expect=NOT_SO))
        self.assertIn("open", self.run_tool("outbound", "start").stdout)
        self.place("--to", "+15550100")
        self.assertEqual(json.loads(self.run_tool("outbound", "status", "--json").stdout),
                         {"stopped": False, "stoppedAt": None})


if __name__ == "__main__":
    unittest.main()
