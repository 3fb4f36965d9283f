"""Plays one phone call on a running LiveKit stub, tells about it, and checks it.

What ./quickstart shows. Exit status 0: exactly one agent was dispatched, and the
call's record says that it was completed.
"""
import argparse
import json
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request

CALLER, CALLED = "+15550100", "+15550123"
TALK_SECONDS = 2
PATIENCE = 30


class DemoError(Exception):
    """The call did not go as it should."""


class Stub:
    """The control API of a stub that somebody else started."""

    def __init__(self, url):
        self._url = url

    def ask(self, method, name, body=None):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self._url}/stub/{name}", data, method=method)
        with urllib.request.urlopen(request, timeout=PATIENCE + 10) as answer:
            return json.load(answer)

    def wait(self, what, meaning, **condition):
        try:
            self.ask("POST", "wait", {"for": what, "timeout": PATIENCE, **condition})
        except urllib.error.HTTPError as error:
            raise DemoError(f"waited {PATIENCE} s in vain: {meaning}") from error

    def dispatches(self, room):
        return [each for each in self.ask("GET", "state")["dispatches"] if each["room"] == room]


class Ctl:
    """telephonyctl, configured by TELEPHONY_CONFIG."""

    def __init__(self, program):
        self._program = os.path.abspath(program)

    def run(self, *arguments):
        """What it prints; what goes wrong it says itself."""
        done = subprocess.run([self._program, *arguments], stdout=subprocess.PIPE, text=True, check=False)
        if done.returncode != 0:
            raise DemoError(f"telephonyctl {' '.join(arguments)}: exit status {done.returncode}")
        return done.stdout

    def call_in(self, room):
        calls = json.loads(self.run("calls", "list", "--room", room, "--json"))["calls"]
        if len(calls) != 1:
            raise DemoError(f"{len(calls)} calls in the store for room {room}, not 1")
        return calls[0]


class Story:
    """Lines with the time since the call began."""

    def __init__(self):
        self._start = time.monotonic()

    def tell(self, text):
        print(f"  {time.monotonic() - self._start:5.2f} s  {text}", flush=True)


def play(stub):
    """A caller phones in, talks to the agent, hangs up; the name of the room."""
    story = Story()
    plan = {"caller": CALLER, "called": CALLED, "talk_time": TALK_SECONDS}
    room = stub.ask("POST", "call", plan)["calls"][0]["room"]
    story.tell(f"{CALLER} calls {CALLED}: LiveKit puts the phone into room {room} and sends webhooks")
    stub.wait("living_dispatches", "an agent is dispatched", room=room, at_least=1)
    story.tell(f"telephony.fcgi has dispatched \"{stub.dispatches(room)[0]['agent_name']}\" into the room")
    stub.wait("agents", "the agent joins", room=room, at_least=1)
    story.tell("the agent is there: LiveKit answers the phone, the two talk")
    stub.wait("ended_calls", "the caller hangs up", room=room, exactly=1)
    story.tell("the caller hangs up")
    stub.wait("rooms", "the room is closed", room=room, exactly=0)
    stub.wait("webhooks", "all webhooks are delivered", room=room, outcome="pending", exactly=0)
    story.tell("the room is closed, the last webhook acknowledged")
    return room


def require(what, got, wanted):
    if got != wanted:
        raise DemoError(f"{what}: {got}, not {wanted}")


def check(stub, ctl, room):
    """LiveKit's word and the record's; the call."""
    require("dispatches in LiveKit", len(stub.dispatches(room)), 1)
    call = ctl.call_in(room)
    require("status", call["status"], "ended")
    require("outcome", call["outcome"], "completed")
    return call


def demonstrate(stub, ctl):
    room = play(stub)
    call = check(stub, ctl, room)
    print(f"\n$ telephonyctl calls show {call['callId']} --timeline")
    print(ctl.run("calls", "show", call["callId"], "--timeline"), end="")
    print("\nOne call, one dispatch, outcome completed.")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--stub", required=True, metavar="URL", help="of its control API, without /stub")
    parser.add_argument("--telephonyctl", required=True, metavar="PATH")
    options = parser.parse_args()
    try:
        demonstrate(Stub(options.stub), Ctl(options.telephonyctl))
    except (DemoError, OSError) as error:
        print(f"\nThe call did not go as it should: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
