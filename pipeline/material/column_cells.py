"""The cells of one column, gone through in parts as often as it takes to decide what it is."""

import functools
import math
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice

from pipeline.core.data_words import ColumnUse
from pipeline.material.table import DataTable, setting, shown
from pipeline.tabular.cells import Spelling, text_of, trimmed

MOST_NAMED = 5
# So many spellings of strays are told apart
_MOST_SPELLINGS = 100_000
# So many values are held at once
_AT_ONCE = 500_000


@dataclass(kw_only=True)
class Strays:
    """Cells that are alike in something: how many, and where the first of each spelling is."""

    rows: int = 0
    first: dict[str, int] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)

    def add(self, row: int, text: str) -> None:
        self.rows += 1
        if text in self.first or len(self.first) < _MOST_SPELLINGS:
            self.first.setdefault(text, row)
            self.counts[text] += 1


class Cells:
    """One column of a file, gone through without outer spaces as often as it takes.

    `present` cells hold a value; of these, `numbers` are numbers.
    """

    def __init__(self, table: DataTable, position: int, *, spelling: Spelling) -> None:
        self.table = table
        self.position = position
        self.name = table.columns[position]
        self.rows = len(table.rows)
        self.present = self.numbers = 0
        self._cells = table.column(position)
        self._spelling = spelling
        for part in self._cells.parts():
            if spelling.plain(part) is not None:
                self.present += len(part)
                self.numbers += len(part)
                continue
            for text, count in Counter(map(trimmed, part)).items():
                if not spelling.is_missing(text):
                    self.present += count
                    self.numbers += count if self.is_number(text) else 0

    def texts(self) -> Iterator[tuple[int, str]]:
        """Yield the row and the text of each cell that holds a value."""
        row = 0
        for part in self._cells.parts():
            texts = list(map(trimmed, part))
            missing = {text for text in set(texts) if self._spelling.is_missing(text)}
            for number, text in enumerate(texts, start=row):
                if text not in missing:
                    yield number, text
            row += len(part)

    def is_number(self, text: str) -> bool:
        return self._spelling.written(text) is not None

    @property
    def place(self) -> str:
        named = repr(self.name) if self.name else f"{self.position + 1}, which has no name,"
        return f"{self.table.place}, column {named}"

    def different(self) -> int:
        """Return how many categories there are."""
        return count_different(
            lambda: (text_of(text) for _, text in self.texts()), rows=self.present
        )

    @functools.cached_property
    def whole(self) -> "_Whole | None":
        """What whole numbers in every row come to; None where one is missing or has a fraction."""
        return _whole(self) if self.numbers == self.rows else None

    def values(self) -> Iterator[float]:
        """Yield the numbers of a column that holds nothing else."""
        for part in self._cells.parts():
            plain = self._spelling.plain(part)
            yield from map(self._spelling.number, part) if plain is None else plain

    def where(self, is_so: Callable[[str], bool]) -> Strays:
        """Return the cells that hold a value of which something is so."""
        found = Strays()
        for row, text in self.texts():
            if is_so(text):
                found.add(row, text)
        return found

    def strays(self) -> Strays:
        """Return the cells that hold a value and no number."""
        if self.numbers == self.present:
            return Strays()
        return self.where(lambda text: not self.is_number(text))

    def named(self, strays: Strays) -> str:
        """Name cells by their spelling: how many, and the line of the first."""
        named = [
            self.one(row, text)
            + (f" and {strays.counts[text] - 1} more" if strays.counts[text] > 1 else "")
            for text, row in islice(strays.first.items(), MOST_NAMED)
        ]
        more = len(strays.first) - len(named)
        others = f" and {more} more" if more else ""
        return ", ".join(named) + others

    def one(self, row: int, text: str) -> str:
        return f"{shown(text)} on line {self.table.lines[row]}"

    def use(self, use: ColumnUse) -> str:
        return setting("columns", {self.name: use})


@dataclass(frozen=True, kw_only=True)
class _Whole:
    """`steps` are the signs of the differences from row to row."""

    least: int
    most: int
    steps: frozenset[int]


def _whole(cells: Cells) -> _Whole | None:
    least, most = math.inf, -math.inf
    before: float | None = None
    steps: set[int] = set()
    for number in cells.values():
        if not number.is_integer():
            return None
        least, most = min(least, number), max(most, number)
        if before is not None:
            steps.add((number > before) - (number < before))
        before = number
    return _Whole(least=int(least), most=int(most), steps=frozenset(steps))


def count_different(values: Callable[[], Iterable[Hashable]], *, rows: int) -> int:
    """Count values by their hashes: too many for memory in shares, each in a look of its own."""
    seen: set[int] = set()
    for each in map(hash, values()):
        seen.add(each)
        if len(seen) > _AT_ONCE:
            break
    else:
        return len(seen)
    seen.clear()
    shares = rows // _AT_ONCE + 1
    return sum(
        len({each for each in map(hash, values()) if each % shares == share})
        for share in range(shares)
    )


def are_all_different(values: Callable[[], Iterable[Hashable]], *, rows: int) -> bool:
    shares = rows // _AT_ONCE + 1
    for share in range(shares):
        seen: set[int] = set()
        for each in map(hash, values()):
            if each in seen:
                return False
            if each % shares == share:
                seen.add(each)
    return True
