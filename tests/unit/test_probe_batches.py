"""Held-out rows are asked for in requests of a size that an endpoint takes."""

from hypothesis import given
from hypothesis import strategies as st

from pipeline.tabular.batches import batches

LIMIT_BYTES = 3 * 1024 * 1024


@given(st.lists(st.integers(min_value=0, max_value=LIMIT_BYTES), max_size=12))
def test_every_row_is_asked_once_and_no_request_is_too_large(sizes_bytes: list[int]) -> None:
    rows = [("x" * size,) for size in sizes_bytes]
    parts = [rows[part] for part in batches(rows)]
    assert [row for part in parts for row in part] == rows
    assert all(sum(len(cell) for (cell,) in part) <= LIMIT_BYTES for part in parts)


def test_small_rows_go_a_hundred_at_a_time() -> None:
    parts = list(batches([("1", "2")] * 250))
    assert parts == [slice(0, 100), slice(100, 200), slice(200, 250)]


def test_a_row_that_is_too_large_by_itself_is_asked_alone() -> None:
    rows = [("x" * (LIMIT_BYTES + 1),), ("y",)]
    assert list(batches(rows)) == [slice(0, 1), slice(1, 2)]
