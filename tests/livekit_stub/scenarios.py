"""People who call us, and the server dying under them."""

import random
import time
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from typing import Any

from . import ids, trunks
from .agents import Agents
from .model import KIND_SIP, Leg, Participant, Room
from .rooms import World

HUNG_UP = "CLIENT_INITIATED"
SERVER_DIED = "SERVER_DIED"
_DEFAULT_FROM = "+15550100"


@dataclass
class CallPlan:
    """What a caller does. Times are seconds; None is never."""

    caller: str = _DEFAULT_FROM
    called: str = trunks.OUR_NUMBER
    room: str | None = None
    prefix: str = "call-"
    identity: str | None = None
    name: str | None = None
    metadata: str = ""
    trunk_id: str = trunks.INBOUND_TRUNK
    rule_id: str = trunks.INDIVIDUAL_RULE
    hide_phone_number: bool = False
    attributes: dict[str, str | None] = field(default_factory=dict)
    talk_time: float | None = None
    cancel_after: float | None = None
    ring_timeout: float | None = None
    agents: list[dict[str, str]] = field(default_factory=list)
    announce: bool = True

    def all_attributes(self) -> dict[str, str]:
        """The attributes that livekit-sip gives a caller, plus the plan's own; None removes one."""
        values: dict[str, str | None] = {
            "sip.callID": ids.sid("SCL"),
            "sip.callIDFull": f"1-{random.randint(10000, 32000)}@127.0.0.1",
            "sip.callStatus": "ringing",
            "sip.callTag": ids.call_tag(),
            "sip.hostname": "127.0.0.1",
            "sip.phoneNumber": None if self.hide_phone_number else self.caller,
            "sip.ruleID": self.rule_id,
            "sip.trunkID": self.trunk_id,
            "sip.trunkPhoneNumber": self.called,
            **self.attributes,
        }
        return {name: value for name, value in values.items() if value is not None}


@dataclass
class Wait:
    """A while that a phone was in a room without an agent: from its joining, or from the last agent's leaving."""

    room_sid: str
    since: float
    until: float | None = None
    over: str | None = None


AGENT_CAME, PHONE_LEFT, ROOM_VANISHED = "agent", "gone", "vanished"


class PhoneLeg(Leg):
    """The phone's end of a call, seen from livekit-sip: it survives the server, its participant doesn't."""

    def __init__(self, world: World, room: str, identity: str, attributes: dict[str, str]) -> None:
        self.world = world
        self.room_name = room
        self.identity = identity
        self.name = ""
        self.metadata = ""
        self.attributes = attributes
        self.announce = True
        self.participant: Participant | None = None
        self.ended: str | None = None
        self.ended_at: float | None = None
        self.answered = False
        self.waits: list[Wait] = []

    @property
    def sip_call_id(self) -> str:
        return self.attributes.get("sip.callID", "")

    @property
    def room(self) -> Room | None:
        """The living room that the phone is connected to."""
        room = self.world.find(self.room_name)
        if room is None or self.participant is None:
            return None
        return room if room.participants.get(self.identity) is self.participant else None

    def enter(self) -> Participant:
        """Join the room, which is made if it isn't there."""
        room = self.world.find_or_create(self.room_name, announced=self.announce)
        self.participant = Participant(
            self.identity, KIND_SIP, self.name, self.metadata, dict(self.attributes), leg=self
        )
        self.waits.append(Wait(room.sid, time.time()))
        self.world.join(room, self.participant)
        return self.participant

    def agent_present(self) -> None:
        self._wait_is_over(AGENT_CAME)

    def agent_absent(self) -> None:
        if self.room is not None:
            self.waits.append(Wait(self.room.sid, time.time()))

    def _wait_is_over(self, because: str) -> None:
        for wait in self.waits[-1:]:
            if wait.until is None:
                wait.until, wait.over = time.time(), because

    def set_status(self, status: str, **more: str) -> None:
        """The callStatus attribute; no webhook tells about it."""
        if self.participant is not None:
            self.participant.set_attributes(sip_callStatus=status, **more)
            self.world.changes.notify()

    def hang_up(self) -> None:
        """The person puts the phone down."""
        self.withdraw(HUNG_UP)

    def withdraw(self, reason: str) -> None:
        """Leave the room, wherever the leg is now."""
        room, participant = self.room, self.participant
        if room is not None and participant is not None:
            self.world.leave(room, participant, reason)
        else:
            self.gone(reason)

    def gone(self, reason: str) -> None:
        if self.ended is None:
            self.ended, self.ended_at = reason, time.time()
        self._wait_is_over(PHONE_LEFT)

    def vanished(self) -> None:
        self._wait_is_over(ROOM_VANISHED)
        self.participant = None

    def come_back(self) -> None:
        """After the server's death: same call, new participant, ringing again whatever was before."""
        if self.ended is None and self.participant is None:
            self.enter()

    def view(self) -> dict[str, Any]:
        """For the control API."""
        room = self.room
        return {
            "sip_call_id": self.sip_call_id,
            "room": self.room_name,
            "room_sid": room.sid if room else None,
            "identity": self.identity,
            "participant_sid": self.participant.sid if self.participant else None,
            "status": self.participant.call_status if self.participant else None,
            "answered": self.answered,
            "ended": self.ended,
            "ended_at": self.ended_at,
            "waits": [asdict(wait) for wait in self.waits],
        }


