"""Divides a data set once into training and held-out rows; pure: bytes in, bytes out.

Cells are kept exactly as written, so the files' digests say which data a release was made from.
Nothing here knows any data set: a table is a header row, a target column and feature columns.
"""

import csv
import difflib
import hashlib
import io
import math
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pipeline.core.errors import UsageError

# What pandas.read_csv takes for a missing value, and so does the model's code
MISSING = frozenset(
    [
        *("", "NA", "N/A", "n/a", "<NA>", "#N/A", "#NA", "#N/A N/A", "NULL", "null", "None"),
        *("NaN", "nan", "-NaN", "-nan", "1.#IND", "1.#QNAN", "-1.#IND", "-1.#QNAN"),
    ]
)
_WHOLE_NUMBER = re.compile(r"-?[0-9]+(\.0+)?")
# More different numbers than this in a target are measurements or identifiers, not classes
_MOST_NUMERIC_CLASSES = 20
_TRAINING_ROWS_PER_CLASS = 2


@dataclass(frozen=True, kw_only=True)
class DataTable:
    """A CSV file as text cells; every row is as long as `columns`."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    sha256: str

    def cells(self, name: str) -> tuple[str, ...]:
        position = self.columns.index(name)
        return tuple(row[position] for row in self.rows)


@dataclass(frozen=True, kw_only=True)
class Split:
    """Two CSV files with the columns of the source, their row counts and all three digests.

    `columns` are those of the features; `labels` are the classes of the whole source.
    """

    target: str
    columns: tuple[str, ...]
    labels: tuple[str, ...]
    train_csv: bytes
    test_csv: bytes
    train_rows: int
    test_rows: int
    source_sha256: str
    train_sha256: str
    test_sha256: str


@dataclass(frozen=True, kw_only=True)
class HeldOutRows:
    """Rows without their label, to be sent to an endpoint, and the label each should get."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    labels: tuple[str, ...]


def refused(message: str, remedy: str) -> UsageError:
    return UsageError(message, remedy=remedy, code="DataRefused")


def parse_table(content: bytes) -> DataTable:
    """Return a CSV file (UTF-8, comma, header row); UsageError says what is wrong with it."""
    rows = _csv_rows(content)
    if not rows:
        message = "The data file is empty."
        raise refused(message, "Give a CSV file with a header row.")
    header = rows[0]
    twice = [name for name, count in Counter(header).items() if count > 1]
    if twice:
        message = f"The data file names the columns {', '.join(map(repr, twice))} twice."
        raise refused(message, "Give every column a name of its own.")
    if len(rows) == 1:
        message = "The data file has a header but no rows."
        raise refused(message, "Add rows below the header.")
    for number, row in enumerate(rows[1:], start=2):
        if len(row) != len(header):
            message = f"Line {number} of the data file has {len(row)} cells, not {len(header)}."
            raise refused(message, "Quote cells that contain a comma.")
    digest = hashlib.sha256(content).hexdigest()
    return DataTable(columns=tuple(header), rows=tuple(map(tuple, rows[1:])), sha256=digest)


def _csv_rows(content: bytes) -> list[list[str]]:
    try:
        text = content.decode("utf-8-sig")
        return [row for row in csv.reader(io.StringIO(text, newline=""), strict=True) if row]
    except (UnicodeDecodeError, csv.Error) as error:
        message = f"The data file is not readable as CSV: {error}."
        raise refused(message, "Save it as UTF-8 text, cells divided by commas.") from error


