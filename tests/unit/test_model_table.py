"""Cells to typed columns: what is a number, what is missing, what is refused."""

import math
from pathlib import Path

import pandas as pd
import pytest

from model.table import (
    TableError,
    frame_of,
    labels_of,
    read_only_schema,
    read_only_table,
    read_table,
)
from pipeline.tabular.cells import Spelling
from pipeline.tabular.schema import Column

SIZE = Column(name="size", kind="numeric")
PLAIN = Spelling()
COLOUR = Column(name="colour", kind="categorical")


def test_missing_cells_become_nan() -> None:
    frame = frame_of([["", None], [None, "NA"]], columns=[SIZE, COLOUR], spelling=PLAIN)
    assert frame.isna().all(axis=None)
    assert [str(dtype) for dtype in frame.dtypes] == ["float64", "object"]


@pytest.mark.parametrize("cell", ["wide", "inf", True, [1], {"a": 1}, math.inf, "1_0", 10**400])
def test_a_cell_that_is_no_number_names_column_and_row(cell: object) -> None:
    with pytest.raises(TableError, match=r"Column 'size', row 2: .* is not a finite number"):
        frame_of([[1], [cell]], columns=[SIZE], spelling=PLAIN)  # type: ignore[list-item]


JOINED = Column(name="joined", kind="date")


def test_a_date_becomes_the_numbers_it_tells_and_a_missing_one_none() -> None:
    frame = frame_of([["2020-12-31"], [None]], columns=[JOINED], spelling=PLAIN)
    assert frame.columns.tolist() == [
        *("joined.year", "joined.month", "joined.weekday", "joined.day_of_year", "joined.days")
    ]
    assert frame.iloc[0].tolist() == [2020, 12, 3, 366, 18627]
    assert frame.iloc[1].isna().all()


@pytest.mark.parametrize("cell", ["soon", "31/12/2020", "2020-02-30", 5, True, "12/31/20"])
def test_a_cell_that_is_no_date_names_column_and_row(cell: str | int) -> None:
    with pytest.raises(TableError, match=r"Column 'joined', row 1: .* is not a date such as"):
        frame_of([[cell]], columns=[JOINED], spelling=PLAIN)


def test_a_table_without_rows_has_the_columns_all_the_same() -> None:
    frame = frame_of([], columns=[SIZE, JOINED], spelling=PLAIN)
    assert (len(frame), len(frame.columns)) == (0, 6)
    assert isinstance(frame, pd.DataFrame)


def test_rows_without_a_schema_are_refused(tmp_path: Path) -> None:
    with pytest.raises(TableError, match=r"must hold schema\.json beside its CSV file"):
        read_only_schema(tmp_path)


def test_a_nested_category_is_refused() -> None:
    with pytest.raises(TableError, match="Column 'colour', row 1"):
        frame_of([[["red"]]], columns=[COLOUR], spelling=PLAIN)  # type: ignore[list-item]


def test_integer_labels_become_integers() -> None:
    assert labels_of(["1.0", "2"], kind="integer", target="t", spelling=PLAIN).tolist() == [1, 2]


@pytest.mark.parametrize(("cell", "text"), [("", "is missing"), ("x", "no whole number")])
def test_an_unusable_label_names_its_row(cell: str, text: str) -> None:
    with pytest.raises(TableError, match=f"'t', row 2: .*{text}"):
        labels_of(["1", cell], kind="integer", target="t", spelling=PLAIN)


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (b"a,b\n", "no rows below"),
        (b"", "no rows below"),
        (b"a,a\n1,2\n", "occur twice"),
        (b"a,b\n1\n", "CSV row 2 has 1 cells, row 1 has 2"),
        (b'a,b\n"1,2\n', "Not readable as CSV"),
    ],
)
def test_a_broken_file_says_what_is_wrong(content: bytes, text: str) -> None:
    with pytest.raises(TableError, match=text):
        list(read_table(content).parts())


def test_quotes_commas_newlines_and_byte_order_marks_are_read() -> None:
    table = read_table('\ufeffa,b\n"1,5","two\nlines ""here"""\n'.encode())
    (part,) = table.parts()
    assert (part.names, part.rows) == (("a", "b"), (("1,5", 'two\nlines "here"'),))


def test_a_channel_with_two_files_is_refused_by_name(tmp_path: Path) -> None:
    for name in ("one.csv", "two.csv"):
        (tmp_path / name).write_text("a,b\n1,2\n")
    with pytest.raises(TableError, match=r"it holds one\.csv, two\.csv"):
        read_only_table(tmp_path)
