"""telephonyctl simulate inbound: what it sends, and what it says about it."""
import collections
import json
import os
import threading
import unittest

from ctl_tool import KEY, NOT_SO, OK, SECRET, SOURCE, USAGE, Directory, Receiver

WHOLE_CALL = ["room_started", "participant_joined SIP", "track_published",
              "participant_joined AGENT", "participant_left SIP", "participant_left AGENT",
              "room_finished"]


def name(event):
    """An event's name, with the kind of its participant if it is told."""
    kind = event.get("participant", {}).get("kind")
    return f"{event['event']} {kind}" if kind else event["event"]


def by_room(events):
    rooms = collections.defaultdict(list)
    for event in events:
        rooms[event["room"]["name"]].append(event)
    return rooms


def shape(value):
    """The names and types in a body, without what differs from call to call."""
    if isinstance(value, dict):
        return {key: shape(member) for key, member in value.items()}
    if isinstance(value, list):
        return [shape(member) for member in value]
    return type(value).__name__


class Simulated(unittest.TestCase):
    """Each test has a directory and, if it asks for one, a receiver."""

    def setUp(self):
        self.directory = Directory()
        self.addCleanup(self.directory.close)

    def receiver(self, *args):
        receiver = Receiver(*args)
        self.addCleanup(receiver.close)
        return receiver

    def simulate(self, receiver, *options, expect=OK, **environment):
        got = self.directory.run("simulate", "inbound", "--json", "--url", receiver.url, *options,
                                 **environment)
        self.assertEqual(got.returncode, expect, got.stderr)
        self.assertEqual(receiver.faults, [])
        return json.loads(got.stdout)


class OneCall(Simulated):
    def test_whole_and_in_order(self):
        receiver = self.receiver()
        said = self.simulate(receiver)
        self.assertEqual([name(event) for event in receiver.requests], WHOLE_CALL)
        self.assertEqual(len({event["id"] for event in receiver.requests}), len(WHOLE_CALL))
        self.assertEqual(len({event["room"]["sid"] for event in receiver.requests}), 1)
        self.assertEqual((said["sent"], said["acknowledged"], said["attempts"]), (7, 7, 7))
        self.assertEqual((said["refused"], said["unanswered"], said["dropped"]), ({}, 0, 0))
        self.assertEqual(said["rooms"][0]["name"], receiver.requests[0]["room"]["name"])
        self.assertGreater(said["latencyMs"]["max"], 0)

    def test_shaped_like_a_recorded_call(self):
        receiver = self.receiver()
        self.simulate(receiver)
        path = SOURCE / "tests" / "fixtures" / "recorded" / "inbound-answered.jsonl"
        wanted = {}
        for line in path.read_text(encoding="utf-8").splitlines():
            event = json.loads(json.loads(line)["body"])
            wanted.setdefault(name(event), event)
        for event in receiver.requests:
            self.assertEqual(shape(event), shape(wanted[name(event)]), name(event))
        size = len(json.dumps(receiver.requests[1], separators=(",", ":")))
        self.assertTrue(1100 < size < 1600, size)

    def test_numbers_trunk_room_and_agent(self):
        receiver = self.receiver()
        self.simulate(receiver, "--from", "+15550177", "--to", "+15550188", "--trunk", "ST_x",
                      "--room", 'my "room"', "--agent-name", "smith")
        joined = receiver.requests[1]
        self.assertEqual(joined["room"]["name"], 'my "room"')
        self.assertEqual(joined["participant"]["identity"], "sip_+15550177")
        attributes = joined["participant"]["attributes"]
        self.assertEqual(attributes["sip.phoneNumber"], "+15550177")
        self.assertEqual(attributes["sip.trunkPhoneNumber"], "+15550188")
        self.assertEqual(attributes["sip.trunkID"], "ST_x")
        agent = receiver.requests[3]["participant"]["attributes"]
        self.assertEqual(agent["lk.agent.name"], "smith")

    def test_no_agent_and_hold(self):
        for options, expected in (
                (["--no-agent"], [event for event in WHOLE_CALL if "AGENT" not in event]),
                (["--hold"], WHOLE_CALL[:4]),
                (["--hold", "--no-agent"], WHOLE_CALL[:3])):
            receiver = self.receiver()
            self.simulate(receiver, *options)
            self.assertEqual([name(event) for event in receiver.requests], expected, options)

    def test_key_and_secret_of_the_command_line(self):
        receiver = self.receiver()
        secret = self.directory.write("secret", SECRET + "\n")
        # The configuration is not even looked at.
        self.simulate(receiver, "--key", KEY, "--secret-file", secret, TELEPHONY_THREADS="many")

    def test_words(self):
        receiver = self.receiver()
        got = self.directory.run("simulate", "inbound", "--url", receiver.url, "--seed", 7)
        self.assertEqual(got.returncode, OK, got.stderr)
        self.assertRegex(got.stdout, r"(?m)^seed +7$")
        self.assertRegex(got.stdout, r"(?m)^acknowledged +7$")
        self.assertRegex(got.stdout, r"(?m)^room +call-_\+15550100_")


