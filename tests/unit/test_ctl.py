"""telephonyctl's surface: help, exit codes, configuration and routes."""
import json
import pathlib
import subprocess
import unittest

from ctl_tool import NOT_SO, OK, SECRET, SOURCE, TOOL, TROUBLE, USAGE, Directory

COMMANDS = (
    "config check", "config reference", "routes check", "routes resolve", "calls list",
    "calls show", "call place", "call hangup", "call transfer", "call show", "call watch",
    "outbound stop", "outbound start", "outbound status", "simulate inbound",
    "store stats", "store check", "backup", "reconcile", "work")
A_CALL = "0f8fad5b-d9cb-469f-a165-70867728950e"


class Tool(unittest.TestCase):
    """Each test has a directory of its own."""

    def setUp(self):
        self.directory = Directory()
        self.addCleanup(self.directory.close)

    def run_tool(self, words, expect=OK, **environment):
        words = words.split() if isinstance(words, str) else words
        got = self.directory.run(*words, **environment)
        self.assertEqual(got.returncode, expect, f"{words}\n{got.stdout}\n{got.stderr}")
        self.assertNotIn(SECRET, got.stdout + got.stderr)
        return got


class Help(Tool):
    def test_of_everything(self):
        for command in COMMANDS:
            with self.subTest(command=command):
                got = self.run_tool(f"{command} --help")
                self.assertTrue(got.stdout.startswith(f"Usage: telephonyctl {command} "))
                self.assertIn("\nOptions:\n", got.stdout)
                self.assertIn("  --help ", got.stdout)
                self.assertRegex(got.stdout, r"\nExit status:\n  0  ")
                self.assertEqual(got.stderr, "")
                self.assertLessEqual(max(map(len, got.stdout.splitlines())), 90)

    def test_lists_every_command_once(self):
        text = self.run_tool("--help").stdout
        self.assertIn("Exit status", text)
        for command in COMMANDS:
            self.assertEqual(text.count(f"\n  {command} "), 1, command)
        self.assertEqual(text.split("Commands:\n")[1].split("\n\n")[0].count("\n") + 1,
                         len(COMMANDS))

    def test_of_a_group_lists_the_group(self):
        text = self.run_tool("calls --help").stdout
        self.assertIn("\n  calls list ", text)
        self.assertNotIn("config check", text)

    def test_version(self):
        self.assertRegex(self.run_tool("--version").stdout, r"^telephonyctl \(.*\) \d+\.\d+")


