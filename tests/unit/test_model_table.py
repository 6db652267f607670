"""Cells to typed columns: what is a number, what is missing, what is refused."""

import io
import math
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.table import (
    MISSING,
    Column,
    TableError,
    category,
    frame_of,
    infer_kind,
    infer_label_kind,
    labels_of,
    number,
    read_only_table,
    read_table,
)
from pipeline import split

SIZE = Column(name="size", kind="numeric")
COLOUR = Column(name="colour", kind="categorical")


@pytest.mark.parametrize("marker", sorted(MISSING))
def test_missing_means_what_pandas_takes_for_missing(marker: str) -> None:
    seen = pd.read_csv(io.StringIO(f"a,b\n{marker},1\n"), dtype=str)
    assert seen["a"].isna().all()


def test_split_and_model_agree_on_what_is_missing() -> None:
    assert split.MISSING == MISSING


@pytest.mark.parametrize(
    ("cells", "kind"),
    [
        (["1", "2.5", ""], "numeric"),
        (["1e3", "-4", "NA"], "numeric"),
        (["1", "two"], "categorical"),
        (["", ""], "categorical"),
        (["True", "False"], "categorical"),
        (["1_000", "2"], "categorical"),
    ],
)
def test_kind_of_a_column(cells: list[str], kind: str) -> None:
    assert infer_kind(cells) == kind


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_every_finite_number_survives_its_text(value: float) -> None:
    assert number(repr(value)) == value == number(value)


@given(st.text().filter(lambda text: text not in MISSING))
def test_text_is_kept_as_it_is(text: str) -> None:
    assert category(text) == text


def test_missing_cells_become_nan() -> None:
    frame = frame_of([["", None], [None, "NA"]], columns=[SIZE, COLOUR])
    assert frame.isna().all(axis=None)
    assert [str(dtype) for dtype in frame.dtypes] == ["float64", "object"]


@pytest.mark.parametrize("cell", ["wide", "inf", True, [1], {"a": 1}, math.inf, "1_0", 10**400])
def test_a_cell_that_is_no_number_names_column_and_row(cell: object) -> None:
    with pytest.raises(TableError, match=r"Column 'size', row 2: .* is not a finite number"):
        frame_of([[1], [cell]], columns=[SIZE])  # type: ignore[list-item]


def test_a_nested_category_is_refused() -> None:
    with pytest.raises(TableError, match="Column 'colour', row 1"):
        frame_of([[["red"]]], columns=[COLOUR])  # type: ignore[list-item]


@pytest.mark.parametrize(
    ("cells", "kind"),
    [
        (["0", "1"], "integer"),
        (["1.0", "2.0"], "integer"),
        (["-1", "1"], "integer"),
        (["007", "1"], "text"),
        (["1.5", "2"], "text"),
        (["yes", "no"], "text"),
    ],
)
def test_kind_of_labels(cells: list[str], kind: str) -> None:
    assert infer_label_kind(cells) == kind


def test_integer_labels_become_integers() -> None:
    assert labels_of(["1.0", "2"], kind="integer", target="t").tolist() == [1, 2]


@pytest.mark.parametrize(("cell", "text"), [("", "is missing"), ("x", "no whole number")])
def test_an_unusable_label_names_its_row(cell: str, text: str) -> None:
    with pytest.raises(TableError, match=f"'t', row 2: .*{text}"):
        labels_of(["1", cell], kind="integer", target="t")


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
        read_table(content)


def test_quotes_commas_newlines_and_byte_order_marks_are_read() -> None:
    table = read_table('\ufeffa,b\n"1,5","two\nlines ""here"""\n'.encode())
    assert (table.names, table.rows) == (("a", "b"), (("1,5", 'two\nlines "here"'),))


def test_a_channel_with_two_files_is_refused_by_name(tmp_path: Path) -> None:
    for name in ("one.csv", "two.csv"):
        (tmp_path / name).write_text("a,b\n1,2\n")
    with pytest.raises(TableError, match=r"it holds one\.csv, two\.csv"):
        read_only_table(tmp_path)
