"""A data file as text cells, what its owner has said about it, and how to refuse one."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from pipeline.core.data_words import ColumnUse, ProblemType
from pipeline.core.errors import UsageError
from pipeline.material.stored import Rows, StoredColumn, rows_of
from pipeline.tabular.cells import MISSING, Spelling, text_of

SEPARATORS = {",": "a comma", ";": "a semicolon", "\t": "a tab", "|": "a vertical bar"}
_LONGEST_CELL = 60


def refused(message: str, remedy: str) -> UsageError:
    return UsageError(message, remedy=remedy, code="DataRefused")


@dataclass(frozen=True, kw_only=True)
class DataTable:
    """A CSV file: every row is as long as `columns`, and begins at the line of its `lines`.

    Rows may be more than memory holds; given as tuples, they are stored. `name` is the file as the
    configuration names it; `remarks` say what was found by looking. In a table of several files a
    line is told with its file: `7 of part-2.csv`.
    """

    name: str
    separator: str
    columns: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]
    lines: Sequence[int | str]
    sha256: str
    remarks: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not isinstance(self.rows, Rows):
            object.__setattr__(self, "rows", rows_of(self.rows, width=len(self.columns)))

    def cells(self, name: str) -> StoredColumn:
        return self.column(self.columns.index(name))

    def column(self, position: int) -> StoredColumn:
        return self.stored.column(position)

    @property
    def stored(self) -> Rows:
        """The rows, to be gone through in parts."""
        assert isinstance(self.rows, Rows)
        return self.rows

    @property
    def place(self) -> str:
        return place(self.name, self.separator)


@dataclass(frozen=True, kw_only=True)
class Choices:
    """The keys of `training` that reading obeys.

    `missing_values` count as missing beside the usual spellings, `present_values` do not.
    """

    target: str
    columns: Mapping[str, ColumnUse] = field(default_factory=dict)
    problem_type: ProblemType = "auto"
    decimal: str | None = None
    missing_values: tuple[str, ...] = ()
    present_values: tuple[str, ...] = ()

    def spelling(self, decimal: str) -> Spelling:
        more, fewer = (
            frozenset(map(text_of, values)) for values in (self.missing_values, self.present_values)
        )
        return Spelling(missing=(MISSING | more) - fewer, decimal=decimal)


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
