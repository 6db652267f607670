"""Types the cells of a column, many at a time: what `Spelling` says of each, but faster.

Nothing is refused: what cannot be read is counted.
"""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from pipeline.tabular import dates
from pipeline.tabular.cells import Spelling, trimmed
from pipeline.tabular.schema import Column

_NUMBERS = ({int}, {float}, {int, float})


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
    present = [cell for cell in cells if cell is not None and cell != ""]
    values = _at_once(present, spelling)
    if values is not None:
        return Numbers(values=values, missing=len(cells) - len(present))
    return _one_by_one(present, spelling, missing=len(cells) - len(present))


def _at_once(cells: Sequence[Any], spelling: Spelling) -> np.ndarray | None:
    """Return all cells as floats where numpy and the spelling cannot differ, else None."""
    if not cells:
        return np.empty(0)
    kinds = set(map(type, cells))
    if kinds == {str}:
        text = "".join(cells)
        plain = text.isascii() and "_" not in text and spelling.decimal == "."
        if not plain or any(spelling.written(each) is not None for each in spelling.missing):
            return None
    elif kinds not in _NUMBERS:
        return None
    try:
        values = np.array(cells, dtype=np.float64)
    except (ValueError, OverflowError):
        return None
    return values if np.isfinite(values).all() else None


def _one_by_one(cells: Sequence[Any], spelling: Spelling, *, missing: int) -> Numbers:
    values, unreadable = [], 0
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
