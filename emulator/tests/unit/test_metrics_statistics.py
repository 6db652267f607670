"""Statistics over samples: their definitions, and the laws that hold for any samples."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.metrics.errors import CloudWatchError
from emulator.metrics.samples import Samples, StatisticSet, merged
from emulator.metrics.statistic import statistic

VALUES = st.lists(st.integers(0, 10_000).map(float), min_size=1, max_size=60)
SHARES = st.integers(0, 100)


def samples_of(*values: float) -> Samples:
    samples = Samples()
    for value in values:
        samples.add(value)
    return samples


def a_set(*, total: float, minimum: float, maximum: float, count: float) -> Samples:
    samples = Samples()
    samples.add_set(StatisticSet(total=total, minimum=minimum, maximum=maximum, count=count))
    return samples


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Sum", 15),
        ("Average", 3),
        ("Minimum", 1),
        ("Maximum", 5),
        ("SampleCount", 5),
        ("p50", 3),
        ("p90", 5),
        ("p0", 1),
        ("p100", 5),
        ("tm80", 2.5),
        ("TM(20%:80%)", 3),
        ("TM(1:3)", 2.5),
        ("TC(2:)", 3),
        ("TS(:2)", 3),
        ("ts40", 3),
        ("tc40", 2),
        ("PR(:2)", 40),
        ("wm80", 2.8),
        ("IQM", 3),
    ],
)
def test_statistics_of_one_to_five(name: str, expected: float) -> None:
    assert statistic(name)(samples_of(1, 2, 3, 4, 5)) == pytest.approx(expected)


@pytest.mark.parametrize("name", ["p101", "median", "p", "TM(:)", "TM(1:2%)", "PR(1%:2%)", "sum"])
def test_a_statistic_that_aws_has_not_is_refused(name: str) -> None:
    with pytest.raises(CloudWatchError) as refused:
        statistic(name)
    assert refused.value.code == "ValidationError"


def test_counts_weigh_their_values() -> None:
    samples = Samples(counts={1.0: 99.0, 100.0: 1.0})
    assert statistic("Average")(samples) == pytest.approx(1.99)
    assert statistic("p99")(samples) == 1
    assert statistic("p99.5")(samples) == 100


def test_statistic_sets_add_up_with_values_but_hide_percentiles() -> None:
    whole = merged([a_set(total=6, minimum=1, maximum=4, count=3), samples_of(10)])
    assert statistic("Sum")(whole) == 16
    assert statistic("Maximum")(whole) == 10
    assert statistic("SampleCount")(whole) == 4
    assert statistic("p50")(whole) is None


def test_a_statistic_set_of_one_value_has_percentiles() -> None:
    assert statistic("p95")(a_set(total=8, minimum=4, maximum=4, count=2)) == 4


def test_there_is_no_percentile_over_negative_values() -> None:
    assert statistic("p95")(samples_of(-1, 5)) is None


@given(VALUES, SHARES, SHARES)
def test_percentiles_are_values_and_grow_with_the_share(
    values: list[float], one: int, other: int
) -> None:
    samples = samples_of(*values)
    low = statistic(f"p{min(one, other)}")(samples)
    high = statistic(f"p{max(one, other)}")(samples)
    assert low in values
    assert high in values
    assert low <= high


@given(VALUES)
def test_the_average_lies_between_the_extremes(values: list[float]) -> None:
    samples = samples_of(*values)
    average = statistic("Average")(samples)
    assert average is not None
    assert min(values) - 1e-6 <= average <= max(values) + 1e-6
    assert statistic("tm100")(samples) == pytest.approx(average)


@given(VALUES, st.integers(0, 60))
def test_merging_parts_is_measuring_the_whole(values: list[float], cut: int) -> None:
    parts = merged([samples_of(*values[:cut]), samples_of(*values[cut:])])
    for name in ("Sum", "SampleCount", "p95", "Minimum"):
        assert statistic(name)(parts) == pytest.approx(statistic(name)(samples_of(*values)))
