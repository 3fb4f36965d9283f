"""What the API does wrong on request."""

import random
from dataclasses import asdict, dataclass, field
from typing import Any

_DROPS = (None, "before", "after")


@dataclass
class Rule:
    """One fault: of requests that it is about it leaves out the first ones, strikes so many times (None: for
    ever), and strikes that share of them."""

    method: str = "*"
    room: str | None = None
    skip: int = 0
    times: int | None = None
    share: float = 1.0
    delay_before_ms: float = 0
    delay_after_ms: float = 0
    drop: str | None = None
    status: int | None = None
    code: str = "unavailable"
    msg: str = "fault"
    meta: dict[str, str] = field(default_factory=dict)
    retry_after: int | None = None
    act: bool = False
    hits: int = field(default=0, init=False)
    skipped: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        if self.drop not in _DROPS:
            raise ValueError('drop is "before" or "after"')

    def applies(self, service: str, method: str, room: str) -> bool:
        """Whether the rule is about this request and not used up."""
        if self.times is not None and self.hits >= self.times:
            return False
        names = ("*", method, f"{service}/{method}")
        return self.method in names and (self.room is None or self.room == room)

    def passes(self) -> bool:
        """Whether this request is one of the first ones."""
        if self.skipped < self.skip:
            self.skipped += 1
            return True
        return False


class Faults:
    """The rules in force; the first that applies is the one that counts."""

    def __init__(self) -> None:
        self.replace([])

    def replace(self, rules: list[Rule], seed: int = 0) -> None:
        """Put these rules in the place of all others; seed steers their shares."""
        self.rules = rules
        self._random = random.Random(seed)

    def take(self, service: str, method: str, room: str) -> Rule | None:
        """The fault that this request meets."""
        for rule in self.rules:
            if not rule.applies(service, method, room) or rule.passes():
                continue
            if self._random.random() < rule.share:
                rule.hits += 1
                return rule
        return None

    def view(self) -> list[dict[str, Any]]:
        """The rules with their hits, for the control API."""
        return [asdict(rule) for rule in self.rules]
