"""Numbers on disk: what comes back is what went in, and in ascending order what numpy sorts."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from model import spool
from model.spool import Ranked, Spool
from tests.support.in_parts import fed

FINITE = st.floats(allow_nan=False, allow_infinity=False)
NUMBERS = st.lists(st.one_of(st.sampled_from([0.0, 0.5, 1.0]), FINITE), min_size=1, max_size=200)


@pytest.fixture(autouse=True)
def _small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spool, "PART_ROWS", 16)
    monkeypatch.setattr(spool, "_STEP_ROWS", 4)


def ranked(values: np.ndarray, seed: int, **columns: Any) -> Ranked:
    found: Ranked = fed(Ranked(), values, seed=seed, **columns)
    return found


@given(NUMBERS)
def test_entries_come_back_in_the_order_in_which_they_came(numbers: list[float]) -> None:
    kept = Spool(np.float64)
    for number in numbers:
        kept.append(np.array([number]))
    assert np.concatenate(list(kept.parts())).tolist() == numbers
    assert (len(kept), kept.read(1, 3).tolist()) == (len(numbers), numbers[1:3])


@given(NUMBERS, st.integers(0, 99))
def test_blocks_are_all_values_once_and_rising_whatever_the_stretches(
    numbers: list[float], seed: int
) -> None:
    values = np.array(numbers)
    blocks = list(ranked(values, seed, weights=np.full(len(values), 2.0)).blocks())
    distinct, counts = np.unique(values, return_counts=True)
    assert np.concatenate([block.values for block in blocks]).tolist() == distinct.tolist()
    weights = np.concatenate([block.weights for block in blocks])
    assert weights.tolist() == (2.0 * counts).tolist()


@given(NUMBERS, st.integers(0, 99), st.data())
def test_ranks_and_what_comes_above_are_those_of_sorted_numbers(
    numbers: list[float], seed: int, data: st.DataObject
) -> None:
    values = np.sort(numbers)
    rank = np.array([data.draw(st.integers(0, len(values) - 1)) for _ in range(3)])
    found = ranked(np.array(numbers), seed)
    assert found.at(rank).tolist() == values[rank].tolist()
    distinct = np.unique(values)
    assert found.above(distinct).tolist() == distinct[1:].tolist()


def test_a_block_has_about_as_many_entries_as_a_part_whatever_the_rows() -> None:
    draw = np.random.default_rng(0)
    found = Ranked()
    for _ in range(50):
        found.add(draw.normal(size=40))
    # A stretch may reach a step beyond a border at either end
    assert max(len(block.values) for block in found.blocks()) <= 16 + 50 * 4
