"""What is counted of one column: on which bins, and how many rows fell into each.

A numeric column has bins between edges, [a, b); one of texts or few numbers has a bin for each of
its commonest values and a last one for all others; of dates one bin counts all that there are.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

from model.monitoring import exact
from model.monitoring.cells import Numbers, Texts
from model.monitoring.exact import NOTHING, Sum

Kind = Literal["bins", "numbers", "texts", "dates"]


@dataclass(frozen=True, kw_only=True)
class Bins:
    """Where the rows of a column are counted; fixed when the model was made.

    `edges` are those between bins of kind "bins"; `values` the commonest ones of kinds "numbers"
    and "texts". `known` are all values that the model has met, None where there were too many.
    `minimum` and `maximum` are those of the rows that the bins were laid for.
    """

    name: str
    kind: Kind
    edges: tuple[float, ...] = ()
    values: tuple[Any, ...] = ()
    known: frozenset[Any] | None = None
    minimum: float | None = None
    maximum: float | None = None

    @property
    def size(self) -> int:
        match self.kind:
            case "bins":
                return len(self.edges) + 1
            case "dates":
                return 1
        return len(self.values) + 1

    def to_json(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "kind": self.kind,
            "edges": list(self.edges),
            "values": list(self.values),
            "known": None if self.known is None else sorted(self.known),
            "minimum": self.minimum,
            "maximum": self.maximum,
        }


def read_bins(document: Mapping[str, Any]) -> Bins:
    known = document["known"]
    return Bins(
        name=document["name"],
        kind=document["kind"],
        edges=tuple(document["edges"]),
        values=tuple(document["values"]),
        known=None if known is None else frozenset(known),
        minimum=document["minimum"],
        maximum=document["maximum"],
    )


@dataclass(kw_only=True)
class ColumnCounts:
    """How many rows of a column fell where. All that is counted adds up, in any order."""

    bins: Bins
    counts: np.ndarray = field(init=False)
    missing: int = 0
    absent: int = 0
    unreadable: int = 0
    new: int = 0
    below: int = 0
    above: int = 0
    sum: Sum = NOTHING
    squares: Sum = NOTHING
    magnitudes: Counter[int] = field(default_factory=Counter)
    minimum: float | None = None
    maximum: float | None = None

    def __post_init__(self) -> None:
        self.counts = np.zeros(self.bins.size, dtype=np.int64)

    def add_numbers(self, found: Numbers) -> None:
        self.missing += found.missing
        self.unreadable += found.unreadable
        values, bins = found.values, self.bins
        if bins.kind == "dates":
            self.counts[0] += len(values)
            return
        if not len(values):
            return
        if bins.kind == "bins":
            positions = np.searchsorted(np.array(bins.edges), values, side="right")
        else:
            positions = _positions(values, bins.values)
            self.new += int(np.count_nonzero(~np.isin(values, list(bins.known or ()))))
        self.counts += np.bincount(positions, minlength=bins.size)
        if bins.minimum is not None and bins.maximum is not None:
            self.below += int(np.count_nonzero(values < bins.minimum))
            self.above += int(np.count_nonzero(values > bins.maximum))
        self._add_moments(values)

    def _add_moments(self, values: np.ndarray) -> None:
        self.sum = exact.add(self.sum, exact.total(values))
        with np.errstate(over="ignore"):
            squares = np.minimum(values * values, np.finfo(float).max)
        self.squares = exact.add(self.squares, exact.total(squares))
        self.magnitudes.update(exact.magnitudes(values))
        lowest, highest = float(values.min()), float(values.max())
        self.minimum = lowest if self.minimum is None else min(self.minimum, lowest)
        self.maximum = highest if self.maximum is None else max(self.maximum, highest)

    def add_texts(self, found: Texts) -> None:
        self.missing += found.missing
        self.unreadable += found.unreadable
        place = {value: number for number, value in enumerate(self.bins.values)}
        other, known = len(place), self.bins.known
        for text, count in found.counts.items():
            self.counts[place.get(text, other)] += count
            if known is not None and text not in known:
                self.new += count

    def to_json(self) -> dict[str, Any]:
        return {
            "bins": self.counts.tolist(),
            "missing": self.missing,
            "absent": self.absent,
            "unreadable": self.unreadable,
            "new": self.new,
            "below": self.below,
            "above": self.above,
            "sum": list(self.sum),
            "squares": list(self.squares),
            "magnitudes": {str(power): n for power, n in sorted(self.magnitudes.items())},
            "minimum": self.minimum,
            "maximum": self.maximum,
        }


def _positions(values: np.ndarray, known: tuple[float, ...]) -> np.ndarray:
    """Return the place of each number among the known ones, behind the last where there is none."""
    if not known:
        return np.zeros(len(values), dtype=np.int64)
    order = sorted(range(len(known)), key=known.__getitem__)
    ranked = np.array([known[place] for place in order])
    found = np.minimum(np.searchsorted(ranked, values), len(ranked) - 1)
    return np.where(ranked[found] == values, np.array(order)[found], len(known))
