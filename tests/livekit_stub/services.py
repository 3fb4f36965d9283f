"""The API's methods. What they do to the world is real; who may call them is decided before."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, NoReturn

from . import views
from .agents import Agents
from .errors import TwirpError
from .fields import Fields
from .model import Participant, Room
from .outbound import ANSWER, DEFAULT_AFTER, DEFAULT_RINGING_TIMEOUT, Callees, DialOrder, refused
from .rooms import World
from .scenarios import PhoneLeg, Scenarios
from .trunks import Trunks

Answer = dict[str, Any]
Act = Callable[[Fields], Awaitable[Answer]]


@dataclass(frozen=True)
class Method:
    """One API method: the grant it needs, the field that names its room, and what it does."""

    grant: str
    room_field: str
    act: Act
    also: str | None = None


def _not_found(what: str) -> TwirpError:
    return TwirpError("not_found", f"twirp error unknown: {what}")


class Services:
    """Everything behind /twirp/."""

    def __init__(
        self, world: World, agents: Agents, scenarios: Scenarios, callees: Callees, trunks: Trunks
    ) -> None:
        self._world = world
        self._agents = agents
        self._scenarios = scenarios
        self._callees = callees
        self._trunks = trunks
        self.methods: dict[str, Method] = {
            "AgentDispatchService/CreateDispatch": Method("room_admin", "room", self.create_dispatch),
            "AgentDispatchService/ListDispatch": Method("room_admin", "room", self.list_dispatch),
            "AgentDispatchService/DeleteDispatch": Method("room_admin", "room", self.delete_dispatch),
            "RoomService/CreateRoom": Method("room_create", "name", self.create_room),
            "RoomService/DeleteRoom": Method("room_create", "room", self.delete_room),
            "RoomService/ListRooms": Method("room_list", "", self.list_rooms),
            "RoomService/ListParticipants": Method("room_admin", "room", self.list_participants),
            "RoomService/GetParticipant": Method("room_admin", "room", self.get_participant),
            "RoomService/RemoveParticipant": Method("room_admin", "room", self.remove_participant),
            "SIP/CreateSIPParticipant": Method("sip_call", "room_name", self.create_sip_participant),
            "SIP/TransferSIPParticipant": Method(
                "sip_call", "room_name", self.transfer_sip_participant, also="room_admin"
            ),
            "SIP/ListSIPInboundTrunk": Method("sip_admin", "", self.list_inbound_trunks),
            "SIP/ListSIPOutboundTrunk": Method("sip_admin", "", self.list_outbound_trunks),
            "SIP/ListSIPDispatchRule": Method("sip_admin", "", self.list_dispatch_rules),
            "SIP/CreateSIPInboundTrunk": Method("sip_admin", "", self.create_inbound_trunk),
            "SIP/CreateSIPOutboundTrunk": Method("sip_admin", "", self.create_outbound_trunk),
            "SIP/CreateSIPDispatchRule": Method("sip_admin", "", self.create_dispatch_rule),
        }

    def _room_for_dispatch(self, name: str) -> Room:
        """The room of a dispatch, made if it isn't there: a ghost unless a phone is on its way back."""
        room = self._world.find(name)
        if room is not None:
            return room
        if self._world.settings.assume_rooms:
            return self._assumed_room(name)
        return self._world.create(name, ghost=name not in self._scenarios.returning)

    def _assumed_room(self, name: str) -> Room:
        """A room that somebody else's webhooks told of."""
        return self._world.create(name, assumed=True, announced=self._world.settings.assumed_webhooks)

    async def create_dispatch(self, request: Fields) -> Answer:
        """Never refuses, never notices a repeat."""
        room = self._room_for_dispatch(request.text("room"))
        ghost = room.ghost and not room.somebody_was_there
        dispatch = self._agents.dispatch(room, request.text("agent_name"), request.text("metadata"), ghost)
        return views.dispatch_answer(dispatch)

    async def list_dispatch(self, request: Fields) -> Answer:
        """Nobody answers for a room that isn't there, which takes its time to be noticed."""
        room = self._world.find(request.text("room"))
        if room is None and self._world.settings.assume_rooms:
            room = self._assumed_room(request.text("room"))
        if room is None:
            await self._nobody_answers()
        wanted = request.text("dispatch_id")
        found = [d for d in room.dispatches.values() if wanted in ("", d.id)]
        return {"agent_dispatches": [views.dispatch_answer(dispatch) for dispatch in found]}

    async def _nobody_answers(self) -> NoReturn:
        await asyncio.sleep(self._world.settings.list_dispatch_delay)
        raise TwirpError("unavailable", "twirp error unknown: no response from servers")

    async def delete_dispatch(self, request: Fields) -> Answer:
        """Like the list, asked of whichever server holds the room."""
        room = self._world.find(request.text("room"))
        if room is None:
            await self._nobody_answers()
        dispatch = room.dispatches.get(request.text("dispatch_id"))
        if dispatch is None:
            raise _not_found("dispatch ID not found")
        self._agents.delete(dispatch)
        return views.dispatch_answer(dispatch, with_jobs=False)

    async def create_room(self, request: Fields) -> Answer:
        """A living room is returned as it is; its agents aren't touched."""
        name = request.text("name")
        room = self._world.find(name)
        if room is None:
            room = self._new_room(name, request)
        return views.room_answer(room)

    def _new_room(self, name: str, request: Fields) -> Room:
        timeouts = {
            field: request.number(field)
            for field in ("empty_timeout", "departure_timeout")
            if request.number(field) > 0
        }
        orders = [(agent.text("agent_name"), agent.text("metadata")) for agent in request.inners("agents")]
        room = self._world.create(name, metadata=request.text("metadata"), **timeouts)
        self._agents.replace_unnamed(room, orders)
        return room

    async def delete_room(self, request: Fields) -> Answer:
        room = self._world.find(request.text("room"))
        if room is None:
            raise _not_found("requested room does not exist")
        self._world.end(room, "ROOM_DELETED")
        return {}

    async def list_rooms(self, request: Fields) -> Answer:
        names = request.texts("names")
        rooms = [room for room in self._world.all_visible() if not names or room.name in names]
        lag = self._world.settings.count_lag
        return {"rooms": [views.room_answer(room, lag) for room in rooms]}

    async def list_participants(self, request: Fields) -> Answer:
        """A room that isn't there is an empty one. The newest comes first, as recorded; nobody promises it."""
        room = self._world.visible(request.text("room"))
        present = reversed(room.participants.values()) if room else ()
        return {"participants": [views.participant_answer(participant) for participant in present]}

    def _participant(self, room: Room | None, identity: str) -> Participant:
        participant = room.participants.get(identity) if room else None
        if participant is None:
            raise _not_found("participant does not exist")
        return participant

    async def get_participant(self, request: Fields) -> Answer:
        room = self._world.visible(request.text("room"))
        return views.participant_answer(self._participant(room, request.text("identity")))

    async def remove_participant(self, request: Fields) -> Answer:
        room = self._world.find(request.text("room"))
        participant = self._participant(room, request.text("identity"))
        assert room is not None
        self._world.leave(room, participant, "PARTICIPANT_REMOVED")
        return {}

    async def create_sip_participant(self, request: Fields) -> Answer:
        """Rings at every repeat. With wait_until_answered the answer comes when the phone's does."""
        dial = self._callees.dial(self._dial_order(request))
        participant = dial.participant
        if request.flag("wait_until_answered"):
            await dial.replied()
        return {
            "participant_id": participant.sid if participant else "",
            "participant_identity": dial.identity,
            "room_name": dial.room_name,
            "sip_call_id": dial.sip_call_id,
        }

    def _dial_order(self, request: Fields) -> DialOrder:
        trunk = self._trunks.find_outbound(request.text("sip_trunk_id"))
        if trunk is None:
            raise _not_found("object cannot be found")
        for field in ("sip_call_to", "room_name"):
            if not request.text(field):
                raise TwirpError("invalid_argument", f"twirp error unknown: missing {field}")
        ringing_timeout = request.seconds("ringing_timeout")
        return DialOrder(
            number=request.text("sip_call_to"),
            room=request.text("room_name"),
            identity=request.text("participant_identity") or f"sip_{request.text('sip_call_to')}",
            name=request.text("participant_name"),
            metadata=request.text("participant_metadata"),
            attributes=request.mapping("participant_attributes"),
            trunk=trunk,
            own_number=request.text("sip_number") or (trunk["numbers"] or [""])[0],
            hide_phone_number=request.flag("hide_phone_number"),
            ringing_timeout=DEFAULT_RINGING_TIMEOUT if ringing_timeout is None else ringing_timeout,
            max_call_duration=request.seconds("max_call_duration"),
            wait_until_answered=request.flag("wait_until_answered"),
        )

    async def transfer_sip_participant(self, request: Fields) -> Answer:
        """The new destination's script decides how it goes; the leg is gone when it went well."""
        room = self._world.find(request.text("room_name"))
        participant = self._participant(room, request.text("participant_identity"))
        target = request.text("transfer_to").removeprefix("tel:")
        script = self._callees.script(target)
        await asyncio.sleep(DEFAULT_AFTER if script.after is None else script.after)
        if script.refusal is not None:
            raise refused(script.refusal)
        if script.behaviour != ANSWER:
            raise TwirpError("canceled", "twirp error unknown: request canceled")
        if isinstance(participant.leg, PhoneLeg):
            participant.leg.hang_up()
        return {}

    async def list_inbound_trunks(self, _request: Fields) -> Answer:
        return {"items": self._trunks.inbound}

    async def list_outbound_trunks(self, _request: Fields) -> Answer:
        return {"items": self._trunks.outbound}

    async def list_dispatch_rules(self, _request: Fields) -> Answer:
        return {"items": self._trunks.rules}

    async def create_inbound_trunk(self, request: Fields) -> Answer:
        trunk = request.inner("trunk")
        return self._trunks.add_inbound(trunk.text("name"), trunk.texts("numbers"), **_credentials(trunk))

    async def create_outbound_trunk(self, request: Fields) -> Answer:
        trunk = request.inner("trunk")
        where = {"address": trunk.text("address")}
        if trunk.text("transport"):
            where["transport"] = trunk.text("transport")
        return self._trunks.add_outbound(
            trunk.text("name"), trunk.texts("numbers"), **where, **_credentials(trunk)
        )

    async def create_dispatch_rule(self, request: Fields) -> Answer:
        given = request.inner("dispatch_rule")
        rule = given.inner("rule")
        individual, direct = rule.inner("dispatch_rule_individual"), rule.inner("dispatch_rule_direct")
        if direct.text("room_name"):
            value: Answer = {"dispatch_rule_direct": {"room_name": direct.text("room_name"), "pin": ""}}
        else:
            prefix = individual.text("room_prefix")
            value = {"dispatch_rule_individual": {"room_prefix": prefix, "pin": "", "no_randomness": False}}
        return self._trunks.add_rule(given.text("name"), value, given.texts("trunk_ids"))


def _credentials(trunk: Fields) -> dict[str, str]:
    names = ("auth_username", "auth_password", "metadata")
    return {name: trunk.text(name) for name in names if trunk.text(name)}
