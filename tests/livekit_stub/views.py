"""How the world looks in API answers (snake_case, every field) and in events (camelCase, no defaults)."""

import time
from math import ceil
from typing import Any

from .model import Dispatch, Job, Participant, Room

_CODECS = (
    "audio/PCMU", "audio/PCMA", "audio/opus", "audio/red", "video/VP8",
    "video/H264", "video/VP9", "video/AV1", "video/H265", "video/rtx",
)  # fmt: skip


def _present(values: dict[str, Any]) -> dict[str, Any]:
    """Protobuf's JSON leaves defaults out of events."""
    return {name: value for name, value in values.items() if value not in ("", 0, False, None, {}, [])}


def room_answer(room: Room, count_lag: float = 0.0) -> dict[str, Any]:
    """livekit.Room in an API answer."""
    people, publishers = room.counts(count_lag)
    return {
        "sid": room.sid,
        "name": room.name,
        "empty_timeout": ceil(room.empty_timeout),
        "departure_timeout": ceil(room.departure_timeout),
        "max_participants": 0,
        "creation_time": str(room.created_ns // 10**9),
        "creation_time_ms": str(room.created_ns // 10**6),
        "turn_password": room.turn_password,
        "enabled_codecs": [{"mime": mime, "fmtp_line": ""} for mime in _CODECS],
        "metadata": room.metadata,
        "num_participants": people,
        "num_publishers": publishers,
        "active_recording": False,
        "version": None,
    }


def room_event(room: Room) -> dict[str, Any]:
    """livekit.Room in an event, the TURN password included."""
    people, publishers = room.counts(0)
    return _present(
        {
            "sid": room.sid,
            "name": room.name,
            "emptyTimeout": ceil(room.empty_timeout),
            "departureTimeout": ceil(room.departure_timeout),
            "creationTime": str(room.created_ns // 10**9),
            "creationTimeMs": str(room.created_ns // 10**6),
            "turnPassword": room.turn_password,
            "enabledCodecs": [{"mime": mime} for mime in _CODECS],
            "metadata": room.metadata,
            "numParticipants": people,
            "numPublishers": publishers,
        }
    )


def participant_answer(participant: Participant) -> dict[str, Any]:
    """livekit.ParticipantInfo in an API answer."""
    return {
        "sid": participant.sid,
        "identity": participant.identity,
        "state": participant.state,
        "tracks": [_track_answer(participant)] if participant.publishes else [],
        "metadata": participant.metadata,
        "joined_at": str(participant.joined_ms // 1000),
        "joined_at_ms": str(participant.joined_ms),
        "name": participant.name,
        "version": participant.version,
        "permission": _permission_answer(participant),
        "region": "",
        "is_publisher": participant.publishes,
        "kind": participant.kind,
        "attributes": dict(sorted(participant.attributes.items())),
        "disconnect_reason": participant.disconnect_reason,
        "kind_details": [],
        "data_tracks": [],
        "client_protocol": 2 if participant.is_agent else 0,
    }


def _permission_answer(participant: Participant) -> dict[str, Any]:
    return {
        "can_subscribe": True,
        "can_publish": True,
        "can_publish_data": True,
        "can_publish_sources": [],
        "hidden": False,
        "recorder": False,
        "can_update_metadata": True,
        "agent": participant.is_agent,
        "can_subscribe_metrics": False,
        "can_manage_agent_session": False,
    }


def _track_name(participant: Participant) -> str:
    return "agent" if participant.is_agent else participant.identity


def _track_media(participant: Participant) -> tuple[str, str]:
    """Mime type and media id."""
    return ("audio/red", "7") if participant.is_agent else ("audio/opus", "1")


def _track_answer(participant: Participant) -> dict[str, Any]:
    mime, mid = _track_media(participant)
    codec = {
        "mime_type": mime,
        "mid": mid,
        "cid": participant.track_cid,
        "layers": [],
        "video_layer_mode": "MODE_UNUSED",
        "sdp_cid": "",
    }
    return {
        "sid": participant.track,
        "type": "AUDIO",
        "name": _track_name(participant),
        "muted": False,
        "width": 0,
        "height": 0,
        "simulcast": False,
        "disable_dtx": False,
        "source": "MICROPHONE",
        "layers": [],
        "mime_type": mime,
        "mid": mid,
        "codecs": [codec],
        "stereo": False,
        "disable_red": False,
        "encryption": "NONE",
        "stream": "camera",
        "version": {"unix_micro": str(participant.joined_ms * 1000), "ticks": 0},
        "audio_features": [],
        "backup_codec_policy": "SIMULCAST",
        "packet_trailer_features": [],
    }


def participant_event(participant: Participant) -> dict[str, Any]:
    """livekit.ParticipantInfo in an event."""
    left = participant.state == "DISCONNECTED"
    return _present(
        {
            "sid": participant.sid,
            "identity": participant.identity,
            "state": participant.state,
            "metadata": participant.metadata,
            "joinedAt": str(participant.joined_ms // 1000),
            "joinedAtMs": str(participant.joined_ms),
            "name": participant.name,
            "version": participant.version,
            "permission": _permission_event(participant),
            "isPublisher": left and participant.publishes,
            "kind": participant.kind if participant.kind != "STANDARD" else "",
            "attributes": dict(sorted(participant.attributes.items())),
            "disconnectReason": participant.disconnect_reason if left else "",
            "clientProtocol": 2 if participant.is_agent else 0,
        }
    )


def _permission_event(participant: Participant) -> dict[str, Any]:
    common = {"canSubscribe": True, "canPublish": True, "canPublishData": True, "canUpdateMetadata": True}
    return {**common, "agent": True} if participant.is_agent else common


def track_event(participant: Participant) -> dict[str, Any]:
    """livekit.TrackInfo in an event."""
    mime, mid = _track_media(participant)
    return {
        "sid": participant.track,
        "name": _track_name(participant),
        "source": "MICROPHONE",
        "mimeType": mime,
        "mid": mid,
        "codecs": [{"mimeType": mime, "mid": mid, "cid": participant.track_cid}],
        "stream": "camera",
        "version": {"unixMicro": str(participant.joined_ms * 1000)},
        "backupCodecPolicy": "SIMULCAST",
    }


def dispatch_answer(dispatch: Dispatch, with_jobs: bool = True) -> dict[str, Any]:
    """livekit.AgentDispatch in an API answer."""
    jobs = [_job_answer(dispatch, dispatch.job)] if with_jobs and dispatch.job else []
    return {
        "id": dispatch.id,
        "agent_name": dispatch.agent_name,
        "room": dispatch.room.name,
        "metadata": dispatch.metadata,
        "state": {"jobs": jobs, "created_at": str(dispatch.created_ns), "deleted_at": "0"},
        "restart_policy": "JRP_ON_FAILURE",
    }


def _job_answer(dispatch: Dispatch, job: Job) -> dict[str, Any]:
    return {
        "id": job.id,
        "dispatch_id": dispatch.id,
        "type": "JT_ROOM",
        "room": room_answer(dispatch.room),
        "participant": None,
        "namespace": "",
        "metadata": dispatch.metadata,
        "agent_name": dispatch.agent_name,
        "state": {
            "status": job.status,
            "error": "",
            "started_at": str(job.started_ns),
            "ended_at": str(job.ended_ns),
            "updated_at": str(job.ended_ns or job.started_ns),
            "participant_identity": job.identity,
            "worker_id": job.worker_id,
            "agent_id": "",
        },
        "enable_recording": False,
    }


def _brief_event(room: Room, participant: Participant) -> dict[str, Any]:
    """Track events name room and participant and tell nothing else about them."""
    return {
        "room": {"sid": room.sid, "name": room.name},
        "participant": {"sid": participant.sid, "identity": participant.identity},
        "track": track_event(participant),
    }


def event(name: str, event_id: str, room: Room, participant: Participant | None = None) -> dict[str, Any]:
    """A whole webhook body."""
    body: dict[str, Any] = {"event": name}
    if name.startswith("track_") and participant is not None:
        body.update(_brief_event(room, participant))
    else:
        body["room"] = room_event(room)
        if participant is not None:
            body["participant"] = participant_event(participant)
    body["id"] = event_id
    body["createdAt"] = str(int(time.time()))
    return body