class Usage(Tool):
    def test_is_refused_by_name(self):
        for words, named in (
                ("", "command is missing"),
                ("calls", "telephonyctl calls --help"),
                ("nonsense", "nonsense"),
                ("calls nonsense", "calls nonsense"),
                ("list", "list"),
                ("--nonsense", "--nonsense"),
                ("calls list --nonsense", "--nonsense"),
                ("calls list -x", "-x"),
                ("calls list --limit", "--limit needs a N"),
                ("calls list --limit 0", "--limit '0' is not a whole number from 1 to"),
                ("calls list --limit 1e3", "--limit '1e3'"),
                ("calls list --live=yes", "--live takes no value"),
                ("calls list --l", "--l"),
                ("calls list --help=me", "--help takes no value"),
                ("calls list one", "'one' is one argument too many"),
                ("calls show", "CALLID is missing"),
                ("calls show x", "'x' is no call id"),
                (f"calls show {A_CALL} {A_CALL}", "too many"),
                ("call", "telephonyctl call --help"),
                ("call make", "call make"),
                ("call hangup", "CALLID is missing"),
                ("call watch x", "'x' is no call id"),
                ("call place x", "'x' is one argument too many"),
                ("call place", "--to is missing"),
                ("outbound", "telephonyctl outbound --help"),
                ("outbound stop now", "'now'"),
                ("config check extra", "extra"),
                ("config reference extra", "extra"),
                ("routes check", "FILE is missing"),
                ("routes check a b", "'b'"),
                ("routes resolve", "--to"),
                (["routes", "resolve", "--to", ""], "--to is empty"),
                ("store stats --live", "--live"),
                ("store check x", "'x'"),
                ("backup", "DIRECTORY is missing"),
                ("work --patience 0", "--patience"),
                ("work now", "'now'"),
                ("simulate outbound", "simulate outbound")):
            with self.subTest(words=words):
                got = self.run_tool(words, USAGE)
                self.assertEqual(got.stdout, "")
                self.assertIn(named, got.stderr)
                self.assertIn("--help", got.stderr)

    def test_options_may_stand_anywhere(self):
        bad = self.directory.write("routes.json", "[")
        first = self.run_tool(["routes", "check", "--json", bad], NOT_SO)
        last = self.run_tool(["routes", "check", bad, "--json"], NOT_SO)
        self.assertEqual(first.stdout, last.stdout)

    def test_a_broken_configuration_is_named(self):
        for command in ("calls list", f"calls show {A_CALL}", "call place --to +15550177",
                        f"call hangup {A_CALL}", f"call watch {A_CALL}",
                        f"call transfer {A_CALL} --to tel:+15550188", "outbound stop",
                        "outbound start", "outbound status", "store stats", "store check",
                        "backup copy", "work --once", "simulate inbound",
                        "routes resolve --to +15550123"):
            with self.subTest(command=command):
                got = self.run_tool(command, USAGE, TELEPHONY_THREADS="many")
                self.assertIn("TELEPHONY_THREADS", got.stderr)
                self.assertIn("config check", got.stderr)

    def test_output_that_can_not_be_written(self):
        if not pathlib.Path("/dev/full").exists():
            self.skipTest("no /dev/full")
        for words in (["--help"], ["config", "reference"], ["config", "check", "--json"]):
            with open("/dev/full", "wb") as full:
                got = subprocess.run([TOOL, *words], env=self.directory.environment(),
                                     stdout=full, stderr=subprocess.PIPE, check=False)
            self.assertEqual(got.returncode, TROUBLE, words)
            self.assertIn(b"standard output", got.stderr)


