"""Timers that can all be stopped at once, as a reset of the world needs."""

import asyncio
from collections.abc import Callable
from typing import Any


class Timers:
    """call_later with a memory."""

    def __init__(self) -> None:
        self._live: set[asyncio.TimerHandle] = set()

    def later(self, delay: float, act: Callable[..., Any], *args: Any) -> asyncio.TimerHandle:
        """Call act(*args) after delay seconds unless cancelled."""

        def fire() -> None:
            self._live.discard(handle)
            act(*args)

        handle = asyncio.get_running_loop().call_later(delay, fire)
        self._live.add(handle)
        return handle

    def cancel(self, handle: asyncio.TimerHandle | None) -> None:
        """Stop one timer; None and timers that fired already are fine."""
        if handle is not None:
            handle.cancel()
            self._live.discard(handle)

    def cancel_all(self) -> None:
        """Stop everything that is still to come."""
        for handle in self._live:
            handle.cancel()
        self._live.clear()
