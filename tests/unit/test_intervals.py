"""The intervals are those of Newcombe's two papers, and lie where a share can lie."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.core.intervals import Interval, newcombe, wilson

trials = st.integers(1, 100_000)


@st.composite
def counted(draw: st.DrawFn) -> tuple[int, int]:
    number = draw(trials)
    return draw(st.integers(0, number)), number


@pytest.mark.parametrize(
    ("successes", "number", "low", "high"),
    [
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
        (29, 29, 0.8830, 1.0),
    ],
)
def test_wilson_gives_the_published_intervals(
    successes: int, number: int, low: float, high: float
) -> None:
    found = wilson(successes, number)
    assert (round(found.low, 4), round(found.high, 4)) == (low, high)


@pytest.mark.parametrize(
    ("first", "other", "low", "high"),
    [
        ((56, 70), (48, 80), 0.0524, 0.3339),
        ((9, 10), (3, 10), 0.1705, 0.8090),
        ((10, 10), (0, 20), 0.6791, 1.0),
        ((0, 10), (0, 20), -0.1611, 0.2775),
        ((10, 10), (0, 10), 0.6075, 1.0),
    ],
)
def test_newcombe_gives_the_published_intervals(
    first: tuple[int, int], other: tuple[int, int], low: float, high: float
) -> None:
    found = newcombe(*first, *other)
    assert (round(found.low, 4), round(found.high, 4)) == (low, high)


def test_no_trial_says_nothing() -> None:
    assert wilson(0, 0) == Interval(0.0, 1.0)
    assert newcombe(0, 0, 3, 4) == newcombe(3, 4, 0, 0) == Interval(-1.0, 1.0)


@given(counted(), st.floats(0.5, 0.999))
def test_an_interval_holds_its_share_and_stays_a_share(
    counts: tuple[int, int], confidence: float
) -> None:
    found = wilson(*counts, confidence)
    assert 0 <= found.low <= counts[0] / counts[1] <= found.high <= 1


@given(counted(), counted())
def test_a_difference_turns_round_with_its_shares(
    first: tuple[int, int], other: tuple[int, int]
) -> None:
    there, back = newcombe(*first, *other), newcombe(*other, *first)
    assert (back.low, back.high) == pytest.approx((-there.high, -there.low))
    assert there.low <= first[0] / first[1] - other[0] / other[1] <= there.high


@given(counted())
def test_more_rows_of_the_same_share_say_more(counts: tuple[int, int]) -> None:
    few, many = wilson(*counts), wilson(counts[0] * 4, counts[1] * 4)
    assert many.high - many.low < few.high - few.low


@pytest.mark.parametrize("counts", [(-1, 3), (4, 3), (0, -1)])
def test_impossible_counts_are_refused(counts: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="successes are from 0"):
        wilson(*counts)


def test_a_confidence_is_no_certainty() -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        wilson(1, 2, 1.0)