class Caller(PhoneLeg):
    """Somebody who phones in: rings until an agent is there, talks, hangs up."""

    def __init__(self, world: World, plan: CallPlan) -> None:
        room = plan.room or f"{plan.prefix}_{plan.caller}_{ids.text(12)}"
        super().__init__(world, room, plan.identity or f"sip_{plan.caller}", plan.all_attributes())
        self.name = f"Phone {plan.caller}" if plan.name is None else plan.name
        self.metadata = plan.metadata
        self.announce = plan.announce
        self.id = ids.sid("CALL")
        self._plan = plan
        self._timers: dict[str, Any] = {}

    def start(self) -> None:
        """The phone rings."""
        limit = self._plan.ring_timeout
        self._arm("ring", self.world.settings.ring_timeout if limit is None else limit, self._give_up)
        self._arm("cancel", self._plan.cancel_after, self.hang_up)
        self.enter()

    def _arm(self, name: str, delay: float | None, act: Any) -> None:
        self.world.timers.cancel(self._timers.pop(name, None))
        if delay is not None and self.ended is None:
            self._timers[name] = self.world.timers.later(delay, act)

    def agent_present(self) -> None:
        """Now somebody listens: LiveKit SIP picks up."""
        super().agent_present()
        if self.participant is not None and self.participant.call_status == "ringing":
            self._arm("answer", self.world.settings.answer_delay, self._answer)

    def _answer(self) -> None:
        room = self.room
        if room is None or not room.agents:
            return
        self._arm("ring", None, None)
        self.set_status("active")
        if not self.answered:
            self.answered = True
            self._arm("talk", self._plan.talk_time, self.hang_up)

    def hang_up(self) -> None:
        """The caller puts the phone down, before or after the answer."""
        self.set_status("hangup")
        self.withdraw(HUNG_UP)

    def _give_up(self) -> None:
        """LiveKit stops ringing; the status stays as it was."""
        self.withdraw(HUNG_UP)

    def gone(self, reason: str) -> None:
        super().gone(reason)
        for timer in self._timers.values():
            self.world.timers.cancel(timer)
        self._timers.clear()

    def view(self) -> dict[str, Any]:
        return {"call": self.id, **super().view()}


@dataclass
class RestartPlan:
    """How the server dies. Times are seconds from its death."""

    room: str | None = None
    return_after: float | None = None
    return_share: float = 1.0
    seed: int = 0
    shown_for: float = 0.0
    echo_after: float | None = None


class Scenarios:
    """Everything that happens on the telephone network's side of the inbound calls."""

    def __init__(self, world: World, agents: Agents) -> None:
        self._world = world
        self._agents = agents
        self.callers: dict[str, Caller] = {}
        self.returning: set[str] = set()

    def clear(self) -> None:
        """Forget the callers."""
        self.callers.clear()
        self.returning.clear()

    def call(self, plan: CallPlan) -> Caller:
        """Somebody phones in."""
        caller = Caller(self._world, plan)
        self.callers[caller.id] = caller
        new = self._world.find(caller.room_name) is None
        if new and plan.agents:
            # As a dispatch rule's room_config does: LiveKit itself brings an agent.
            room = self._world.create(caller.room_name, announced=plan.announce)
            self._agents.replace_unnamed(
                room, [(order["agent_name"], order.get("metadata", "")) for order in plan.agents]
            )
        caller.start()
        return caller

    def restart(self, plan: RestartPlan, phones: Iterable[PhoneLeg]) -> list[str]:
        """Rooms vanish without events; phones that are still connected may come back."""
        rooms = [room for room in self._world.rooms.values() if plan.room in (None, room.name)]
        connected = [phone for phone in phones if phone.room in rooms]
        for room in rooms:
            self._world.vanish(room, plan.shown_for)
            if plan.echo_after is not None:
                self._world.timers.later(plan.echo_after, self._echo, room)
        chance = random.Random(plan.seed)
        for phone in connected:
            if plan.return_after is None or chance.random() >= plan.return_share:
                phone.gone(SERVER_DIED)
            else:
                self.returning.add(phone.room_name)
                self._world.timers.later(plan.return_after, self._come_back, phone)
        self._world.changes.notify()
        return [room.name for room in rooms]

    def _come_back(self, phone: PhoneLeg) -> None:
        self.returning.discard(phone.room_name)
        phone.come_back()

    def _echo(self, room: Room) -> None:
        """The dead room's agent reconnects before the phone does: the old room sid starts and ends again."""
        self._world.announce("room_started", room)
        agents = [participant for participant in room.participants.values() if participant.is_agent]
        for old in agents:
            again = Participant(
                old.identity, old.kind, attributes=dict(old.attributes), track_cid=old.track_cid
            )
            self._world.announce("participant_joined", room, again)
            self._world.announce("track_published", room, again)
            again.state, again.disconnect_reason = "DISCONNECTED", "ROOM_CLOSED"
            self._world.announce("track_unpublished", room, again)
            self._world.announce("participant_left", room, again)
        self._world.announce("room_finished", room)
