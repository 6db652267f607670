"""Rows whose labels came become a table that a training can read, and nothing else does."""

import csv
import io
from collections.abc import Sequence
from typing import Any

import pandas as pd
import pytest

from model.monitoring.baseline import Request, Task
from model.monitoring.learnt import Learnt
from pipeline.material.reading import parse_table
from pipeline.tabular.cells import Spelling, label_of
from pipeline.tabular.schema import Column
from pipeline.training import MergeRule

COLUMNS = (
    Column(name="size", kind="numeric"),
    Column(name="nest", kind="categorical"),
    Column(name="seen", kind="date", order="day_first"),
)
HEADER = "size,nest,seen,kind\n"


def written(
    rows: list[Any],
    labels: list[str],
    *,
    decimal: str = ".",
    task: Task = "classification",
    merge: MergeRule | None = None,
) -> tuple[str, int]:
    file = io.StringIO(newline="")
    spelling = Spelling(decimal=decimal)
    request = Request(columns=COLUMNS, spelling=spelling, target="kind")
    learnt = Learnt(file, request, task=task, merge=merge)
    learnt.add(rows, labels)
    learnt.settle()
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
        [1.5, "re\0ed", "03.04.2026"],
        [1.5, "re\ud800ed", "03.04.2026"],
        [1.5, "r" * (csv.field_size_limit() + 1), "03.04.2026"],
    ],
)
def test_a_row_that_a_training_would_stumble_over_is_left_out(row: Any) -> None:
    assert written([row], ["owl"]) == ("", 1)


@pytest.mark.parametrize("label", ["ow\0l", "ow\udfffl", "o" * (csv.field_size_limit() + 1)])
def test_a_row_whose_label_no_file_can_hold_is_left_out(label: str) -> None:
    assert written([[1.5, "reed", "03.04.2026"]], [label]) == ("", 1)


@pytest.mark.parametrize("text", ["a\rb", "a\nb", "a\r\nb", '"', "a,b", "a\x0bb", "a\u2028b", "é"])
def test_whatever_a_cell_holds_comes_back_from_the_file(text: str) -> None:
    lines, left_out = written([[1.5, text, "03.04.2026"]], [text])
    table = parse_table((HEADER + lines).encode(), separator=",")
    assert (table.rows, left_out) == ((("1.5", text, "03.04.2026", label_of(text)),), 0)


@pytest.mark.parametrize(
    ("label", "decimal", "expected"),
    [
        ("2.5", ".", "2.5"),
        ("2.5", ",", '"2,5"'),
        ("2,5", ",", '"2,5"'),
        (" 3 ", ",", '"3,0"'),
        ("1e3", ".", "1000.0"),
    ],
)
def test_a_number_to_learn_is_spelt_as_the_source_spells_it(
    label: str, decimal: str, expected: str
) -> None:
    row = [None, "reed", "03.04.2026"]
    found = written([row], [label], decimal=decimal, task="regression")
    assert found == (f",reed,03.04.2026,{expected}\n", 0)


@pytest.mark.parametrize("label", ["much", "", "NA", "nan", "inf", "1e999", "2,5"])
def test_a_label_that_is_no_number_teaches_a_regression_nothing(label: str) -> None:
    assert written([[1.5, "reed", "03.04.2026"]], [label], task="regression") == ("", 1)


class OwlsTwiceAndNoRocks(MergeRule):
    def copies(self, rows: pd.DataFrame) -> Sequence[int]:
        twice = 1 + (rows["kind"] == "owl")
        return (twice * (rows["nest"] != "rock")).tolist()


def test_a_rule_of_the_users_leaves_rows_out_and_gives_others_more_weight() -> None:
    rows = [[1, "reed", ""], [2, "rock", ""], [3, "reed", None], ["wide", "reed", ""]]
    text, left_out = written(rows, ["owl", "owl", "hen", "hen"], merge=OwlsTwiceAndNoRocks())
    assert text == "1.0,reed,,owl\n" * 2 + "3.0,reed,,hen\n"
    assert left_out == 2


def test_the_rule_that_is_not_the_users_learns_each_row_once() -> None:
    rows = [[1, "reed", ""], [1, "reed", ""]]
    assert written(rows, ["owl", "hen"], merge=MergeRule()) == written(rows, ["owl", "hen"])


@pytest.mark.parametrize(
    "found", [[1], [1, 1, 1], [1, -1], [1, 101], [1, 0.5], ["1", "1"], 1, None]
)
def test_a_rule_that_does_not_count_rows_is_refused(found: Any) -> None:
    class Wrong(MergeRule):
        def copies(self, rows: pd.DataFrame) -> Sequence[int]:
            del rows
            return found  # type: ignore[no-any-return]

    with pytest.raises(ValueError, match=r"Wrong\.copies must give a whole number from 0 to 100"):
        written([[1, "reed", ""]] * 2, ["owl", "owl"], merge=Wrong())