def write_csv(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> bytes:
    return "".join(_csv_line(cells) for cells in (columns, *rows)).encode()


def _csv_line(cells: Sequence[str]) -> str:
    text = io.StringIO(newline="")
    # Only with its default line end does csv quote a lone carriage return
    csv.writer(text).writerow(cells)
    return text.getvalue().removesuffix("\r\n") + "\n"


def split(table: DataTable, *, target: str, test_fraction: float, seed: int) -> Split:
    """Hold out `test_fraction` of the rows, every class in proportion.

    The same table, fraction and seed give the same bytes. Raises UsageError when the target
    column is absent, incomplete, no classification target, or a class has too few rows.
    """
    labels = _checked_labels(table, target=target)
    train, test = _divided(labels, test_fraction=test_fraction, seed=seed)
    _check_training_rows(labels, train, target=target)
    check_numbers(table, train, test, target=target)
    train_csv, test_csv = (
        write_csv(table.columns, (table.rows[index] for index in sorted(half)))
        for half in (train, test)
    )
    return Split(
        target=target,
        columns=tuple(name for name in table.columns if name != target),
        labels=tuple(sorted(set(labels))),
        train_csv=train_csv,
        test_csv=test_csv,
        train_rows=len(train),
        test_rows=len(test),
        source_sha256=table.sha256,
        train_sha256=hashlib.sha256(train_csv).hexdigest(),
        test_sha256=hashlib.sha256(test_csv).hexdigest(),
    )


def _divided(
    labels: Sequence[str], *, test_fraction: float, seed: int
) -> tuple[list[int], list[int]]:
    """Return the numbers of the rows to train on, and of those held out."""
    # Imported here: scikit-learn takes a second, and only a run that trains needs it
    from sklearn.model_selection import train_test_split

    try:
        train, test = train_test_split(
            range(len(labels)), test_size=test_fraction, random_state=seed, stratify=labels
        )
    except ValueError as error:
        message = f"{len(labels)} rows cannot be split with test_fraction {test_fraction}: {error}"
        raise refused(message, "Add rows or change `training.test_fraction`.") from error
    return train, test


def _checked_labels(table: DataTable, *, target: str) -> tuple[str, ...]:
    """Return the target column as labels, refused unless a classifier can learn them."""
    _check_columns(table, target=target)
    cells = table.cells(target)
    missing = [number for number, cell in enumerate(cells, start=1) if cell in MISSING]
    if missing:
        message = f"{len(missing)} rows have no {target!r}, the first is row {missing[0]}."
        raise refused(message, "Remove these rows or label them.")
    labels = tuple(plain_label(cell) for cell in cells)
    counts = Counter(labels)
    if _is_continuous(counts):
        message = f"The target {target!r} has {len(counts)} different numbers: it is no class."
        raise refused(message, "This software trains classifiers only; choose another target.")
    if len(counts) < 2:
        message = f"The target {target!r} has one class only, {labels[0]!r}."
        raise refused(message, "Add rows of another class.")
    rare = [label for label, count in counts.items() if count < _TRAINING_ROWS_PER_CLASS]
    if rare:
        message = f"The class {rare[0]!r} of {target!r} has one row ({len(rare)} such classes)."
        raise refused(message, "Every class needs rows to learn from and rows to test with.")
    return labels


def _check_columns(table: DataTable, *, target: str) -> None:
    if target not in table.columns:
        near = difflib.get_close_matches(target, table.columns, n=1)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        message = f"The data file has no column {target!r}; it has {', '.join(table.columns)}."
        raise refused(message, f"Set `training.target` to one of them.{hint}")
    if len(table.columns) < 2:
        message = f"The data file has no column besides {target!r}."
        raise refused(message, "Add feature columns.")


def _check_training_rows(labels: Sequence[str], train: Iterable[int], *, target: str) -> None:
    kept = Counter(labels[index] for index in train)
    for label, count in Counter(labels).items():
        if kept[label] < _TRAINING_ROWS_PER_CLASS:
            message = (
                f"The class {label!r} of {target!r} has {count} rows, {kept[label]} of them to "
                f"train with; cross-validation needs {_TRAINING_ROWS_PER_CLASS}."
            )
            raise refused(message, "Add rows of this class or lower `training.test_fraction`.")


def check_numbers(
    table: DataTable, train: Iterable[int], test: Iterable[int], *, target: str
) -> None:
    """Refuse what training could not see: a held-out cell without a number among numbers."""
    kept, held_out = sorted(train), sorted(test)
    for name in table.columns:
        cells = [cell.strip() for cell in table.cells(name)]
        seen = [cells[index] for index in kept if cells[index] not in MISSING]
        if name == target or not seen or not all(map(_is_finite, seen)):
            continue
        for index in held_out:
            if cells[index] not in MISSING and not _is_finite(cells[index]):
                message = f"Column {name!r} holds numbers, but row {index + 1} {cells[index]!r}."
                raise refused(message, "Correct that cell, or leave it empty.")


def plain_label(cell: object) -> str:
    """Return a label as text, `3`, `3.0` and the number 3 alike."""
    text = str(cell)
    return text.partition(".")[0] if _WHOLE_NUMBER.fullmatch(text) else text


def _is_continuous(counts: Counter[str]) -> bool:
    return len(counts) > _MOST_NUMERIC_CLASSES and all(map(_is_number, counts))


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _is_finite(text: str) -> bool:
    """Tell whether the model's code takes a cell for a number."""
    return _is_number(text) and "_" not in text and math.isfinite(float(text))


def held_out_rows(test_csv: bytes, *, target: str) -> HeldOutRows:
    """Return the features and the labels of a held-out file written by `split`."""
    table = parse_table(test_csv)
    _check_columns(table, target=target)
    position = table.columns.index(target)
    return HeldOutRows(
        columns=table.columns[:position] + table.columns[position + 1 :],
        rows=tuple(row[:position] + row[position + 1 :] for row in table.rows),
        labels=tuple(plain_label(row[position]) for row in table.rows),
    )
