"""The control API: how tests arrange the world and look at it."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass, field, fields
from typing import TYPE_CHECKING, Any

from . import reports, waiting
from .agents import Workers
from .faults import Rule
from .http_server import REFUSE, Request, Response, json_response
from .model import KIND_STANDARD, Participant, Room
from .outbound import Script
from .scenarios import CallPlan, RestartPlan
from .strict import fill, only
from .webhooks import WebhookFaults

if TYPE_CHECKING:
    from .stub import LiveKitStub

Body = dict[str, Any]


@dataclass
class Step:
    """One request of a schedule."""

    after: float
    do: str
    body: Body = field(default_factory=dict)


class NotThere(LookupError):
    """What the request is about doesn't exist."""


class Control:
    """Routes under /stub/."""

    def __init__(self, stub: LiveKitStub) -> None:
        self._stub = stub
        self._routes: dict[tuple[str, str], Callable[[Body], Any]] = {
            ("GET", "state"): self._state,
            ("GET", "requests"): self._requests,
            ("GET", "webhooks"): self._webhooks,
            ("GET", "faults"): self._show_faults,
            ("POST", "call"): self._call,
            ("POST", "hangup"): self._hangup,
            ("POST", "room"): self._room,
            ("POST", "join"): self._join,
            ("POST", "leave"): self._leave,
            ("POST", "finish"): self._finish,
            ("POST", "restart"): self._restart,
            ("POST", "down"): self._go_down,
            ("POST", "up"): self._come_up,
            ("POST", "schedule"): self._schedule,
            ("POST", "agent"): self._agent,
            ("POST", "workers"): self._workers,
            ("POST", "callees"): self._callees,
            ("POST", "faults"): self._set_faults,
            ("POST", "webhooks"): self._set_webhooks,
            ("POST", "settings"): self._settings,
            ("POST", "reset"): self._reset,
        }

    async def handle(self, request: Request) -> Response:
        """One control request; mistakes in it are 400 and say what is wrong."""
        name = request.path.removeprefix("/stub/")
        try:
            body = json.loads(request.body) if request.body else dict(request.query)
            if not isinstance(body, dict):
                raise ValueError("the body is a JSON object")
            if (request.method, name) == ("POST", "wait"):
                return await waiting.wait(self._stub, body)
            route = self._routes.get((request.method, name))
            if route is None:
                return json_response({"error": f"no {request.method} /stub/{name}"}, 404)
            result = route(body)
            if isinstance(result, Awaitable):
                result = await result
        except NotThere as error:
            return json_response({"error": f"not there: {error}"}, 404)
        except (ValueError, TypeError, KeyError) as error:
            return json_response({"error": f"{type(error).__name__}: {error}"}, 400)
        return json_response(result)

    def _find_room(self, body: Body) -> Room:
        room = self._stub.world.find(body["room"])
        if room is None:
            raise NotThere(body["room"])
        return room

    def _state(self, body: Body) -> Body:
        return reports.state(self._stub, brief=body.get("brief", "0") not in ("0", ""))

    def _requests(self, body: Body) -> Body:
        entries = self._stub.journal.select(body.get("method"), body.get("room"))
        return {"requests": [asdict(entry) for entry in entries]}

    def _webhooks(self, body: Body) -> Body:
        found = [
            delivery.view(with_body=True)
            for delivery in self._stub.sender.deliveries
            if body.get("event") in (None, delivery.event) and body.get("room") in (None, delivery.room)
        ]
        return {"urls": self._stub.sender.urls, "deliveries": found}

    def _call(self, body: Body) -> Body:
        """One caller, or count callers; {n} in a text becomes the caller's number in the row."""
        count = int(body.pop("count", 1))
        calls = []
        for index in range(count):
            numbered = {
                name: value.replace("{n}", str(index)) if isinstance(value, str) else value
                for name, value in body.items()
            }
            calls.append(self._stub.scenarios.call(fill(CallPlan, numbered)).view())
        return {"calls": calls}

    def _hangup(self, body: Body) -> Body:
        """By call, sip_call_id, number or room, or everybody: the phone's end hangs up."""
        only(body, {"call", "sip_call_id", "number", "room", "everybody"})
        call = self._stub.scenarios.callers.get(body.get("call", ""))
        found = [
            phone
            for phone in self._stub.phones()
            if phone.ended is None
            and (
                phone is call
                or body.get("everybody")
                or body.get("sip_call_id") == phone.sip_call_id
                or body.get("room") == phone.room_name
                or body.get("number", "") == getattr(phone, "number", None)
            )
        ]
        for phone in found:
            phone.hang_up()
        return {"hung_up": [phone.view() for phone in found]}

    def _room(self, body: Body) -> Body:
        """A plain room, with participants if wanted."""
        participants = body.pop("participants", [])
        agents = body.pop("agents", [])
        name = body.pop("room")
        room = self._stub.world.find(name)
        if room is None:
            only(body, {"sid", "metadata", "empty_timeout", "departure_timeout", "announced"})
            room = self._stub.world.create(name, **body)
            self._stub.agents.replace_unnamed(
                room, [(order["agent_name"], order.get("metadata", "")) for order in agents]
            )
        joined = [self._enter(room, participant) for participant in participants]
        return {"room": room.name, "room_sid": room.sid, "participants": joined}

    def _enter(self, room: Room, given: Body) -> Body:
        participant = fill(Participant, {"kind": KIND_STANDARD, **given})
        self._stub.world.join(room, participant)
        return {"identity": participant.identity, "participant_sid": participant.sid}

    def _join(self, body: Body) -> Body:
        room = self._find_room(body)
        return self._enter(room, {name: value for name, value in body.items() if name != "room"})

    def _leave(self, body: Body) -> Body:
        only(body, {"room", "identity", "reason"})
        room = self._find_room(body)
        participant = room.participants.get(body["identity"])
        if participant is None:
            raise NotThere(body["identity"])
        self._stub.world.leave(room, participant, body.get("reason", "CLIENT_INITIATED"))
        return {}

    def _finish(self, body: Body) -> Body:
        only(body, {"room", "reason"})
        self._stub.world.end(self._find_room(body), body.get("reason", "ROOM_CLOSED"))
        return {}

    async def _restart(self, body: Body) -> Body:
        down_for = float(body.pop("down_for", 0))
        vanished = self._stub.scenarios.restart(fill(RestartPlan, body), self._stub.phones())
        if down_for > 0:
            await self._stub.go_down(down_for)
        return {"vanished": vanished}

    async def _go_down(self, body: Body) -> Body:
        """The API is not to be reached: for so many seconds, or until told."""
        only(body, {"for", "how"})
        await self._stub.go_down(body.get("for"), body.get("how", REFUSE))
        return {}

    async def _come_up(self, body: Body) -> Body:
        only(body, set())
        await self._stub.come_up()
        return {}

    def _schedule(self, body: Body) -> Body:
        """Control requests that are made later, by the stub itself."""
        only(body, {"steps"})
        steps = [fill(Step, step) for step in body["steps"]]
        for step in steps:
            if ("POST", step.do) not in self._routes:
                raise ValueError(f"no POST /stub/{step.do}")
        for step in steps:
            self._stub.timers.later(step.after, self._start_step, step)
        return {}

    def _start_step(self, step: Step) -> None:
        self._stub.begin(self._run_step(step))

    async def _run_step(self, step: Step) -> None:
        try:
            result = self._routes["POST", step.do](dict(step.body))
            if isinstance(result, Awaitable):
                await result
        except (LookupError, ValueError, TypeError) as error:
            self._stub.failed_steps.append(f"{step.do}: {type(error).__name__}: {error}")

    def _agent(self, body: Body) -> Body:
        """What becomes of the agents of a room, or of all: "kill" their process, or let them "leave"."""
        only(body, {"room", "action", "after"})
        rooms = [self._find_room(body)] if "room" in body else list(self._stub.world.rooms.values())
        agents = self._stub.agents
        if body["action"] == "kill":
            after = float(body.get("after", self._stub.settings.agent_loss))
            return {"agents": sum(agents.kill(room, after) for room in rooms)}
        if body["action"] == "leave":
            return {"agents": sum(agents.leave(room) for room in rooms)}
        raise ValueError('action is "kill" or "leave"')

    def _workers(self, body: Body) -> Body:
        """What isn't named stays."""
        agents = self._stub.agents
        agents.workers = fill(Workers, {**asdict(agents.workers), **body})
        return asdict(agents.workers)

    def _callees(self, body: Body) -> Body:
        """Scripts by number; "*" is everybody else."""
        for number, script in body.items():
            self._stub.callees.scripts[number] = fill(Script, script)
        return {number: asdict(script) for number, script in self._stub.callees.scripts.items()}

    def _show_faults(self, _body: Body) -> Body:
        return {"rules": self._stub.faults.view()}

    def _set_faults(self, body: Body) -> Body:
        rules = [fill(Rule, rule) for rule in body["rules"]]
        self._stub.faults.replace(rules, int(body.get("seed", 0)))
        return self._show_faults(body)

    def _set_webhooks(self, body: Body) -> Body:
        """URLs and faults of the sender; what isn't named stays."""
        only(body, {"urls", "faults"})
        if "urls" in body:
            self._stub.sender.set_urls(body["urls"])
        if "faults" in body:
            self._stub.sender.set_faults(fill(WebhookFaults, body["faults"]))
        return {"urls": self._stub.sender.urls, "faults": asdict(self._stub.sender.faults)}

    def _settings(self, body: Body) -> Body:
        """Change times while running."""
        fixed = {"key", "secret", "webhooks"}
        known = {f.name for f in fields(self._stub.settings)} - fixed
        only(body, known)
        for name, value in body.items():
            setattr(self._stub.settings, name, value)
        return {name: getattr(self._stub.settings, name) for name in sorted(known)}

    async def _reset(self, _body: Body) -> Body:
        await self._stub.reset()
        return {}
