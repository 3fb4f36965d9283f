"""What can be configured, with LiveKit's own values as defaults."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass
class Settings:
    """All times are seconds."""

    key: str = "devkey"
    secret: str = "devsecretdevsecretdevsecretdevsecret"
    webhooks: list[str] = field(default_factory=list)
    job_delay: float = 0.2
    agent_delay: float = 0.3
    agent_linger: float = 2.0
    agent_loss: float = 20.0
    answer_delay: float = 0.1
    empty_timeout: float = 10
    departure_timeout: float = 5
    ring_timeout: float = 180
    list_dispatch_delay: float = 3.0
    count_lag: float = 0.0
    unreachable_after: float = 32.0
    dial_limit: float = 80.0
    retry_scale: float = 1.0
    webhook_max_age: float = 30.0
    webhook_max_depth: int = 200
    assume_rooms: bool = False
    assumed_webhooks: bool = False

    @classmethod
    def scaled(cls, scale: float, **given: Any) -> Settings:
        """LiveKit's own times made shorter, all by one factor; those that are given stay as they are."""
        times = {name: getattr(cls, name) * scale for name in TIMES}
        return cls(**{**times, **given})


#: How long LiveKit takes for what it does, and waits before it gives up.
TIMES = (
    "job_delay", "agent_delay", "agent_linger", "agent_loss", "answer_delay", "empty_timeout", "departure_timeout",
    "ring_timeout", "list_dispatch_delay", "unreachable_after", "dial_limit", "retry_scale", "webhook_max_age",
)  # fmt: skip