class ManyCalls(Simulated):
    def test_each_has_its_own_room(self):
        receiver = self.receiver()
        said = self.simulate(receiver, "--calls", 20, "--room", "r{n}", "--from", "+1555010{n}")
        rooms = by_room(receiver.requests)
        self.assertEqual(set(rooms), {f"r{n}" for n in range(1, 21)})
        self.assertEqual({room["name"] for room in said["rooms"]}, set(rooms))
        for events in rooms.values():
            self.assertEqual([name(event) for event in events], WHOLE_CALL)

    def test_side_by_side_as_many_as_said(self):
        under_way, most = set(), []
        lock = threading.Lock()
        enough = threading.Event()

        def answer(_, event):
            with lock:
                under_way.add(event["room"]["name"])
                most.append(len(under_way))
                if len(under_way) == 4:
                    enough.set()
            enough.wait(10)
            with lock:
                if event["event"] == "room_finished":
                    under_way.discard(event["room"]["name"])
            return 200

        self.simulate(self.receiver(answer), "--calls", 12, "--concurrency", 4)
        self.assertEqual(max(most), 4)

    def test_duplicates_go_out_at_the_same_moment(self):
        together = threading.Barrier(3)

        def answer(*_):
            together.wait(10)
            return 200

        receiver = self.receiver(answer)
        said = self.simulate(receiver, "--duplicate", 2)
        self.assertEqual((said["events"], said["sent"], said["acknowledged"]), (7, 21, 21))
        self.assertEqual(said["eventsAcknowledged"], 7)
        copies = collections.Counter(event["id"] for event in receiver.requests)
        self.assertEqual(set(copies.values()), {3})

    def test_shuffle_and_drop_come_again_with_the_seed(self):
        runs = []
        for _ in range(2):
            receiver = self.receiver()
            said = self.simulate(receiver, "--calls", 30, "--shuffle", "--drop", 20, "--seed", 42)
            self.assertEqual(said["seed"], 42)
            self.assertEqual(said["events"] + said["dropped"], 30 * 7)
            self.assertEqual(said["sent"], len(receiver.requests))
            runs.append({room: [event["id"] for event in events]
                         for room, events in by_room(receiver.requests).items()})
        self.assertEqual(runs[0], runs[1])
        receiver = self.receiver()
        said = self.simulate(receiver, "--calls", 30, "--shuffle", "--seed", 43)
        self.assertTrue(set(by_room(receiver.requests)).isdisjoint(runs[0]))
        orders = {tuple(map(name, events)) for events in by_room(receiver.requests).values()}
        self.assertGreater(len(orders), 5)

    def test_a_seed_is_told_and_can_be_used_again(self):
        first, second = self.receiver(), self.receiver()
        said = self.simulate(first, "--calls", 3)
        again = self.simulate(second, "--calls", 3, "--seed", said["seed"])
        self.assertEqual(said["rooms"], again["rooms"])
        self.assertEqual({event["id"] for event in first.requests},
                         {event["id"] for event in second.requests})

    def test_drop_everything_and_nothing(self):
        receiver = self.receiver()
        said = self.simulate(receiver, "--calls", 5, "--drop", 100)
        self.assertEqual((said["sent"], said["dropped"], receiver.requests), (0, 35, []))
        said = self.simulate(receiver, "--calls", 5, "--drop", 0)
        self.assertEqual((said["sent"], said["dropped"]), (35, 0))


class Retries(Simulated):
    def test_of_503_and_429_with_the_same_body(self):
        receiver = self.receiver(lambda number, _: [503, (429, {"Retry-After": "1"})][number]
                                 if number < 2 else 200)
        said = self.simulate(receiver, "--retry-scale", "0.01")
        self.assertEqual((said["sent"], said["acknowledged"], said["attempts"]), (7, 7, 9))
        self.assertEqual(receiver.requests[0], receiver.requests[1])
        self.assertEqual(receiver.requests[0], receiver.requests[2])
        self.assertEqual([name(event) for event in receiver.requests[2:]], WHOLE_CALL)

    def test_of_broken_connections(self):
        receiver = self.receiver(lambda number, _: None if number == 0 else 200)
        said = self.simulate(receiver, "--retry-scale", "0.01")
        self.assertEqual((said["acknowledged"], said["attempts"]), (7, 8))

    def test_five_attempts_then_the_event_is_gone_and_the_next_follows(self):
        receiver = self.receiver(lambda _, event:
                                 500 if event["event"] == "track_published" else 200)
        said = self.simulate(receiver, "--retry-scale", "0", expect=NOT_SO)
        tries = collections.Counter(map(name, receiver.requests))
        self.assertEqual(tries["track_published"], 5)
        self.assertEqual(tries["room_finished"], 1)
        self.assertEqual((said["acknowledged"], said["refused"]), (6, {"500": 1}))

    def test_never_of_4xx_and_501(self):
        receiver = self.receiver(lambda number, _: [401, 501][number % 2])
        said = self.simulate(receiver, expect=NOT_SO)
        self.assertEqual(said["attempts"], 7)
        self.assertEqual(said["refused"], {"401": 4, "501": 3})

    def test_nobody_there(self):
        receiver = Receiver()
        receiver.close()
        said = self.simulate(receiver, "--retry-scale", "0", expect=NOT_SO)
        self.assertEqual((said["acknowledged"], said["unanswered"], said["attempts"]), (0, 7, 35))
        got = self.directory.run("simulate", "inbound", "--url", receiver.url, "--retry-scale", 0)
        self.assertRegex(got.stdout, r"(?m)^unanswered +7: ")


