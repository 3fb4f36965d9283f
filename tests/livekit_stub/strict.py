"""Control requests in which a misspelt name is an error: it would silently do nothing, and a test would pass."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import fields
from typing import Any, TypeVar

T = TypeVar("T")


def only(given: Iterable[str], known: Collection[str]) -> None:
    """Raise ValueError for names that mean nothing."""
    unknown = set(given) - set(known)
    if unknown:
        raise ValueError(f"unknown: {', '.join(sorted(unknown))}; known: {', '.join(sorted(known))}")


def fill(kind: type[T], given: Mapping[str, Any]) -> T:
    """A dataclass from JSON."""
    only(given, {field.name for field in fields(kind) if field.init})  # type: ignore[arg-type]
    return kind(**given)
