"""The parts of the stub, put together."""

import asyncio
from collections.abc import Coroutine
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from .agents import Agents
from .changes import Changes
from .control import Control
from .faults import Faults
from .http_server import REFUSE, HttpServer, Request, Response, json_response
from .journal import Journal
from .outbound import Callees
from .rooms import World
from .scenarios import PhoneLeg, Scenarios
from .services import Services
from .settings import Settings
from .timers import Timers
from .trunks import Trunks
from .twirp import PREFIX, Twirp
from .webhooks import Sender


class LiveKitStub:
    """One server with its world."""

    def __init__(self, settings: Settings, log: Path | None = None) -> None:
        self.settings = settings
        self._original_settings = replace(settings)
        self.changes = Changes()
        self.timers = Timers()
        self.journal = Journal(log)
        self.sender = Sender(settings, self.changes, self.journal.log)
        self.world = World(settings, self.timers, self.changes, self.sender.send)
        self.agents = Agents(self.world)
        self.scenarios = Scenarios(self.world, self.agents)
        self.callees = Callees(self.world)
        self.trunks = Trunks()
        self.faults = Faults()
        services = Services(self.world, self.agents, self.scenarios, self.callees, self.trunks)
        self.twirp = Twirp(settings, services, self.faults, self.journal, self.changes)
        self.failed_steps: list[str] = []
        self._control = Control(self)
        self._server = HttpServer(self._handle)
        self._control_server = HttpServer(self._handle)
        self._coming_up: asyncio.TimerHandle | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def connections(self) -> int:
        """How many were made to the API so far; those that were refused can't be counted."""
        return self._server.connections

    def phones(self) -> list[PhoneLeg]:
        """Every caller and callee there ever was."""
        return [*self.scenarios.callers.values(), *self.callees.dials]

    async def start(self, host: str, port: int) -> int:
        """Listen; return the real port."""
        return await self._server.start(host, port)

    async def start_control(self, host: str, port: int) -> int:
        """Listen for control requests elsewhere, too; return the real port."""
        return await self._control_server.start(host, port)

    def begin(self, work: Coroutine[Any, Any, None]) -> None:
        """Do something that takes a while, beside everything else."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def go_down(self, seconds: float | None, how: str = REFUSE) -> None:
        """The API is not to be reached; the control API only at an address of its own."""
        self.timers.cancel(self._coming_up)
        await self._server.go_down(how)
        if seconds is not None:
            self._coming_up = self.timers.later(seconds, lambda: self.begin(self.come_up()))

    async def come_up(self) -> None:
        """The API is there again."""
        self.timers.cancel(self._coming_up)
        await self._server.come_up()
        self.changes.notify()

    async def stop(self) -> None:
        """Cut everything."""
        self.timers.cancel_all()
        await asyncio.gather(self._server.stop(), self._control_server.stop(), self.sender.stop())

    async def reset(self) -> None:
        """As freshly started, except for the webhook URLs and the log file."""
        await self.come_up()
        for name, value in asdict(self._original_settings).items():
            setattr(self.settings, name, value)
        self.timers.cancel_all()
        self.world.clear()
        self.agents.clear()
        self.scenarios.clear()
        self.callees.clear()
        self.trunks.clear()
        self.faults.replace([])
        self.journal.clear()
        self.sender.clear()
        self.failed_steps.clear()

    async def _handle(self, request: Request) -> Response:
        if request.path.startswith(PREFIX):
            return await self.twirp.handle(request)
        if request.path.startswith("/stub/"):
            return await self._control.handle(request)
        if request.path == "/":
            return Response(200, b"OK", {"Content-Type": "text/plain"})
        return json_response({"code": "bad_route", "msg": "no such path"}, 404)
