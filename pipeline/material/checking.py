"""Looks at a decided file for what makes a model look better than it is, or learn nothing.

Bounded work: rows are gone through one by one, and a leak is looked for in 100,000 rows at most.
"""

import csv
import heapq
import zlib
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from itertools import islice

from pipeline.core.data_checks import CheckName, ColumnProfile, DataProfile, Found, in_words
from pipeline.material.deciding import Decided
from pipeline.material.dividing import Split
from pipeline.material.stored import Shares, StoredColumn, Written
from pipeline.tabular import dates
from pipeline.tabular.cells import Spelling, text_of, trimmed
from pipeline.tabular.schema import Column

_MOST_ROWS = 100_000
# So many held-out rows that are also training rows are chance; more flatter the model
_ALIKE_SHARE, _FEW_ALIKE = 0.01, 1
# Features that more rows have are common values and no copies, as for the division itself
_COMMON = 10
_AT_ONCE = 50_000


def profile_of(decided: Decided) -> DataProfile:
    """Return a file in numbers, for the release that comes after."""
    schema, rows = decided.schema, len(decided.table.rows)
    return DataProfile(
        rows=rows,
        target=schema.target,
        label_kind=schema.label_kind,
        columns={
            column.name: ColumnProfile(
                kind=column.kind,
                missing=_missing(decided.table.cells(column.name), schema.spelling) / rows,
            )
            for column in schema.columns
        },
        classes={}
        if schema.label_kind == "number"
        else dict(sorted(decided.labels.counts.items())),
    )


def _missing(cells: StoredColumn, spelling: Spelling) -> int:
    return sum(
        count
        for part in cells.parts()
        if spelling.plain(part) is None
        for cell, count in Counter(part).items()
        if spelling.is_missing(cell)
    )


def look_at(
    decided: Decided, divided: Split, *, wanted: Collection[CheckName]
) -> tuple[Found, ...]:
    """Return what the file by itself shows: constant columns, repeated rows, and leaks."""
    checks: dict[CheckName, Callable[[], Found]] = {
        CheckName.CONSTANT: lambda: _constant(decided),
        CheckName.DUPLICATES: lambda: _duplicates(divided),
        CheckName.LEAK: lambda: _leak(decided),
    }
    return tuple(look() for name, look in checks.items() if name in wanted)


def _constant(decided: Decided) -> Found:
    names = [
        column.name
        for column in decided.schema.columns
        if _is_constant(decided.table.cells(column.name))
    ]
    return Found(
        name=CheckName.CONSTANT,
        is_well=not names,
        columns=tuple(sorted(names)),
        sentence=f"Every row has the same value in {in_words(names)}: nothing to learn from."
        if names
        else "Every column has different values.",
    )


def _is_constant(cells: Sequence[str]) -> bool:
    first, value = cells[0], text_of(cells[0])
    return all(cell == first or text_of(cell) == value for cell in cells)


def _duplicates(divided: Split) -> Found:
    target = divided.schema.target
    shares = Shares(divided.train_rows + divided.test_rows)
    for half in (divided.train, divided.test):
        rows = map(hash, _features(half, target))
        while part := list(islice(rows, _AT_ONCE)):
            shares.add(part, part, [half is divided.test] * len(part))
    alike = sum(_alike(*columns) for columns in shares)
    is_well = alike <= max(_FEW_ALIKE, _ALIKE_SHARE * divided.test_rows)
    counted = f"{alike} of {divided.test_rows} held-out rows are copies of a training row"
    return Found(
        name=CheckName.DUPLICATES,
        is_well=is_well,
        sentence=f"{counted}." if is_well else f"{counted}: they flatter the model.",
    )


def _alike(rows: Sequence[int], are_held_out: Sequence[bool]) -> int:
    """Return how many held-out rows are copies of a training row."""
    known, asked = Counter[int](), Counter[int]()
    for row, is_held_out in zip(rows, are_held_out, strict=True):
        (asked if is_held_out else known)[row] += 1
    return sum(
        count for row, count in asked.items() if row in known and known[row] + count <= _COMMON
    )


def _features(half: Written, target: str) -> Iterator[tuple[str, ...]]:
    reader = csv.reader(half.lines())
    left_out = next(reader).index(target)
    for row in reader:
        del row[left_out]
        yield tuple(row)


def _leak(decided: Decided) -> Found:
    kept = _sample(decided)
    labels = [decided.labels.labels[index] for index in kept]
    tells = _teller(labels, are_numbers=decided.schema.label_kind == "number")
    names = [
        column.name for column in decided.schema.columns if tells(*_numbers(decided, column, kept))
    ]
    target = decided.schema.target
    return Found(
        name=CheckName.LEAK,
        is_well=not names,
        columns=tuple(sorted(names)),
        sentence=f"Alone {in_words(names)} predicts {target!r} without a fault: it may be known "
        "only together with it."
        if names
        else f"No column alone predicts {target!r}.",
    )


def _sample(decided: Decided) -> Sequence[int]:
    """Return the rows to look at: all, or those whose content comes first by its checksum."""
    rows = decided.table.rows
    if len(rows) <= _MOST_ROWS:
        return range(len(rows))
    sums = (zlib.crc32("\x1f".join(row).encode()) for row in rows)
    smallest = heapq.nsmallest(_MOST_ROWS, ((each, index) for index, each in enumerate(sums)))
    return sorted(index for _, index in smallest)


def _teller(labels: Sequence[str], *, are_numbers: bool) -> Callable[[Sequence[float], bool], bool]:
    # Imported here: numpy takes a tenth of a second, and only a run that trains needs it
    import numpy as np

    from pipeline.material.leaking import tells_class, tells_number

    if are_numbers:
        numbers = np.asarray(labels, dtype=float)
        return lambda values, ordered: tells_number(
            np.asarray(values, dtype=float), numbers, ordered=ordered
        )
    classes = np.asarray(_coded(labels), dtype=np.int64)
    return lambda values, ordered: tells_class(
        np.asarray(values, dtype=float), classes, ordered=ordered
    )


def _numbers(decided: Decided, column: Column, kept: Sequence[int]) -> tuple[Sequence[float], bool]:
    """Return a column as numbers, and whether near ones are alike."""
    spelling = decided.schema.spelling
    found = decided.table.cells(column.name)
    cells = tuple(found if len(kept) == len(found) else (found[index] for index in kept))
    if column.kind == "categorical":
        texts = ["" if spelling.is_missing(cell) else text_of(cell) for cell in cells]
        return _coded(texts), False
    if column.kind == "numeric":
        return spelling.plain(cells) or [spelling.number(cell) for cell in cells], True
    return [_moment(cell, column, spelling) for cell in cells], True


def _moment(cell: str, column: Column, spelling: Spelling) -> float:
    if spelling.is_missing(cell):
        return float("nan")
    read = dates.read_date(trimmed(cell), order=column.order)
    return read.toordinal() + (read.hour * 3600 + read.minute * 60 + read.second) / 86400


def _coded(texts: Sequence[str]) -> list[int]:
    """Number the different texts in their own order, which is not that of the rows."""
    numbers = {text: number for number, text in enumerate(sorted(set(texts)))}
    return [numbers[text] for text in texts]
