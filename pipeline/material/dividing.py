"""Divides a decided file into rows to train on and rows that are held out.

Cells are kept exactly as written, so the files' digests say which data a release was made from.
"""

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.material.deciding import Decided
from pipeline.material.labels import LEAST_ROWS, require_target
from pipeline.material.reading import parse_table, write_csv
from pipeline.material.table import DataTable, refused
from pipeline.tabular.cells import label_of
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
    def schema_json(self) -> bytes:
        return self.schema.to_json().encode()

    @property
    def sha256(self) -> str:
        """Digest of both halves and of what they were decided to be."""
        digests = map(hashlib.sha256, (self.train_csv, self.test_csv, self.schema_json))
        return hashlib.sha256(b"".join(each.digest() for each in digests)).hexdigest()


@dataclass(frozen=True, kw_only=True)
class HeldOutRows:
    """Rows without their label, to be sent to an endpoint, and the label each should get."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    labels: tuple[str, ...]


def split(decided: Decided, *, test_fraction: float, seed: int) -> Split:
    """Hold out `test_fraction` of the rows, every class in proportion.

    The same file, fraction and seed give the same bytes. Raises UsageError when a class has too few
    rows; which rows the seed would pick has no say in that.
    """
    labels = decided.labels.labels
    train, test = _divided(labels, test_fraction=test_fraction, seed=seed)
    _check_training_rows(decided, training_rows=len(train))
    kept = _kept_columns(decided)
    return Split(
        schema=decided.schema,
        labels=decided.labels.classes,
        train_csv=_half(decided.table, train, kept),
        test_csv=_half(decided.table, test, kept),
        train_rows=len(train),
        test_rows=len(test),
        source_sha256=decided.table.sha256,
        warnings=decided.warnings,
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


def _check_training_rows(decided: Decided, *, training_rows: int) -> None:
    """Refuse a class of which some seed would leave too few rows to cross-validate with."""
    counts = Counter(decided.labels.labels)
    for label, kept in least_kept(counts, training_rows=training_rows).items():
        if kept < LEAST_ROWS:
            message = (
                f"{decided.table.place}: the class {label!r} of {decided.schema.target!r} has "
                f"{counts[label]} rows, {kept} of them to train with; cross-validation needs "
                f"{LEAST_ROWS}."
            )
            raise refused(message, "Add rows of this class or lower `training.test_fraction`.")


def least_kept(counts: Counter[str], *, training_rows: int) -> dict[str, int]:
    """Return how many rows of each class are trained on at least, whatever the seed.

    A stratified split rounds every share down and gives what is left to the largest remainders;
    the seed decides between equal ones (scikit-learn, `_approximate_mode`).
    """
    rows = counts.total()
    shares = {label: divmod(count * training_rows, rows) for label, count in counts.items()}
    left = training_rows - sum(whole for whole, _ in shares.values())
    remainders = sorted((rest for _, rest in shares.values()), reverse=True)
    first_without = remainders[left] if left < len(remainders) else -1
    return {label: whole + (rest > first_without) for label, (whole, rest) in shares.items()}


def _kept_columns(decided: Decided) -> list[int]:
    kept = {column.name for column in decided.schema.columns} | {decided.schema.target}
    return [position for position, name in enumerate(decided.table.columns) if name in kept]


def _half(table: DataTable, rows: Sequence[int], kept: Sequence[int]) -> bytes:
    return write_csv(
        [table.columns[position] for position in kept],
        [[table.rows[index][position] for position in kept] for index in sorted(rows)],
    )


def held_out_rows(test_csv: bytes, *, target: str) -> HeldOutRows:
    """Return the features and the labels of a held-out file written by `split`."""
    table = parse_table(test_csv, separator=",")
    require_target(table, target=target)
    position = table.columns.index(target)
    return HeldOutRows(
        columns=table.columns[:position] + table.columns[position + 1 :],
        rows=tuple(row[:position] + row[position + 1 :] for row in table.rows),
        labels=tuple(label_of(row[position]) for row in table.rows),
    )
