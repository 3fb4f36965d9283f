"""Twirp errors and connections that are cut."""

_STATUS = {
    "canceled": 408,
    "unknown": 500,
    "invalid_argument": 400,
    "malformed": 400,
    "deadline_exceeded": 408,
    "not_found": 404,
    "bad_route": 404,
    "already_exists": 409,
    "permission_denied": 403,
    "unauthenticated": 401,
    "resource_exhausted": 429,
    "failed_precondition": 412,
    "aborted": 409,
    "out_of_range": 400,
    "unimplemented": 501,
    "internal": 500,
    "unavailable": 503,
    "dataloss": 500,
}


class TwirpError(Exception):
    """An error answer; the code decides the HTTP status."""

    def __init__(self, code: str, msg: str, meta: dict[str, str] | None = None) -> None:
        super().__init__(f"{code}: {msg}")
        self.code = code
        self.msg = msg
        self.meta = meta or {}

    @property
    def status(self) -> int:
        return _STATUS.get(self.code, 500)

    def body(self) -> dict[str, object]:
        """The JSON that Twirp sends; meta only when there is some."""
        answer: dict[str, object] = {"code": self.code, "msg": self.msg}
        if self.meta:
            answer["meta"] = self.meta
        return answer


class DroppedConnection(Exception):
    """The client gets no answer at all."""
