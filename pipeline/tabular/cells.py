"""What one cell of a table means: missing, a number, or a text in its one canonical form.

The runner decides about a file with this code, and the containers read rows and requests with it:
it travels there, so it needs the standard library only. A request's JSON values are cells too.
"""

import functools
import math
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

Cell = str | int | float | bool | None

# What pandas.read_csv takes for a missing value, beside a blank cell
MISSING = frozenset(
    [
        *("NA", "N/A", "n/a", "<NA>", "#N/A", "#NA", "#N/A N/A", "NULL", "null", "None"),
        *("NaN", "nan", "-NaN", "-nan", "1.#IND", "1.#QNAN", "-1.#IND", "-1.#QNAN"),
    ]
)
# Beyond it a float skips whole numbers: two identifiers would become one
LARGEST_EXACT = 2**53
_ZERO_WIDTH = "\u200b\u200c\u200d\u2060\ufeff"
_OUTER = "".join(filter(str.isspace, map(chr, range(0x3001)))) + _ZERO_WIDTH
_BOOLEANS = ("true", "false")
_WHOLE = re.compile(r"-?(0|[1-9][0-9]{0,17})(\.0+)?")
_NUMBER = {
    mark: re.compile(
        rf"[+-]?([0-9]+({re.escape(mark)}[0-9]*)?|{re.escape(mark)}[0-9]+)([eE][+-]?[0-9]+)?"
    )
    for mark in (".", ",")
}


def trimmed(text: str) -> str:
    """Return a text without outer spaces, composed (Unicode form NFC)."""
    if text.isascii():
        return text.strip()
    return unicodedata.normalize("NFC", text).strip(_OUTER)


def text_of(cell: Cell) -> str:
    """Return the one spelling of a cell's value, blank for nothing.

    `1`, `1.0` and the number 1 are alike, and so are `TRUE`, `true` and JSON's true. A leading zero
    stays. Raises ValueError for a list or an object.
    """
    if isinstance(cell, str):  # asked first: a large file has millions
        text = trimmed(cell)
        if text.endswith("0"):
            return _plain_whole(text)
        return text.lower() if len(text) in (4, 5) and text.lower() in _BOOLEANS else text
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return str(cell).lower()
    if isinstance(cell, int):
        return str(cell)
    if isinstance(cell, float):
        return "" if math.isnan(cell) else _plain_whole(repr(cell))
    message = "it is no text and no number"
    raise ValueError(message)


def label_of(cell: object) -> str:
    """Return a label as text, `3`, `3.0` and the number 3 alike, without outer spaces."""
    return _plain_whole(trimmed(str(cell)))


def _plain_whole(text: str) -> str:
    return str(int(text.partition(".")[0])) if _WHOLE.fullmatch(text) else text


@dataclass(frozen=True, kw_only=True)
class Spelling:
    """How a file writes what is missing (canonical texts; a blank always is) and its numbers."""

    missing: frozenset[str] = MISSING
    decimal: str = "."

    def is_missing(self, cell: Cell) -> bool:
        text = text_of(cell)
        return not text or text in self.missing

    def number(self, cell: Cell) -> float:
        """Return a finite number, NaN for a missing one; otherwise ValueError."""
        if self.is_missing(cell):
            return math.nan
        value = self._value(cell)
        if value is None or math.isinf(value):
            message = "it is no finite number"
            raise ValueError(message)
        return value

    def _value(self, cell: Cell) -> float | None:
        if isinstance(cell, str):
            return self.written(trimmed(cell))
        return None if cell is None or isinstance(cell, bool) else float(cell)

    def written(self, text: str) -> float | None:
        """Return the finite number that a trimmed text spells, None if it spells none."""
        if not _NUMBER[self.decimal].fullmatch(text):
            return None
        value = float(text.replace(",", "."))
        return value if math.isfinite(value) else None

    def plain(self, cells: Sequence[str]) -> list[float] | None:
        """Return the numbers of cells that all spell one as Python does, None of any others.

        What `number` says of each, for many at once.
        """
        text = "".join(cells)
        if not text.isascii() or "_" in text or not self._is_pythons:
            return None
        try:
            numbers = list(map(float, cells))
        except ValueError:
            return None
        return numbers if all(map(math.isfinite, numbers)) else None

    @functools.cached_property
    def _is_pythons(self) -> bool:
        """Tell whether a point divides numbers, and none of them means a missing one."""
        return self.decimal == "." and not any(map(self._is_numeral, self.missing))

    def _is_numeral(self, text: str) -> bool:
        return self.written(text) is not None

    def category(self, cell: Cell) -> str | float:
        """Return the canonical text, NaN for a missing one; otherwise ValueError."""
        return math.nan if self.is_missing(cell) else text_of(cell)
