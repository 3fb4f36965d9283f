"""HS256 JSON web tokens, the only kind LiveKit uses."""

import base64
import binascii
import hashlib
import hmac
import json
import time
from collections.abc import Mapping
from typing import Any

LEEWAY_SECONDS = 60
DEFAULT_LIFETIME_SECONDS = 600
_HEADER = {"alg": "HS256", "typ": "JWT"}


class TokenError(Exception):
    """The token is not one of ours, or not valid now."""


def _encode(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode("ascii")


def _decode(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _signature(signed: str, secret: str) -> bytes:
    return hmac.new(secret.encode(), signed.encode(), hashlib.sha256).digest()


_ENCODED_HEADER = _encode(json.dumps(_HEADER, separators=(",", ":")).encode())


def make(claims: Mapping[str, Any], secret: str) -> str:
    """Sign exactly these claims."""
    payload = _encode(json.dumps(claims, separators=(",", ":")).encode())
    signed = f"{_ENCODED_HEADER}.{payload}"
    return f"{signed}.{_encode(_signature(signed, secret))}"


def access_token(
    key: str,
    secret: str,
    video: Mapping[str, Any] | None = None,
    sip: Mapping[str, Any] | None = None,
    lifetime: float = DEFAULT_LIFETIME_SECONDS,
    now: float | None = None,
) -> str:
    """A token for API requests with the given grants."""
    start = int(time.time() if now is None else now)
    claims: dict[str, Any] = {"iss": key, "nbf": start, "exp": int(start + lifetime)}
    if video:
        claims["video"] = dict(video)
    if sip:
        claims["sip"] = dict(sip)
    return make(claims, secret)


def verify(token: str, secrets: Mapping[str, str], now: float | None = None) -> dict[str, Any]:
    """Return the claims of a good token; raise TokenError for any other."""
    header, claims, signed, signature = _split(token)
    if header.get("alg") != "HS256":
        raise TokenError("invalid authorization token")
    secret = secrets.get(str(claims.get("iss")))
    if secret is None:
        raise TokenError(f"invalid API key: {claims.get('iss')}")
    if not hmac.compare_digest(signature, _signature(signed, secret)):
        raise TokenError("invalid token: error in cryptographic primitive")
    _check_times(claims, time.time() if now is None else now)
    return claims


def _split(token: str) -> tuple[dict[str, Any], dict[str, Any], str, bytes]:
    try:
        head, payload, signature = token.split(".")
        header, claims = json.loads(_decode(head)), json.loads(_decode(payload))
        raw = _decode(signature)
    except (ValueError, binascii.Error) as error:
        raise TokenError("invalid authorization token") from error
    if not isinstance(header, dict) or not isinstance(claims, dict):
        raise TokenError("invalid authorization token")
    return header, claims, f"{head}.{payload}", raw


def _check_times(claims: Mapping[str, Any], now: float) -> None:
    expires, starts = claims.get("exp"), claims.get("nbf", 0)
    if not isinstance(expires, (int, float)) or now > expires + LEEWAY_SECONDS:
        raise TokenError("invalid token: token is expired (exp)")
    if not isinstance(starts, (int, float)) or now < starts - LEEWAY_SECONDS:
        raise TokenError("invalid token: token not valid yet (nbf)")
