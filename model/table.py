"""Turns cells into the typed columns of a model, by the same code in all three entry points.

What a column is was decided on the whole file before training, and stands in schema.json and in
the manifest; training, evaluation and inference obey it.
"""

import csv
import hashlib
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from pipeline.tabular import dates, schema
from pipeline.tabular.cells import Cell, Spelling, label_of, trimmed
from pipeline.tabular.schema import Column, LabelKind, Schema

Label = str | int | float
_DTYPES: dict[LabelKind, type] = {"integer": np.int64, "number": np.float64, "text": object}
_WANTED = {
    "numeric": "a finite number",
    "categorical": "text or a number",
    "date": "a date such as 2020-12-31",
}


class TableError(ValueError):
    """A table that cannot be read or does not have the columns the model needs."""


@dataclass(frozen=True, kw_only=True)
class Table:
    """A CSV file as text cells: one name per column, every row as long as the names."""

    names: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    sha256: str

    def cells(self, name: str) -> tuple[str, ...]:
        if name not in self.names:
            message = f"The table has no column {name!r}; it has {', '.join(self.names)}."
            raise TableError(message)
        position = self.names.index(name)
        return tuple(row[position] for row in self.rows)


def split_csv(text: str) -> list[list[str]]:
    """Return the rows of a CSV text; blank lines are no rows, a lone `""` is an empty cell."""
    try:
        rows = [row for row in csv.reader(io.StringIO(text, newline=""), strict=True) if row]
    except csv.Error as error:
        message = f"Not readable as CSV: {error}."
        raise TableError(message) from error
    for number, row in enumerate(rows, start=1):
        if len(row) != len(rows[0]):
            message = f"CSV row {number} has {len(row)} cells, row 1 has {len(rows[0])}."
            raise TableError(message)
    return rows


def read_table(content: bytes) -> Table:
    """Return a CSV file with a header row as a table."""
    rows = split_csv(content.decode("utf-8-sig"))
    if len(rows) < 2:
        message = "The CSV file has no rows below its header."
        raise TableError(message)
    header = tuple(rows[0])
    if len(set(header)) != len(header):
        message = f"Column names occur twice: {', '.join(header)}."
        raise TableError(message)
    digest = hashlib.sha256(content).hexdigest()
    return Table(names=header, rows=tuple(map(tuple, rows[1:])), sha256=digest)


def read_only_table(directory: Path) -> Table:
    """Return the one CSV file of an input channel."""
    files = sorted(directory.glob("*.csv"))
    if len(files) != 1:
        names = ", ".join(file.name for file in files) or "none"
        message = f"The folder {directory.name} must hold exactly one CSV file; it holds {names}."
        raise TableError(message)
    return read_table(files[0].read_bytes())


def read_only_schema(directory: Path) -> Schema:
    """Return what the rows of a training channel were decided to be."""
    path = directory / schema.FILE_NAME
    if not path.is_file():
        message = f"The folder {directory.name} must hold {schema.FILE_NAME} beside its CSV file."
        raise TableError(message)
    return schema.read_schema(path.read_text(encoding="utf-8"))


def typed(cells: Sequence[Cell], *, column: Column, spelling: Spelling) -> dict[str, pd.Series]:
    """Return a column as floats or as text, missing cells as NaN; of a date, the numbers it tells.

    The names are those of the columns that the model learns from.
    """
    if column.kind == "date":
        rows = _converted(cells, lambda cell: _date_parts(cell, column, spelling), column=column)
        names = dates.part_names(column.name)
        parts = zip(*rows, strict=True) if rows else ((),) * len(names)
        return {
            name: pd.Series(values, name=name, dtype=np.float64)
            for name, values in zip(names, parts, strict=True)
        }
    convert = spelling.number if column.kind == "numeric" else spelling.category
    values = _converted(cells, convert, column=column)
    dtype: type = np.float64 if column.kind == "numeric" else object
    return {column.name: pd.Series(values, name=column.name, dtype=dtype)}


def _converted(
    cells: Sequence[Cell], convert: Callable[[Cell], Any], *, column: Column
) -> list[Any]:
    values = []
    for row, cell in enumerate(cells, start=1):
        try:
            values.append(convert(cell))
        except (ValueError, OverflowError) as error:
            wanted = _WANTED[column.kind]
            message = f"Column {column.name!r}, row {row}: {_shown(cell)} is not {wanted}."
            raise TableError(message) from error
    return values


def _date_parts(cell: Cell, column: Column, spelling: Spelling) -> tuple[float, ...]:
    if spelling.is_missing(cell):
        return (np.nan,) * len(dates.PARTS)
    return dates.parts_of(dates.read_date(trimmed(str(cell)), order=column.order))


def frame_of(
    rows: Sequence[Sequence[Cell]], *, columns: Sequence[Column], spelling: Spelling
) -> pd.DataFrame:
    """Return rows whose cells are in the order of `columns` as a typed frame."""
    frame: dict[str, pd.Series] = {}
    for position, column in enumerate(columns):
        frame |= typed([row[position] for row in rows], column=column, spelling=spelling)
    return pd.DataFrame(frame)


def labelled_frame(
    table: Table,
    *,
    columns: Sequence[Column],
    target: str,
    label_kind: LabelKind,
    spelling: Spelling,
) -> pd.DataFrame:
    """Return the columns of a file typed, the target as the last one."""
    labels = table.cells(target)
    rows = list(zip(*(table.cells(column.name) for column in columns), strict=True))
    frame = frame_of(rows, columns=columns, spelling=spelling)
    frame[target] = labels_of(labels, kind=label_kind, target=target, spelling=spelling)
    return frame


def labels_of(
    cells: Sequence[str], *, kind: LabelKind, target: str, spelling: Spelling
) -> np.ndarray:
    """Return the target column as an array of int, of str objects, or of floats to be predicted."""
    labels: list[Label] = []
    for row, cell in enumerate(cells, start=1):
        if spelling.is_missing(cell):
            message = f"Target column {target!r}, row {row}: the label is missing."
            raise TableError(message)
        try:
            labels.append(_label(cell, kind, spelling))
        except ValueError as error:
            wanted = "finite number" if kind == "number" else "whole number"
            message = f"Target column {target!r}, row {row}: {_shown(cell)} is no {wanted}."
            raise TableError(message) from error
    return np.array(labels, dtype=_DTYPES[kind])


def _label(cell: str, kind: LabelKind, spelling: Spelling) -> Label:
    if kind == "number":
        return spelling.number(cell)
    return int(label_of(cell)) if kind == "integer" else label_of(cell)


def _shown(cell: object) -> str:
    text = repr(cell)
    return text if len(text) <= 60 else f"{text[:57]}..."
