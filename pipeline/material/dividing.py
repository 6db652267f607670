"""Divides a decided file into rows to train on and rows that are held out.

Cells are kept exactly as written, so the files' digests say which data a release was made from.
"""

import hashlib
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from pipeline.core.errors import UsageError
from pipeline.core.records import ModelKind
from pipeline.material.deciding import Decided
from pipeline.material.labels import LEAST_ROWS, require_target
from pipeline.material.reading import parse_table, write_csv
from pipeline.material.table import DataTable, listed, refused, shown
from pipeline.tabular.cells import Spelling, label_of
from pipeline.tabular.rows import feature_keys, place_of, row_keys
from pipeline.tabular.schema import Schema


@dataclass(frozen=True, kw_only=True)
class Split:
    """Two CSV files (UTF-8, commas) with the columns of the schema, and what they come from."""

    schema: Schema
    labels: tuple[str, ...]
    train_csv: bytes
    test_csv: bytes
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
        digests = map(hashlib.sha256, (self.train_csv, self.test_csv, self.schema_json))
        return hashlib.sha256(b"".join(each.digest() for each in digests)).hexdigest()


@dataclass(frozen=True, kw_only=True)
class HeldOutRows:
    """Rows without their label, to be sent to an endpoint, and the label each should get.

    `numbers` are the labels of a model that predicts a number, empty for one of classes.
    """

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    labels: tuple[str, ...]
    numbers: tuple[float, ...] = ()


def split(decided: Decided, *, test_fraction: float, seed: int) -> Split:
    """Hold out about `test_fraction` of the rows: each row by its own content and the seed.

    Neither other rows nor their order move a row, except for a class that would else have too few
    rows on a side. The same rows, fraction and seed give the same halves. Raises UsageError when a
    class has too few different rows; where all differ, the seed has no say in that.
    """
    keys = tuple(_keys(decided))
    held_out, moved = _held_out(decided, keys, test_fraction=test_fraction, seed=seed)
    train, test = (
        [row for row, key in enumerate(keys) if (key in held_out) == side] for side in (False, True)
    )
    kept = _kept_columns(decided)
    return Split(
        schema=decided.schema,
        labels=decided.labels.classes,
        train_csv=_half(decided.table, train, kept),
        test_csv=_half(decided.table, test, kept),
        train_rows=len(train),
        test_rows=len(test),
        source_sha256=decided.table.sha256,
        warnings=(*decided.warnings, *_told(decided, moved)),
    )


def _keys(decided: Decided) -> Iterator[bytes]:
    table, schema = decided.table, decided.schema
    cells = {column.name: table.cells(column.name) for column in schema.columns}
    features = feature_keys(cells, schema.columns, spelling=schema.spelling)
    return row_keys(features, decided.labels.labels)


def _held_out(
    decided: Decided, keys: Sequence[bytes], *, test_fraction: float, seed: int
) -> tuple[set[bytes], list[str]]:
    """Return the keys of the rows that are held out, and the classes of which some were moved."""
    classes: dict[str, Counter[bytes]] = {}
    for key, label in zip(keys, decided.labels.groups, strict=True):
        classes.setdefault(label, Counter())[key] += 1
    places = {key: place_of(key, seed=seed) for key in keys}
    held_out = {key for key, place in places.items() if place < test_fraction}
    moved = []
    for label, rows in sorted(classes.items()):
        drawn = held_out & rows.keys()
        fitting = _enough_on_both_sides(sorted(rows, key=places.__getitem__), rows, drawn)
        if fitting != drawn:
            moved.append(label)
            held_out = (held_out - drawn) | fitting
    for label, rows in sorted(classes.items()):
        if not rows.keys() & held_out or _trained_on(rows, held_out) < LEAST_ROWS:
            raise _too_few(decided, label, rows)
    return held_out, moved


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


def _trained_on(rows: Counter[bytes], held_out: Collection[bytes]) -> int:
    return sum(count for key, count in rows.items() if key not in held_out)


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


def _kept_columns(decided: Decided) -> list[int]:
    kept = {column.name for column in decided.schema.columns} | {decided.schema.target}
    return [position for position, name in enumerate(decided.table.columns) if name in kept]


def _half(table: DataTable, rows: Sequence[int], kept: Sequence[int]) -> bytes:
    return write_csv(
        [table.columns[position] for position in kept],
        [[table.rows[index][position] for position in kept] for index in rows],
    )


def held_out_rows(test_csv: bytes, *, target: str, numbers: Spelling | None = None) -> HeldOutRows:
    """Return the features and the labels of a held-out file written by `split`.

    `numbers` is how the file spells them, where the target is a number.
    """
    table = parse_table(test_csv, separator=",")
    require_target(table, target=target)
    position = table.columns.index(target)
    return HeldOutRows(
        columns=table.columns[:position] + table.columns[position + 1 :],
        rows=tuple(row[:position] + row[position + 1 :] for row in table.rows),
        labels=tuple(label_of(row[position]) for row in table.rows),
        numbers=tuple(numbers.number(row[position]) for row in table.rows) if numbers else (),
    )
