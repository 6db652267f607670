"""JSONPath as batch transform knows it: `$.a.b`, `$['a','b']`, `$[0]`, `$[0,5:]`, `$[1:]`.

Source: "Associate Prediction Results with Input Records" in the SageMaker developer guide.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

_STEP = re.compile(r"\.(?P<name>[^.\[\]*\s]+)|\[(?P<inside>[^\]]+)\]")
_QUOTED = re.compile(r"""'([^']*)'|"([^"]*)\"""")
_SLICE = re.compile(r"(-?\d*):(-?\d*)")


class BadPath(ValueError):
    """Not an expression that batch transform supports."""


class NotInRecord(LookupError):
    """A record does not have what the expression names."""


class JsonPath:
    """Selects a part of a record; `$` selects all of it."""

    def __init__(self, text: str) -> None:
        self._steps = _parsed(text)

    def of(self, record: Any) -> Any:
        """Return the part; NotInRecord when the record lacks it."""
        for step in self._steps:
            try:
                record = step(record)
            except (KeyError, IndexError, TypeError) as error:
                text = f"{error} is not in the record"
                raise NotInRecord(text) from error
        return record


def _parsed(text: str) -> list[Callable[[Any], Any]]:
    if not text.startswith("$"):
        complaint = f"JSONPath {text!r} must begin with $"
        raise BadPath(complaint)
    steps, position = [], 1
    while position < len(text):
        found = _STEP.match(text, position)
        if found is None:
            complaint = f"JSONPath {text!r} cannot be understood from character {position + 1} on"
            raise BadPath(complaint)
        steps.append(_step(found["name"], found["inside"]))
        position = found.end()
    return steps


def _step(name: str | None, inside: str | None) -> Callable[[Any], Any]:
    if name is not None:
        return lambda record: record[name]
    parts = [part.strip() for part in (inside or "").split(",")]
    quoted = [_QUOTED.fullmatch(part) for part in parts]
    if all(quoted):
        names = [found[1] or found[2] or "" for found in quoted if found]
        return lambda record: _members(record, names)
    chosen = [_indexes(part) for part in parts]
    if len(chosen) == 1 and isinstance(chosen[0], int):
        only = chosen[0]
        return lambda record: _items(record)[only]
    return lambda record: _chosen(_items(record), chosen)


def _members(record: Any, names: list[str]) -> Any:
    if len(names) == 1:
        return record[names[0]]
    return {name: record[name] for name in names}


def _indexes(part: str) -> int | slice:
    sliced = _SLICE.fullmatch(part)
    if sliced is not None:
        first, end = (int(bound) if bound else None for bound in sliced.groups())
        return slice(first, end)
    try:
        return int(part)
    except ValueError as error:
        complaint = f"JSONPath index {part!r} is neither a number, a range nor a quoted name"
        raise BadPath(complaint) from error


def _items(record: Any) -> list[Any]:
    if not isinstance(record, list):
        text = f"an index into {type(record).__name__}"
        raise TypeError(text)
    return record


def _chosen(items: list[Any], chosen: list[int | slice]) -> list[Any]:
    found: list[Any] = []
    for each in chosen:
        found += items[each] if isinstance(each, slice) else [items[each]]
    return found
