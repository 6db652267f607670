"""Parts of the held-out rows, by the values or bins of a column, and how good answers are there."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pandas as pd

from model.scores import Errors, Shares
from model.spool import Ranked, Spool
from pipeline.training import is_numeric

# Of a column with more values than this the rarest are one part together
MOST_VALUES = 20
_QUARTERS = (0.25, 0.5, 0.75)

# What adds up to the metrics of a part
Scored = Errors | Shares


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


class Sliced:
    """One column of rows that come in parts, each with what its answer was and what was right."""

    def __init__(self, asked: Asked, scored: Callable[[], Scored]) -> None:
        self._asked = asked
        self._scored = scored
        self._texts: dict[object, int] | None = None
        self._column: Spool | None = None
        self._ranked = Ranked()
        self._outcomes: list[Spool] = []

    def add(self, frame: pd.DataFrame, outcome: Sequence[np.ndarray]) -> None:
        """Add rows; `outcome` is what `scored` is given of them, one array for each argument."""
        if self._asked.column not in frame:
            message = (
                f"The rows cannot be sliced by {self._asked.column!r}: they have no such column."
            )
            raise ValueError(message)
        column = frame[self._asked.column]
        if self._column is None:
            self._texts = None if is_numeric(column) else {}
            self._column = Spool(np.float64)
            self._outcomes = [Spool(each.dtype) for each in outcome]
        places = self._numbers(column) if self._texts is None else self._coded(column, self._texts)
        self._column.append(places)
        for spool, part in zip(self._outcomes, outcome, strict=True):
            spool.append(part)

    def _numbers(self, column: pd.Series) -> np.ndarray:
        values = column.to_numpy(dtype=np.float64)
        if not self._asked.bins:
            self._ranked.add(values[np.isfinite(values)])
        return values

    @staticmethod
    def _coded(column: pd.Series, texts: dict[object, int]) -> np.ndarray:
        """Return the number of each text, NaN where it is missing."""
        codes, different = pd.factorize(column)
        known = [texts.setdefault(value, len(texts)) for value in different.tolist()]
        return np.array([*known, np.nan])[codes]

    def measured(self) -> Iterator[Slice]:
        """Yield every part that has rows, with its metrics."""
        names, place_of = self._parts()
        rows, scored = [0] * (len(names) + 1), [self._scored() for _ in range(len(names) + 1)]
        assert self._column is not None
        for values, *outcome in zip(
            self._column.parts(), *(each.parts() for each in self._outcomes), strict=True
        ):
            places = np.where(np.isnan(values), len(names), place_of(values))
            for place in np.unique(places).tolist():
                is_here = places == place
                rows[place] += int(np.count_nonzero(is_here))
                scored[place].add(*(part[is_here] for part in outcome))
        for place, value in enumerate([*names, "is missing"]):
            if rows[place]:
                yield Slice(
                    column=self._asked.column,
                    value=value,
                    rows=rows[place],
                    metrics=scored[place].scores(),
                )

    def _parts(self) -> tuple[list[str], Callable[[np.ndarray], np.ndarray]]:
        """Return the parts in words, and what tells the part of each value that is not missing."""
        if self._texts is None:
            bins = list(self._asked.bins) or self._quarters()
            names = [_between(low, high) for low, high in pairwise([-np.inf, *bins, np.inf])]
            return names, lambda values: np.searchsorted(bins, values, side="right")
        return self._of_texts(self._texts)

    def _quarters(self) -> list[float]:
        """Return the quartiles of the finite numbers, each once."""
        rows = len(self._ranked)
        if not rows:
            return []
        places = np.array(_QUARTERS) * (rows - 1)
        low, high = self._ranked.at(np.floor(places)), self._ranked.at(np.ceil(places))
        between = zip(low, high, places - np.floor(places), strict=True)
        quarters = {float(np.quantile([a, b], share)) for a, b, share in between}
        return sorted(quarters)

    def _of_texts(
        self, texts: dict[object, int]
    ) -> tuple[list[str], Callable[[np.ndarray], np.ndarray]]:
        assert self._column is not None
        counts = np.zeros(len(texts), dtype=np.int64)
        for part in self._column.parts():
            counts += np.bincount(part[~np.isnan(part)].astype(int), minlength=len(texts))
        ordered = sorted(texts, key=lambda value: (-counts[texts[value]], str(value)))
        names = [f"is {value}" for value in ordered[:MOST_VALUES]]
        rarer = len(texts) - len(names)
        place = np.zeros(len(texts) + 1, dtype=np.int64)
        for number, value in enumerate(ordered):
            place[texts[value]] = min(number, MOST_VALUES)
        if rarer:
            names.append(f"is one of {rarer} rarer values")
        return names, lambda values: place[np.nan_to_num(values, nan=-1).astype(int)]


def _between(low: float, high: float) -> str:
    if np.isinf(low):
        return "is any number" if np.isinf(high) else f"is below {high:g}"
    return f"is {low:g} or more" if np.isinf(high) else f"is {low:g} to below {high:g}"
