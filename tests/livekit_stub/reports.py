"""What GET /stub/state says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .model import Dispatch, Participant, Room

if TYPE_CHECKING:
    from .stub import LiveKitStub


def _participant(participant: Participant) -> dict[str, Any]:
    return {
        "sid": participant.sid,
        "identity": participant.identity,
        "kind": participant.kind,
        "call_status": participant.call_status,
        "attributes": participant.attributes,
    }


def _room(room: Room) -> dict[str, Any]:
    return {
        "name": room.name,
        "sid": room.sid,
        "created_at": room.created_ns / 1e9,
        "ghost": room.ghost,
        "assumed": room.assumed,
        "metadata": room.metadata,
        "living_dispatches": room.living_dispatches,
        "agents": room.agents,
        "participants": [_participant(participant) for participant in room.participants.values()],
    }


def _life(room: Room) -> dict[str, Any]:
    return {
        "room": room.name,
        "room_sid": room.sid,
        "alive": room.alive,
        "ended": room.ended,
        "living": room.living_dispatches,
        "max_living": room.max_living,
        "max_agents": room.max_agents,
        "max_working": room.max_working,
    }


def dispatch(item: Dispatch) -> dict[str, Any]:
    """One dispatch that somebody ordered."""
    return {
        "id": item.id,
        "agent_name": item.agent_name,
        "room": item.room.name,
        "room_sid": item.room.sid,
        "metadata": item.metadata,
        "created_at": item.created_ns / 1e9,
        "living": item.living,
        "deleted_at": item.deleted_at,
        "ghost": item.ghost,
        "served": item.served,
        "job": item.job.status if item.job else None,
        "agent_identity": item.agent.identity if item.agent else None,
        "agent_present": bool(item.agent and item.room.alive and item.agent.state == "ACTIVE"),
    }


def _webhook_counts(stub: LiveKitStub) -> dict[str, int]:
    return {outcome: count for outcome, count in stub.sender.counts.items() if count}


def state(stub: LiveKitStub, brief: bool) -> dict[str, Any]:
    """The whole world; brief leaves out every list whose length grows with the calls."""
    agents = stub.agents
    summary = {
        "room_count": len(stub.world.rooms),
        "dispatch_count": len(agents.every_dispatch),
        "living_dispatches": sum(room.living_dispatches for room in stub.world.rooms.values()),
        "max_living_dispatches": agents.max_living,
        "max_working_agents": agents.max_working,
        "ghosts": agents.ghosts,
        "dial_count": len(stub.callees.dials),
        "requests": stub.journal.counts(),
        "webhook_counts": _webhook_counts(stub),
        "connections": stub.connections,
        "failed_steps": stub.failed_steps,
    }
    if brief:
        return summary
    return {
        **summary,
        "rooms": [_room(room) for room in stub.world.rooms.values()],
        "room_lives": [_life(room) for room in stub.world.every_room],
        "dispatches": [dispatch(item) for item in agents.every_dispatch],
        "calls": [caller.view() for caller in stub.scenarios.callers.values()],
        "dials": [dial.view() for dial in stub.callees.dials],
        "webhooks": [delivery.view() for delivery in stub.sender.deliveries],
    }
