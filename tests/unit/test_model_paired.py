"""Pairs of answers, counted: of classes who was right, of numbers by squared errors."""

import json
from contextlib import suppress
from dataclasses import asdict

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.paired import _of_classes, _of_numbers
from model.unseen import CannotCompare
from pipeline.tabular.cells import Spelling

NUMBERS = st.floats(-1e6, 1e6)


def test_classes_are_counted_by_who_is_right_in_any_spelling() -> None:
    pairs = [(3, "3", "3.0"), ("a", "b", " a "), ("b", "a", "a"), ("b", 7, "a"), ("b", "c", "a")]
    found = _of_classes(pairs)
    assert (found.rows, found.errors) == (5, None)
    assert (found.both_right, found.only_champion_right) == (1, 1)
    assert (found.only_challenger_right, found.both_wrong) == (1, 2)


@given(st.lists(st.tuples(NUMBERS, NUMBERS, NUMBERS), min_size=2, max_size=60))
def test_numbers_are_summed_in_one_pass_as_numpy_does(
    rows: list[tuple[float, float, float]],
) -> None:
    pairs = ((champion, challenger, repr(right)) for champion, challenger, right in rows)
    found = _of_numbers(pairs, spelling=Spelling())
    champion, challenger, right = np.array(rows).T
    theirs, ours = (champion - right) ** 2, (challenger - right) ** 2
    assert found.errors is not None
    assert found.errors.champion_mean == pytest.approx(float(theirs.mean()))
    assert found.errors.challenger_mean == pytest.approx(float(ours.mean()))
    scale = max(float(np.abs(theirs - ours).max()), 1e-9)
    deviation = float((theirs - ours).std(ddof=1))
    assert found.errors.difference_deviation == pytest.approx(deviation, abs=1e-6 * scale)
    wide = max(float(np.abs(right).max()), 1e-9) ** 2
    assert found.errors.target_variance == pytest.approx(float(right.var()), abs=1e-9 * wide)


@pytest.mark.parametrize("answer", ["3", None, True, float("nan"), float("inf"), 10**400, [1.0]])
def test_an_answer_that_is_no_number_leaves_nothing_to_compare(answer: object) -> None:
    with pytest.raises(CannotCompare, match="no number"):
        _of_numbers(iter([(1.0, answer, "1")]), spelling=Spelling())


# answers of both and what is right: the words that tell why they are not compared
FAR: dict[str, tuple[list[tuple[float, float, str]], str]] = {
    "the square of one error is beyond floats": ([(1e200, 1.0, "1")], "too far"),
    "the error itself is": ([(1e308, 1.0, "-1e308")], "too far"),
    "the candidate is far off": ([(1.0, -1e200, "1")], "too far"),
    "the deviation is beyond floats": ([(1e80, 1.0, "0"), (1.0, 1e80, "0")], "too large"),
    "the targets vary beyond floats": ([(1e200, 1e200, "1e200"), (1.0, 1.0, "1")], "too large"),
}


@pytest.mark.parametrize("case", FAR)
def test_errors_beyond_floats_leave_nothing_to_compare(case: str) -> None:
    pairs, words = FAR[case]
    with pytest.raises(CannotCompare, match=words):
        _of_numbers(iter(pairs), spelling=Spelling())


@given(st.lists(st.tuples(*[st.floats(allow_nan=False, allow_infinity=False)] * 3), max_size=8))
def test_what_is_compared_is_a_document(rows: list[tuple[float, float, float]]) -> None:
    pairs = ((champion, challenger, repr(right)) for champion, challenger, right in rows)
    with suppress(CannotCompare):
        found = _of_numbers(pairs, spelling=Spelling())
        json.dumps(asdict(found), allow_nan=False)