class Config(Tool):
    def test_good(self):
        got = self.run_tool("config check")
        self.assertIn("LIVEKIT_API_SECRET=(set)", got.stdout)
        self.assertIn("TELEPHONY_THREADS=8  # default", got.stdout)
        said = json.loads(self.run_tool("config check --json").stdout)
        self.assertTrue(said["ok"])
        settings = {item["setting"]: item for item in said["settings"]}
        self.assertEqual(settings["LIVEKIT_API_SECRET"]["value"], "(set)")
        self.assertEqual(settings["LIVEKIT_API_KEY"],
                         {"setting": "LIVEKIT_API_KEY", "value": "devkey",
                          "source": "environment"})
        self.assertEqual(settings["TELEPHONY_THREADS"]["source"], "default")

    def test_every_problem_at_once(self):
        bad = {"TELEPHONY_THREADS": "many", "LIVEKIT_URL": "gopher://x", "TELEPHONY_STORE": "x"}
        got = self.run_tool("config check", NOT_SO, **bad)
        for name in bad:
            self.assertIn(name, got.stdout)
        said = json.loads(self.run_tool("config check --json", NOT_SO, **bad).stdout)
        self.assertFalse(said["ok"])
        self.assertEqual({problem["where"] for problem in said["problems"]}, set(bad))
        self.assertEqual({problem["level"] for problem in said["problems"]}, {"error"})

    def test_a_file_and_its_lines(self):
        path = self.directory.write("telephony.conf", "\nTELEPHONY_THREADS=lots\n")
        for how in ({"words": ["config", "check", "--config", path, "--json"]},
                    {"words": ["config", "check", "--json"], "TELEPHONY_CONFIG": path}):
            said = json.loads(self.run_tool(how.pop("words"), NOT_SO, **how).stdout)
            self.assertEqual([(problem["where"], problem["line"], problem["origin"])
                              for problem in said["problems"]],
                             [("TELEPHONY_THREADS", 2, path)])

    def test_a_file_named_from_here(self):
        self.directory.write("telephony.conf", "TELEPHONY_THREADS=3\n")
        got = self.run_tool("config check --config telephony.conf")
        self.assertIn("TELEPHONY_THREADS=3", got.stdout)

    def test_a_file_that_is_not_there(self):
        got = self.run_tool("config check --config nowhere.conf", NOT_SO)
        self.assertIn("nowhere.conf", got.stdout)

    def test_the_routes_that_it_names(self):
        """The program does not start with a broken file: so neither can it be used."""
        good = self.directory.write("good.json", '{"numbers": {"+1555*": {}}}')
        self.run_tool("config check", TELEPHONY_ROUTES=good)
        broken = self.directory.write("broken.json", '{"numbers": {"+1555*": {"agentNam": "x"}}}')
        for path, fault in ((broken, "agentNam"), ("/nowhere/routes.json", "there is no such file")):
            with self.subTest(path):
                got = self.run_tool("config check", NOT_SO, TELEPHONY_ROUTES=path)
                self.assertIn("TELEPHONY_ROUTES", got.stdout)
                self.assertIn(path, got.stdout)
                self.assertIn(fault, got.stdout)
                said = json.loads(self.run_tool("config check --json", NOT_SO,
                                                TELEPHONY_ROUTES=path).stdout)
                self.assertFalse(said["ok"])
                self.assertEqual(said["problems"][0]["where"], "TELEPHONY_ROUTES")

    def test_routes_that_are_good_or_nearly(self):
        routes = self.directory.write("routes.json", json.dumps({"numbers": {"1555*": {}}}))
        got = self.run_tool("config check", TELEPHONY_ROUTES=routes)
        self.assertIn(f"warning: {routes}: ", got.stdout)
        self.assertNotIn("error: ", got.stdout)
        self.assertIn(f"TELEPHONY_ROUTES={routes}  # environment", got.stdout)

    def test_reference_is_the_document(self):
        got = self.run_tool("config reference")
        self.assertEqual(got.stdout,
                         (SOURCE / "docs" / "SETTINGS.md").read_text(encoding="utf-8"))


ROUTES = {
    "default": {"agentName": "reception", "agentConfig": {"voice": "alto", "greeting": "Hi."}},
    "numbers": {
        "+1555*": {"agentConfig": {"voice": "tenor"}},
        "+15550123": {"agentName": "support"},
    },
    "trunks": {"ST_x": {"agentConfig": {"model": "small", "fallback": "mine"},
                        "agentAttempts": 3, "fallback": {"transfer": "+1 555 0300"}}},
}


