"""Decides for each feature column what it is: numbers, text, dates, or nothing to learn from."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.core.data_words import ColumnUse
from pipeline.material.column_cells import MOST_NAMED, Cells, are_all_different
from pipeline.material.table import refused, setting
from pipeline.tabular import dates
from pipeline.tabular.cells import LARGEST_EXACT, text_of
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


@dataclass(frozen=True, kw_only=True)
class Finding:
    """What a column was decided to be; without a `column` it is left out."""

    column: Column | None
    warning: str = ""


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
    numbers = cells.numbers
    if numbers and (reason := _why_identifier(cells)):
        return _found(cells, "categorical", warning=f"{reason}, so it is read as text")
    if numbers == cells.present:
        return _found(cells, "numeric", warning=_rising(cells))
    undated = cells.where(lambda text: not dates.looks_like_one(text))
    if 2 * undated.rows <= cells.present:
        return _dates(cells, use=None)
    like = cells.where(lambda text: not cells.is_number(text) and _is_like_a_number(text))
    if 2 * (numbers + like.rows) >= cells.present:
        _require_numbers(cells)
    mixed = f"{numbers} of {cells.present} cells are numbers, the others "
    mixed += f"({cells.named(cells.strays())}) are not, so it is read as text"
    return _found(cells, "categorical", warning=mixed if numbers else "")


def _is_like_a_number(text: str) -> bool:
    return _LIKE_A_NUMBER.fullmatch(text) is not None


def _require_numbers(cells: Cells) -> None:
    strays = cells.strays()
    if not strays.rows:
        return
    spellings = sorted(set(map(text_of, strays.first)))[:MOST_NAMED]
    message = (
        f"{cells.place} holds numbers, but {strays.rows} of {cells.present} cells are none: "
        f"{cells.named(strays)}."
    )
    if any(map(_is_like_a_number, strays.first)):
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
    padded = large = ""
    for row, text in cells.texts():
        if not cells.is_number(text):
            continue
        if not _DIGITS.fullmatch(text):
            return ""  # among 1.5 and 2.5 also 03 is a number
        if not padded and _LEADING_ZERO.fullmatch(text):
            padded = cells.one(row, text)
        if not large and _is_too_large(text):
            large = cells.one(row, text)
    if padded:
        return f"leading zeros tell its cells apart ({padded})"
    return f"{large} has more digits than a number keeps" if large else ""


def _is_too_large(digits: str) -> bool:
    return len(digits) > 16 or abs(int(digits)) > LARGEST_EXACT


def _dates(cells: Cells, *, use: ColumnUse | None) -> Finding:
    asked = {"date_day_first": "day_first", "date_month_first": "month_first"}.get(use or "")
    orders = [order for order in dates.ORDERS if asked in (None, order)]
    strays = cells.where(lambda text: not _is_dated(text, orders, told=use is not None))
    if strays.rows:
        message = (
            f"{cells.place} holds dates, but {strays.rows} of {cells.present} cells are none "
            f"that can be read: {cells.named(strays)}."
        )
        spellings = sorted(set(map(text_of, strays.first)))[:MOST_NAMED]
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
    doubtful = cells.where(dates.needs_order)
    common = [
        order
        for order in orders
        if all(
            dates.is_date(text, order=order) for _, text in cells.texts() if dates.needs_order(text)
        )
    ]
    if doubtful.rows and len(common) != 1:
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
    order = common[0] if doubtful.rows else None
    how = f" ({order.replace('_', ' ')})" if order else ""
    warning = f"dates{how}, of which the model learns {', '.join(dates.PARTS).replace('_', ' ')}"
    return _found(cells, "date", order=order, warning=warning)


def _useless(cells: Cells, found: Finding) -> str | None:
    """Say why a model would learn nothing from a column that others could use, if so."""
    if found.column and found.column.kind == "numeric":
        return _row_numbers(cells)
    count = cells.present
    if not (found.column and found.column.kind == "categorical") or count < _LEAST_ROWS:
        return None
    different = cells.different()
    words = sum(len(text.split()) for _, text in cells.texts()) / count
    if 2 * different >= count and words >= 4:
        return f"free text ({different} different ones in {count} rows)"
    if 10 * different >= 9 * count:
        return f"identifiers ({different} different texts in {count} rows)"
    return None


def _row_numbers(cells: Cells) -> str | None:
    """Say so where whole numbers count the rows, or are all different against all chance.

    Of n numbers that chance draws from a range, two are alike but for exp(-n^2 / 2 range).
    """
    whole, count = cells.whole, cells.rows
    if count < _LEAST_NUMBERED_ROWS or whole is None:
        return None
    width = whole.most - whole.least + 1
    is_too_wide = width != count and 2 * _CHANCE * width > count**2
    if is_too_wide or not are_all_different(cells.values, rows=count):
        return None
    span = f"{whole.least} to {whole.most}"
    if width == count:
        return f"row numbers ({span})"
    return f"identifiers ({count} different whole numbers from {span})"


def _rising(cells: Cells) -> str:
    """Warn of numbers that rise or fall from row to row: they tell the order of the file."""
    whole = cells.whole
    if cells.rows < _LEAST_ROWS or whole is None or whole.steps not in ({1}, {-1}):
        return ""
    remedy = f"if it is an identifier, set {cells.use('drop')}"
    return f"a whole number that changes one way from row to row; {remedy}"


def _found(
    cells: Cells, kind: str, *, order: dates.Order | None = None, warning: str = ""
) -> Finding:
    column = Column(name=cells.name, kind=kind, order=order)  # type: ignore[arg-type]
    return Finding(column=column, warning=f"{cells.place}: {warning}." if warning else "")


def _left_out(cells: Cells, reason: str, *, can_be_used: bool = True) -> Finding:
    remedy = f" To use it, set {cells.use('use')}." if can_be_used else ""
    return Finding(column=None, warning=f"{cells.place} is left out: {reason}.{remedy}")
