"""Each value or bin of a column is a part; together they are all rows, each once."""

import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.scores import Shares
from model.slices import MOST_VALUES, Asked, Slice, Sliced, read_asked
from tests.support.in_parts import stretches

NUMBERS = st.lists(st.one_of(st.floats(-1e6, 1e6), st.just(float("nan"))), min_size=1)


def measured(frame: pd.DataFrame, asked: Asked, right: np.ndarray) -> list[Slice]:
    sliced = Sliced(asked, Shares)
    for part in stretches(len(frame)):
        sliced.add(frame[part], [right[part]])
    return list(sliced.measured())


def parts(column: list[object], *bins: float, dtype: type = object) -> list[tuple[str, int]]:
    frame = pd.DataFrame({"a": pd.Series(column, dtype=dtype)})
    found = measured(frame, Asked(column="a", bins=bins), np.zeros(len(frame), bool))
    return [(each.value, each.rows) for each in found]


@pytest.mark.parametrize(
    ("column", "bins", "expected"),
    [
        (
            [1.0, 2.0, 3.0, 9.0],
            (2, 4),
            [("is below 2", 1), ("is 2 to below 4", 2), ("is 4 or more", 1)],
        ),
        ([1.0, 2.0], (5,), [("is below 5", 2)]),
        ([1.0, np.nan], (1,), [("is 1 or more", 1), ("is missing", 1)]),
        (
            [1.0, 2.0, 3.0, 4.0, 5.0],
            (),
            [
                ("is below 2", 1),
                ("is 2 to below 3", 1),
                ("is 3 to below 4", 1),
                ("is 4 or more", 2),
            ],
        ),
        ([7.0, 7.0], (), [("is 7 or more", 2)]),
        ([np.nan, np.nan], (), [("is missing", 2)]),
    ],
)
def test_a_number_falls_into_bins_or_quarters(
    column: list[float], bins: tuple[float, ...], expected: list[tuple[str, int]]
) -> None:
    assert parts(list(column), *bins, dtype=float) == expected


def test_a_text_is_a_part_the_most_frequent_first_and_the_rare_ones_together() -> None:
    rows: list[object] = ["north"] * 3 + ["south"] * 2 + [np.nan]
    assert parts(rows) == [("is north", 3), ("is south", 2), ("is missing", 1)]
    many: list[object] = [f"v{n:02}" for n in range(MOST_VALUES + 5)]
    assert parts(many)[-1] == ("is one of 5 rarer values", 5)


@given(NUMBERS, st.lists(st.floats(-1e6, 1e6), max_size=4, unique=True))
def test_every_row_is_in_one_part(column: list[float], bins: list[float]) -> None:
    found = parts(list(column), *sorted(bins), dtype=float)
    assert sum(rows for _, rows in found) == len(column)


def test_a_part_is_measured_on_its_own_rows() -> None:
    frame = pd.DataFrame({"a": ["x", "y", "x"]})
    x, y = measured(frame, Asked(column="a"), np.array([True, False, False]))
    assert (x.metrics, y.metrics) == ({"accuracy": 0.5}, {"accuracy": 0.0})


def test_a_column_that_is_not_there_is_named() -> None:
    with pytest.raises(ValueError, match="'b': they have no such column"):
        measured(pd.DataFrame({"a": [1]}), Asked(column="b"), np.array([True]))


def test_what_the_runner_writes_is_read() -> None:
    text = json.dumps([{"column": "a", "bins": [1, 2.5]}, {"column": "b"}])
    assert read_asked(text) == (Asked(column="a", bins=(1, 2.5)), Asked(column="b"))
