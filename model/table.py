"""Turns cells into the typed columns of a model, by the same code in all three entry points.

What a column is was decided on the whole file before training, and stands in schema.json and in
the manifest; training, evaluation and inference obey it.
"""

import csv
import functools
import hashlib
import io
import itertools
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import pandas as pd

from model.hints import other_mark
from pipeline.tabular import dates, schema
from pipeline.tabular.cells import Cell, Spelling, label_of, trimmed
from pipeline.tabular.schema import Column, LabelKind, Schema

Label = str | int | float
# Of a file so many cells are in memory at once: as text about 40 MB
PART_CELLS = 500_000
_DIGESTED_BYTES = 1024**2
_NUMBERS = ({int}, {float}, {int, float})
_DTYPES: dict[LabelKind, type] = {"integer": np.int64, "number": np.float64, "text": object}
_WANTED = {
    "numeric": "a finite number",
    "categorical": "text or a number",
    "date": "a date such as 2020-12-31",
}


class TableError(ValueError):
    """A table that cannot be read or does not have the columns the model needs."""


@dataclass(frozen=True, kw_only=True)
class Part:
    """Rows of a table as text cells, each as long as `names`; the first one is row `first_row`."""

    names: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    first_row: int

    def cells(self, name: str) -> tuple[str, ...]:
        if name not in self.names:
            message = f"The table has no column {name!r}; it has {', '.join(self.names)}."
            raise TableError(message)
        position = self.names.index(name)
        return tuple(row[position] for row in self.rows)


