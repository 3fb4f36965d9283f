"""telephony.fcgi without a web server: as CGI by environment and stdin, as FastCGI
on a Unix socket that the test itself listens on. Fast, and nothing to install.

The program is named by TELEPHONY_FCGI, or is fcgi/telephony.fcgi of the build tree.
"""
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import tempfile
import time

import fcgi_client
from livekit_stub import signing

TOP = pathlib.Path(os.environ.get("top_builddir", pathlib.Path(__file__).resolve().parents[1]))
PROGRAM = pathlib.Path(os.environ.get("TELEPHONY_FCGI", TOP / "fcgi" / "telephony.fcgi"))
KEY = "devkey"
SECRET = "devsecretdevsecretdevsecretdevsecret"
WEBHOOK = "/telephony/livekit-webhook"
RECORDED = pathlib.Path(__file__).resolve().parent / "fixtures" / "recorded"

#: Nobody listens there, and nobody will: the port is privileged and unassigned.
NO_LIVEKIT = "http://127.0.0.1:1"


def recorded(name):
    """The bodies of one recorded run, in order."""
    lines = (RECORDED / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line)["body"].encode() for line in lines]


def event(name="room_started", **more):
    """An event that is not about telephony, with an id of its own."""
    return json.dumps({"event": name, "id": f"EV_{time.monotonic_ns()}",
                       "createdAt": str(int(time.time())),
                       "room": {"sid": "RM_other", "name": "other"}, **more}).encode()


def caller_joined(room="call-1", sip_call="SCL_1", sid="PA_1"):
    """A phone has come into a room: what makes a call."""
    return event("participant_joined",
                 room={"sid": f"RM_{room}", "name": room, "creationTime": str(int(time.time()))},
                 participant={"sid": sid, "identity": "sip_caller", "kind": "SIP",
                              "joinedAt": str(int(time.time())),
                              "attributes": {"sip.callID": sip_call, "sip.callStatus": "active",
                                             "sip.phoneNumber": "+15550100",
                                             "sip.trunkPhoneNumber": "+15550123",
                                             "sip.trunkID": "ST_1", "sip.ruleID": "SDR_1"}})


def signed(body):
    """The variables that prove LiveKit sent this body."""
    return {"HTTP_AUTHORIZATION": signing.sign(body, KEY, SECRET)}


class Place:
    """A temporary directory with a store and the program's settings."""

    def __init__(self, **settings):
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="tel-")).resolve()
        self.store = self.dir / "store"
        self.store.mkdir(mode=0o700)
        self.settings = {
            "LIVEKIT_URL": NO_LIVEKIT,
            "LIVEKIT_API_KEY": KEY,
            "LIVEKIT_API_SECRET": SECRET,
            "TELEPHONY_STORE": f"lmdb:{self.store}",
            "TELEPHONY_STORE_SIZE": "64M",
            "TELEPHONY_THREADS": "4",
            "TELEPHONY_LOG_LEVEL": "debug",
            **settings,
        }
        self._running = []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        for fastcgi in self._running:
            fastcgi.kill()
        shutil.rmtree(self.dir, ignore_errors=True)

    @staticmethod
    def kept():
        """Nothing of the test's own environment gets in, but what sanitizers need."""
        return {name: value for name, value in os.environ.items()
                if name == "PATH" or name.endswith("SAN_OPTIONS")}

    def environment(self, **more):
        env = {**self.kept(), **self.settings, **more}
        return {name: value for name, value in env.items() if value is not None}

    def cgi(self, method, target, body=b"", extra=None, argv=(), timeout=20):
        """One request by plain CGI: the finished process, .answer added."""
        variables = fcgi_client.variables(method, target, body, extra)
        done = subprocess.run([PROGRAM, *argv], input=body, env=self.environment(**variables),
                              capture_output=True, timeout=timeout, check=False)
        done.answer = fcgi_client.parse_cgi(done.stdout)
        return done

    def fastcgi(self, **more):
        started = FastCgi(self, more)
        self._running.append(started)
        return started


class FastCgi:
    """One FastCGI process on a Unix socket of the place's directory."""

    def __init__(self, place, more):
        self.address = str(place.dir / f"socket-{len(place._running)}")
        self._log = place.dir / f"log-{len(place._running)}"
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(self.address)
        self.listener.listen(512)
        with open(self._log, "wb") as log:
            self.process = subprocess.Popen([PROGRAM], stdin=self.listener, stderr=log,
                                            stdout=subprocess.DEVNULL,
                                            env=place.environment(**more))

    def request(self, method, target, body=b"", extra=None, **more):
        return fcgi_client.request(self.address, method, target, body, extra, **more)

    def webhook(self, body):
        return self.request("POST", WEBHOOK, body, signed(body))

    def log(self):
        """Its lines as objects; those for people are left out."""
        lines = self._log.read_text(errors="replace").splitlines()
        return [json.loads(line) for line in lines if line.startswith("{")]

    def stderr(self):
        return self._log.read_text(errors="replace")

    def await_start(self):
        assert self.request("GET", "/telephony/healthz").status == 200

    def stop(self, sign=signal.SIGTERM, patience=10):
        """Asks it to stop; (exit status, seconds it took)."""
        began = time.monotonic()
        self.process.send_signal(sign)
        status = self.process.wait(patience)
        return status, time.monotonic() - began

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.listener.close()
