"""Dispatches, the workers that serve them or don't, and the agents that come of it."""

import random
import time
from collections.abc import Iterable
from dataclasses import dataclass

from . import ids
from .model import KIND_AGENT, Dispatch, Job, Participant, Room
from .rooms import World

LEFT_BY_ITSELF = "CLIENT_INITIATED"
CONNECTION_LOST = "CONNECTION_TIMEOUT"

JOIN, NEVER, FAIL = "join", "never", "fail"


@dataclass
class Workers:
    """Who serves dispatches (names None: whoever is asked for), which get lost, what becomes of a job."""

    names: list[str] | None = None
    full: bool = False
    lose: float = 0.0
    lose_first: int = 0
    seed: int = 0
    agents: str = JOIN

    def __post_init__(self) -> None:
        if self.agents not in (JOIN, NEVER, FAIL):
            raise ValueError(f'agents is "{JOIN}", "{NEVER}" or "{FAIL}"')
        self._random = random.Random(self.seed)
        self._asked = 0

    def take(self, name: str) -> bool:
        """Whether a worker is free for a dispatch of that name; nobody asks again later."""
        self._asked += bool(name)
        if self._asked <= self.lose_first:
            return False
        if self.full or self._random.random() < self.lose:
            return False
        return bool(name) if self.names is None else name in self.names


class Agents:
    """Hands dispatches to workers. A dispatch that finds no free worker is lost for good."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.clear()
        world.on_created.append(self._add_unnamed)

    def clear(self) -> None:
        """Back to one idle worker of every name."""
        self.every_dispatch: list[Dispatch] = []
        self.workers = Workers()
        self.max_living = 0
        self.max_working = 0
        self.ghosts = 0

    def _add_unnamed(self, room: Room) -> None:
        """LiveKit orders an unnamed agent for every room; a room made with agents has only those."""
        self._register(Dispatch(room, ""))

    def replace_unnamed(self, room: Room, orders: Iterable[tuple[str, str]]) -> None:
        """The agents of CreateRoom take the place of the unnamed one."""
        orders = list(orders)
        if orders:
            room.dispatches.clear()
        for name, metadata in orders:
            self.dispatch(room, name, metadata)

    def dispatch(self, room: Room, name: str, metadata: str, ghost: bool = False) -> Dispatch:
        """Order an agent; each order brings another one."""
        dispatch = Dispatch(room, name, metadata, ghost)
        self.every_dispatch.append(dispatch)
        self.ghosts += ghost
        self._register(dispatch)
        room.max_living = max(room.max_living, room.living_dispatches)
        self.max_living = max(self.max_living, room.max_living)
        self._world.changes.notify()
        return dispatch

    def _register(self, dispatch: Dispatch) -> None:
        dispatch.room.dispatches[dispatch.id] = dispatch
        dispatch.served = self.workers.take(dispatch.agent_name)
        if dispatch.served:
            dispatch.fate = self.workers.agents
            settings = self._world.settings
            self._world.timers.later(min(settings.job_delay, settings.agent_delay), self._start_job, dispatch)

    def _start_job(self, dispatch: Dispatch) -> None:
        if not dispatch.living:
            return
        dispatch.job = Job()
        if dispatch.fate == FAIL:
            self._finish_job(dispatch, "JS_FAILED")
        elif dispatch.fate == JOIN:
            settings = self._world.settings
            self._world.timers.later(max(settings.agent_delay - settings.job_delay, 0), self._arrive, dispatch)
        self._world.changes.notify()

    def _arrive(self, dispatch: Dispatch) -> None:
        if not dispatch.living or dispatch.job is None:
            return
        attributes = {"lk.agent.name": dispatch.agent_name, "lk.agent_name": dispatch.agent_name}
        dispatch.agent = Participant(
            dispatch.job.identity,
            KIND_AGENT,
            attributes=attributes if dispatch.agent_name else {},
            track_cid="-".join(ids.hex_text(length) for length in (8, 4, 4, 4, 12)),
        )
        self._world.join(dispatch.room, dispatch.agent)
        self._note_working(dispatch.room)

    def _note_working(self, room: Room) -> None:
        """Agents that were told to go and are still to be seen don't count."""
        working = sum(dispatch.working for dispatch in room.dispatches.values())
        room.max_working = max(room.max_working, working)
        self.max_working = max(self.max_working, working)

    def delete(self, dispatch: Dispatch) -> None:
        """End the job; the agent is still to be seen for a moment."""
        dispatch.deleted_at = time.time()
        dispatch.room.dispatches.pop(dispatch.id, None)
        self._finish_job(dispatch, "JS_SUCCESS")
        self._agent_leaves(dispatch, LEFT_BY_ITSELF, self._world.settings.agent_linger)
        self._world.changes.notify()

    def leave(self, room: Room) -> int:
        """The agents end their jobs of their own accord; return how many."""
        present = self._present(room)
        for dispatch in present:
            self._finish_job(dispatch, "JS_SUCCESS")
            self._agent_leaves(dispatch, LEFT_BY_ITSELF, 0)
        return len(present)

    def kill(self, room: Room, noticed_after: float) -> int:
        """The agents' process dies: noticed late, the job counts as running, nobody is sent instead."""
        present = self._present(room)
        for dispatch in present:
            self._agent_leaves(dispatch, CONNECTION_LOST, noticed_after)
        return len(present)

    def _present(self, room: Room) -> list[Dispatch]:
        return [d for d in room.dispatches.values() if d.agent and d.agent.identity in room.participants]

    def _finish_job(self, dispatch: Dispatch, status: str) -> None:
        if dispatch.job is not None:
            dispatch.job.status = status
            dispatch.job.ended_ns = time.time_ns()

    def _agent_leaves(self, dispatch: Dispatch, reason: str, after: float) -> None:
        if dispatch.agent is not None:
            self._world.timers.later(after, self._world.leave, dispatch.room, dispatch.agent, reason)
