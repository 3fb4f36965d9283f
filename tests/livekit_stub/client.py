"""The stub as a subprocess, for tests."""

from __future__ import annotations

import http.client
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import Any
from urllib.parse import urlencode

from . import tokens, trunks
from .settings import Settings

START_TIMEOUT_SECONDS = 20.0
STOP_TIMEOUT_SECONDS = 5.0
REQUEST_TIMEOUT_SECONDS = 60.0
Json = dict[str, Any]


class StubError(Exception):
    """The stub refused a control request, or did not start."""


class ApiAnswer:
    """What an API request brought: an HTTP status and its JSON."""

    def __init__(self, status: int, body: Any, headers: dict[str, str]) -> None:
        self.status = status
        self.body = body
        self.headers = headers


class Stub:
    """Starts the stub on a free port, talks to its control API, stops it.

    Options are those of the command line with underscores: Stub(agent_delay=0.05, retry_scale=0.01).
    """

    OUTBOUND_TRUNK = trunks.OUTBOUND_TRUNK
    INBOUND_TRUNK = trunks.INBOUND_TRUNK
    OUR_NUMBER = trunks.OUR_NUMBER

    def __init__(
        self,
        webhooks: Iterable[str] = (),
        key: str = Settings.key,
        secret: str = Settings.secret,
        **options: Any,
    ) -> None:
        self.key = key
        self.secret = secret
        self.host = "127.0.0.1"
        self.port = 0
        self._control_port = 0
        self._webhooks = list(webhooks)
        self._options = options
        self._process: subprocess.Popen[bytes] | None = None
        self._directory: tempfile.TemporaryDirectory[str] | None = None

    @property
    def url(self) -> str:
        """What LIVEKIT_URL should be."""
        return f"http://{self.host}:{self.port}"

    @property
    def log_file(self) -> Path:
        """Every request and webhook as JSON lines; gone after stop()."""
        assert self._directory is not None, "not started"
        return Path(self._directory.name) / "log"

    @property
    def pid(self) -> int:
        assert self._process is not None, "not started"
        return self._process.pid

    def __enter__(self) -> Stub:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self) -> Stub:
        """Return once the stub listens. After a stop() it comes back on the port it had."""
        self._directory = tempfile.TemporaryDirectory(prefix="livekit-stub-")
        port_file = Path(self._directory.name) / "port"
        package = Path(__file__).resolve().parent
        self._process = subprocess.Popen(
            [sys.executable, "-m", package.name, *self._arguments(port_file)],
            env={**os.environ, "PYTHONPATH": str(package.parent)},
            stdin=subprocess.PIPE,
        )
        try:
            self.port, self._control_port = self._wait_for_ports(port_file)
        except StubError:
            self.stop()
            raise
        return self

    def _arguments(self, port_file: Path) -> list[str]:
        arguments = ["--listen", f"{self.host}:{self.port}", "--port-file", str(port_file)]
        arguments += ["--control", f"{self.host}:0"]
        arguments += ["--key", self.key, "--secret", self.secret, "--log", str(self.log_file)]
        arguments.append("--until-stdin-closes")
        for url in self._webhooks:
            arguments += ["--webhook", url]
        for name, value in self._options.items():
            flag = "--" + name.replace("_", "-")
            arguments += [flag] if value is True else [flag, str(value)]
        return arguments

    def _wait_for_ports(self, port_file: Path) -> list[int]:
        assert self._process is not None
        deadline = time.monotonic() + START_TIMEOUT_SECONDS
        while time.monotonic() < deadline:
            if port_file.exists():
                return [int(port) for port in port_file.read_text(encoding="ascii").split()]
            if self._process.poll() is not None:
                break
            time.sleep(0.01)
        raise StubError(f"the stub did not start (exit status {self._process.poll()})")

    def stop(self) -> int | None:
        """End the process, kindly at first; return its exit status."""
        status = None
        if self._process is not None:
            self._process.terminate()
            try:
                status = self._process.wait(STOP_TIMEOUT_SECONDS)
            except subprocess.TimeoutExpired:
                self._process.kill()
                status = self._process.wait()
            if self._process.stdin is not None:
                self._process.stdin.close()
            self._process = None
        if self._directory is not None:
            self._directory.cleanup()
            self._directory = None
        return status

    def _exchange(
        self, port: int, method: str, path: str, body: Any, headers: dict[str, str], timeout: float
    ) -> ApiAnswer:
        connection = http.client.HTTPConnection(self.host, port, timeout=timeout)
        try:
            payload = None if body is None else json.dumps(body).encode()
            connection.request(method, path, payload, headers)
            response = connection.getresponse()
            raw = response.read()
            return ApiAnswer(response.status, json.loads(raw or b"null"), dict(response.getheaders()))
        finally:
            connection.close()

    def control(self, method: str, name: str, body: Any = None, timeout: float | None = None) -> Any:
        """Any control request; StubError says what the stub did not like."""
        headers = {"Content-Type": "application/json"}
        limit = timeout or REQUEST_TIMEOUT_SECONDS
        answer = self._exchange(self._control_port, method, f"/stub/{name}", body, headers, limit)
        if answer.status != 200:
            raise StubError(f"{method} /stub/{name}: {answer.status} {answer.body}")
        return answer.body

    def state(self, brief: bool = False) -> Json:
        """The world; brief has the counts only."""
        return self.control("GET", "state?brief=1" if brief else "state")

    def requests(self, method: str | None = None, room: str | None = None) -> list[Json]:
        """The API requests so far."""
        query = urlencode({k: v for k, v in (("method", method), ("room", room)) if v is not None})
        return self.control("GET", f"requests?{query}")["requests"]

    def deliveries(self, event: str | None = None, room: str | None = None) -> list[Json]:
        """The webhook events so far, with bodies and attempts."""
        query = urlencode({k: v for k, v in (("event", event), ("room", room)) if v is not None})
        return self.control("GET", f"webhooks?{query}")["deliveries"]

    def call(self, **plan: Any) -> Json:
        """One inbound caller (see CallPlan for what can be planned)."""
        return self.control("POST", "call", plan)["calls"][0]

    def calls(self, count: int, **plan: Any) -> list[Json]:
        """Many callers at once; {n} in a text becomes each one's index."""
        return self.control("POST", "call", {**plan, "count": count})["calls"]

    def hang_up(self, **which: Any) -> list[Json]:
        """The phone's end hangs up: call=, sip_call_id=, number= (a callee) or room=; everybody=True."""
        return self.control("POST", "hangup", which)["hung_up"]

    def room(self, room: str, **details: Any) -> Json:
        """A plain room (participants=[{identity, kind, …}])."""
        return self.control("POST", "room", {"room": room, **details})

    def join(self, room: str, identity: str, **details: Any) -> Json:
        """One more participant for a living room."""
        return self.control("POST", "join", {"room": room, "identity": identity, **details})

    def leave(self, room: str, identity: str, reason: str = "CLIENT_INITIATED") -> None:
        """A participant leaves."""
        self.control("POST", "leave", {"room": room, "identity": identity, "reason": reason})

    def finish(self, room: str) -> None:
        """The room closes now."""
        self.control("POST", "finish", {"room": room})

    def restart(self, **plan: Any) -> list[str]:
        """livekit-server dies: return_after=, return_share=, shown_for=, echo_after=, down_for=, room=, seed=."""
        return self.control("POST", "restart", plan)["vanished"]

    def down(self, seconds: float | None = None, how: str = "refuse") -> None:
        """The API is not to be reached, for so long or until up(): "refuse", "cut" or "hang"."""
        self.control("POST", "down", {"for": seconds, "how": how})

    def up(self) -> None:
        """The API is there again."""
        self.control("POST", "up", {})

    def schedule(self, *steps: tuple[float, str, Json]) -> None:
        """Control requests for later: (seconds from now, name, body)."""
        planned = [{"after": after, "do": name, "body": body} for after, name, body in steps]
        self.control("POST", "schedule", {"steps": planned})

    def kill_agent(self, room: str, after: float = 0.0) -> int:
        """The agent's process dies; LiveKit notices after that many seconds."""
        return self.control("POST", "agent", {"room": room, "action": "kill", "after": after})["agents"]

    def kill_agents(self, after: float = 0.0) -> int:
        """Those of all rooms."""
        return self.control("POST", "agent", {"action": "kill", "after": after})["agents"]

    def agent_leaves(self, room: str) -> int:
        """The agent ends its job by itself."""
        return self.control("POST", "agent", {"room": room, "action": "leave"})["agents"]

    def workers(self, **change: Any) -> Json:
        """names= (None: any), full=, lose= (a share), lose_first=, seed=, agents= ("join", "never", "fail")."""
        return self.control("POST", "workers", change)

    def callee(self, number: str, behaviour: str, **script: Any) -> None:
        """What a number does when dialled; "*" is everybody else."""
        self.control("POST", "callees", {number: {"behaviour": behaviour, **script}})

    def faults(self, *rules: Json, seed: int = 0) -> None:
        """These API faults and no others; without rules there are none."""
        self.control("POST", "faults", {"rules": list(rules), "seed": seed})

    def fault_hits(self) -> list[int]:
        """How often each rule struck."""
        return [rule["hits"] for rule in self.control("GET", "faults")["rules"]]

    def webhook_urls(self, *urls: str) -> None:
        """Send events here from now on."""
        self.control("POST", "webhooks", {"urls": list(urls)})

    def webhook_faults(self, **faults: Any) -> None:
        """drop=, drop_events=, duplicate=, shuffle_ms=, pause=, seed=; without any all is well again."""
        self.control("POST", "webhooks", {"faults": faults})

    def settings(self, **changes: Any) -> Json:
        """Change options of the command line (with underscores) until the next reset; return them all."""
        return self.control("POST", "settings", changes)

    def reset(self) -> None:
        """As freshly started, settings included; the webhook URLs stay. Requests still waiting are cut."""
        self.control("POST", "reset", {})

    def wait(self, what: str, timeout: float = 10.0, **condition: Any) -> int:
        """Wait until a count (see waiting.COUNTS) is at_least=, at_most= or exactly= so many."""
        request = {"for": what, "timeout": timeout, **condition}
        headers = {"Content-Type": "application/json"}
        limit = timeout + REQUEST_TIMEOUT_SECONDS
        answer = self._exchange(self._control_port, "POST", "/stub/wait", request, headers, limit)
        if answer.status == 408:
            raise TimeoutError(f"{what} {condition}: still {answer.body['count']} after {timeout} s")
        if answer.status != 200:
            raise StubError(f"wait {what}: {answer.body}")
        return int(answer.body["count"])

    def token(self, room: str | None = None) -> str:
        """A token that may do everything, in that room if one is named."""
        video: Json = {"roomCreate": True, "roomList": True}
        if room is not None:
            video |= {"roomAdmin": True, "room": room}
        return tokens.access_token(self.key, self.secret, video, {"admin": True, "call": True})

    def api(
        self, method: str, body: Json, room: str | None = None, timeout: float = REQUEST_TIMEOUT_SECONDS
    ) -> ApiAnswer:
        """An API request such as api("RoomService/ListRooms", {}); room is the token's."""
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {self.token(room)}"}
        return self._exchange(self.port, "POST", f"/twirp/livekit.{method}", body, headers, timeout)