class Table:
    """A CSV file with a header row. Its rows are read anew, a part at a time, by whoever asks."""

    def __init__(self, opened: Callable[[], BinaryIO]) -> None:
        self._opened = opened
        with closing(self._rows()) as rows:
            self.names = tuple(next(rows, ()))
            if next(rows, None) is None:
                message = "The CSV file has no rows below its header."
                raise TableError(message)
        if len(set(self.names)) != len(self.names):
            message = f"Column names occur twice: {', '.join(self.names)}."
            raise TableError(message)

    @functools.cached_property
    def sha256(self) -> str:
        digest = hashlib.sha256()
        with self._opened() as content:
            while part := content.read(_DIGESTED_BYTES):
                digest.update(part)
        return digest.hexdigest()

    def parts(self) -> Iterator[Part]:
        """Yield all rows in their order, so many at a time as are `PART_CELLS` cells."""
        most = max(1, PART_CELLS // len(self.names))
        with closing(self._rows()) as rows:
            next(rows)
            first_row = 1
            while taken := tuple(map(tuple, itertools.islice(rows, most))):
                yield Part(names=self.names, rows=taken, first_row=first_row)
                first_row += len(taken)

    def _rows(self) -> Generator[list[str], None, None]:
        with (
            self._opened() as content,
            io.TextIOWrapper(content, encoding="utf-8-sig", newline="") as text,
        ):
            yield from csv_rows(text)


def csv_rows(lines: Iterable[str]) -> Iterator[list[str]]:
    """Yield the rows of a CSV text; blank lines are no rows, a lone `""` is an empty cell."""
    width = 0
    try:
        for number, row in enumerate(filter(None, csv.reader(lines, strict=True)), start=1):
            width = width or len(row)
            if len(row) != width:
                message = f"CSV row {number} has {len(row)} cells, row 1 has {width}."
                raise TableError(message)
            yield row
    except csv.Error as error:
        message = f"Not readable as CSV: {error}."
        raise TableError(message) from error


def split_csv(text: str) -> list[list[str]]:
    return list(csv_rows(io.StringIO(text, newline="")))


def read_table(content: bytes) -> Table:
    return Table(lambda: io.BytesIO(content))


def read_only_table(directory: Path) -> Table:
    """Return the one CSV file of an input channel."""
    files = sorted(directory.glob("*.csv"))
    if len(files) != 1:
        names = ", ".join(file.name for file in files) or "none"
        message = f"The folder {directory.name} must hold exactly one CSV file; it holds {names}."
        raise TableError(message)
    return Table(lambda: files[0].open("rb"))


def read_only_schema(directory: Path) -> Schema:
    """Return what the rows of a training channel were decided to be."""
    path = directory / schema.FILE_NAME
    if not path.is_file():
        message = f"The folder {directory.name} must hold {schema.FILE_NAME} beside its CSV file."
        raise TableError(message)
    return schema.read_schema(path.read_text(encoding="utf-8"))


def typed(
    cells: Sequence[Cell], *, column: Column, spelling: Spelling, first_row: int = 1
) -> dict[str, pd.Series]:
    """Return a column as floats or as text, missing cells as NaN; of a date, the numbers it tells.

    The names are those of the columns that the model learns from.
    """
    if column.kind == "date":
        rows = _converted(
            cells,
            lambda cell: _date_parts(cell, column, spelling),
            column=column,
            spelling=spelling,
            first_row=first_row,
        )
        names = dates.part_names(column.name)
        parts = zip(*rows, strict=True) if rows else ((),) * len(names)
        return {
            name: pd.Series(values, name=name, dtype=np.float64)
            for name, values in zip(names, parts, strict=True)
        }
    values: Sequence[Any] | np.ndarray | None = None
    if column.kind == "numeric":
        values = numbers_at_once(cells, spelling)
    if values is None:
        convert = spelling.number if column.kind == "numeric" else spelling.category
        values = _converted(cells, convert, column=column, spelling=spelling, first_row=first_row)
    dtype: type = np.float64 if column.kind == "numeric" else object
    return {column.name: pd.Series(values, name=column.name, dtype=dtype)}


def numbers_at_once(cells: Sequence[Any], spelling: Spelling) -> np.ndarray | None:
    """Return numbers, NaN for blank cells; None where they have to be looked at one by one."""
    present = [cell for cell in cells if cell is not None and cell != ""]
    kinds = set(map(type, present))
    if kinds and kinds != {str} and kinds not in _NUMBERS:
        return None
    plain = spelling.plain(present) if kinds == {str} else present
    if plain is None:
        return None
    try:
        values = np.array(plain, dtype=np.float64)
    except OverflowError:
        return None
    if not np.isfinite(values).all():
        return None
    if len(present) == len(cells):
        return values
    numbers = np.full(len(cells), np.nan)
    numbers[[place for place, cell in enumerate(cells) if cell is not None and cell != ""]] = values
    return numbers


def _converted(
    cells: Sequence[Cell],
    convert: Callable[[Cell], Any],
    *,
    column: Column,
    spelling: Spelling,
    first_row: int,
) -> list[Any]:
    values = []
    for row, cell in enumerate(cells, start=first_row):
        try:
            values.append(convert(cell))
        except (ValueError, OverflowError) as error:
            wanted = _WANTED[column.kind]
            right = other_mark(cell, spelling) if column.kind == "numeric" else ""
            hint = f"; write it {right}" if right else ""
            message = f"Column {column.name!r}, row {row}: {_shown(cell)} is not {wanted}{hint}."
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
    part: Part,
    *,
    columns: Sequence[Column],
    target: str,
    label_kind: LabelKind,
    spelling: Spelling,
) -> pd.DataFrame:
    """Return the columns of a file typed, the target as the last one."""
    first_row = part.first_row
    labels = labels_of(
        part.cells(target), kind=label_kind, target=target, spelling=spelling, first_row=first_row
    )
    found: dict[str, pd.Series] = {}
    for column in columns:
        cells = part.cells(column.name)
        found |= typed(cells, column=column, spelling=spelling, first_row=first_row)
    frame = pd.DataFrame(found)
    frame[target] = labels
    return frame


def labels_of(
    cells: Sequence[str],
    *,
    kind: LabelKind,
    target: str,
    spelling: Spelling,
    first_row: int = 1,
) -> np.ndarray:
    """Return the target column as an array of int, of str objects, or of floats to be predicted."""
    labels: dict[str, Label] = {}
    for cell in dict.fromkeys(cells):
        try:
            labels[cell] = _label(cell, kind, spelling)
        except ValueError as error:
            row = first_row + cells.index(cell)
            message = f"Target column {target!r}, row {row}: {error}."
            raise TableError(message) from error
    return np.array([labels[cell] for cell in cells], dtype=_DTYPES[kind])


def _label(cell: str, kind: LabelKind, spelling: Spelling) -> Label:
    """Return the label of a cell; ValueError says what is wrong with it."""
    if spelling.is_missing(cell):
        message = "the label is missing"
        raise ValueError(message)
    try:
        if kind == "number":
            return spelling.number(cell)
        return int(label_of(cell)) if kind == "integer" else label_of(cell)
    except ValueError as error:
        wanted = "finite number" if kind == "number" else "whole number"
        message = f"{_shown(cell)} is no {wanted}"
        raise ValueError(message) from error


def _shown(cell: object) -> str:
    text = repr(cell)
    return text if len(text) <= 60 else f"{text[:57]}..."
