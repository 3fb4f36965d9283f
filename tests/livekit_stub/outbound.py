"""People whom we call: what they do is scripted by number."""

import asyncio
from dataclasses import dataclass
from typing import Any

from . import ids
from .errors import DroppedConnection, TwirpError
from .model import Participant
from .rooms import World
from .scenarios import HUNG_UP, PhoneLeg

ANSWER, BUSY, DECLINE, NOT_FOUND = "answer", "busy", "decline", "not_found"
NO_ANSWER, UNREACHABLE = "no_answer", "unreachable"
DEFAULT_RINGING_TIMEOUT = 30.0
DEFAULT_AFTER = 0.2


@dataclass(frozen=True)
class Refusal:
    """How a SIP final response shows in the API and in participant_left."""

    sip_code: int
    sip_status: str
    twirp_code: str
    reason: str


REFUSALS = {
    BUSY: Refusal(486, "Busy Here", "unavailable", "USER_REJECTED"),
    DECLINE: Refusal(603, "Decline", "unavailable", HUNG_UP),
    NOT_FOUND: Refusal(404, "Not Found", "invalid_argument", HUNG_UP),
}
BEHAVIOURS = (ANSWER, NO_ANSWER, UNREACHABLE, *REFUSALS)


@dataclass
class Script:
    """What happens when a number is dialled. Times are seconds; drop_reply_after cuts the API connection.

    after is the time of the final response, or of giving up for a number that can't be reached.
    """

    behaviour: str = ANSWER
    after: float | None = None
    ring_after: float = 0.05
    talk_time: float | None = None
    drop_reply_after: float | None = None

    def __post_init__(self) -> None:
        if self.behaviour not in BEHAVIOURS:
            raise ValueError(f"unknown behaviour {self.behaviour!r}; known: {', '.join(BEHAVIOURS)}")


@dataclass
class DialOrder:
    """What CreateSIPParticipant asked for."""

    number: str
    room: str
    identity: str
    name: str
    metadata: str
    attributes: dict[str, str]
    trunk: dict[str, Any]
    own_number: str
    hide_phone_number: bool
    ringing_timeout: float
    max_call_duration: float | None

    def all_attributes(self) -> dict[str, str]:
        """The attributes that livekit-sip gives a callee, plus the order's own."""
        values = {
            "sip.callID": ids.sid("SCL"),
            "sip.callStatus": "dialing",
            "sip.hostname": self.trunk["address"],
            "sip.trunkID": self.trunk["sip_trunk_id"],
            "sip.trunkPhoneNumber": self.own_number,
        }
        if not self.hide_phone_number:
            values["sip.phoneNumber"] = self.number
        return {**values, **self.attributes}


def _canceled() -> TwirpError:
    """No answer, nothing there, and hung up meanwhile all look the same."""
    return TwirpError("canceled", "twirp error unknown: request canceled")


def refused(refusal: Refusal) -> TwirpError:
    """A SIP error response as the API reports it."""
    status = f"sip status: {refusal.sip_code}: {refusal.sip_status}"
    meta = {"sip_status_code": str(refusal.sip_code), "sip_status": refusal.sip_status}
    return TwirpError(refusal.twirp_code, f"twirp error unknown: INVITE failed: {status}", meta)


class Dial(PhoneLeg):
    """One ringing of one phone."""

    def __init__(self, world: World, order: DialOrder, script: Script) -> None:
        super().__init__(world, order.room, order.identity, order.all_attributes())
        self.name = order.name
        self.metadata = order.metadata
        self.number = order.number
        self._order = order
        self._script = script
        self._timers: list[Any] = []
        self.reply: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def start(self) -> Participant:
        """Dial. The participant is in the room at once, long before anybody answers."""
        participant = self.enter()
        if self._script.behaviour == UNREACHABLE:
            self._later(self._after(self.world.settings.unreachable_after), self._cancel)
        else:
            self._later(self._script.ring_after, self._ring)
            self._later(self._order.ringing_timeout, self._no_answer)
            if self._script.behaviour != NO_ANSWER:
                self._later(self._after(DEFAULT_AFTER), self._final)
        if self._script.drop_reply_after is not None:
            self._later(self._script.drop_reply_after, self._settle, DroppedConnection())
        return participant

    def _after(self, default: float) -> float:
        return default if self._script.after is None else self._script.after

    def _later(self, delay: float, act: Any, *args: Any) -> None:
        self._timers.append(self.world.timers.later(delay, act, *args))

    def _ring(self) -> None:
        if not self.answered:
            self.set_status("ringing")

    def _final(self) -> None:
        refusal = REFUSALS.get(self._script.behaviour)
        if refusal is None:
            self._answer()
            return
        self._settle(refused(refusal))
        self.withdraw(refusal.reason)

    def _answer(self) -> None:
        self.answered = True
        self.set_status("active", sip_callIDFull=ids.text(27), sip_callTag=ids.call_tag())
        if self._script.talk_time is not None:
            self._later(self._script.talk_time, self.hang_up)
        if self._order.max_call_duration is not None:
            self._later(self._order.max_call_duration, self.hang_up)
        self._settle(None)

    def _no_answer(self) -> None:
        if not self.answered:
            self._cancel()

    def _cancel(self) -> None:
        self._settle(_canceled())
        self.withdraw(HUNG_UP)

    def hang_up(self) -> None:
        """The callee puts the phone down; before the answer that is a refusal to ring on."""
        if self.answered:
            self.set_status("hangup")
        self.withdraw(HUNG_UP)

    def _settle(self, error: Exception | None) -> None:
        if self.reply.done():
            return
        if error is None:
            self.reply.set_result(None)
        else:
            self.reply.set_exception(error)
            self.reply.exception()

    def gone(self, reason: str) -> None:
        super().gone(reason)
        self._settle(_canceled())
        for timer in self._timers:
            self.world.timers.cancel(timer)
        self._timers.clear()

    def vanished(self) -> None:
        super().vanished()
        self._settle(DroppedConnection())

    def view(self) -> dict[str, Any]:
        return {"number": self.number, "behaviour": self._script.behaviour, **super().view()}


class Callees:
    """Scripts by number ("*" is everybody else) and every dial there ever was."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.clear()

    def clear(self) -> None:
        """Everybody answers at once again."""
        self.scripts: dict[str, Script] = {"*": Script()}
        self.dials: list[Dial] = []

    def script(self, number: str) -> Script:
        """What this number does."""
        return self.scripts.get(number, self.scripts["*"])

    def dial(self, order: DialOrder) -> Dial:
        """Ring a phone."""
        dial = Dial(self._world, order, self.script(order.number))
        self.dials.append(dial)
        dial.start()
        return dial
