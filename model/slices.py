"""Parts of the held-out rows, by the values or bins of a column, and how good answers are there."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pandas as pd

from pipeline.training import is_numeric

# Of a column with more values than this the rarest are one part together
MOST_VALUES = 20
_QUARTERS = (0.25, 0.5, 0.75)

Measure = Callable[[np.ndarray], Mapping[str, float]]


@dataclass(frozen=True, kw_only=True)
class Slice:
    """`value` says in words what the rows of the part have in the column."""

    column: str
    value: str
    rows: int
    metrics: Mapping[str, float]


@dataclass(frozen=True, kw_only=True)
class Asked:
    column: str
    bins: tuple[float, ...] = ()


def read_asked(text: str) -> tuple[Asked, ...]:
    """Return what the runner wrote: a list of objects with `column` and `bins`."""
    return tuple(
        Asked(column=each["column"], bins=tuple(each.get("bins", ()))) for each in json.loads(text)
    )


def measured(frame: pd.DataFrame, asked: Sequence[Asked], measure: Measure) -> Iterator[Slice]:
    """Yield every part with its metrics; `measure` is given which rows belong to it."""
    for each in asked:
        if each.column not in frame:
            message = f"The rows cannot be sliced by {each.column!r}: they have no such column."
            raise ValueError(message)
        for value, rows in _parts(frame[each.column], each.bins):
            yield Slice(
                column=each.column, value=value, rows=int(rows.sum()), metrics=measure(rows)
            )


def _parts(column: pd.Series, bins: Sequence[float]) -> Iterator[tuple[str, np.ndarray]]:
    missing = column.isna().to_numpy()
    parts = _of_numbers(column, bins) if is_numeric(column) else _of_texts(column)
    for value, rows in (*parts, ("is missing", missing)):
        if rows.any():
            yield value, rows


def _of_numbers(column: pd.Series, bins: Sequence[float]) -> Iterator[tuple[str, np.ndarray]]:
    values = column.to_numpy()
    if not bins and np.isfinite(values).any():
        bins = np.unique(np.nanquantile(values, _QUARTERS)).tolist()
    borders = [-np.inf, *bins, np.inf]
    for low, high in pairwise(borders):
        yield _between(low, high), (values >= low) & (values < high)


def _between(low: float, high: float) -> str:
    if np.isinf(low):
        return "is any number" if np.isinf(high) else f"is below {high:g}"
    return f"is {low:g} or more" if np.isinf(high) else f"is {low:g} to below {high:g}"


def _of_texts(column: pd.Series) -> Iterator[tuple[str, np.ndarray]]:
    counts = column.value_counts()
    ordered = sorted(counts.index, key=lambda value: (-counts[value], str(value)))
    for value in ordered[:MOST_VALUES]:
        yield f"is {value}", (column == value).to_numpy(dtype=bool)
    rest = ordered[MOST_VALUES:]
    if rest:
        yield f"is one of {len(rest)} rarer values", column.isin(rest).to_numpy()
