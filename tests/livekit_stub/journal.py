"""Every API request, as it came."""

import json
import time
from collections import defaultdict
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, TextIO


@dataclass
class Entry:
    """One request. status stays None while it runs and when the connection was cut."""

    at: float
    service: str
    method: str
    room: str
    body: Any
    grants: dict[str, Any]
    status: int | None = None
    dropped: bool = False
    faulty: bool = False
    seconds: float | None = None


class Journal:
    """All requests since the last reset, and a log file for people."""

    def __init__(self, path: Path | None) -> None:
        self.entries: list[Entry] = []
        self._file: TextIO | None = path.open("a", encoding="utf-8", buffering=1) if path else None

    def open(self, service: str, method: str, room: str, body: Any) -> Entry:
        """Note a request as it arrives."""
        entry = Entry(time.time(), service, method, room, body, {})
        self.entries.append(entry)
        return entry

    def close(self, entry: Entry, status: int | None) -> None:
        """Note how it ended; None is a connection that was cut."""
        entry.status = status
        entry.dropped = status is None
        entry.seconds = round(time.time() - entry.at, 6)
        self.log("request", asdict(entry))

    def log(self, what: str, details: dict[str, Any]) -> None:
        """One JSON line in the log file, if there is one."""
        if self._file is not None:
            self._file.write(json.dumps({"time": time.time(), "what": what, **details}) + "\n")

    def select(self, method: str | None = None, room: str | None = None) -> list[Entry]:
        """The requests of one method and room, or of all."""
        return [
            entry
            for entry in self.entries
            if (method is None or entry.method == method) and (room is None or entry.room == room)
        ]

    def counts(self) -> dict[str, dict[str, int]]:
        """Per method: how many, and how many by status."""
        table: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
        for entry in self.entries:
            table[entry.method]["total"] += 1
            table[entry.method]["dropped" if entry.dropped else str(entry.status)] += 1
        return table

    def clear(self) -> None:
        """Forget the requests; the log file is kept."""
        self.entries.clear()
