"""The API's front: route, token, faults, errors."""

import asyncio
import json
from typing import Any

from . import tokens
from .changes import Changes
from .errors import DroppedConnection, TwirpError
from .faults import Faults, Rule
from .fields import Fields
from .http_server import Request, Response, json_response
from .journal import Entry, Journal
from .services import Method, Services
from .settings import Settings

PREFIX = "/twirp/livekit."
_VIDEO_GRANTS = {"room_create": "roomCreate", "room_list": "roomList", "room_admin": "roomAdmin"}
_SIP_GRANTS = {"sip_admin": "admin", "sip_call": "call"}


def _denied(msg: str = "permissions denied") -> TwirpError:
    return TwirpError("unauthenticated", msg)


def check_grant(grant: str, room: str, claims: dict[str, Any]) -> None:
    """Raise unless the token carries the grant; roomAdmin counts for the token's own room only."""
    video, sip = claims.get("video") or {}, claims.get("sip") or {}
    if grant in _SIP_GRANTS:
        allowed = bool(sip.get(_SIP_GRANTS[grant]))
    else:
        allowed = bool(video.get(_VIDEO_GRANTS[grant]))
    if grant == "room_admin" and video.get("room", "") != room:
        allowed = False
    if not allowed:
        raise _denied()


class Twirp:
    """Answers /twirp/ requests."""

    def __init__(
        self, settings: Settings, services: Services, faults: Faults, journal: Journal, changes: Changes
    ) -> None:
        self._secrets = {settings.key: settings.secret}
        self._services = services
        self._faults = faults
        self._journal = journal
        self._changes = changes

    async def handle(self, request: Request) -> Response:
        """One API request, noted whatever becomes of it."""
        service, _, method = request.path.removeprefix(PREFIX).partition("/")
        known = self._services.methods.get(f"{service}/{method}")
        body = _decode(request.body)
        room = _room_of(known, body)
        entry = self._journal.open(service, method, room, body)
        self._changes.notify()
        response = Response(drop=True)
        try:
            response = await self._with_faults(request, known, entry)
        finally:
            self._journal.close(entry, None if response.drop else response.status)
            self._changes.notify()
        return response

    async def _with_faults(self, request: Request, known: Method | None, entry: Entry) -> Response:
        rule = self._faults.take(entry.service, entry.method, entry.room)
        if rule is None:
            return await self._answer(request, known, entry)
        entry.faulty = True
        await asyncio.sleep(rule.delay_before_ms / 1000)
        if rule.drop == "before":
            return Response(drop=True)
        if rule.status is not None and not rule.act:
            return _refusal(rule, rule.status)
        response = await self._answer(request, known, entry)
        await asyncio.sleep(rule.delay_after_ms / 1000)
        if rule.drop == "after":
            return Response(drop=True)
        return response if rule.status is None else _refusal(rule, rule.status)

    async def _answer(self, request: Request, known: Method | None, entry: Entry) -> Response:
        try:
            if known is None or request.method != "POST":
                raise _bad_route(request)
            claims = self._claims(request)
            entry.grants = {name: claims[name] for name in ("video", "sip") if name in claims}
            for grant in filter(None, (known.grant, known.also)):
                check_grant(grant, entry.room, claims)
            if not request.headers.get("content-type", "").startswith("application/json"):
                raise _bad_route(request)
            return json_response(await known.act(Fields(entry.body)))
        except TwirpError as error:
            return json_response(error.body(), error.status)
        except DroppedConnection:
            return Response(drop=True)

    def _claims(self, request: Request) -> dict[str, Any]:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if not scheme:
            return {}
        if scheme != "Bearer":
            raise _denied("invalid authorization header. Must start with Bearer ")
        try:
            return tokens.verify(token, self._secrets)
        except tokens.TokenError as error:
            raise _denied(str(error)) from error


def _decode(body: bytes) -> Any:
    """The JSON body; None for what isn't JSON, which is refused later like any wrong value."""
    try:
        return json.loads(body)
    except ValueError:
        return None


def _room_of(known: Method | None, body: Any) -> str:
    if known is None or not known.room_field or not isinstance(body, dict):
        return ""
    value = Fields(body).raw(known.room_field)
    return value if isinstance(value, str) else ""


def _bad_route(request: Request) -> TwirpError:
    route = f"{request.method} {request.path}"
    return TwirpError(
        "bad_route", f'no handler for path "{request.path}"', {"twirp_invalid_route": route}
    )


def _refusal(rule: Rule, status: int) -> Response:
    body: dict[str, Any] = {"code": rule.code, "msg": rule.msg}
    if rule.meta:
        body["meta"] = rule.meta
    headers = {} if rule.retry_after is None else {"Retry-After": str(rule.retry_after)}
    return json_response(body, status, headers)
