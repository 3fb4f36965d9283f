"""What can be configured, with LiveKit's own values as defaults."""

from dataclasses import dataclass, field


@dataclass
class Settings:
    """All times are seconds."""

    key: str = "devkey"
    secret: str = "devsecretdevsecretdevsecretdevsecret"
    webhooks: list[str] = field(default_factory=list)
    agent_delay: float = 0.3
    agent_linger: float = 2.0
    answer_delay: float = 0.1
    empty_timeout: float = 10
    departure_timeout: float = 5
    ring_timeout: float = 180
    list_dispatch_delay: float = 3.0
    unreachable_after: float = 32.0
    dial_limit: float = 80.0
    retry_scale: float = 1.0
    webhook_max_age: float = 30.0
    webhook_max_depth: int = 200
    assume_rooms: bool = False
    assumed_webhooks: bool = False
