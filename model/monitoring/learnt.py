"""Writes rows whose labels came as a table that a training can read, row by row.

A row that a training would stumble over is left out: a cell that its column cannot have, a column
that is not there, text that no file of a source can hold. What a request leaves blank stays blank.
How often a row is learnt, a class of the user's may say.
"""

import csv
import io
from collections.abc import Mapping, Sequence
from typing import Any, TextIO

import numpy as np
import pandas as pd

from model.monitoring.baseline import Request, Task
from model.monitoring.labels import number_of
from model.payload import Row
from pipeline.tabular import dates
from pipeline.tabular.cells import Spelling, label_of, text_of, trimmed
from pipeline.tabular.schema import Column
from pipeline.training import MergeRule

BATCH_ROWS = 20_000
MOST_COPIES = 100


class Learnt:
    """A CSV file (UTF-8, commas) with the columns of a request and the target."""

    def __init__(
        self,
        file: TextIO,
        request: Request,
        *,
        task: Task = "classification",
        merge: MergeRule | None = None,
    ) -> None:
        """Without `merge` each row is learnt once."""
        self._request = request
        self._is_regression = task == "regression"
        self._file = file
        self._merge = merge
        self._names = [*(column.name for column in request.columns), request.target]
        self._file.write(_line(self._names))
        self._gathered: list[tuple[list[str], str]] = []
        self.rows = self.left_out = 0

    def add(self, rows: Sequence[Row], labels: Sequence[str]) -> None:
        """Add the rows of one request, each with its label."""
        for row, label in zip(rows, labels, strict=True):
            try:
                cells = [*self._cells(row), self._label(label)]
                self._gathered.append((cells, _line(cells)))
            except (OverflowError, TypeError, ValueError):
                self.left_out += 1
        if len(self._gathered) >= BATCH_ROWS:
            self.settle()

    def settle(self) -> None:
        """Write what is gathered. Raises ValueError where the user's class gives no good answer."""
        if not self._gathered:
            return
        cells, lines = zip(*self._gathered, strict=True)
        copies = [1] * len(lines) if self._merge is None else self._copies(self._merge, cells)
        self._file.writelines(line * count for line, count in zip(lines, copies, strict=True))
        self.rows += sum(copies)
        self.left_out += copies.count(0)
        self._gathered = []

    def _copies(self, merge: MergeRule, cells: Sequence[list[str]]) -> list[int]:
        rows = pd.DataFrame(cells, columns=self._names, dtype=str)
        counts = np.asarray(merge.copies(rows))
        is_well = (
            counts.shape == (len(cells),)
            and counts.dtype.kind in "biu"
            and bool(np.all((counts >= 0) & (counts <= MOST_COPIES)))
        )
        if not is_well:
            message = (
                f"{type(merge).__name__}.copies must give a whole number from 0 to "
                f"{MOST_COPIES} for each of {len(cells)} rows"
            )
            raise ValueError(message)
        return [int(count) for count in counts]

    def _label(self, label: str) -> str:
        """Return a label as the source spells it. Raises ValueError for what is no number."""
        if not self._is_regression:
            return label_of(label)
        value = number_of(label, self._request.spelling)
        if value is None:
            message = f"the label {label!r} is no finite number"
            raise ValueError(message)
        return _spelt(value, self._request.spelling)

    def _cells(self, row: Row) -> list[str]:
        """Return a row as a file of the source would have it. Raises ValueError."""
        columns = self._request.columns
        if isinstance(row, Mapping):
            by_name = {trimmed(name): cell for name, cell in row.items()}
            missing = [column.name for column in columns if column.name not in by_name]
            if missing:
                message = f"there is no column {missing[0]!r}"
                raise ValueError(message)
            row = [by_name[column.name] for column in columns]
        return [
            _cell(cell, column, self._request.spelling)
            for cell, column in zip(row, columns, strict=True)
        ]


def _cell(cell: Any, column: Column, spelling: Spelling) -> str:
    if spelling.is_missing(cell):
        return ""
    if column.kind == "numeric":
        spelling.number(cell)
        return cell if isinstance(cell, str) else _spelt(float(cell), spelling)
    if column.kind == "date":
        dates.read_date(trimmed(str(cell)), order=column.order)
        return str(cell)
    return cell if isinstance(cell, str) else text_of(cell)


def _spelt(value: float, spelling: Spelling) -> str:
    return repr(value).replace(".", spelling.decimal)


def _line(cells: Sequence[str]) -> str:
    """Return a line that any reader of the table can read. Raises ValueError where there is none.

    Half a character cannot be encoded (UnicodeEncodeError is a ValueError too).
    """
    for cell in cells:
        cell.encode()
        if "\0" in cell or len(cell) > csv.field_size_limit():
            message = "a cell holds a zero byte, or is longer than a reader takes"
            raise ValueError(message)
    text = io.StringIO(newline="")
    # Only with its default line end does csv quote a lone carriage return
    csv.writer(text).writerow(cells)
    return text.getvalue().removesuffix("\r\n") + "\n"
