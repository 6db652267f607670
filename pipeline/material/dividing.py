"""Divides a decided file into rows to train on and rows that are held out.

Cells are kept exactly as written, so the files' digests say which data a release was made from.
"""

import hashlib
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import repeat

from pipeline.core.errors import UsageError
from pipeline.core.records import ModelKind
from pipeline.material.deciding import Decided
from pipeline.material.labels import LEAST_ROWS, require_target
from pipeline.material.reading import csv_line, parse_table
from pipeline.material.stored import Shares, Written
from pipeline.material.table import listed, refused, shown
from pipeline.tabular.cells import Spelling, label_of
from pipeline.tabular.rows import feature_keys, place_of, row_keys
from pipeline.tabular.schema import Schema


@dataclass(frozen=True, kw_only=True)
class Split:
    """Two CSV files (UTF-8, commas) with the columns of the schema, and what they come from."""

    schema: Schema
    labels: tuple[str, ...]
    train: Written
    test: Written
    train_rows: int
    test_rows: int
    source_sha256: str
    warnings: tuple[str, ...]

    @property
    def columns(self) -> tuple[str, ...]:
        """The features, which are what a request must have."""
        return tuple(column.name for column in self.schema.columns)

    @property
    def kind(self) -> ModelKind:
        """What a model of these rows predicts."""
        if self.schema.label_kind == "number":
            return ModelKind.REGRESSION
        return ModelKind.BINARY if len(self.labels) == 2 else ModelKind.MULTICLASS

    @property
    def schema_json(self) -> bytes:
        return self.schema.to_json().encode()

    @property
    def sha256(self) -> str:
        """Digest of both halves and of what they were decided to be."""
        digests = (
            self.train.sha256,
            self.test.sha256,
            hashlib.sha256(self.schema_json).hexdigest(),
        )
        return hashlib.sha256(b"".join(map(bytes.fromhex, digests))).hexdigest()


@dataclass(frozen=True, kw_only=True)
class HeldOutRows:
    """Rows without their label, to be sent to an endpoint, and the label each should get.

    `numbers` are the labels of a model that predicts a number, empty for one of classes.
    """

    columns: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]
    labels: tuple[str, ...]
    numbers: tuple[float, ...] = ()


def split(decided: Decided, *, test_fraction: float, seed: int) -> Split:
    """Hold out about `test_fraction` of the rows: each row by its own content and the seed.

    Neither other rows nor their order move a row, except for a class that would else have too few
    rows on a side. The same rows, fraction and seed give the same halves. Raises UsageError when a
    class has too few different rows; where all differ, the seed has no say in that.
    """
    places = _Places(decided, test_fraction=test_fraction, seed=seed)
    moved = places.move_what_is_lacking()
    train, test = _halves(decided, places.sides())
    test_rows = places.held_out_rows
    return Split(
        schema=decided.schema,
        labels=decided.labels.classes,
        train=train,
        test=test,
        train_rows=len(decided.table.rows) - test_rows,
        test_rows=test_rows,
        source_sha256=decided.table.sha256,
        warnings=(*decided.warnings, *_told(decided, moved)),
    )


@dataclass(kw_only=True)
class _Class:
    """The rows of a class on both sides."""

    held_out: int = 0
    trained_on: int = 0

    @property
    def is_lacking(self) -> bool:
        return not self.held_out or self.trained_on < LEAST_ROWS


