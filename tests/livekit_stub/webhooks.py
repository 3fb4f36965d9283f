"""The webhook sender with LiveKit's schedule: in order per room, few retries, then the event is lost."""

import asyncio
import json
import random
import time
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from . import loopback, signing
from .changes import Changes
from .http_client import HttpClient
from .settings import Settings

RETRY_WAITS = (1.0, 2.0, 4.0, 8.0)
Log = Callable[[str, dict[str, Any]], None]


@dataclass
class Delivery:
    """One event on its way to one URL."""

    id: str
    event: str
    room: str
    url: str
    body: bytes
    queued_at: float = field(default_factory=time.time)
    token: str = ""
    attempts: list[dict[str, Any]] = field(default_factory=list)
    outcome: str = "pending"

    def view(self, with_body: bool = False) -> dict[str, Any]:
        """For the control API."""
        shown = {name: getattr(self, name) for name in _SHOWN}
        return {**shown, "body": json.loads(self.body)} if with_body else shown


_SHOWN = ("id", "event", "room", "url", "queued_at", "attempts", "outcome")


@dataclass
class WebhookFaults:
    """What goes wrong on the way, apart from what the receiver does."""

    drop: float = 0.0
    drop_events: list[str] = field(default_factory=list)
    duplicate: float = 0.0
    shuffle_ms: float = 0.0
    pause: bool = False
    seed: int = 0


class Sender:
    """Queues per URL and room name; a queue's task lives as long as there is something in it."""

    def __init__(self, settings: Settings, changes: Changes, log: Log) -> None:
        self._settings = settings
        self._log = log
        self._changes = changes
        self._client = HttpClient()
        self._queues: dict[tuple[str, str], deque[Delivery]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._running = asyncio.Event()
        self.clear()
        self.set_urls(settings.webhooks)

    def clear(self) -> None:
        """Forget events and faults; the URLs stay."""
        for task in self._tasks:
            task.cancel()
        self._queues.clear()
        self.deliveries: list[Delivery] = []
        self.counts: Counter[str] = Counter()
        self.set_faults(WebhookFaults())

    def set_urls(self, urls: list[str]) -> None:
        """Where events go; only this machine is accepted."""
        for url in urls:
            loopback.url(url)
        self.urls = list(urls)

    def set_faults(self, faults: WebhookFaults) -> None:
        """Replace the faults; ending a pause lets the queues run."""
        self.faults = faults
        self._random = random.Random(faults.seed)
        if faults.pause:
            self._running.clear()
        else:
            self._running.set()

    def send(self, room: str, payload: dict[str, Any]) -> None:
        """Queue one event for every URL."""
        if not self.urls:
            return
        body = json.dumps(payload, separators=(",", ":"), ensure_ascii=False).encode()
        for url in self.urls:
            delivery = Delivery(payload["id"], payload["event"], room, url, body)
            self.deliveries.append(delivery)
            self.counts["pending"] += 1
            self._queue(delivery)

    def _queue(self, delivery: Delivery) -> None:
        faults = self.faults
        if delivery.event in faults.drop_events or self._random.random() < faults.drop:
            self._settle(delivery, "dropped_fault")
        elif faults.shuffle_ms:
            self._start(self._send_late(delivery, self._random.uniform(0, faults.shuffle_ms) / 1000))
        else:
            self._append(delivery)

    def _append(self, delivery: Delivery) -> None:
        key = (delivery.url, delivery.room)
        queue = self._queues.get(key)
        if queue is None:
            self._queues[key] = deque([delivery])
            self._start(self._work(key))
        elif len(queue) >= self._settings.webhook_max_depth:
            self._settle(delivery, "dropped_depth")
        else:
            queue.append(delivery)

    def _start(self, work: Any) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _send_late(self, delivery: Delivery, delay: float) -> None:
        """Out of order: beside the queue instead of through it."""
        await asyncio.sleep(delay)
        await self._deliver(delivery)

    async def _work(self, key: tuple[str, str]) -> None:
        queue = self._queues[key]
        while queue:
            await self._deliver(queue[0])
            queue.popleft()
        if self._queues.get(key) is queue:
            del self._queues[key]

    async def _deliver(self, delivery: Delivery) -> None:
        await self._running.wait()
        if time.time() - delivery.queued_at > self._settings.webhook_max_age:
            self._settle(delivery, "dropped_age")
            return
        delivery.token = signing.sign(delivery.body, self._settings.key, self._settings.secret)
        if self._random.random() < self.faults.duplicate:
            self._start(self._duplicate(delivery))
        self._settle(delivery, await self._send_with_retries(delivery))

    async def _duplicate(self, delivery: Delivery) -> None:
        """The same request a second time, at the same moment, over another connection."""
        await self._attempt(delivery, duplicate=True)

    async def _send_with_retries(self, delivery: Delivery) -> str:
        for wait in (*RETRY_WAITS, None):
            attempt = await self._attempt(delivery)
            status = attempt["status"]
            if status is not None and not _is_retried(status):
                return "delivered" if 200 <= status < 300 else "refused"
            if wait is None:
                break
            await asyncio.sleep((attempt["retry_after"] or wait) * self._settings.retry_scale)
        return "failed"

    async def _attempt(self, delivery: Delivery, duplicate: bool = False) -> dict[str, Any]:
        attempt: dict[str, Any] = {"at": time.time(), "status": None, "retry_after": None}
        if duplicate:
            attempt["duplicate"] = True
        delivery.attempts.append(attempt)
        headers = {"Content-Type": signing.CONTENT_TYPE, "Authorization": delivery.token}
        try:
            answer = await self._client.post(delivery.url, headers, delivery.body)
        except OSError as error:
            attempt["error"] = str(error)
        else:
            attempt["status"] = answer.status
            attempt["retry_after"] = _retry_after(answer.status, answer.headers)
        self._changes.notify()
        return attempt

    def _settle(self, delivery: Delivery, outcome: str) -> None:
        delivery.outcome = outcome
        self.counts["pending"] -= 1
        self.counts[outcome] += 1
        self._log("webhook", delivery.view())
        self._changes.notify()

    async def stop(self) -> None:
        """Give up everything that is still queued."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._client.close()


def _is_retried(status: int) -> bool:
    return status == 429 or (status >= 500 and status != 501)


def _retry_after(status: int, headers: dict[str, str]) -> float | None:
    """Only on 429 and 503, only in seconds."""
    value = headers.get("retry-after", "")
    return float(value) if status in (429, 503) and value.isdigit() else None
