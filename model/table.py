"""Turns cells into the typed columns of a model, by the same code in all three entry points.

A column is numeric when every cell that is not missing is a number, otherwise categorical.
Training decides that once and writes it into the manifest; evaluation and inference obey it.
"""

import csv
import hashlib
import io
import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd

Cell = str | int | float | bool | None
Label = str | int
Kind = Literal["numeric", "categorical"]
LabelKind = Literal["integer", "text"]

# What pandas.read_csv takes for a missing value
MISSING = frozenset(
    [
        *("", "NA", "N/A", "n/a", "<NA>", "#N/A", "#NA", "#N/A N/A", "NULL", "null", "None"),
        *("NaN", "nan", "-NaN", "-nan", "1.#IND", "1.#QNAN", "-1.#IND", "-1.#QNAN"),
    ]
)
_INTEGER = re.compile(r"-?(0|[1-9][0-9]{0,14})(\.0+)?")


class TableError(ValueError):
    """A table that cannot be read or does not have the columns the model needs."""


@dataclass(frozen=True, kw_only=True)
class Column:
    name: str
    kind: Kind


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


def number(cell: Cell) -> float:
    """Return the cell as a finite number, or NaN when it is missing; otherwise ValueError."""
    if cell is None or (isinstance(cell, str) and cell.strip() in MISSING):
        return math.nan
    if isinstance(cell, bool) or not isinstance(cell, str | int | float):
        raise ValueError
    if isinstance(cell, str) and "_" in cell:  # Python reads 1_000 as a number, no other tool does
        raise ValueError
    value = float(cell)
    if math.isinf(value):
        raise ValueError
    return value


def category(cell: Cell) -> str | float:
    """Return the cell as text, or NaN when it is missing; otherwise ValueError."""
    if cell is None or (isinstance(cell, float) and math.isnan(cell)):
        return math.nan
    if not isinstance(cell, str | int | float):
        raise ValueError
    return math.nan if cell in MISSING else str(cell)


def is_number(cell: Cell) -> bool:
    try:
        number(cell)
    except (ValueError, OverflowError):
        return False
    return True


def infer_kind(cells: Iterable[str]) -> Kind:
    present = [cell for cell in cells if cell.strip() not in MISSING]
    return "numeric" if present and all(map(is_number, present)) else "categorical"


def typed(cells: Sequence[Cell], *, column: Column) -> pd.Series:
    """Return the cells as a column of floats or of text, missing ones as NaN."""
    convert = number if column.kind == "numeric" else category
    values: list[float | str] = []
    for row, cell in enumerate(cells, start=1):
        try:
            values.append(convert(cell))
        except (ValueError, OverflowError) as error:
            wanted = "a finite number" if column.kind == "numeric" else "text or a number"
            message = f"Column {column.name!r}, row {row}: {_shown(cell)} is not {wanted}."
            raise TableError(message) from error
    dtype: type = np.float64 if column.kind == "numeric" else object
    return pd.Series(values, name=column.name, dtype=dtype)


def frame_of(rows: Sequence[Sequence[Cell]], *, columns: Sequence[Column]) -> pd.DataFrame:
    """Return rows whose cells are in the order of `columns` as a typed frame."""
    return pd.DataFrame(
        {
            column.name: typed([row[position] for row in rows], column=column)
            for position, column in enumerate(columns)
        }
    )


def infer_label_kind(cells: Iterable[str]) -> LabelKind:
    """Whole numbers as written by a machine are integers; `007`, `1.5` and `yes` are text."""
    return "integer" if all(_INTEGER.fullmatch(cell) for cell in cells) else "text"


def labels_of(cells: Sequence[str], *, kind: LabelKind, target: str) -> np.ndarray:
    """Return the target column as an array of int or of str objects."""
    for row, cell in enumerate(cells, start=1):
        if cell in MISSING:
            message = f"Target column {target!r}, row {row}: the label is missing."
            raise TableError(message)
        if kind == "integer" and not _INTEGER.fullmatch(cell):
            message = f"Target column {target!r}, row {row}: {_shown(cell)} is no whole number."
            raise TableError(message)
    if kind == "integer":
        return np.array([int(cell.partition(".")[0]) for cell in cells], dtype=np.int64)
    return np.array(cells, dtype=object)


def _shown(cell: object) -> str:
    text = repr(cell)
    return text if len(text) <= 60 else f"{text[:57]}..."
