"""A data file as text cells, each with the line where a person finds it, and how to refuse one."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.core.errors import UsageError

SEPARATORS = {",": "a comma", ";": "a semicolon", "\t": "a tab", "|": "a vertical bar"}
_LONGEST_CELL = 60


def refused(message: str, remedy: str) -> UsageError:
    return UsageError(message, remedy=remedy, code="DataRefused")


@dataclass(frozen=True, kw_only=True)
class DataTable:
    """A CSV file: every row is as long as `columns`, and begins at the line of its `lines`.

    `name` is the file as the configuration names it; `remarks` say what was found by looking.
    """

    name: str
    separator: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    lines: tuple[int, ...]
    sha256: str
    remarks: tuple[str, ...] = ()

    def cells(self, name: str) -> tuple[str, ...]:
        return self.column(self.columns.index(name))

    def column(self, position: int) -> tuple[str, ...]:
        return tuple(row[position] for row in self.rows)

    @property
    def place(self) -> str:
        return place(self.name, self.separator)


def place(name: str, separator: str) -> str:
    """Return a file in words, with what divides its cells."""
    return f"{name} (cells divided by {SEPARATORS.get(separator, repr(separator))})"


def shown(cell: str) -> str:
    text = repr(cell)
    return text if len(text) <= _LONGEST_CELL else f"{text[: _LONGEST_CELL - 3]}..."


def setting(key: str, value: object) -> str:
    """Return a key of the section `training` as it is typed into the configuration file."""
    return f'"{key}": {json.dumps(value, ensure_ascii=False)} in the section `training`'


def listed(parts: Sequence[str], *, most: int = 5) -> str:
    """Join the first parts, and count the others."""
    more = f" and {len(parts) - most} more" if len(parts) > most else ""
    return ", ".join(parts[:most]) + more
