"""What a feature column is decided to be, by its cells and by what a person says."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

import pytest

from pipeline.core.errors import UsageError
from pipeline.material.deciding import Decided
from pipeline.material.reading import write_csv
from tests.support.decided import decided

ROWS = 40
FEW = ("1.5", "2.25", "3.75", "4.5")


def read(cells: Sequence[str], *, rows: int | None = None, **choices: Any) -> Decided:
    """Return what a file is decided to be whose column `a` holds these cells, again and again."""
    count = len(cells) if rows is None else rows
    repeated = [cells[n % len(cells)] for n in range(count)]
    lines = [(cell, f"{n % 7}.5", "yn"[n % 2]) for n, cell in enumerate(repeated)]
    return decided(write_csv(("a", "b", "kind"), lines), separator=",", **choices)


def kind(cells: Sequence[str], *, rows: int = ROWS, **choices: Any) -> str | None:
    columns = {
        column.name: column.kind for column in read(cells, rows=rows, **choices).schema.columns
    }
    return columns.get("a")


def with_strays(*strays: str) -> list[str]:
    return [*FEW * 9, *strays]


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        (("1", "2.5", ""), "numeric"),
        (("1e3", "-4", "NA"), "numeric"),
        (("1.0", "2.0"), "numeric"),
        (("+1", ".5", "5."), "numeric"),
        ((" 1 ", "2"), "numeric"),
        (("0", "10", "100"), "numeric"),
        (("0.5", "03"), "numeric"),
        (("true", "False"), "categorical"),
        (("red", "blue", ""), "categorical"),
        (("S", "M", "42"), "categorical"),
        (("A1", "B2", "A7"), "categorical"),
    ],
)
def test_kind_of_a_column(cells: tuple[str, ...], expected: str) -> None:
    assert kind(cells) == expected


# Ten neighbours of one stray cell: what stands among numbers, and how it is named
STRAYS = ["?", "-", "n.a.", "unknown", "*", "3.5 a)", "1_000", "inf", "true", "#REF!", "none"]


@pytest.mark.parametrize("stray", STRAYS)
def test_a_cell_that_is_no_number_among_numbers_is_named(stray: str) -> None:
    with pytest.raises(UsageError) as caught:
        read(with_strays(stray, stray))
    message = (
        "birds.csv (cells divided by a comma), column 'a' holds numbers, but 2 of 38 cells are "
        f"none: {stray!r} on line 38 and 1 more."
    )
    assert caught.value.message == message
    assert f'"missing_values": ["{stray}"]' in caught.value.remedy
    assert '"columns": {"a": "text"}' in caught.value.remedy


@pytest.mark.parametrize("stray", STRAYS)
def test_a_cell_that_is_said_to_mean_missing_is_missing(stray: str) -> None:
    assert read(with_strays(stray), missing_values=(stray,)).schema.columns[0].kind == "numeric"


@pytest.mark.parametrize("stray", ["1,234", "12,345,678", "12%", "$5", "1 234", "1'234", "5 €"])
def test_a_number_that_only_people_read_is_named_and_never_guessed(stray: str) -> None:
    with pytest.raises(UsageError, match="holds numbers, but 1 of 37 cells are none") as caught:
        read(with_strays(stray))
    assert repr(stray) in caught.value.message
    assert "no thousands separators, no units" in caught.value.remedy


@pytest.mark.parametrize("cells", [("12%", "15%"), ("$5", "$7"), ("1 234", "5 678")])
def test_a_whole_column_of_such_numbers_is_refused_and_may_be_text(cells: tuple[str, ...]) -> None:
    with pytest.raises(UsageError, match="holds numbers"):
        read(cells, rows=ROWS)
    assert kind(cells, columns={"a": "text"}) == "categorical"


def test_many_strays_are_counted() -> None:
    with pytest.raises(UsageError, match=r"8 of 44 cells.*'e' on line 42 and 3 more"):
        read(with_strays(*"abcdefgh"))


def test_fewer_numbers_than_half_are_text_with_a_warning() -> None:
    found = read(["red", "blue", "12"], rows=ROWS)
    assert found.schema.columns[0].kind == "categorical"
    (warning,) = found.warnings
    assert "column 'a': 13 of 40 cells are numbers, the others ('red' on line 2" in warning


@pytest.mark.parametrize(
    ("cells", "warning"),
    [
        (("01", "1", "2"), "leading zeros tell its cells apart ('01' on line 2)"),
        (("1", "007"), "leading zeros tell its cells apart ('007' on line 3)"),
        (("00501", "10001"), "leading zeros"),
        (("-01", "5"), "leading zeros"),
        (("01", "2", "3A"), "leading zeros"),
        (("9007199254740993", "5"), "'9007199254740993' on line 2 has more digits"),
        (("12345678901234567890", "5"), "more digits than a number keeps"),
        (("-9007199254740993", "5"), "more digits"),
    ],
)
def test_identifiers_are_text(cells: tuple[str, ...], warning: str) -> None:
    found = read(cells, rows=ROWS)
    assert found.schema.columns[0].kind == "categorical"
    assert warning in found.warnings[0]
    assert kind(cells, columns={"a": "text"}) == "categorical"


@pytest.mark.parametrize("cells", [("9007199254740992", "5"), ("1e20", "5.5"), ("0", "1")])
def test_numbers_that_a_float_keeps_are_numbers(cells: tuple[str, ...]) -> None:
    assert kind(cells) == "numeric"


def test_identifiers_may_be_said_to_be_numbers() -> None:
    assert kind(("01", "1", "2"), columns={"a": "number"}) == "numeric"


@pytest.mark.parametrize(
    ("cells", "reason"),
    [
        ([str(n) for n in range(ROWS)], "row numbers (0 to 39)"),
        ([str(n) for n in range(1, ROWS + 1)], "row numbers (1 to 40)"),
        ([str(n) for n in range(ROWS, 0, -1)], "row numbers (1 to 40)"),
        ([f"{n}.0" for n in range(ROWS)], "row numbers (0 to 39)"),
        ([str(n * 7 % ROWS + 1001) for n in range(ROWS)], "row numbers"),
        ([str(n + n // 4) for n in range(ROWS)], "identifiers (40 different whole numbers from 0"),
        ([str(1000 + n * 37 % 79) for n in range(ROWS)], "identifiers (40 different whole"),
        ([f"id-{n}" for n in range(ROWS)], "identifiers (40 different texts in 40 rows)"),
        ([f"{n:04}" for n in range(ROWS)], "identifiers (40 different"),
        ([f"{n}{10**17 + n}" for n in range(ROWS)], "identifiers (40 different"),
        ([f"id-{n * 19 // 20}" for n in range(ROWS)], "identifiers (38 different"),
        ([f"it came from the {n} hill" for n in range(ROWS)], "free text (40 different"),
        ([f"it came from the {n // 2} hill" for n in range(ROWS)], "free text (20 different"),
        (["", "NA"] * 20, "no cell holds a value"),
    ],
)
def test_what_says_nothing_is_left_out_with_a_warning(cells: list[str], reason: str) -> None:
    found = read(cells)
    assert (found.schema.left_out, [column.name for column in found.schema.columns]) == (
        ("a",),
        ["b"],
    )
    assert f"column 'a' is left out: {reason}" in found.warnings[-1]


@pytest.mark.parametrize(
    "cells",
    [
        [str(n) for n in range(9)],
        [str(n * n) for n in range(ROWS)],
        [str(n * 37 % 101) for n in range(ROWS)],
        [str(n // 2) for n in range(ROWS)],
        [f"{n / 8}" for n in range(ROWS)],
        [*map(str, range(ROWS - 1)), ""],
        [f"id-{n // 2}" for n in range(ROWS)],
        [f"id-{n}" for n in range(19)],
        ["a long text of six words"] * ROWS,
    ],
)
def test_what_may_say_something_is_used(cells: list[str]) -> None:
    assert not read(cells).schema.left_out


def test_whole_numbers_that_only_rise_are_told_of() -> None:
    assert "changes one way from row to row" in read([str(n * n) for n in range(ROWS)]).warnings[0]


@pytest.mark.parametrize(
    ("cells", "used_as"),
    [
        ([str(n) for n in range(ROWS)], "numeric"),
        ([f"id-{n}" for n in range(ROWS)], "categorical"),
        ([f"{n:04}" for n in range(ROWS)], "categorical"),
    ],
)
def test_what_is_left_out_can_be_used_all_the_same(cells: list[str], used_as: str) -> None:
    assert '"columns": {"a": "use"} in the section' in read(cells).warnings[-1]
    assert kind(cells, columns={"a": "use"}) == used_as


def a_nameless(*names: str) -> bytes:
    rows = [(*(f"{n % 5}" for _ in names), f"{n % 7}.5", "yn"[n % 2]) for n in range(ROWS)]
    return write_csv((*names, "b", "kind"), rows)


@pytest.mark.parametrize("names", [("",), (" ",), ("", "")])
def test_a_column_without_a_name_is_left_out(names: tuple[str, ...]) -> None:
    found = decided(a_nameless(*names))
    assert [column.name for column in found.schema.columns] == ["b"]
    assert "column 1, which has no name, is left out" in found.warnings[0]
    assert len(found.warnings) == len(names)


def test_a_column_without_a_name_can_be_used() -> None:
    found = decided(a_nameless(""), columns={"": "use"})
    assert [column.name for column in found.schema.columns] == ["", "b"]


def days(text: str, *, start: date = date(2020, 1, 1)) -> list[str]:
    return [(start + timedelta(days=9 * n)).strftime(text) for n in range(ROWS)]


@pytest.mark.parametrize(
    ("cells", "order"),
    [
        (days("%Y-%m-%d"), None),
        (days("%Y/%m/%d"), None),
        (days("%d.%m.%Y"), None),
        (days("%Y-%m-%dT%H:%M:%S"), None),
        (days("%Y-%m-%d %H:%M"), None),
        (days("%d %b %Y"), None),
        (days("%B %d, %Y"), None),
        (days("%d/%m/%Y"), "day_first"),
        (days("%m/%d/%Y"), "month_first"),
        (days("%m-%d-%Y"), "month_first"),
        ([*days("%Y-%m-%d"), "", "NA"], None),
        ([*days("%Y-%m-%d"), *days("%d.%m.%Y")], None),
    ],
)
def test_dates_are_dates_in_their_usual_forms(cells: list[str], order: str | None) -> None:
    found = read(cells)
    column = found.schema.columns[0]
    assert (column.kind, column.order) == ("date", order)
    assert "the model learns year, month, weekday, day of year, days" in found.warnings[0]


@pytest.mark.parametrize(
    ("cells", "text"),
    [
        (
            ["03/04/2020", "05/06/2020"],
            "not tell the day from the month: '03/04/2020' on line",
        ),
        (["3-4-2020"] * 4, "does not tell the day from the month"),
        (["31/12/2020", "12/31/2020"], "day first in some cells and the month in others"),
        ([*days("%Y-%m-%d"), "soon"], "1 of 41 cells are none that can be read: 'soon' on line 42"),
        ([*days("%Y-%m-%d"), "2020-02-30"], "'2020-02-30' on line 42"),
        ([*days("%Y-%m-%d"), "2020"], "'2020' on line 42"),
        (days("%d/%m/%y"), "40 of 40 cells are none"),
    ],
)
def test_dates_that_would_have_to_be_guessed_are_refused(cells: list[str], text: str) -> None:
    with pytest.raises(UsageError, match=text) as caught:
        read(cells, rows=max(len(cells), 8))
    assert "Write " in caught.value.remedy


@pytest.mark.parametrize("use", ["date_day_first", "date_month_first"])
def test_the_order_of_day_and_month_can_be_said(use: str) -> None:
    found = read(["03/04/2020", "05/06/2020"], rows=ROWS, columns={"a": use})
    assert found.schema.columns[0].order == use.removeprefix("date_")


@pytest.mark.parametrize(
    ("cells", "use", "text"),
    [
        (["31/12/2020", "1/2/2020"], "date_month_first", "'31/12/2020' on line 2"),
        (["red", "blue"], "date", "holds dates, but 8 of 8 cells are none"),
        (["red", "1"], "number", "holds numbers, but 4 of 8 cells are none: 'red' on line 2"),
    ],
)
def test_what_a_person_says_of_a_column_must_fit_its_cells(
    cells: list[str], use: str, text: str
) -> None:
    with pytest.raises(UsageError, match=text):
        read(cells, rows=8, columns={"a": use})


@pytest.mark.parametrize("use", ["text", "drop"])
def test_dates_may_be_text_or_nothing(use: str) -> None:
    assert kind(days("%Y-%m-%d"), columns={"a": use}) == ("categorical" if use == "text" else None)


def test_digits_are_dates_where_a_person_says_so() -> None:
    assert kind(days("%Y%m%d"), columns={"a": "date"}) == "date"
    assert kind(days("%Y%m%d")) == "numeric"


@pytest.mark.parametrize(
    ("columns", "text"),
    [
        ({"aa": "drop"}, "`training.columns` names 'aa', which is not among its columns. Did you"),
        ({"xyz": "drop"}, "names 'xyz'.* It has 'a', 'b', 'kind'"),
        ({"kind": "drop"}, "names 'kind', which is the target. Name features only"),
        ({"a": "drop", "b": "drop"}, "no column is left to learn from"),
    ],
)
def test_columns_that_are_not_there_are_refused(columns: dict[str, str], text: str) -> None:
    with pytest.raises(UsageError, match=text):
        read(FEW, rows=ROWS, columns=columns)


def test_a_file_of_which_nothing_is_left_says_why() -> None:
    content = write_csv(("id", "kind"), [(f"x{n}", "yn"[n % 2]) for n in range(ROWS)])
    with pytest.raises(UsageError, match=r"no column is left.*'id' is left out: identifiers"):
        decided(content)


def test_the_numbers_of_a_date_need_names_that_are_free() -> None:
    rows = [(day, "1.5", "yn"[n % 2]) for n, day in enumerate(days("%Y-%m-%d"))]
    content = write_csv(("seen", "seen.year", "kind"), rows)
    with pytest.raises(UsageError, match=r"dates of 'seen' become 'seen\.year', which exists"):
        decided(content)


@pytest.mark.parametrize(
    ("cells", "separator"),
    [
        (("1,29", "2,5"), ","),
        (("1,29", "2,5"), ";"),
        (("0,125", "1,250"), ","),
        (("1,5e3", "2"), ","),
        ((",5", "2"), ";"),
        (("-1,5", "", "NA"), ";"),
    ],
)
def test_decimal_commas_are_found(cells: tuple[str, ...], separator: str) -> None:
    rows = [(cells[n % len(cells)], f"{n % 7}", "yn"[n % 2]) for n in range(ROWS)]
    content = write_csv(("a", "b", "kind"), rows)
    if separator == ";":
        content = "\n".join(";".join(row) for row in [("a", "b", "kind"), *rows]).encode()
    found = decided(content)
    assert found.schema.spelling.decimal == ","
    assert [column.kind for column in found.schema.columns] == ["numeric", "numeric"]
    assert "numbers are read with a decimal comma (line" in found.warnings[-1]


@pytest.mark.parametrize(
    ("cells", "text"),
    [
        (("1,234", "5,678"), "may be a decimal comma or divide thousands .line 2, column 'a'"),
        (("1,5", "2.5"), "decimal commas .line 2.* and points .line 3, column 'a': '2.5'"),
        (("1,234", "2.5"), "holds numbers, but 20 of 40 cells are none: '1,234'"),
        (("1,234.5", "2,345.5"), "holds numbers, but 40 of 40"),
        (("1.234,5", "2,5"), "holds numbers, but 20 of 40 cells are none: '1.234,5'"),
    ],
)
def test_commas_that_say_nothing_are_asked_for(cells: tuple[str, ...], text: str) -> None:
    rows = [(cells[n % len(cells)], f"{n % 7}", "yn"[n % 2]) for n in range(ROWS)]
    with pytest.raises(UsageError, match=text):
        decided(write_csv(("a", "b", "kind"), rows))


def test_the_decimal_mark_can_be_said() -> None:
    rows = [("1,234", f"{n % 7}", "yn"[n % 2]) for n in range(ROWS)]
    content = write_csv(("a", "b", "kind"), rows)
    assert decided(content, decimal=",").schema.columns[0].kind == "numeric"
    with pytest.raises(UsageError, match="holds numbers, but 40 of 40 cells are none"):
        decided(content, decimal=".")


def test_commas_in_texts_are_no_decimal_commas() -> None:
    rows = [(f"{'ab'[n % 2]}, 1,5", "2.5", "yn"[n % 2]) for n in range(ROWS)]
    assert decided(write_csv(("a", "b", "kind"), rows)).schema.spelling.decimal == "."
