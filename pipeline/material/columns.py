"""Decides for each feature column what it is: numbers, text, dates, or nothing to learn from."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from pipeline.core.data_words import ColumnUse
from pipeline.material.table import DataTable, listed, refused, setting, shown
from pipeline.tabular import dates
from pipeline.tabular.cells import LARGEST_EXACT, Spelling, text_of, trimmed
from pipeline.tabular.schema import Column

_LEADING_ZERO = re.compile(r"[+-]?0[0-9]+")
_DIGITS = re.compile(r"[+-]?[0-9]+")
# What a person reads as a number and no program does: 1,234 and 1.234,5 and 12 % and $5
_LIKE_A_NUMBER = re.compile(
    r"[€$£]? ?[+-]?([0-9]{1,3}([,.'\u2019 \u00a0\u202f][0-9]{3})+([.,][0-9]+)?"
    r"|[0-9]+[.,][0-9]+|[0-9]+) ?[%€$£]?"
)
# With fewer rows than these, values that are all different prove nothing
_LEAST_NUMBERED_ROWS = 10
_LEAST_ROWS = 20
# One file in exp(10) = 22,000 has different numbers everywhere by chance
_CHANCE = 10
_MOST_NAMED = 5


@dataclass(frozen=True, kw_only=True)
class Finding:
    """What a column was decided to be; without a `column` it is left out."""

    column: Column | None
    warning: str = ""


class Cells:
    """One column of a file: its cells without outer spaces, and where the present ones are."""

    def __init__(self, table: DataTable, position: int, *, spelling: Spelling) -> None:
        self.table = table
        self.position = position
        self.name = table.columns[position]
        self.texts = [trimmed(cell) for cell in table.column(position)]
        different = set(self.texts)
        missing = {text for text in different if spelling.is_missing(text)}
        self.present = [n for n, text in enumerate(self.texts) if text not in missing]
        self.values = [self.texts[index] for index in self.present]
        self.numbers = {
            text: value
            for text in different - missing
            if (value := spelling.written(text)) is not None
        }

    def is_number(self, text: str) -> bool:
        return text in self.numbers

    @property
    def place(self) -> str:
        named = repr(self.name) if self.name else f"{self.position + 1}, which has no name,"
        return f"{self.table.place}, column {named}"

    @property
    def categories(self) -> set[str]:
        return {text_of(value) for value in self.values}

    def unlike(self, is_right: Callable[[str], bool]) -> list[int]:
        """Return the rows whose cell is there and not right."""
        return [index for index in self.present if not is_right(self.texts[index])]

    def named(self, rows: Sequence[int]) -> str:
        """Name cells by their spelling: how many, and the line of the first."""
        first: dict[str, int] = {}
        for index in rows:
            first.setdefault(self.texts[index], index)
        counts = {text: sum(self.texts[n] == text for n in rows) for text in first}
        return listed(
            [
                f"{shown(text)} on line {self.table.lines[index]}"
                + (f" and {counts[text] - 1} more" if counts[text] > 1 else "")
                for text, index in first.items()
            ],
            most=_MOST_NAMED,
        )

    def use(self, use: ColumnUse) -> str:
        return setting("columns", {self.name: use})


def decide_column(cells: Cells, use: ColumnUse | None) -> Finding:
    """Return what a column is; UsageError where its cells contradict each other or `use`."""
    match use:
        case "drop":
            return Finding(column=None)
        case "text":
            return _found(cells, "categorical")
        case "number":
            _require_numbers(cells)
            return _found(cells, "numeric")
        case "date" | "date_day_first" | "date_month_first":
            return _dates(cells, use=use)
    if not cells.present:
        return _left_out(cells, "no cell holds a value", can_be_used=False)
    if use is None and not cells.name:
        return _left_out(cells, "nothing says what it holds")
    found = _by_content(cells)
    reason = None if use == "use" else _useless(cells, found)
    return _left_out(cells, reason) if reason else found


def _by_content(cells: Cells) -> Finding:
    strays = cells.unlike(cells.is_number)
    numbers = len(cells.present) - len(strays)
    if numbers and (reason := _why_identifier(cells)):
        return _found(cells, "categorical", warning=f"{reason}, so it is read as text")
    if not strays:
        return _found(cells, "numeric", warning=_rising(cells))
    undated = cells.unlike(dates.looks_like_one)
    if 2 * len(undated) <= len(cells.present):
        return _dates(cells, use=None)
    like = [index for index in strays if _LIKE_A_NUMBER.fullmatch(cells.texts[index])]
    if 2 * (numbers + len(like)) >= len(cells.present):
        _require_numbers(cells)
    mixed = f"{numbers} of {len(cells.present)} cells are numbers, the others "
    mixed += f"({cells.named(strays)}) are not, so it is read as text"
    return _found(cells, "categorical", warning=mixed if numbers else "")


def _require_numbers(cells: Cells) -> None:
    strays = cells.unlike(cells.is_number)
    if not strays:
        return
    spellings = sorted({text_of(cells.texts[index]) for index in strays})[:_MOST_NAMED]
    message = (
        f"{cells.place} holds numbers, but {len(strays)} of {len(cells.present)} cells are none: "
        f"{cells.named(strays)}."
    )
    if any(_LIKE_A_NUMBER.fullmatch(cells.texts[index]) for index in strays):
        remedy = (
            "Write plain numbers there (no thousands separators, no units, the decimal mark of "
            f"the others), or set {cells.use('text')} or {cells.use('drop')}."
        )
    else:
        remedy = (
            f"Correct these cells; if they mean missing, set {setting('missing_values', spellings)}"
            f"; if the column is no number, set {cells.use('text')}."
        )
    raise refused(message, remedy)


def _why_identifier(cells: Cells) -> str:
    """Say why a column with digits is no column of numbers, if it is none."""
    if not all(map(_DIGITS.fullmatch, cells.numbers)):  # among 1.5 and 2.5 also 03 is a number
        return ""
    whole = [index for index in cells.present if cells.is_number(cells.texts[index])]
    padded = [index for index in whole if _LEADING_ZERO.fullmatch(cells.texts[index])]
    if padded:
        return f"leading zeros tell its cells apart ({cells.named(padded[:1])})"
    large = [index for index in whole if _is_too_large(cells.texts[index])]
    if large:
        return f"{cells.named(large[:1])} has more digits than a number keeps"
    return ""


def _is_too_large(digits: str) -> bool:
    return len(digits) > 16 or abs(int(digits)) > LARGEST_EXACT


def _dates(cells: Cells, *, use: ColumnUse | None) -> Finding:
    asked = {"date_day_first": "day_first", "date_month_first": "month_first"}.get(use or "")
    orders = [order for order in dates.ORDERS if asked in (None, order)]
    strays = cells.unlike(lambda text: _is_dated(text, orders, told=use is not None))
    if strays:
        message = (
            f"{cells.place} holds dates, but {len(strays)} of {len(cells.present)} cells are none "
            f"that can be read: {cells.named(strays)}."
        )
        spellings = sorted({text_of(cells.texts[index]) for index in strays})[:_MOST_NAMED]
        remedy = (
            "Write them as 2020-12-31 with a year of four digits; if they mean missing, set "
            f"{setting('missing_values', spellings)}; else set {cells.use('text')} or "
            f"{cells.use('drop')}."
        )
        raise refused(message, remedy)
    return _in_order(cells, orders)


def _is_dated(text: str, orders: Sequence[dates.Order], *, told: bool) -> bool:
    if told:
        return any(dates.is_date(text, order=order) for order in orders)
    return bool(dates.orders_of(text))


def _in_order(cells: Cells, orders: Sequence[dates.Order]) -> Finding:
    """Decide the order of day and month for the whole column."""
    doubtful = [index for index in cells.present if dates.needs_order(cells.texts[index])]
    common = [
        order
        for order in orders
        if all(dates.is_date(cells.texts[index], order=order) for index in doubtful)
    ]
    if doubtful and len(common) != 1:
        why = (
            "does not tell the day from the month"
            if common
            else "puts the day first in some cells and the month in others"
        )
        message = f"{cells.place} {why}: {cells.named(doubtful)}."
        remedy = (
            f"Write dates as 2020-12-31, or set {cells.use('date_day_first')} or "
            f"{cells.use('date_month_first')}."
        )
        raise refused(message, remedy)
    order = common[0] if doubtful else None
    how = f" ({order.replace('_', ' ')})" if order else ""
    warning = f"dates{how}, of which the model learns {', '.join(dates.PARTS).replace('_', ' ')}"
    return _found(cells, "date", order=order, warning=warning)


def _useless(cells: Cells, found: Finding) -> str | None:
    """Say why a model would learn nothing from a column that others could use, if so."""
    if found.column and found.column.kind == "numeric":
        return _row_numbers(cells)
    count = len(cells.present)
    if not (found.column and found.column.kind == "categorical") or count < _LEAST_ROWS:
        return None
    different = len(cells.categories)
    words = sum(len(value.split()) for value in cells.values) / count
    if 2 * different >= count and words >= 4:
        return f"free text ({different} different ones in {count} rows)"
    if 10 * different >= 9 * count:
        return f"identifiers ({different} different texts in {count} rows)"
    return None


def _row_numbers(cells: Cells) -> str | None:
    """Say so where whole numbers count the rows, or are all different against all chance.

    Of n numbers that chance draws from a range, two are alike but for exp(-n^2 / 2 range).
    """
    values, count = _whole_numbers(cells), len(cells.texts)
    if count < _LEAST_NUMBERED_ROWS or len(set(values)) < count:
        return None
    width = max(values) - min(values) + 1
    span = f"{min(values)} to {max(values)}"
    if width == count:
        return f"row numbers ({span})"
    if 2 * _CHANCE * width <= count**2:
        return f"identifiers ({count} different whole numbers from {span})"
    return None


def _rising(cells: Cells) -> str:
    """Warn of numbers that rise or fall from row to row: they tell the order of the file."""
    values = _whole_numbers(cells)
    if len(values) < _LEAST_ROWS:
        return ""
    steps = {(b > a) - (b < a) for a, b in pairwise(values)}
    if steps not in ({1}, {-1}):
        return ""
    remedy = f"if it is an identifier, set {cells.use('drop')}"
    return f"a whole number that changes one way from row to row; {remedy}"


def _whole_numbers(cells: Cells) -> list[int]:
    """Return every cell as a whole number, nothing where one is missing or has a fraction."""
    is_whole = all(map(float.is_integer, cells.numbers.values()))
    if not is_whole or len(cells.values) < len(cells.texts):
        return []
    return [int(cells.numbers[value]) for value in cells.values]


def _found(
    cells: Cells, kind: str, *, order: dates.Order | None = None, warning: str = ""
) -> Finding:
    column = Column(name=cells.name, kind=kind, order=order)  # type: ignore[arg-type]
    return Finding(column=column, warning=f"{cells.place}: {warning}." if warning else "")


def _left_out(cells: Cells, reason: str, *, can_be_used: bool = True) -> Finding:
    remedy = f" To use it, set {cells.use('use')}." if can_be_used else ""
    return Finding(column=None, warning=f"{cells.place} is left out: {reason}.{remedy}")
