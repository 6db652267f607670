"""What a cell means: missing, a number, and the one spelling of a text."""

import io
import math
import unicodedata

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.tabular.cells import MISSING, Cell, Spelling, label_of, text_of, trimmed

PLAIN, COMMA = Spelling(), Spelling(decimal=",")


@pytest.mark.parametrize("marker", ["", *sorted(MISSING)])
def test_missing_means_what_pandas_takes_for_missing(marker: str) -> None:
    seen = pd.read_csv(io.StringIO(f"a,b\n{marker},1\n"), dtype=str)
    assert seen["a"].isna().all()
    assert PLAIN.is_missing(marker)


@pytest.mark.parametrize(
    ("cells", "text"),
    [
        (("true", "True", "TRUE", " true ", True), "true"),
        (("false", "False", "FALSE", False), "false"),
        (("1", "1.0", "1.00", " 1 ", 1, 1.0), "1"),
        (("0", "0.0", "-0", "-0.0", 0, -0.0), "0"),
        (("10", "10.0", 10, 10.0), "10"),
        (("-3", "-3.0", -3, -3.0), "-3"),
        (("1.5", 1.5, " 1.5"), "1.5"),
        (("01", " 01"), "01"),
        (("007.0",), "007.0"),
        (("1.10",), "1.10"),
        (("+1",), "+1"),
        (("9007199254740993", 9007199254740993), "9007199254740993"),
        (("100000000000000000000", 10**20), "100000000000000000000"),
        (("caf\u00e9", "cafe\u0301", "\u00a0caf\u00e9\u200b", "\ufeffcaf\u00e9"), "caf\u00e9"),
        (("new york", "\tnew york\n", "new york\u3000"), "new york"),
        (("Red",), "Red"),
        (("yes",), "yes"),
        (("", "  ", None, math.nan, "\u200b"), ""),
    ],
)
def test_a_value_has_one_spelling(cells: tuple[Cell, ...], text: str) -> None:
    assert [text_of(cell) for cell in cells] == [text] * len(cells)


@given(st.text() | st.booleans() | st.integers() | st.floats(allow_infinity=False) | st.none())
def test_the_one_spelling_is_its_own(cell: Cell) -> None:
    assert text_of(text_of(cell)) == text_of(cell)


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=8))
def test_composition_and_outer_spaces_are_no_difference(text: str) -> None:
    for spelt in (unicodedata.normalize("NFD", text), f" {text}\t"):
        assert text_of(spelt) == text_of(text)


@given(st.integers(-(2**53), 2**53))
def test_a_whole_number_is_spelt_alike_in_csv_and_json(value: int) -> None:
    assert text_of(value) == text_of(str(value)) == text_of(f"{value}.0")


@pytest.mark.parametrize("cell", [[1], {"a": 1}])
def test_a_nested_cell_is_none(cell: object) -> None:
    with pytest.raises(ValueError, match="no text and no number"):
        text_of(cell)  # type: ignore[arg-type]


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_every_finite_number_survives_its_text(value: float) -> None:
    assert PLAIN.number(repr(value)) == value == PLAIN.number(value)
    assert COMMA.number(repr(value).replace(".", ",")) == value == COMMA.number(value)


@pytest.mark.parametrize(
    ("text", "value"),
    [("1", 1), (" 1.5 ", 1.5), (".5", 0.5), ("5.", 5), ("+3", 3), ("1e3", 1000), ("05", 5)],
)
def test_these_are_numbers(text: str, value: float) -> None:
    assert PLAIN.number(text) == value
    assert COMMA.number(text.replace(".", ",")) == value


@pytest.mark.parametrize(
    "cell",
    [
        *(
            "1,5",
            "1_000",
            "inf",
            "-Infinity",
            "1e400",
            "0x1f",
            "\uff11\uff12",
            "1 000",
            "12%",
            "$5",
        ),
        *("$5", "1.2.3", ".", "e5", "--1", "1-", "?", "true", True, False, math.inf, 10**400),
    ],
)
def test_these_are_no_numbers(cell: Cell) -> None:
    with pytest.raises((ValueError, OverflowError)):
        PLAIN.number(cell)


@pytest.mark.parametrize("text", ["1.5", "1.234", "1.234,5"])
def test_with_a_decimal_comma_a_point_is_no_decimal_mark(text: str) -> None:
    with pytest.raises(ValueError, match="no finite number"):
        COMMA.number(text)


@pytest.mark.parametrize(
    "cell", ["", " ", "NA", " NA ", "nan", None, math.nan, "-999", -999, -999.0]
)
def test_missing_cells_are_missing_in_every_column(cell: Cell) -> None:
    spelling = Spelling(missing=MISSING | {"-999"})
    assert math.isnan(spelling.number(cell))
    assert isinstance(found := spelling.category(cell), float)
    assert math.isnan(found)


@pytest.mark.parametrize("text", ["na", "none", "missing", "-", "0"])
def test_other_words_are_not_missing(text: str) -> None:
    assert PLAIN.category(text) == text


@pytest.mark.parametrize(
    ("cell", "label"),
    [("3.0", "3"), (3, "3"), ("x.0", "x.0"), ("True", "True"), (" no\u200b", "no")],
)
def test_a_label_keeps_its_case(cell: object, label: str) -> None:
    assert label_of(cell) == label


@given(st.text())
def test_trimming_twice_is_trimming_once(text: str) -> None:
    assert trimmed(trimmed(text)) == trimmed(text)
