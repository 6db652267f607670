"""Makes one table of several data files that hold the same columns."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import chain, islice

from pipeline.material.stored import Rows, Stored, StoredColumn
from pipeline.material.table import DataTable, listed, place, refused

# Compressed with gzip they count too: reading unpacks them by their first bytes.
_ENDINGS = (".csv", ".csv.gz")
# What tools put beside the files they write (`_SUCCESS`, `.part-0.crc`) is nobody's data.
_BESIDE = ("_", ".")


def is_data(name: str) -> bool:
    """Tell whether a file of a folder is read: CSV by its ending, and not a tool's own note."""
    last = name.rpartition("/")[2]
    return last.lower().endswith(_ENDINGS) and not last.startswith(_BESIDE)


def require_data(names: Sequence[str], *, address: str) -> tuple[str, ...]:
    """Return the data files among these in the order of their names. UsageError for none."""
    found = tuple(sorted(filter(is_data, names)))
    if not found:
        others = f" It has {listed([repr(each) for each in sorted(names)])}." if names else ""
        message = f"{address} has no file that ends in {' or '.join(_ENDINGS)}.{others}"
        raise refused(message, "Put CSV files there, or name another place in `training.data`.")
    return found


def join(tables: Iterable[DataTable], *, name: str) -> DataTable:
    """Return the rows of all tables, one below the other. Raises UsageError for other columns.

    None is kept while the next is read. Where a row is on a line, it is told with its file. The
    digest is that of all files in order.
    """
    left = iter(tables)
    first = next(left)
    rows, lines, digest = Stored(), Stored(), hashlib.sha256()
    remarks: list[str] = []
    for each in chain([first], left):
        _require_columns(each, first)
        digest.update(bytes.fromhex(each.sha256))
        remarks += each.remarks
        named = (f"{line} of {each.name}" for line in each.lines)
        for part in each.stored.parts():
            rows.append(part)
            lines.append([list(islice(named, len(part[0])))])
    return DataTable(
        name=name,
        separator=first.separator,
        columns=first.columns,
        rows=Rows(rows, range(len(first.columns))),
        lines=StoredColumn(lines, 0),
        sha256=digest.hexdigest(),
        remarks=tuple(remarks),
    )


def _require_columns(other: DataTable, first: DataTable) -> None:
    if other.columns != first.columns:
        message = (
            f"{place(other.name, other.separator)} has the columns "
            f"{_named(other.columns)}; {first.name}, which comes before it, has "
            f"{_named(first.columns)}."
        )
        raise refused(message, "Give all files of a folder the same header.")


def only(table: DataTable, columns: Sequence[str]) -> DataTable:
    """Return a table with these of its columns, in this order."""
    if tuple(columns) == table.columns:
        return table
    positions = [table.columns.index(name) for name in columns]
    return replace(table, columns=tuple(columns), rows=table.stored.only(positions))


def _named(columns: Sequence[str]) -> str:
    return listed([repr(each) for each in columns], most=30)
