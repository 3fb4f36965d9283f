"""Webhook deliveries as LiveKit makes them, and as others might.

Good ones are signed by livekit_stub.signing; here is what that never makes:
tokens of any header and claims, with any signature.
"""
import base64
import dataclasses
import hashlib
import hmac
import json
import pathlib
import time

from livekit_stub import signing

KEY = "devkey"
SECRET = "devsecretdevsecretdevsecretdevsecret"
WEBHOOK = "/telephony/livekit-webhook"
RECORDED = pathlib.Path(__file__).resolve().parents[1] / "fixtures" / "recorded"
CEILING = 1024 * 1024


@dataclasses.dataclass
class Delivery:
    """One request to the webhook."""

    body: bytes = b""
    headers: dict = dataclasses.field(default_factory=dict)
    method: str = "POST"
    target: str = WEBHOOK
    chunked: bool = False


def event(name="room_started", **more):
    """An event that is not about telephony, with an id of its own."""
    payload = {"event": name, "id": f"EV_{time.monotonic_ns()}",
               "createdAt": str(int(time.time())),
               "room": {"sid": "RM_scenario", "name": "scenario"}, **more}
    return json.dumps(payload).encode()


def recorded(name):
    """The bodies of one recorded run, in order."""
    lines = (RECORDED / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line)["body"].encode() for line in lines]


def padded(size):
    """An event of exactly so many bytes."""
    body = event(padding="")
    return body.replace(b'"padding": ""', b'"padding": "%s"' % (b"x" * (size - len(body))))


def good(body, **more):
    """Signed as it should be."""
    return Delivery(body, signing.headers(body, KEY, SECRET), **more)


def with_token(body, token):
    return Delivery(body, {"Content-Type": signing.CONTENT_TYPE, "Authorization": token})


def token(body, header=None, secret=SECRET, signature=None, **claims):
    """A token made of these parts; what isn't given is as LiveKit makes it."""
    now = int(time.time())
    header = {"alg": "HS256", "typ": "JWT"} | (header or {})
    claims = {"iss": KEY, "nbf": now, "exp": now + 300,
              "sha256": signing.body_digest(body)} | claims
    signed = b".".join(_encoded(json.dumps(part).encode()) for part in (header, claims))
    if signature is None:
        signature = hmac.new(secret.encode(), signed, hashlib.sha256).digest()
    return (signed + b"." + _encoded(signature)).decode("ascii")


def _encoded(raw):
    return base64.urlsafe_b64encode(raw).rstrip(b"=")
