"""The parts of the stub, put together."""

import asyncio
from dataclasses import asdict, replace
from pathlib import Path

from .agents import Agents
from .changes import Changes
from .control import Control
from .faults import Faults
from .http_server import HttpServer, Request, Response, json_response
from .journal import Journal
from .outbound import Callees
from .rooms import World
from .scenarios import Scenarios
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
        self._control = Control(self)
        self._server = HttpServer(self._handle)

    async def start(self, host: str, port: int) -> int:
        """Listen; return the real port."""
        return await self._server.start(host, port)

    async def stop(self) -> None:
        """Cut everything."""
        self.timers.cancel_all()
        await asyncio.gather(self._server.stop(), self.sender.stop())

    def reset(self) -> None:
        """As freshly started, except for the webhook URLs and the log file."""
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
        self.twirp.down_until = 0.0

    async def _handle(self, request: Request) -> Response:
        if request.path.startswith(PREFIX):
            return await self.twirp.handle(request)
        if request.path.startswith("/stub/"):
            return await self._control.handle(request)
        if request.path == "/":
            return Response(200, b"OK", {"Content-Type": "text/plain"})
        return json_response({"code": "bad_route", "msg": "no such path"}, 404)
