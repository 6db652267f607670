"""Numbers that are too many for memory: written to the job's disk as they come, read in parts.

The files have no names and are gone with the process.
"""

import tempfile
import weakref
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

PART_ROWS = 1 << 18
# Of each sorted stretch every so many-th value stays in memory, to find the others by
_STEP_ROWS = 1 << 10
_ENTRY = np.dtype([("value", np.float64), ("weight", np.float64), ("marked", np.float64)])


class Spool:
    """Entries of one numpy type in the order in which they came."""

    def __init__(self, dtype: Any) -> None:
        self._dtype = np.dtype(dtype)
        self._file = tempfile.TemporaryFile()  # noqa: SIM115
        weakref.finalize(self, self._file.close)
        self._rows = 0

    def __len__(self) -> int:
        return self._rows

    def append(self, entries: np.ndarray) -> None:
        self._file.seek(self._rows * self._dtype.itemsize)
        self._file.write(np.ascontiguousarray(entries, dtype=self._dtype).tobytes())
        self._rows += len(entries)

    def read(self, start: int, stop: int) -> np.ndarray:
        self._file.seek(start * self._dtype.itemsize)
        content = self._file.read((stop - start) * self._dtype.itemsize)
        return np.frombuffer(content, dtype=self._dtype)

    def parts(self) -> Iterator[np.ndarray]:
        for start in range(0, self._rows, PART_ROWS):
            yield self.read(start, min(start + PART_ROWS, self._rows))


@dataclass(frozen=True, kw_only=True)
class Block:
    """Different values, rising; the weight of the rows that have each, and of those marked."""

    values: np.ndarray
    weights: np.ndarray
    marked: np.ndarray


class Ranked:
    """Finite numbers in ascending order, whatever the order in which they came.

    Each stretch that is added is written sorted; blocks merge the same span of all stretches.
    """

    def __init__(self) -> None:
        self._spool = Spool(_ENTRY)
        self._begins: list[int] = []
        self._steps: list[np.ndarray] = []
        self._rows = 0

    @classmethod
    def of(cls, values: np.ndarray) -> "Ranked":
        ranked = cls()
        ranked.add(values)
        return ranked

    def __len__(self) -> int:
        return self._rows

    def add(
        self,
        values: np.ndarray,
        *,
        marked: np.ndarray | None = None,
        weights: np.ndarray | None = None,
    ) -> None:
        """Add a stretch of rows; without `weights` each of them weighs 1."""
        weight = np.ones(len(values)) if weights is None else weights
        found = _merged(values, weight, weight * (False if marked is None else marked))
        entries = np.empty(len(found.values), dtype=_ENTRY)
        for name, column in zip(_ENTRY.names or (), vars(found).values(), strict=True):
            entries[name] = column
        self._rows += len(values)
        self._begins.append(len(self._spool))
        self._steps.append(found.values[::_STEP_ROWS].copy())
        self._spool.append(entries)

    def blocks(self) -> Iterator[Block]:
        """Yield all values in ascending order, each in one block only."""
        begins, ends = list(self._begins), [*self._begins[1:], len(self._spool)]
        for border in self._borders():
            parts = []
            for number, end in enumerate(ends):
                stop = self._after(number, border, end)
                parts.append(self._spool.read(begins[number], stop))
                begins[number] = stop
            entries = np.concatenate(parts)
            if len(entries):
                yield _merged(entries["value"], entries["weight"], entries["marked"])

    def at(self, ranks: np.ndarray) -> np.ndarray:
        """Return the values of these rows, counted from 0 in ascending order; weights are 1."""
        found, before = np.empty(len(ranks)), 0.0
        for block in self.blocks():
            until = before + np.cumsum(block.weights)
            here = (ranks >= before) & (ranks < until[-1])
            found[here] = block.values[np.searchsorted(until, ranks[here], side="right")]
            before = until[-1]
        return found

    def above(self, values: np.ndarray) -> np.ndarray:
        """Return the next larger value of each, where there is one."""
        found = np.full(len(values), np.nan)
        for block in self.blocks():
            place = np.searchsorted(block.values, values, side="right")
            is_new = np.isnan(found) & (place < len(block.values))
            found[is_new] = block.values[place[is_new]]
        return np.asarray(found[~np.isnan(found)])

    def _borders(self) -> Iterator[float]:
        """Yield values that about as many entries lie between as are read at once."""
        if self._steps:
            yield from np.unique(np.sort(np.concatenate(self._steps))[:: PART_ROWS // _STEP_ROWS])
            yield np.inf

    def _after(self, number: int, border: float, end: int) -> int:
        """Return where the values of a stretch end that are not above the border."""
        steps = self._steps[number]
        start = int(np.searchsorted(steps, border, side="right")) - 1
        if start < 0:
            return self._begins[number]
        place = self._begins[number] + start * _STEP_ROWS
        entries = self._spool.read(place, min(place + _STEP_ROWS, end))
        return place + int(np.searchsorted(entries["value"], border, side="right"))


def _merged(values: np.ndarray, weights: np.ndarray, marked: np.ndarray) -> Block:
    order = np.argsort(values, kind="stable")
    values, weights, marked = values[order], weights[order], marked[order]
    starts = np.flatnonzero(np.append(True, values[1:] != values[:-1])[: len(values)])
    if not len(starts):
        return Block(values=values, weights=weights, marked=marked)
    return Block(
        values=values[starts],
        weights=np.add.reduceat(weights, starts),
        marked=np.add.reduceat(marked, starts),
    )
