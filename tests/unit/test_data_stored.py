"""Tables that are more than memory holds: stored, put apart and counted as small ones are."""

import tracemalloc
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.core.data_checks import CheckName
from pipeline.material import checking, column_cells, opening, stored
from pipeline.material.checking import look_at, profile_of
from pipeline.material.column_cells import are_all_different, count_different
from pipeline.material.dividing import split
from pipeline.material.stored import Shares, Written, rows_of
from tests.support.decided import decided

ROWS = st.lists(st.tuples(st.text(max_size=3), st.integers(0, 9)), min_size=1, max_size=60)


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stored, "PART_CELLS", 8)
    monkeypatch.setattr(stored, "_SHARE_ROWS", 4)
    monkeypatch.setattr(stored, "_IN_MEMORY_BYTES", 64)
    monkeypatch.setattr(column_cells, "_AT_ONCE", 5)


@pytest.mark.usefixtures("small")
@given(ROWS)
def test_stored_rows_are_those_that_were_given(rows: Sequence[tuple[str, int]]) -> None:
    found = rows_of(rows, width=2)
    assert found == tuple(rows)
    assert found.column(1) == [number for _, number in rows]
    assert found.only([1, 0])[len(rows) - 1] == rows[-1][::-1]
    assert found[-3:] == tuple(rows[-3:])
    assert [tuple(row) for part in found.parts() for row in zip(*part, strict=True)] == rows


@pytest.mark.usefixtures("small")
@given(st.lists(st.integers(0, 30), min_size=1, max_size=60))
def test_rows_of_one_number_are_together_in_their_order(numbers: list[int]) -> None:
    shares = Shares(len(numbers))
    half = len(numbers) // 2
    for part in (range(half), range(half, len(numbers))):
        if part:
            shares.add([numbers[row] for row in part], part, [numbers[row] for row in part])
    seen = [list(zip(rows, found, strict=True)) for rows, found in shares]
    assert sorted(pair for share in seen for pair in share) == list(enumerate(numbers))
    assert all(share == sorted(share) for share in seen)
    homes = [{number for _, number in share} for share in seen]
    assert sum(map(len, homes)) == len(set(numbers))


@pytest.mark.usefixtures("small")
@given(st.lists(st.text(max_size=2) | st.integers(0, 40).map(str), max_size=60))
def test_more_values_than_are_held_are_counted(values: list[str]) -> None:
    assert count_different(lambda: values, rows=len(values)) == len(set(values))
    different = len(set(values)) == len(values)
    assert are_all_different(lambda: values, rows=len(values)) is different


def test_what_was_written_is_read_back_and_known_by_its_bytes() -> None:
    first, second = Written(), Written()
    for half, texts in ((first, ("a\n", "é\r", "b\n")), (second, ("a\né\r", "b\n"))):
        for text in texts:
            half.write(text)
    assert first.read() == "a\né\rb\n".encode()
    assert "".join(first.lines()) == "a\né\rb\n"
    assert first == second


def test_a_source_is_divided_and_checked_in_memory_of_a_part(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(stored, "PART_CELLS", 15_000)
    monkeypatch.setattr(stored, "_SHARE_ROWS", 5_000)
    monkeypatch.setattr(stored, "_IN_MEMORY_BYTES", 10_000)
    monkeypatch.setattr(opening, "_PART_BYTES", 10_000)
    monkeypatch.setattr(opening, "_HEAD", 10_000)
    monkeypatch.setattr(checking, "_AT_ONCE", 2_000)
    checks = [each for each in CheckName if each is not CheckName.LEAK]

    def peak_of(rows: int) -> int:
        table = np.random.default_rng(0).normal(size=(rows, 2)).round(4).tolist()
        lines = "".join(f"{a},{b},{'no' if a < 0 else 'yes'}\n" for a, b in table)
        content = f"a,b,kind\n{lines}".encode()
        del table, lines
        tracemalloc.start()
        made = decided(content)
        halves = split(made, test_fraction=0.3, seed=1)
        assert profile_of(made).rows == rows
        assert look_at(made, halves, wanted=checks)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return peak

    few, many = peak_of(10_000), peak_of(30_000)
    # The file itself is 20 bytes a row, its cells as text 300
    assert (many - few) / 20_000 < 10
