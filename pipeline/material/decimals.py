"""Finds out whether a file writes 1.5 or 1,5, and asks where its numbers do not tell."""

import re
from dataclasses import dataclass
from typing import Literal

from pipeline.material.table import DataTable, refused, setting, shown
from pipeline.tabular.cells import Spelling, trimmed

_NUMBERLIKE = re.compile(r"[+-]?[0-9]*[.,]?[0-9][0-9.,]*([eE][+-]?[0-9]+)?")
_DECIMAL = {
    mark: re.compile(rf"[+-]?[0-9]*{re.escape(mark)}[0-9]+([eE][+-]?[0-9]+)?") for mark in ".,"
}
# 1,234 is 1234 in one country and 1.234 in another; 0,123 and 1,23 are never thousands
_EITHER = re.compile(r"[+-]?[1-9][0-9]{0,2}[.,][0-9]{3}")
Evidence = Literal["point", "comma", "either"]


@dataclass(frozen=True, kw_only=True)
class _Seen:
    evidence: Evidence
    where: str


def find_decimal(table: DataTable, *, spelling: Spelling) -> tuple[str, str]:
    """Return the decimal mark of the whole file and a remark where it is no point.

    A comma counts where it cannot divide thousands. Raises UsageError where both marks are used,
    and where no cell tells which of the two a comma is.
    """
    columns = [table.column(position) for position in range(len(table.columns))]
    if not any("," in "".join(part) for column in columns for part in column.parts()):
        return ".", ""
    seen: dict[Evidence, _Seen] = {}
    for position in range(len(table.columns)):
        for found in _evidence(table, position, spelling=spelling):
            seen.setdefault(found.evidence, found)
    comma, point, either = seen.get("comma"), seen.get("point"), seen.get("either")
    if comma and point:
        message = f"{table.place} holds decimal commas ({comma.where}) and points ({point.where})."
        remedy = f"Write all numbers alike, or say how: {setting('decimal', ',')}, or a point."
        raise refused(message, remedy)
    if comma:
        return ",", f"{table.place}: numbers are read with a decimal comma ({comma.where})."
    if either and not point:
        message = (
            f"{table.place}: the comma may be a decimal comma or divide thousands ({either.where})."
        )
        remedy = f"Write numbers without thousands separators, or set {setting('decimal', ',')}."
        raise refused(message, remedy)
    return ".", ""


def _evidence(table: DataTable, position: int, *, spelling: Spelling) -> list[_Seen]:
    """Return what a column tells, if half of its cells look like numbers."""
    present = numbers = 0
    first: dict[Evidence, tuple[int, str]] = {}
    for index, cell in enumerate(map(trimmed, table.column(position))):
        if spelling.is_missing(cell):
            continue
        present += 1
        if not _NUMBERLIKE.fullmatch(cell):
            continue
        numbers += 1
        evidence = _told_by(cell)
        if evidence is not None:
            first.setdefault(evidence, (index, cell))
    if not numbers or 2 * numbers < present:
        return []
    name = table.columns[position]
    return [
        _Seen(
            evidence=evidence,
            where=f"line {table.lines[index]}, column {name!r}: {shown(cell)}",
        )
        for evidence, (index, cell) in first.items()
    ]


def _told_by(cell: str) -> Evidence | None:
    if _EITHER.fullmatch(cell):
        return "either" if "," in cell else None
    if _DECIMAL[","].fullmatch(cell):
        return "comma"
    return "point" if _DECIMAL["."].fullmatch(cell) else None
