"""Conditions that POST /stub/wait can wait for."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from .http_server import Response, json_response
from .strict import only

if TYPE_CHECKING:
    from .stub import LiveKitStub

DEFAULT_TIMEOUT_SECONDS = 10.0
MAX_TIMEOUT_SECONDS = 600.0
Body = dict[str, Any]


def _matches(body: Body, **values: Any) -> bool:
    """Whether every filter that the request names has that value."""
    return all(body.get(name) in (None, value) for name, value in values.items())


def _dispatches(stub: LiveKitStub, body: Body) -> int:
    """Dispatches ever ordered."""
    return sum(
        _matches(body, room=item.room.name, agent_name=item.agent_name)
        for item in stub.agents.every_dispatch
    )


def _living_dispatches(stub: LiveKitStub, body: Body) -> int:
    return sum(
        item.living and _matches(body, room=item.room.name, agent_name=item.agent_name)
        for item in stub.agents.every_dispatch
    )


def _agents(stub: LiveKitStub, body: Body) -> int:
    """Agents in rooms now."""
    return sum(room.agents for room in stub.world.rooms.values() if _matches(body, room=room.name))


def _unserved(stub: LiveKitStub, body: Body) -> int:
    """Phones that are in a room without an agent."""
    return sum(
        phone.room is not None and not phone.room.agents and _matches(body, room=phone.room_name)
        for phone in stub.phones()
    )


def _rooms(stub: LiveKitStub, body: Body) -> int:
    return sum(_matches(body, room=room.name, room_sid=room.sid) for room in stub.world.rooms.values())


def _participants(stub: LiveKitStub, body: Body) -> int:
    """Participants in rooms now."""
    return sum(
        _matches(body, room=room.name, identity=who.identity, kind=who.kind, status=who.call_status)
        for room in stub.world.rooms.values()
        for who in room.participants.values()
    )


def _requests(stub: LiveKitStub, body: Body) -> int:
    """API requests; those still running have no status."""
    return sum(
        _matches(body, method=entry.method, room=entry.room, status=entry.status, dropped=entry.dropped)
        for entry in stub.journal.entries
    )


def _webhooks(stub: LiveKitStub, body: Body) -> int:
    return sum(
        _matches(body, event=item.event, room=item.room, outcome=item.outcome)
        for item in stub.sender.deliveries
    )


def _attempts(stub: LiveKitStub, body: Body) -> int:
    """Webhook requests that are through, well or not; retries and duplicates count."""
    return sum(
        attempt["status"] is not None or "error" in attempt
        for item in stub.sender.deliveries
        for attempt in item.attempts
        if _matches(body, event=item.event, room=item.room)
    )


def _dials(stub: LiveKitStub, body: Body) -> int:
    return sum(_matches(body, number=dial.number, room=dial.room_name) for dial in stub.callees.dials)


def _ended_calls(stub: LiveKitStub, body: Body) -> int:
    """Phones, of callers and callees, that are no longer connected."""
    return sum(
        phone.ended is not None and _matches(body, room=phone.room_name) for phone in stub.phones()
    )


COUNTS: dict[str, Callable[[LiveKitStub, Body], int]] = {
    "dispatches": _dispatches,
    "living_dispatches": _living_dispatches,
    "agents": _agents,
    "unserved": _unserved,
    "rooms": _rooms,
    "participants": _participants,
    "requests": _requests,
    "webhooks": _webhooks,
    "attempts": _attempts,
    "dials": _dials,
    "ended_calls": _ended_calls,
}
_FILTERS = {
    "room", "room_sid", "agent_name", "identity", "kind", "status", "method", "dropped",
    "event", "outcome", "number",
}  # fmt: skip
_LIMITS = {"at_least", "at_most", "exactly"}


async def wait(stub: LiveKitStub, body: Body) -> Response:
    """Answer when the count is as wanted, 408 when it isn't in time; both tell the count."""
    timeout = min(float(body.pop("timeout", DEFAULT_TIMEOUT_SECONDS)), MAX_TIMEOUT_SECONDS)
    count = COUNTS.get(body.pop("for"))
    if count is None:
        raise ValueError(f'"for" is one of {sorted(COUNTS)}')
    only(body, _FILTERS | _LIMITS)
    limits = {name: body.pop(name) for name in _LIMITS & set(body)} or {"at_least": 1}

    def look() -> tuple[bool, int]:
        value = count(stub, body)
        return _within(value, limits), value

    done, value = await stub.changes.until(look, timeout)
    return json_response({"done": done, "count": value}, 200 if done else 408)


def _within(value: int, limits: dict[str, int]) -> bool:
    return (
        limits.get("at_least", value) <= value <= limits.get("at_most", value)
        and limits.get("exactly", value) == value
    )
