"""Webhook signatures, made the way LiveKit makes them."""

import base64
import hashlib
import time

from . import tokens

CONTENT_TYPE = "application/webhook+json"
LIFETIME_SECONDS = 300


def body_digest(body: bytes) -> str:
    """Standard base64 (not the URL alphabet) of the SHA-256 of the raw body."""
    return base64.b64encode(hashlib.sha256(body).digest()).decode("ascii")


def sign(body: bytes, key: str, secret: str, now: float | None = None) -> str:
    """The value of the Authorization header: a bare token, without "Bearer"."""
    start = int(time.time() if now is None else now)
    claims = {"exp": start + LIFETIME_SECONDS, "iss": key, "nbf": start, "sha256": body_digest(body)}
    return tokens.make(claims, secret)


def headers(body: bytes, key: str, secret: str, now: float | None = None) -> dict[str, str]:
    """The headers of one delivery."""
    return {"Content-Type": CONTENT_TYPE, "Authorization": sign(body, key, secret, now)}
