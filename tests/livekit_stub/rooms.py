"""The world: rooms, who is in them, and what the webhooks say about it."""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from . import ids, views
from .changes import Changes
from .model import Participant, Room
from .settings import Settings
from .timers import Timers

Emit = Callable[[str, dict[str, Any]], None]


@dataclass
class _Stale:
    """A dead server's room that the shared database still shows."""

    room: Room
    until: float


class World:
    """Rooms by name, and every life a name ever had."""

    def __init__(self, settings: Settings, timers: Timers, changes: Changes, emit: Emit) -> None:
        self.settings = settings
        self.timers = timers
        self.changes = changes
        self._emit = emit
        self._stale: dict[str, _Stale] = {}
        self.rooms: dict[str, Room] = {}
        self.every_room: list[Room] = []
        self.on_created: list[Callable[[Room], None]] = []

    def find(self, name: str) -> Room | None:
        """The living room of that name."""
        return self.rooms.get(name)

    def create(self, name: str, **details: Any) -> Room:
        """Start a room's life. Time-outs not given are the server's."""
        details.setdefault("empty_timeout", self.settings.empty_timeout)
        details.setdefault("departure_timeout", self.settings.departure_timeout)
        room = Room(name, **details)
        self.rooms[name] = room
        self.every_room.append(room)
        self._stale.pop(name, None)
        self.announce("room_started", room)
        if not room.assumed:
            self._close_later(room, room.empty_timeout)
        for created in self.on_created:
            created(room)
        self.changes.notify()
        return room

    def find_or_create(self, name: str, **details: Any) -> Room:
        """What joining a room does."""
        return self.find(name) or self.create(name, **details)

    def announce(self, event: str, room: Room, participant: Participant | None = None) -> None:
        """Send a webhook, unless the room is one that must stay silent."""
        if room.announced:
            self._emit(room.name, views.event(event, ids.sid("EV"), room, participant))

    def join(self, room: Room, participant: Participant) -> None:
        """Let a participant in; one with the same identity is thrown out first, as LiveKit does."""
        former = room.participants.get(participant.identity)
        if former is not None:
            self.leave(room, former, "DUPLICATE_IDENTITY")
        self.announce("participant_joined", room, participant)
        room.participants[participant.identity] = participant
        if participant.publishes:
            self.announce("track_published", room, participant)
        room.count()
        if participant.is_agent:
            room.max_agents = max(room.max_agents, room.agents)
        else:
            room.somebody_was_there = True
            self.timers.cancel(room.close_timer)
        self._tell_about_agent(room, participant)
        self.changes.notify()

    def _tell_about_agent(self, room: Room, newcomer: Participant) -> None:
        if newcomer.is_agent:
            listeners = list(room.participants.values())
        else:
            listeners = [newcomer] if room.agents else []
        for participant in listeners:
            if participant.leg is not None:
                participant.leg.agent_present()

    def _tell_about_no_agent(self, room: Room) -> None:
        if room.agents:
            return
        for participant in list(room.participants.values()):
            if participant.leg is not None:
                participant.leg.agent_absent()

    def leave(self, room: Room, participant: Participant, reason: str) -> None:
        """Put a participant out; the last human's leaving starts the departure time-out."""
        if not room.has(participant):
            return
        del room.participants[participant.identity]
        room.count()
        participant.state = "DISCONNECTED"
        participant.disconnect_reason = reason
        participant.version += 2
        if participant.publishes:
            self.announce("track_unpublished", room, participant)
        self.announce("participant_left", room, participant)
        if participant.leg is not None:
            participant.leg.gone(reason)
        if participant.is_agent:
            self._tell_about_no_agent(room)
        if not participant.is_agent and len(room.participants) == room.agents and not room.assumed:
            self._close_later(room, room.departure_timeout)
        self.changes.notify()

    def _close_later(self, room: Room, delay: float) -> None:
        self.timers.cancel(room.close_timer)
        room.close_timer = self.timers.later(delay, self.end, room, "ROOM_CLOSED")

    def end(self, room: Room, reason: str) -> None:
        """Close a room: everybody leaves for that reason, then it is finished."""
        if not room.alive:
            return
        for participant in list(room.participants.values()):
            self.leave(room, participant, reason)
        self._bury(room, reason)
        self.announce("room_finished", room)
        self.changes.notify()

    def _bury(self, room: Room, reason: str) -> None:
        self.timers.cancel(room.close_timer)
        room.alive = False
        room.ended = reason
        if self.rooms.get(room.name) is room:
            del self.rooms[room.name]

    def vanish(self, room: Room, shown_for: float) -> None:
        """The server that held the room died: no event, but its rooms stay listed for a while."""
        self._bury(room, "SERVER_DIED")
        self._stale[room.name] = _Stale(room, time.monotonic() + shown_for)
        for participant in room.participants.values():
            if participant.leg is not None:
                participant.leg.vanished()
        self.changes.notify()

    def visible(self, name: str) -> Room | None:
        """The room as list requests see it: dead servers' rooms linger."""
        room = self.rooms.get(name)
        stale = self._stale.get(name)
        if room is None and stale is not None and time.monotonic() < stale.until:
            return stale.room
        return room

    def all_visible(self) -> Iterable[Room]:
        """Every room that list requests see."""
        names = [*self.rooms, *(name for name in self._stale if name not in self.rooms)]
        return [room for name in names if (room := self.visible(name)) is not None]

    def clear(self) -> None:
        """Forget everything, silently; whoever waits for a phone is told that the server is gone."""
        for room in list(self.rooms.values()):
            self.vanish(room, shown_for=0)
        self.rooms.clear()
        self.every_room.clear()
        self._stale.clear()
        self.changes.notify()
