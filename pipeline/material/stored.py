"""Cells that may be too many for memory: small ones are in it, others in a file without a name.

Rows and columns are gone through a part at a time, as often as one likes.
"""

import hashlib
import marshal
import tempfile
import weakref
from bisect import bisect
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice
from typing import Any

# Of a table so many cells are in memory at once
PART_CELLS = 500_000
_IN_MEMORY_BYTES = 16 * 1024**2
_SHARE_ROWS = 200_000


class Stored:
    """Columns of equal length, written in parts."""

    def __init__(self, *, among: int = 1) -> None:
        """Keep as much in memory as one `among` so many may."""
        most = max(1, _IN_MEMORY_BYTES // among)
        self._file = tempfile.SpooledTemporaryFile(max_size=most)  # noqa: SIM115
        weakref.finalize(self, self._file.close)
        self._places: list[tuple[tuple[int, int], ...]] = []
        self._starts: list[int] = []
        self._kept: tuple[int, dict[int, list[Any]]] = (-1, {})
        self.rows = 0

    @classmethod
    def of(cls, rows: Iterable[Sequence[Any]], *, width: int) -> "Stored":
        """Store rows of so many cells."""
        stored, left = cls(), iter(rows)
        most = max(1, PART_CELLS // width)
        while part := list(islice(left, most)):
            stored.append(list(zip(*part, strict=True)))
        return stored

    def append(self, columns: Sequence[Sequence[Any]]) -> None:
        """Add rows by their columns, as many and as long as one another."""
        self._file.seek(0, 2)
        places = []
        for column in columns:
            content = marshal.dumps(list(column))
            places.append((self._file.tell(), len(content)))
            self._file.write(content)
        self._places.append(tuple(places))
        self._starts.append(self.rows)
        self.rows += len(columns[0])

    @property
    def width(self) -> int:
        return len(self._places[0])

    @property
    def part_count(self) -> int:
        return len(self._places)

    def load(self, part: int, position: int) -> list[Any]:
        place, size = self._places[part][position]
        self._file.seek(place)
        found: list[Any] = marshal.loads(self._file.read(size))
        return found

    def cell(self, row: int, position: int) -> Any:
        """Return one cell; its neighbours are read with it, for whoever asks for them next."""
        part = bisect(self._starts, row) - 1
        if self._kept[0] != part:
            self._kept = (part, {})
        columns = self._kept[1]
        if position not in columns:
            columns[position] = self.load(part, position)
        return columns[position][row - self._starts[part]]


class Shares:
    """Rows put apart by a number of theirs, so that those of equal numbers are together.

    A share has about `_SHARE_ROWS` of all `rows`, in their order.
    """

    def __init__(self, rows: int) -> None:
        count = rows // _SHARE_ROWS + 1
        self._shares = [Stored(among=count) for _ in range(count)]

    def add(self, numbers: Sequence[int], *columns: Sequence[Any]) -> None:
        count = len(self._shares)
        if count == 1:
            self._shares[0].append(columns)
            return
        apart: list[list[int]] = [[] for _ in range(count)]
        for row, number in enumerate(numbers):
            apart[number % count].append(row)
        for share, rows in zip(self._shares, apart, strict=True):
            if rows:
                share.append([[column[row] for row in rows] for column in columns])

    def __iter__(self) -> Iterator[list[list[Any]]]:
        """Yield the columns of each share that has rows."""
        for share in self._shares:
            if share.rows:
                parts = [
                    [share.load(part, place) for place in range(share.width)]
                    for part in range(share.part_count)
                ]
                yield [list(chain.from_iterable(column)) for column in zip(*parts, strict=True)]


class Written:
    """Text written a line at a time, as UTF-8; its digest, and its bytes for whoever reads them."""

    def __init__(self) -> None:
        self.file = tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY_BYTES)  # noqa: SIM115
        weakref.finalize(self, self.file.close)
        self._digest = hashlib.sha256()

    def write(self, text: str) -> None:
        content = text.encode()
        self._digest.update(content)
        self.file.write(content)

    @property
    def sha256(self) -> str:
        return self._digest.hexdigest()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Written) and self.sha256 == other.sha256

    def __hash__(self) -> int:
        return hash(self.sha256)

    def read(self) -> bytes:
        self.file.seek(0)
        return self.file.read()

    def lines(self) -> Iterator[str]:
        self.file.seek(0)
        return (line.decode() for line in self.file)


class _Ordered(Sequence[Any]):
    """What is counted, found by its number, and equal to a sequence of the same."""

    def __init__(self, stored: Stored) -> None:
        self.stored = stored

    def __len__(self) -> int:
        return self.stored.rows

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Sequence):
            return NotImplemented
        return len(self) == len(other) and all(a == b for a, b in zip(self, other, strict=True))

    __hash__ = None  # type: ignore[assignment]

    def __getitem__(self, place: Any) -> Any:
        if isinstance(place, slice):
            return tuple(self._at(row) for row in range(*place.indices(len(self))))
        row = place + len(self) if place < 0 else place
        if not 0 <= row < len(self):
            raise IndexError(place)
        return self._at(row)

    def _at(self, row: int) -> Any:
        raise NotImplementedError


class StoredColumn(_Ordered):
    """The cells of one column, in the order of the rows."""

    def __init__(self, stored: Stored, position: int) -> None:
        super().__init__(stored)
        self._position = position

    def __iter__(self) -> Iterator[Any]:
        return chain.from_iterable(self.parts())

    def parts(self) -> Iterator[list[Any]]:
        for part in range(self.stored.part_count):
            yield self.stored.load(part, self._position)

    def _at(self, row: int) -> Any:
        return self.stored.cell(row, self._position)


class Rows(_Ordered):
    """Rows as tuples of some of the columns."""

    def __init__(self, stored: Stored, positions: Sequence[int]) -> None:
        super().__init__(stored)
        self.positions = tuple(positions)

    def __iter__(self) -> Iterator[tuple[Any, ...]]:
        for columns in self.parts():
            yield from zip(*columns, strict=True)

    def parts(self) -> Iterator[list[list[Any]]]:
        """Yield the columns of each part."""
        for part in range(self.stored.part_count):
            yield [self.stored.load(part, position) for position in self.positions]

    def column(self, number: int) -> StoredColumn:
        return StoredColumn(self.stored, self.positions[number])

    def only(self, numbers: Iterable[int]) -> "Rows":
        return Rows(self.stored, [self.positions[number] for number in numbers])

    def _at(self, row: int) -> tuple[Any, ...]:
        return tuple(self.stored.cell(row, position) for position in self.positions)


def rows_of(rows: Iterable[Sequence[Any]], *, width: int) -> Rows:
    return Rows(Stored.of(rows, width=width), range(width))
