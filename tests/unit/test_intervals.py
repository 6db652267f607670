"""The intervals are those of the papers that they come from, and lie where a share can lie."""

import math
from statistics import NormalDist

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.core.intervals import Interval, mcnemar, newcombe, tango, wilson

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


@st.composite
def pairs(draw: st.DrawFn) -> tuple[int, int, int]:
    more, fewer = draw(st.integers(0, 60)), draw(st.integers(0, 60))
    return more, fewer, more + fewer + draw(st.integers(1, 200))


def likeliest_score(more: int, fewer: int, rows: int, at: float) -> float:
    """Tango's score, its nuisance share found by search instead of by his formula."""

    def loss(fewer_share: float) -> float:
        shares = (fewer_share + at, fewer_share, 1 - 2 * fewer_share - at)
        counts = (more, fewer, rows - more - fewer)
        if min(shares) < 0 or any(s <= 0 < c for s, c in zip(shares, counts, strict=True)):
            return math.inf
        return -sum(c * math.log(s) for s, c in zip(shares, counts, strict=True) if c)

    low, high = max(0.0, -at), (1 - at) / 2
    for _ in range(200):
        one, other = low + (high - low) / 3, high - (high - low) / 3
        low, high = (low, other) if loss(one) < loss(other) else (one, high)
    variance = rows * (2 * low + at * (1 - at))
    return (more - fewer - rows * at) / math.sqrt(variance)


@given(pairs())
def test_tango_ends_where_his_score_test_does(found: tuple[int, int, int]) -> None:
    interval, z = tango(*found), NormalDist().inv_cdf(0.975)
    for end, expected in ((interval.low, z), (interval.high, -z)):
        if abs(end) < 0.999:
            assert likeliest_score(*found, end) == pytest.approx(expected, abs=1e-3)
    assert interval.low <= (found[0] - found[1]) / found[2] <= interval.high


@pytest.mark.parametrize(("more", "fewer", "rows"), [(0, 0, 0), (0, 0, 5), (5, 0, 5), (0, 5, 5)])
def test_tango_stays_where_a_difference_can_lie(more: int, fewer: int, rows: int) -> None:
    interval = tango(more, fewer, rows)
    assert -1 <= interval.low <= interval.high <= 1
    if rows:
        assert interval.low <= (more - fewer) / rows <= interval.high


@given(st.integers(0, 80), st.integers(0, 80))
def test_mcnemar_is_the_exact_tail_of_a_fair_coin(more: int, fewer: int) -> None:
    coins = more + fewer
    exact = sum(math.comb(coins, heads) for heads in range(more, coins + 1)) / 2**coins
    assert mcnemar(more, fewer) == pytest.approx(exact, abs=1e-12)


def test_mcnemar_takes_millions_of_pairs() -> None:
    assert mcnemar(500_800, 499_200) == pytest.approx(NormalDist().cdf(-1.599), abs=1e-4)
    assert mcnemar(600_000, 400_000) < 1e-9


@pytest.mark.parametrize(("more", "fewer", "rows"), [(-1, 0, 5), (0, -1, 5), (3, 3, 5)])
def test_what_are_no_pairs_is_refused(more: int, fewer: int, rows: int) -> None:
    with pytest.raises(ValueError, match="no parts of 5 rows"):
        tango(more, fewer, rows)