class Routes(Tool):
    def setUp(self):
        super().setUp()
        self.good = self.directory.write("routes.json", json.dumps(ROUTES))

    def resolve(self, *words, expect=OK, **environment):
        got = self.run_tool(["routes", "resolve", "--json", *words], expect, **environment)
        return json.loads(got.stdout)

    def test_check_good(self):
        got = self.run_tool(["routes", "check", self.good])
        self.assertIn("2 rules for numbers, 1 for trunks", got.stdout)
        said = json.loads(self.run_tool(["routes", "check", self.good, "--json"]).stdout)
        self.assertEqual(said, {"ok": True, "problems": [], "numbers": 2, "trunks": 1})

    def test_check_bad(self):
        bad = self.directory.write("bad.json", json.dumps(
            {"numbers": {"+1555": {"agentName": 7}, "+1556": {"agentConfig": []}}}))
        got = self.run_tool(["routes", "check", bad], NOT_SO)
        self.assertIn("+1555", got.stdout)
        self.assertIn("+1556", got.stdout)
        said = json.loads(self.run_tool(["routes", "check", bad, "--json"], NOT_SO).stdout)
        self.assertFalse(said["ok"])
        self.assertGreaterEqual(len(said["problems"]), 2)
        self.assertNotIn("numbers", said)

    def test_check_what_is_no_routes_file(self):
        for path in (self.directory.write("x.json", "not json"),
                     str(self.directory.path / "missing.json"), str(self.directory.path)):
            with self.subTest(path=path):
                self.assertIn(path, self.run_tool(["routes", "check", path], NOT_SO).stdout)

    def test_resolve_says_which_rule_gave_what(self):
        said = self.resolve("--to", "+1 (555) 0123", "--trunk", "ST_x", "--routes", self.good)
        self.assertEqual(said["agentName"], "support")
        self.assertEqual(said["agentConfig"]["voice"], "alto")
        self.assertEqual(said["agentConfig"]["model"], "small")
        self.assertEqual(said["givenBy"]["agentName"], "did:+15550123")
        self.assertEqual(said["givenBy"]["voice"], "default")
        self.assertEqual(said["givenBy"]["model"], "trunk:ST_x")
        self.assertEqual(said["fallback"], {"transfer": "tel:+15550300"})
        self.assertEqual(said["givenBy"]["fallback"], "trunk:ST_x")
        self.assertEqual(said["givenBy"]["agentConfig.fallback"], "trunk:ST_x")
        self.assertEqual((said["agentAttempts"], said["agentAttemptsWithinSeconds"]), (3, 30))
        self.assertEqual(said["givenBy"]["agentAttempts"], "trunk:ST_x")
        self.assertEqual(said["givenBy"]["agentAttemptsWithinSeconds"], "built-in")
        said = self.resolve("--to", "+15550199", "--routes", self.good)
        self.assertEqual(said["agentName"], "reception")
        self.assertEqual(said["givenBy"]["voice"], "did:+1555*")

    def test_resolve_in_words(self):
        got = self.run_tool(["routes", "resolve", "--to", "+15550123", "--routes", self.good])
        self.assertRegex(got.stdout, r"(?m)^agent +support$")
        self.assertRegex(got.stdout, r"(?m)^voice +given by default$")
        self.assertRegex(got.stdout, r"(?m)^wait +8 s for it to join, 5 attempts within 30 s, then keep$")
        self.assertRegex(got.stdout, r"(?m)^fallback +given by built-in$")
        self.assertEqual(json.loads(got.stdout.split("\n\n")[1])["greeting"], "Hi.")

    def test_resolve_by_the_configured_file_and_without_one(self):
        self.assertEqual(self.resolve("--to", "+15550123", TELEPHONY_ROUTES=self.good)["agentName"],
                         "support")
        said = self.resolve("--to", "+15550123", TELEPHONY_AGENT_NAME="smith")
        self.assertEqual(said["agentName"], "smith")
        self.assertEqual(said["agentConfig"]["noise_cancellation_type"], "telephony")

    def test_resolve_says_how_long_an_agent_is_waited_for(self):
        said = self.resolve("--to", "+15550199", TELEPHONY_AGENT_JOIN_DEADLINE="12")
        self.assertEqual(said["agentJoinDeadlineSeconds"], 12)
        self.assertEqual(said["fallback"], "keep")
        self.assertEqual(said["givenBy"]["agentJoinDeadlineSeconds"],
                         "TELEPHONY_AGENT_JOIN_DEADLINE")
        got = self.run_tool(["routes", "resolve", "--trunk", "ST_x", "--routes", self.good])
        self.assertRegex(got.stdout, r"(?m), 3 attempts within 30 s, then transfer to "
                                     r"tel:\+15550300$")

    def test_resolve_by_a_broken_file(self):
        bad = self.directory.write("bad.json", "[]")
        got = self.run_tool(["routes", "resolve", "--to", "+15550123", "--routes", bad], NOT_SO)
        self.assertEqual(got.stdout, "")
        self.assertIn("bad.json", got.stderr)


if __name__ == "__main__":
    unittest.main()
