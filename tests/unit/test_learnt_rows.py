"""Rows whose labels came become a table that a training can read, and nothing else does."""

import io
from typing import Any

import pytest

from model.monitoring.baseline import Request
from model.monitoring.learnt import Learnt
from pipeline.tabular.cells import Spelling
from pipeline.tabular.schema import Column

COLUMNS = (
    Column(name="size", kind="numeric"),
    Column(name="nest", kind="categorical"),
    Column(name="seen", kind="date", order="day_first"),
)
HEADER = "size,nest,seen,kind\n"


def written(rows: list[Any], labels: list[str], *, decimal: str = ".") -> tuple[str, int]:
    file = io.StringIO()
    spelling = Spelling(decimal=decimal)
    learnt = Learnt(file, Request(columns=COLUMNS, spelling=spelling, target="kind"))
    learnt.add(rows, labels)
    return file.getvalue().removeprefix(HEADER), learnt.left_out


def test_rows_by_name_and_by_position_are_the_same_rows() -> None:
    by_name = {"seen": "03.04.2026", "nest": "reed, dry", "size": 1.5, "more": "ignored"}
    by_position = ["1.5", "reed, dry", "03.04.2026"]
    line = '1.5,"reed, dry",03.04.2026,owl\n'
    assert written([by_name, by_position], ["owl", " owl "]) == (line * 2, 0)


def test_numbers_are_spelt_as_the_source_spells_them() -> None:
    rows = [[1.5, "reed", "03.04.2026"], ["2,5", "reed", "03.04.2026"]]
    text, _ = written(rows, ["3.0", "4"], decimal=",")
    assert text == '"1,5",reed,03.04.2026,3\n"2,5",reed,03.04.2026,4\n'


def test_what_is_missing_is_blank() -> None:
    assert written([[None, "NA", ""]], ["owl"]) == (",,,owl\n", 0)


@pytest.mark.parametrize(
    "row",
    [
        ["wide", "reed", "03.04.2026"],
        [float("inf"), "reed", "03.04.2026"],
        [1.5, "reed", "tomorrow"],
        [1.5, ["reed"], "03.04.2026"],
        [1.5, "reed"],
        {"size": 1.5, "nest": "reed"},
    ],
)
def test_a_row_that_a_training_would_stumble_over_is_left_out(row: Any) -> None:
    assert written([row], ["owl"]) == ("", 1)
