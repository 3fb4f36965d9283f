"""Writes signed webhook deliveries as prepared HTTP requests, for load.c.

Bodies have the shapes that LiveKit's have (tests/fixtures/recorded) and about
1.3 kB; every one is distinct: event id, room and participant are its own.
"""
import base64
import hashlib
import hmac
import json
import struct
import time

WEBHOOK = "/telephony/livekit-webhook"
LIFETIME = 300
_CODECS = [{"mime": f"audio/{name}"} for name in ("PCMU", "PCMA", "opus", "red")] + [
    {"mime": f"video/{name}"} for name in ("VP8", "H264", "VP9", "AV1", "H265", "rtx")]
_PERMISSION = {"canSubscribe": True, "canPublish": True, "canPublishData": True, "canUpdateMetadata": True}
#: what an application keeps in a room or participant that is no phone call
_METADATA = json.dumps({"tenant": "example", "plan": "standard", "theme": "dark", "locale": "en-US",
                        "notes": "x" * 350})


def _sid(prefix, number):
    """Like LiveKit's own: a prefix and 12 characters, other ones for each number."""
    return f"{prefix}_{hashlib.blake2b(f'{prefix}{number}'.encode(), digest_size=6).hexdigest()}"


def _room(number, now, **more):
    return {"sid": _sid("RM", number), "name": f"call-_+15550100_{number:012d}", "emptyTimeout": 10,
            "departureTimeout": 5, "creationTime": str(now), "creationTimeMs": f"{now}998",
            "turnPassword": _sid("turn", number) * 2, "enabledCodecs": _CODECS, **more}


def _participant(number, now, kind, **more):
    shown = {} if kind == "STANDARD" else {"kind": kind}
    return {"sid": _sid("PA", number), "state": "ACTIVE", "joinedAt": str(now), "joinedAtMs": f"{now}999",
            "version": 2, "permission": _PERMISSION, **shown, **more}


def phone_joined(number, now):
    """A phone call arrives, in a room of its own."""
    attributes = {"sip.callID": _sid("SCL", number), "sip.callIDFull": f"1-{number}@192.0.2.10",
                  "sip.callStatus": "ringing", "sip.callTag": f"{number:08d}SIPpTag001",
                  "sip.hostname": "192.0.2.10", "sip.phoneNumber": "+15550100",
                  "sip.ruleID": "SDR_CuTiYTgPb4By", "sip.trunkID": "ST_MSKFbumMaA6P",
                  "sip.trunkPhoneNumber": "+15550123", "sip.h.X-Account": "x" * 160}
    return {"event": "participant_joined", "room": _room(number, now),
            "participant": _participant(number, now, "SIP", identity="sip_+15550100",
                                        name="Phone +15550100", attributes=attributes)}


def person_joined(number, now):
    """Somebody joins a meeting."""
    return {"event": "participant_joined", "room": _room(number, now, numParticipants=3),
            "participant": _participant(number, now, "STANDARD", identity=f"user-{number}",
                                        name="Ann Example", metadata=_METADATA)}


def meeting_started(number, now):
    """A room that is no phone call, as rooms of applications are."""
    return {"event": "room_started", "room": _room(number, now, metadata=_METADATA + "y" * 300)}


def track_published(number, now):
    """A camera, in three layers and two codecs."""
    layers = [{"quality": quality, "width": width, "height": width * 9 // 16, "bitrate": width * 1300,
               "ssrc": number + width, "rid": rid, "spatialLayer": layer}
              for layer, (quality, width, rid) in enumerate((("LOW", 320, "q"), ("MEDIUM", 640, "h"), ("HIGH", 1280, "f")))]
    codecs = [{"mimeType": mime, "mid": "2", "cid": _sid("camera", number) * 3, "layers": layers}
              for mime in ("video/VP8", "video/H264")]
    track = {"sid": _sid("TR", number), "type": "VIDEO", "name": "camera", "width": 1280, "height": 720,
             "simulcast": True, "source": "CAMERA", "mimeType": "video/VP8", "mid": "2", "codecs": codecs,
             "stream": "camera", "version": {"unixMicro": f"{now}037072"}, "backupCodecPolicy": "SIMULCAST"}
    return {"event": "track_published", "room": {"sid": _sid("RM", number), "name": f"meeting-{number}"},
            "participant": {"sid": _sid("PA", number), "identity": f"user-{number}"}, "track": track}


#: what each kind of load consists of
KINDS = {
    "other": (track_published, person_joined, meeting_started),
    "calls": (phone_joined,),
}


def body(kind, number, now):
    """One event of that kind, as LiveKit would encode it."""
    makers = KINDS[kind]
    event = makers[number % len(makers)](number, now)
    event |= {"id": _sid("EV", number), "createdAt": str(now)}
    return json.dumps(event, separators=(",", ":")).encode()


def _encoded(raw):
    return base64.urlsafe_b64encode(raw).rstrip(b"=")


class Signer:
    """Makes tokens as LiveKit does; one header and one HMAC key for all."""

    def __init__(self, key, secret, now):
        self._key = key
        self._times = {"nbf": now, "exp": now + LIFETIME}
        self._hmac = hmac.new(secret.encode(), digestmod=hashlib.sha256)
        self._header = _encoded(b'{"alg":"HS256","typ":"JWT"}')

    def token(self, text):
        digest = base64.b64encode(hashlib.sha256(text).digest()).decode()
        claims = json.dumps({**self._times, "iss": self._key, "sha256": digest}, separators=(",", ":"))
        signed = self._header + b"." + _encoded(claims.encode())
        mac = self._hmac.copy()
        mac.update(signed)
        return signed + b"." + _encoded(mac.digest())


def request(text, token):
    """One delivery, as it goes over the wire."""
    return (b"POST %s HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/webhook+json\r\n"
            b"Authorization: %s\r\nContent-Length: %d\r\n\r\n%s"
            % (WEBHOOK.encode(), token, len(text), text))


def write(path, kind, first, count, key, secret):
    """Requests number first … first + count - 1 of that kind; the mean length of a body."""
    now = int(time.time())
    signer = Signer(key, secret, now)
    total = 0
    with open(path, "wb") as out:
        for number in range(first, first + count):
            text = body(kind, number, now)
            whole = request(text, signer.token(text))
            out.write(struct.pack("<I", len(whole)))
            out.write(whole)
            total += len(text)
    return total / count