class _Places:
    """Where each row stands, found among those that could be its copies, a share at a time.

    What stays in memory is a bit for each row.
    """

    def __init__(self, decided: Decided, *, test_fraction: float, seed: int) -> None:
        self._decided, self._test_fraction, self._seed = decided, test_fraction, seed
        self._moved: dict[bytes, bool] = {}
        self._shares = Shares(len(decided.table.rows))
        first = 0
        for features, labels in zip(_features(decided), decided.labels.labels.parts(), strict=True):
            rows = range(first, first + len(labels))
            numbers = [int.from_bytes(key[:8]) for key in features]
            self._shares.add(numbers, rows, features, labels)
            first += len(labels)

    def _keys(self) -> Iterator[tuple[int, bytes, str]]:
        """Yield each row with what it is known by and its class, of which numbers have but one."""
        is_number = self._decided.labels.kind == "number"
        for rows, features, labels in self._shares:
            keys = row_keys(features, labels)
            classes = repeat("", len(labels)) if is_number else labels
            yield from zip(rows, keys, classes, strict=True)

    def _is_held_out(self, key: bytes) -> bool:
        if key in self._moved:
            return self._moved[key]
        return place_of(key, seed=self._seed) < self._test_fraction

    def sides(self) -> bytearray:
        """Return a bit for each row, eight in a byte from the lowest on: whether it is held out."""
        sides = bytearray(len(self._decided.table.rows) // 8 + 1)
        self.held_out_rows = 0
        for row, key, _ in self._keys():
            if self._is_held_out(key):
                sides[row // 8] |= 1 << row % 8
                self.held_out_rows += 1
        return sides

    def move_what_is_lacking(self) -> list[str]:
        """Move rows of classes that have too few on a side; return those classes. UsageError."""
        known: set[str] = set()
        while lacking := {name for name, each in self._classes().items() if each.is_lacking}:
            if lacking <= known:
                raise self._too_few(min(lacking))
            known |= lacking
            self._moved.clear()
            rows = self._rows_of(known)
            moved = [name for name in sorted(known) if self._move(rows[name])]
        return moved if known else []

    def _classes(self) -> dict[str, _Class]:
        found: dict[str, _Class] = {}
        for _, key, name in self._keys():
            each = found.setdefault(name, _Class())
            if self._is_held_out(key):
                each.held_out += 1
            else:
                each.trained_on += 1
        return found

    def _rows_of(self, names: Collection[str]) -> dict[str, Counter[bytes]]:
        found: dict[str, Counter[bytes]] = {name: Counter() for name in names}
        for _, key, name in self._keys():
            if name in names:
                found[name][key] += 1
        return found

    def _move(self, rows: Counter[bytes]) -> bool:
        """Let rows of a class change sides; tell whether any did."""
        order = sorted(rows, key=lambda key: place_of(key, seed=self._seed))
        drawn = set(filter(self._is_held_out, rows))
        fitting = _enough_on_both_sides(order, rows, drawn)
        self._moved |= {key: key in fitting for key in drawn ^ fitting}
        return fitting != drawn

    def _too_few(self, name: str) -> UsageError:
        return _too_few(self._decided, name, self._rows_of([name])[name])


def _features(decided: Decided) -> Iterator[list[bytes]]:
    """Yield what the features of the rows of each part are known by."""
    schema, table = decided.schema, decided.table
    names = [column.name for column in schema.columns]
    rows = table.stored.only(table.columns.index(name) for name in names)
    for part in rows.parts():
        cells = dict(zip(names, part, strict=True))
        yield list(feature_keys(cells, schema.columns, spelling=schema.spelling))


def _enough_on_both_sides(
    order: Sequence[bytes], rows: Counter[bytes], held_out: Collection[bytes]
) -> set[bytes]:
    """Return what of a class is held out when those nearest to the border change sides."""
    test = [key for key in order if key in held_out]
    train = [key for key in order if key not in held_out]
    while test and sum(rows[key] for key in train) < LEAST_ROWS:
        train.insert(0, test.pop())
    if train and not test:
        test.append(train.pop(0))
    return set(test)


def _too_few(decided: Decided, label: str, rows: Counter[bytes]) -> UsageError:
    if decided.labels.kind == "number":
        message = (
            f"{decided.table.place} has {rows.total()} rows, {len(rows)} of them different; "
            f"{LEAST_ROWS} are needed to train with, and another one to be held out."
        )
        return refused(message, "Add rows.")
    message = (
        f"{decided.table.place}: the class {label!r} of {decided.schema.target!r} has "
        f"{rows.total()} rows, {len(rows)} of them different; it needs {LEAST_ROWS} to train "
        "with, and another one to be held out."
    )
    return refused(message, "Add rows of this class, or leave it out.")


def _told(decided: Decided, moved: Sequence[str]) -> Iterator[str]:
    if moved:
        classes = listed(list(map(shown, moved)))
        yield (
            f"{decided.table.place}: so that each class has rows on both sides, rows of "
            f"{classes} were moved across the split. More rows of a class make that needless."
        )


def _halves(decided: Decided, sides: bytearray) -> tuple[Written, Written]:
    """Write the rows of each side, in their order and without the columns that are left out."""
    table = decided.table
    kept = {column.name for column in decided.schema.columns} | {decided.schema.target}
    positions = [position for position, name in enumerate(table.columns) if name in kept]
    train, test = halves = Written(), Written()
    for half in halves:
        half.write(csv_line([table.columns[position] for position in positions]))
    for row, cells in enumerate(table.stored.only(positions)):
        halves[sides[row // 8] >> row % 8 & 1].write(csv_line(cells))
    return train, test


def held_out_rows(test_csv: bytes, *, target: str, numbers: Spelling | None = None) -> HeldOutRows:
    """Return the features and the labels of a held-out file written by `split`.

    `numbers` is how the file spells them, where the target is a number.
    """
    table = parse_table(test_csv, separator=",")
    require_target(table, target=target)
    position = table.columns.index(target)
    return HeldOutRows(
        columns=table.columns[:position] + table.columns[position + 1 :],
        rows=table.stored.only(each for each in range(len(table.columns)) if each != position),
        labels=tuple(map(label_of, table.column(position))),
        numbers=tuple(map(numbers.number, table.column(position))) if numbers else (),
    )
