"""People whom we call: what they do is scripted by number."""

import asyncio
from dataclasses import dataclass, replace
from typing import Any

from . import ids
from .errors import DroppedConnection, TwirpError
from .model import Participant
from .rooms import World
from .scenarios import HUNG_UP, PhoneLeg

ANSWER, BUSY, DECLINE, NOT_FOUND, REFUSE = "answer", "busy", "decline", "not_found", "refuse"
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


# The Twirp code of a SIP response, in livekit-server 1.11 (protocol's SIPStatus.GRPCStatus()).
_TWIRP_CODES = {
    **dict.fromkeys((400, 404, 420, 421, 484, 485), "invalid_argument"),
    **dict.fromkeys((401, 403, 407), "permission_denied"),
    **dict.fromkeys((408, 504), "deadline_exceeded"),
    **dict.fromkeys((480, 486, 501, 503, 600, 603), "unavailable"),
    487: "aborted",
}


def refusal(sip_code: int, sip_status: str, twirp_code: str | None = None) -> Refusal:
    """What becomes of a SIP response; later servers have other Twirp codes for some."""
    reason = "USER_REJECTED" if sip_code == 486 else HUNG_UP
    return Refusal(sip_code, sip_status, twirp_code or _TWIRP_CODES.get(sip_code, "internal"), reason)


REFUSALS = {
    BUSY: refusal(486, "Busy Here"),
    DECLINE: refusal(603, "Decline"),
    NOT_FOUND: refusal(404, "Not Found"),
}
BEHAVIOURS = (ANSWER, NO_ANSWER, UNREACHABLE, REFUSE, *REFUSALS)


@dataclass
class Script:
    """What happens when a number is dialled. Times are seconds; drop_reply_after cuts the API connection.

    after is the time of the final response, or of giving up for a number that can't be reached. The API's
    answer comes reply_after later than what it tells. refuse takes its response from sip_code and sip_status;
    twirp_code puts it as another server does.
    """

    behaviour: str = ANSWER
    after: float | None = None
    ring_after: float = 0.05
    talk_time: float | None = None
    drop_reply_after: float | None = None
    reply_after: float = 0.0
    sip_code: int | None = None
    sip_status: str = ""
    twirp_code: str | None = None

    def __post_init__(self) -> None:
        if self.behaviour not in BEHAVIOURS:
            raise ValueError(f"unknown behaviour {self.behaviour!r}; known: {', '.join(BEHAVIOURS)}")
        if (self.behaviour == REFUSE) != (self.sip_code is not None):
            raise ValueError("refuse, and nothing else, has a sip_code")

    @property
    def refusal(self) -> Refusal | None:
        """The far end's refusal, if it refuses."""
        if self.sip_code is not None:
            return refusal(self.sip_code, self.sip_status, self.twirp_code)
        known = REFUSALS.get(self.behaviour)
        return known and replace(known, twirp_code=self.twirp_code or known.twirp_code)


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
    wait_until_answered: bool

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


def refused(by: Refusal) -> TwirpError:
    """A SIP error response as the API reports it."""
    status = f"sip status: {by.sip_code}: {by.sip_status}"
    meta = {"sip_status_code": str(by.sip_code), "sip_status": by.sip_status}
    return TwirpError(by.twirp_code, f"twirp error unknown: INVITE failed: {status}", meta)


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
        if self._order.wait_until_answered:
            self._later(self.world.settings.dial_limit, self._overdue)
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
        far_end = self._script.refusal
        if far_end is None:
            self._answer()
            return
        self._settle(refused(far_end))
        self.withdraw(far_end.reason)

    def _answer(self) -> None:
        self.answered = True
        self.set_status("active", sip_callIDFull=ids.text(27), sip_callTag=ids.call_tag())
        if self._script.talk_time is not None:
            self._later(self._script.talk_time, self.hang_up)
        if self._order.max_call_duration is not None:
            self._later(self._order.max_call_duration, self.hang_up)
        self._settle(None)

    def _overdue(self) -> None:
        """livekit-server waits no longer, and livekit-sip's leave to ring ends with that."""
        if not self.answered:
            self._settle(TwirpError("deadline_exceeded", "twirp error unknown: request timed out"))
            self.withdraw(HUNG_UP)

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

    async def replied(self) -> None:
        """Wait for what the API has to answer; raises what is no success."""
        try:
            await asyncio.shield(self.reply)
        finally:
            await asyncio.sleep(self._script.reply_after)

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
