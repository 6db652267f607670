"""Types the cells of a column, many at a time: what `Spelling` says of each, but faster.

Nothing is refused: what cannot be read is counted.
"""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from model.table import numbers_at_once
from pipeline.tabular import dates
from pipeline.tabular.cells import Spelling, trimmed
from pipeline.tabular.schema import Column


@dataclass(frozen=True, kw_only=True)
class Numbers:
    """The finite numbers of a column; the cells that have none."""

    values: np.ndarray
    missing: int
    unreadable: int = 0


@dataclass(frozen=True, kw_only=True)
class Texts:
    """How often each text occurs in a column; the cells that have none."""

    counts: Counter[str]
    missing: int
    unreadable: int = 0


def numbers_of(cells: Sequence[Any], spelling: Spelling) -> Numbers:
    numbers = numbers_at_once(cells, spelling)
    if numbers is None:
        return _one_by_one(cells, spelling)
    missing = np.isnan(numbers)
    return Numbers(values=numbers[~missing], missing=int(missing.sum()))


def _one_by_one(cells: Sequence[Any], spelling: Spelling) -> Numbers:
    values, missing, unreadable = [], 0, 0
    for cell in cells:
        try:
            value = spelling.number(cell)
        except (ValueError, OverflowError, TypeError):
            unreadable += 1
            continue
        if math.isnan(value):
            missing += 1
        else:
            values.append(value)
    return Numbers(values=np.array(values, dtype=float), missing=missing, unreadable=unreadable)


def texts_of(cells: Sequence[Any], spelling: Spelling) -> Texts:
    found: Counter[str] = Counter()
    missing = unreadable = 0
    for cell, count in _different(cells):
        try:
            text = spelling.category(cell)
        except (ValueError, OverflowError, TypeError):
            unreadable += count
            continue
        if isinstance(text, str):
            found[text] += count
        else:
            missing += count
    return Texts(counts=found, missing=missing, unreadable=unreadable)


def _different(cells: Sequence[Any]) -> Sequence[tuple[Any, int]]:
    """Return each cell with how often it occurs. 1 and True are equal and mean two things."""
    if set(map(type, cells)) <= {str, type(None)}:
        return list(Counter(cells).items())
    return [(cell, 1) for cell in cells]


def presence_of(cells: Sequence[Any], column: Column, spelling: Spelling) -> Numbers:
    """Read dates and only count them: time passes, which is no drift."""
    present = missing = unreadable = 0
    for cell, count in _different(cells):
        try:
            if spelling.is_missing(cell):
                missing += count
            else:
                dates.read_date(trimmed(str(cell)), order=column.order)
                present += count
        except (ValueError, OverflowError, TypeError):
            unreadable += count
    return Numbers(values=np.zeros(present), missing=missing, unreadable=unreadable)
