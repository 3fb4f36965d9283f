"""Waiting for conditions instead of sleeping."""

import asyncio
from collections.abc import Callable
from typing import Any

# Looking at a big world takes a while; so much rest after it that waiters don't slow the world down.
_PAUSE_PER_LOOK = 10


class Changes:
    """Everything that alters the world calls notify(); waiters look again then."""

    def __init__(self) -> None:
        self._waiters: set[asyncio.Future[None]] = set()

    def notify(self) -> None:
        """Wake every waiter."""
        for waiter in self._waiters:
            if not waiter.done():
                waiter.set_result(None)
        self._waiters.clear()

    async def until(self, look: Callable[[], tuple[bool, Any]], timeout: float) -> tuple[bool, Any]:
        """Call look() after each change until it says true or the time is up; return its last answer."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + timeout
        while True:
            start = loop.time()
            done, value = look()
            now = loop.time()
            if done or now >= deadline:
                return done, value
            await self._next(deadline - now)
            await asyncio.sleep((now - start) * _PAUSE_PER_LOOK)

    async def _next(self, timeout: float) -> None:
        waiter = asyncio.get_running_loop().create_future()
        self._waiters.add(waiter)
        await asyncio.wait([waiter], timeout=timeout)
        self._waiters.discard(waiter)
