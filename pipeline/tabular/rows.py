"""On which side of a split a row stands: its content and the seed decide, never its neighbours.

A row keeps its side when rows are added, removed or put into another order. Equal rows stay
together, whatever their labels, so that no copy of a training row is held out.
"""

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

from pipeline.tabular.cells import Spelling, text_of
from pipeline.tabular.schema import Column

# A row that occurs more often is a common value and no copy: it is divided so many at a time.
COPIES = 10
_WHOLE = 2**64


def feature_keys(
    cells: Mapping[str, Sequence[str]], columns: Iterable[Column], *, spelling: Spelling
) -> Iterator[bytes]:
    """Yield what the features of each row are known by, given the cells of each column by name.

    Numbers count by their value, other cells as text; the order of the columns does not count.
    """
    ordered = sorted(columns, key=lambda column: column.name)
    values = [_values(cells[column.name], column, spelling) for column in ordered]
    for row in zip(*values, strict=True):
        yield hashlib.blake2b("\0".join(row).encode(), digest_size=16).digest()


def row_keys(features: Iterable[bytes], labels: Iterable[str]) -> Iterator[bytes]:
    """Yield what each row is known by in a split: at most `COPIES` equal rows of a label share it.

    Which of them come first makes no difference, because they are equal.
    """
    seen: Counter[tuple[bytes, str]] = Counter()
    for key, label in zip(features, labels, strict=True):
        block = seen[key, label] // COPIES
        seen[key, label] += 1
        yield key if block == 0 else _hashed(key + label.encode(), block)


def place_of(key: bytes, *, seed: int) -> float:
    """Return where a row lies from 0 to 1; below the share that is held out, it is held out."""
    return int.from_bytes(_hashed(key, seed)[:8]) / _WHOLE


def _hashed(content: bytes, number: int) -> bytes:
    return hashlib.blake2b(content + number.to_bytes(8), digest_size=16).digest()


def _values(cells: Sequence[str], column: Column, spelling: Spelling) -> Iterator[str]:
    plain = spelling.plain(cells) if column.kind == "numeric" else None
    if plain is not None:
        # Adding 0.0 makes 0.0 of -0.0
        yield from (repr(number + 0.0) for number in plain)
        return
    for cell in cells:
        text = text_of(cell)
        if not text or text in spelling.missing:
            yield ""
            continue
        number = spelling.written(text) if column.kind == "numeric" else None
        yield text if number is None else repr(number + 0.0)
