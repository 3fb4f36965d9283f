"""Rooms, participants and dispatches: plain data."""

import time
from dataclasses import dataclass, field
from typing import Any

from . import ids

KIND_AGENT = "AGENT"
KIND_SIP = "SIP"
KIND_STANDARD = "STANDARD"


class Leg:
    """Whoever stands behind a participant and wants to hear what happens to it."""

    def agent_present(self) -> None:
        """An agent is in the room: somebody subscribes to the caller's track."""

    def agent_absent(self) -> None:
        """The last agent has left the room."""

    def gone(self, reason: str) -> None:
        """The participant was put out of the room."""

    def vanished(self) -> None:
        """The server died, and the participant with it; no event told so."""


@dataclass
class Participant:
    """One connection to one room."""

    identity: str
    kind: str = KIND_STANDARD
    name: str = ""
    metadata: str = ""
    attributes: dict[str, str] = field(default_factory=dict)
    publishes: bool = True
    leg: Leg | None = None
    sid: str = field(default_factory=lambda: ids.sid("PA"))
    track: str = field(default_factory=ids.track_sid)
    track_cid: str = "audio"
    joined_ms: int = field(default_factory=lambda: time.time_ns() // 1_000_000)
    version: int = 2
    state: str = "ACTIVE"
    disconnect_reason: str = "UNKNOWN_REASON"

    @property
    def is_agent(self) -> bool:
        return self.kind == KIND_AGENT

    @property
    def call_status(self) -> str:
        return self.attributes.get("sip.callStatus", "")

    def set_attributes(self, **changes: str) -> None:
        """Names come with _ for the dot that keywords can't have: sip_callStatus."""
        for name, value in changes.items():
            self.attributes[name.replace("_", ".", 1)] = value
        self.version += 1


@dataclass
class Job:
    """The work that a dispatch gave to a worker."""

    id: str = field(default_factory=lambda: ids.sid("AJ"))
    worker_id: str = field(default_factory=lambda: ids.sid("AW"))
    started_ns: int = field(default_factory=time.time_ns)
    status: str = "JS_RUNNING"
    ended_ns: int = 0

    @property
    def identity(self) -> str:
        return f"agent-{self.id}"


@dataclass
class Dispatch:
    """An order for an agent."""

    room: "Room"
    agent_name: str
    metadata: str = ""
    ghost: bool = False
    id: str = field(default_factory=lambda: ids.sid("AD"))
    created_ns: int = field(default_factory=time.time_ns)
    deleted_at: float | None = None
    served: bool = False
    fate: str = ""
    job: Job | None = None
    agent: Participant | None = None

    @property
    def living(self) -> bool:
        return self.deleted_at is None and self.room.alive

    @property
    def working(self) -> bool:
        """Its agent is there, and nobody has told it to go."""
        return self.living and self.agent is not None and self.room.has(self.agent)


@dataclass
class Room:
    """One life of a room name."""

    name: str
    empty_timeout: float
    departure_timeout: float
    metadata: str = ""
    sid: str = field(default_factory=lambda: ids.sid("RM"))
    created_ns: int = field(default_factory=time.time_ns)
    turn_password: str = field(default_factory=lambda: ids.text(43))
    ghost: bool = False
    assumed: bool = False
    announced: bool = True
    alive: bool = True
    ended: str | None = None
    participants: dict[str, Participant] = field(default_factory=dict)
    dispatches: dict[str, Dispatch] = field(default_factory=dict)
    close_timer: Any = None
    somebody_was_there: bool = False
    max_living: int = 0
    max_agents: int = 0
    max_working: int = 0
    _counts: list[tuple[float, int, int]] = field(default_factory=list)

    @property
    def living_dispatches(self) -> int:
        """Dispatches that somebody asked for; the unnamed one is LiveKit's own."""
        if not self.alive:
            return 0
        return sum(1 for dispatch in self.dispatches.values() if dispatch.agent_name)

    @property
    def agents(self) -> int:
        return sum(1 for participant in self.participants.values() if participant.is_agent)

    def has(self, participant: Participant) -> bool:
        """Whether this very connection is there now."""
        return self.participants.get(participant.identity) is participant

    def count(self) -> None:
        """Note how many are there from now on."""
        publishers = sum(1 for participant in self.participants.values() if participant.publishes)
        self._counts.append((time.monotonic(), len(self.participants) - self.agents, publishers))

    def counts(self, lag: float) -> tuple[int, int]:
        """How many people and publishers there were so long ago; agents are no people."""
        moment = time.monotonic() - lag
        known = [then[1:] for then in self._counts if then[0] <= moment]
        return known[-1] if known else (0, 0)
