"""No secret is stored, logged or shown: all that a run leaves behind is searched.

A whole call and every kind of refusal go through lighttpd with the log at its
most talkative; then logs, the store's files byte for byte, every response and
what telephonyctl prints are looked through for each secret that was in use.
"""
import json
import os
import pathlib
import re
import subprocess
import sys
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

import deliveries  # noqa: E402
import fronts  # noqa: E402
import processes  # noqa: E402
from deliveries import WEBHOOK, event, good, token, with_token  # noqa: E402
from livekit_stub.client import Stub  # noqa: E402
from scenarios_test import PATIENCE, PROGRAM, OfEveryFront, send  # noqa: E402

CTL = pathlib.Path(os.environ.get("TELEPHONYCTL", PROGRAM.parents[1] / "ctl" / "telephonyctl"))

API_SECRET = "api-secret-that-nobody-else-has-0001"
HOOK_SECRET = "hook-secret-that-nobody-else-has-002"
OLD_SECRET = "old-secret-from-before-rotation-0003"
#: a token of any kind: LiveKit's, ours, forged ones
TOKEN = re.compile(rb"eyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}")
CALLER = "+15550100"


class NothingLeaks(unittest.TestCase):
    def setUp(self):
        OfEveryFront.require(fronts.Lighttpd.missing())
        OfEveryFront.require(None if PROGRAM.exists() and CTL.exists() else "not built")
        self.shown = []
        self.livekit = Stub(key=deliveries.KEY, secret=API_SECRET, agent_delay=0.05,
                            answer_delay=0.02, departure_timeout=0.3)
        self.livekit.start()
        self.addCleanup(self.livekit.stop)
        self.front = fronts.Lighttpd(PROGRAM, config={
            "LIVEKIT_URL": self.livekit.url,
            "LIVEKIT_API_KEY": deliveries.KEY,
            "LIVEKIT_API_SECRET": API_SECRET,
            "LIVEKIT_WEBHOOK_SECRET": HOOK_SECRET,
            "LIVEKIT_KEYS": f"{deliveries.KEY}: {API_SECRET}, oldkey: {OLD_SECRET}",
            "TELEPHONY_LOG_LEVEL": "debug",
            "TELEPHONY_METRICS": "true",
        })
        self.front.start()
        self.addCleanup(self.front.stop)

    def send(self, delivery):
        status, headers, body = send(self.front.port, delivery)
        self.shown += [str(headers).encode(), body]
        return status

    def a_call(self):
        self.livekit.webhook_urls(self.front.url + WEBHOOK)
        room = self.livekit.call(caller=CALLER, talk_time=0.3)["room"]
        self.livekit.wait("agents", room=room, at_least=1, timeout=PATIENCE)
        self.livekit.wait("rooms", room=room, exactly=0, timeout=PATIENCE)
        self.livekit.wait("webhooks", room=room, outcome="pending", exactly=0, timeout=PATIENCE)
        self.livekit.webhook_urls()
        return room

    def refusals(self):
        body = event()
        for refused in (with_token(body, token(body, secret="guessed")),
                        with_token(body, token(body, iss="oldkey", secret=HOOK_SECRET)),
                        with_token(body, token(body, iss="stranger", secret=OLD_SECRET)),
                        with_token(b"{}", token(body, secret=HOOK_SECRET)),
                        with_token(body, token(body, secret=HOOK_SECRET, exp=1)),
                        with_token(b"{", token(b"{", secret=HOOK_SECRET)),
                        with_token(body, API_SECRET), with_token(body, "Bearer " + HOOK_SECRET)):
            self.assertIn(self.send(refused), (400, 401))
        for target in ("healthz", "readyz", "metrics", "nothing"):
            delivery = good(b"", target="/telephony/" + target)
            delivery.method = "GET"
            self.send(delivery)

    def livekit_refuses(self):
        """Its answer is kept with the call; the request's token must not be."""
        self.livekit.faults({"method": "CreateDispatch", "status": 401, "code": "unauthenticated",
                             "msg": "permissions denied"})
        self.livekit.webhook_urls(self.front.url + WEBHOOK)
        room = self.livekit.call(caller=CALLER, cancel_after=0.5)["room"]
        self.livekit.wait("requests", method="CreateDispatch", status=401, at_least=1,
                          timeout=PATIENCE)
        self.livekit.wait("rooms", room=room, exactly=0, timeout=PATIENCE)
        self.livekit.wait("webhooks", room=room, outcome="pending", exactly=0, timeout=PATIENCE)

    def ctl(self, *words):
        run = subprocess.run([self.front.copy_of(CTL), *words],
                             env={**os.environ, "TELEPHONY_CONFIG": str(self.front.config_path)},
                             capture_output=True, timeout=30, check=False, **processes.run_as())
        self.shown += [run.stdout, run.stderr]
        self.assertEqual(run.returncode, 0, run.stderr)
        return run.stdout

    def look_at_everything(self):
        calls = json.loads(self.ctl("calls", "list", "--json"))["calls"]
        self.assertEqual(len(calls), 2, calls)
        for call in calls:
            self.ctl("calls", "show", call["callId"], "--json", "--timeline")
            self.ctl("calls", "show", call["callId"], "--timeline")
        self.ctl("store", "stats")
        self.ctl("config", "check")

    def left_behind(self):
        """(where, bytes) of all that a secret could be in."""
        yield "log", self.front.log().encode()
        for file in sorted(pathlib.Path(self.front.state_dir).rglob("*")):
            if file.is_file():
                yield file.name, file.read_bytes()
        for at, text in enumerate(self.shown):
            yield f"output {at}", text

    def test_no_secret_is_left_anywhere(self):
        self.livekit_signs_with(HOOK_SECRET)
        self.a_call()
        self.refusals()
        self.livekit_refuses()
        self.look_at_everything()
        passwords = {json.loads(d["body"])["room"].get("turnPassword", "")
                     for d in map(as_text_body, self.livekit.deliveries())} - {""}
        self.assertTrue(passwords)
        secrets = [s.encode() for s in {API_SECRET, HOOK_SECRET, OLD_SECRET} | passwords]
        seen = b""
        for where, text in self.left_behind():
            seen += text
            for secret in secrets:
                self.assertNotIn(secret, text, where)
            self.assertIsNone(TOKEN.search(text), where)
        self.assertIn(b"participant_joined", seen)
        self.assertIn(b"permissions denied", seen)
        self.assertNotIn(CALLER.encode(), self.front.log().encode(), "numbers are masked in logs")

    def livekit_signs_with(self, secret):
        """The test double signs webhooks with its API secret, which is accepted too."""
        self.assertNotEqual(secret, API_SECRET)
        body = event()
        self.assertEqual(self.send(with_token(body, token(body, secret=secret))), 200)


def as_text_body(delivery):
    body = delivery["body"]
    return {"body": body if isinstance(body, str) else json.dumps(body)}


if __name__ == "__main__":
    unittest.main()
