"""Writes rows whose labels came as a table that a training can read, row by row.

A row that a training would stumble over is left out: a cell that its column cannot have, a column
that is not there. What a request leaves blank stays blank.
"""

import csv
from collections.abc import Mapping, Sequence
from typing import Any, TextIO

from model.monitoring.baseline import Request
from model.payload import Row
from pipeline.tabular import dates
from pipeline.tabular.cells import Spelling, label_of, text_of, trimmed
from pipeline.tabular.schema import Column


class Learnt:
    """A CSV file (UTF-8, commas) with the columns of a request and the target."""

    def __init__(self, file: TextIO, request: Request) -> None:
        self._request = request
        self._writer = csv.writer(file, lineterminator="\n")
        self._writer.writerow([*(column.name for column in request.columns), request.target])
        self.rows = self.left_out = 0

    def add(self, rows: Sequence[Row], labels: Sequence[str]) -> None:
        """Add the rows of one request, each with its label."""
        for row, label in zip(rows, labels, strict=True):
            try:
                cells = self._cells(row)
            except (OverflowError, TypeError, ValueError):
                self.left_out += 1
                continue
            self._writer.writerow([*cells, label_of(label)])
            self.rows += 1

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
        return cell if isinstance(cell, str) else repr(float(cell)).replace(".", spelling.decimal)
    if column.kind == "date":
        dates.read_date(trimmed(str(cell)), order=column.order)
        return str(cell)
    return cell if isinstance(cell, str) else text_of(cell)
