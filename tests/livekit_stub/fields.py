"""Reading protobuf JSON: every field may be spelt in snake_case or camelCase, unknown ones are ignored."""

import re
from typing import Any

from .errors import TwirpError

_DURATION = re.compile(r"^\d+(\.\d{1,9})?s$")


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)


def _malformed(name: str) -> TwirpError:
    return TwirpError("malformed", f"the json request could not be decoded: {name}")


class Fields:
    """One JSON object of a request."""

    def __init__(self, values: Any) -> None:
        if not isinstance(values, dict):
            raise _malformed("not an object")
        self._values = values

    def raw(self, name: str) -> Any:
        """The value under either spelling, or None."""
        value = self._values.get(name)
        return self._values.get(_camel(name)) if value is None else value

    def _typed(self, name: str, kind: type | tuple[type, ...], default: Any) -> Any:
        value = self.raw(name)
        if value is None:
            return default
        if not isinstance(value, kind):
            raise _malformed(name)
        return value

    def text(self, name: str) -> str:
        """A string, empty by default."""
        return str(self._typed(name, str, ""))

    def flag(self, name: str) -> bool:
        """A boolean, false by default."""
        return bool(self._typed(name, bool, False))

    def number(self, name: str) -> int:
        """An integer, which may come as a string."""
        value = self._typed(name, (int, str), 0)
        try:
            return int(value)
        except ValueError as error:
            raise _malformed(name) from error

    def texts(self, name: str) -> list[str]:
        """A list of strings."""
        return [str(value) for value in self._typed(name, list, [])]

    def mapping(self, name: str) -> dict[str, Any]:
        """A map; its keys are data and keep their spelling."""
        return dict(self._typed(name, dict, {}))

    def inner(self, name: str) -> "Fields":
        """A message within the message."""
        return Fields(self._typed(name, dict, {}))

    def inners(self, name: str) -> list["Fields"]:
        """A list of messages."""
        return [Fields(value) for value in self._typed(name, list, [])]

    def seconds(self, name: str) -> float | None:
        """A google.protobuf.Duration such as "30s"; None when it isn't given."""
        value = self._typed(name, str, None)
        if value is None:
            return None
        if not _DURATION.match(value):
            raise _malformed(name)
        return float(value[:-1])