class Acknowledged(Simulated):
    def test_ids_and_rooms_of_what_was_acknowledged(self):
        receiver = self.receiver(lambda _, event:
                                 400 if event["event"] == "room_finished" else 200)
        path = str(self.directory.path / "acknowledged")
        self.simulate(receiver, "--calls", 3, "--duplicate", 1, "--acknowledged", path,
                      expect=NOT_SO)
        with open(path, encoding="utf-8") as lines:
            got = [tuple(line.rstrip("\n").split("\t")) for line in lines]
        wanted = {(event["id"], event["room"]["name"]) for event in receiver.requests
                  if event["event"] != "room_finished"}
        self.assertEqual(len(got), len(wanted))
        self.assertEqual(set(got), wanted)


class Refused(Simulated):
    """Bad usage: 2, the option's name on stderr, nothing sent."""

    def assert_usage(self, option, *words, **environment):
        got = self.directory.run("simulate", "inbound", *words, **environment)
        self.assertEqual(got.returncode, USAGE, got.stderr)
        self.assertEqual(got.stdout, "")
        self.assertIn(option, got.stderr)
        return got.stderr

    def test_other_machines(self):
        for url in ("http://192.0.2.1/x", "http://livekit.example/x", "https://10.0.0.1/x",
                    "http://localhost.example/x", "http://[2001:db8::1]/x", "http://0/x",
                    "http://127.0.0.1.example/x"):
            self.assertIn("--allow-remote", self.assert_usage("--url", "--url", url))

    def test_no_webhook_urls(self):
        for url in ("ftp://127.0.0.1/x", "file:///etc/passwd", "127.0.0.1", "http://",
                    "http://127.0.0.1@192.0.2.1/x", "http://me:it@127.0.0.1/x"):
            self.assert_usage("--url", "--url", url)

    def test_this_machine_by_other_names(self):
        receiver = self.receiver()
        for host in ("localhost", "127.0.0.1", "127.1"):
            url = f"http://{host}:{receiver.port}/telephony/livekit-webhook"
            got = self.directory.run("simulate", "inbound", "--url", url, "--retry-scale", 0)
            self.assertEqual(got.returncode, OK, got.stderr + got.stdout)

    def test_a_proxy_of_the_environment_gets_nothing(self):
        receiver = self.receiver()
        self.simulate(receiver, http_proxy="http://192.0.2.1:3128", all_proxy="http://192.0.2.1:1")

    def test_bad_options(self):
        for option, words in (
                ("--calls", ["--calls", "0"]),
                ("--calls", ["--calls", "ten"]),
                ("--calls", ["--calls"]),
                ("--drop", ["--drop", "101"]),
                ("--drop", ["--drop", "nan"]),
                ("--duplicate", ["--duplicate", "-1"]),
                ("--seed", ["--seed", "x"]),
                ("--room", ["--calls", "2", "--room", "one"]),
                ("--key", ["--key", "only"]),
                ("--secret-file", ["--secret-file", "only"]),
                ("--secret-file", ["--key", "k", "--secret-file", "/nonexistent"]),
                ("--acknowledged", ["--acknowledged", "/nonexistent/file"]),
                ("--room", ["--room", "x" * 300]),
                ("--room", ["--room", ""]),
                ("--shuffle", ["--shuffle=yes"]),
                ("--nonsense", ["--nonsense"]),
                ("extra", ["extra"])):
            with self.subTest(words=words):
                self.assert_usage(option, *words)

    def test_no_key_anywhere(self):
        self.directory.settings.pop("LIVEKIT_API_KEY")
        self.directory.settings.pop("LIVEKIT_API_SECRET")
        self.assert_usage("LIVEKIT_API_KEY")

    def test_the_secret_is_never_said(self):
        receiver = self.receiver(lambda *_: 401)
        secret = self.directory.write("secret", "quite another secret")
        got = self.directory.run("simulate", "inbound", "--url", receiver.url, "--key", "k",
                                 "--secret-file", secret)
        self.assertEqual(got.returncode, NOT_SO, got.stderr)
        self.assertNotIn("another", got.stdout + got.stderr)
        self.assertEqual(set(receiver.faults), {"invalid API key: k"})
        self.assert_usage("--secret-file", "--key", "k", "--secret-file", os.devnull)


if __name__ == "__main__":
    unittest.main()
