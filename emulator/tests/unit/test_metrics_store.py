"""The metric store: exact identity, aligned periods, bounds, and what a snapshot keeps."""

import json

from hypothesis import example, given
from hypothesis import strategies as st

from emulator.metrics.queries import Window
from emulator.metrics.samples import Samples
from emulator.metrics.statistic import statistic
from emulator.metrics.store import Datum, MetricKey, MetricStore, Series, metric_key

REGION = "us-east-1"
KEY = metric_key("Tests", "Errors", {"Endpoint": "e"})


def a_datum(value: float, *, at: float, key: MetricKey = KEY, unit: str = "None") -> Datum:
    return Datum(key=key, at=at, unit=unit, samples=Samples(counts={value: 1.0}))


def a_store(*data: Datum) -> MetricStore:
    store = MetricStore()
    store.put(REGION, data)
    return store


def sums(store: MetricStore, *, start: float, end: float, period_s: int = 60) -> dict[int, float]:
    found = store.periods(REGION, KEY, start=start, end=end, period_s=period_s)
    return {begin: statistic("Sum")(samples) or 0 for begin, samples in found.items()}


def test_periods_begin_at_their_multiples_not_at_the_start_time() -> None:
    store = a_store(a_datum(1, at=119), a_datum(2, at=121), a_datum(4, at=179.9))
    assert sums(store, start=100, end=200) == {60: 1, 120: 6}


def test_what_comes_at_the_end_time_is_not_in() -> None:
    assert sums(a_store(a_datum(1, at=120)), start=60, end=120) == {}


def test_another_namespace_is_another_metric() -> None:
    other = metric_key("Others", "Errors", {"Endpoint": "e"})
    assert sums(a_store(a_datum(1, at=0), a_datum(1e9, at=0, key=other)), start=0, end=60) == {0: 1}


def test_more_or_fewer_dimensions_are_another_metric() -> None:
    more = metric_key("Tests", "Errors", {"Endpoint": "e", "Config": "c"})
    none = metric_key("Tests", "Errors", {})
    store = a_store(a_datum(1, at=0), a_datum(10, at=0, key=more), a_datum(100, at=0, key=none))
    assert sums(store, start=0, end=60) == {0: 1}


def test_the_order_of_dimensions_does_not_matter() -> None:
    assert metric_key("N", "m", {"a": "1", "b": "2"}) == metric_key("N", "m", {"b": "2", "a": "1"})


def test_another_region_is_another_cloud() -> None:
    store = a_store(a_datum(1, at=0))
    assert store.periods("eu-west-1", KEY, start=0, end=60, period_s=60) == {}


def test_a_unit_selects_its_own_samples() -> None:
    store = a_store(a_datum(1, at=0, unit="Seconds"), a_datum(5, at=0, unit="Bytes"))
    found = store.periods(REGION, KEY, start=0, end=60, period_s=60, unit="Bytes")
    assert found[0].counts == {5.0: 1.0}


def test_a_full_series_forgets_its_oldest_seconds_first() -> None:
    series = Series(limit=100)
    for second in range(1_000):
        series.add(second, "None", samples=Samples(counts={float(second): 1.0}))
    kept = series.between(0, 1_000, unit=None)
    assert max(kept.counts) == 999
    assert 40 <= len(kept.counts) <= 100


def test_a_counter_that_fills_up_is_kept_by_the_minute() -> None:
    series = Series(limit=150)
    for second in range(3_600):
        series.add(second, "None", samples=Samples(counts={1.0: 1.0}))
    assert series.between(0, 3_600, unit=None).counts == {1.0: 3_600.0}
    assert series.between(600, 660, unit=None).counts == {1.0: 60.0}


def test_equal_values_of_one_second_take_no_more_room() -> None:
    series = Series(limit=2)
    for _ in range(1_000):
        series.add(7, "None", samples=Samples(counts={1.0: 1.0}))
    assert series.between(0, 10, unit=None).counts == {1.0: 1_000.0}


def test_a_snapshot_is_plain_data_and_gives_everything_back() -> None:
    store, restored = a_store(a_datum(1, at=5), a_datum(2, at=65, unit="Bytes")), MetricStore()
    restored.restore(json.loads(json.dumps(store.snapshot())))
    assert sums(restored, start=0, end=120) == sums(store, start=0, end=120) == {0: 1, 60: 2}
    assert restored.keys(REGION) == [KEY]


def test_a_window_has_the_periods_that_it_touches() -> None:
    assert Window(start=100, end=200).times(60) == [60, 120, 180]
    assert Window(start=60, end=180).times(60) == [60, 120]


@example([0, *range(60, 70), *range(120, 601, 60), 601, *range(1, 10)])
@given(st.lists(st.integers(0, 1_000), min_size=1, max_size=300))
def test_late_data_of_a_full_series_are_counted_and_its_bound_holds(seconds: list[int]) -> None:
    series = Series(limit=20)
    for second in seconds:
        series.add(second, "None", samples=Samples(counts={1.0: 1.0}))
    kept = series.between(0, 2_000, unit=None)
    assert kept.counts == {1.0: len(seconds)}
    assert len(series.seconds_between(0, 2_000)) <= 20
    assert series.seconds_between(0, 2_000) == sorted(set(series.seconds_between(0, 2_000)))


@given(
    st.lists(st.integers(0, 3_000), min_size=1, max_size=50),
    st.sampled_from([1, 10, 60, 300]),
    st.integers(0, 500),
)
def test_every_sample_is_in_exactly_one_period(
    seconds: list[int], period_s: int, start: int
) -> None:
    store = a_store(*(a_datum(1, at=second) for second in seconds))
    found = sums(store, start=start, end=4_000, period_s=period_s)
    aligned = start // period_s * period_s
    assert sum(found.values()) == sum(second >= aligned for second in seconds)
    assert all(begin % period_s == 0 for begin in found)
