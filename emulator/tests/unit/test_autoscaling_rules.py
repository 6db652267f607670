"""How many instances there should be: target tracking, steps, bounds, cooldowns."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.autoscaling.policies import STEPS, TRACKING
from emulator.autoscaling.rules import (
    Bounds,
    Breach,
    Past,
    aggregated,
    bounded,
    step_for,
    stepped_count,
    tracked_count,
)
from emulator.autoscaling.wishes import Present, Ringing, Wish, followed, wish_of

COUNTS = st.integers(min_value=1, max_value=100)
METRICS = st.floats(min_value=0, max_value=1e6)
BOUNDS = st.tuples(COUNTS, COUNTS).map(lambda pair: Bounds(minimum=min(pair), maximum=max(pair)))
LADDER = [
    {"MetricIntervalUpperBound": 10, "ScalingAdjustment": 1},
    {"MetricIntervalLowerBound": 10, "MetricIntervalUpperBound": 20, "ScalingAdjustment": 2},
    {"MetricIntervalLowerBound": 20, "ScalingAdjustment": 5},
]


def tracking(name: str = "tracking", **members: Any) -> dict[str, Any]:
    return {"PolicyName": name, TRACKING: {"TargetValue": 10.0, **members}}


def stepping(adjustment: int = 2, **members: Any) -> dict[str, Any]:
    bound = "MetricIntervalLowerBound" if adjustment > 0 else "MetricIntervalUpperBound"
    steps = [{bound: 0.0, "ScalingAdjustment": adjustment}]
    configuration = {"AdjustmentType": "ChangeInCapacity", "StepAdjustments": steps, **members}
    return {"PolicyName": "stepping", STEPS: configuration}


def ringing(policy: dict[str, Any], metric: float, *, rising: bool = True) -> Ringing:
    breach = Breach(rising=rising, threshold=10.0, values=(metric,))
    return Ringing(policy=policy, alarm_name="alarm", breach=breach)


def present(current: int = 2, *, now: float = 1000.0, scale: float = 1.0, **past: Any) -> Present:
    return Present(current=current, past=Past(**past), now=now, time_scale=scale)


def wanted(wish: Wish | None) -> int | None:
    return wish.wanted if wish else None


@pytest.mark.parametrize(
    ("current", "metric", "count"), [(1, 25, 3), (2, 10.1, 3), (3, 10, 3), (4, 20, 8)]
)
def test_tracking_scales_out_in_proportion(current: int, metric: float, count: int) -> None:
    assert tracked_count(current, metric, target=10, rising=True) == count


@pytest.mark.parametrize(("current", "metric", "count"), [(4, 5, 2), (4, 8.9, 4), (3, 0, 0)])
def test_tracking_scales_in_no_further_than_the_target(
    current: int, metric: float, count: int
) -> None:
    assert tracked_count(current, metric, target=10, rising=False) == count


def test_an_empty_variant_is_tracked_as_if_it_had_one_instance() -> None:
    assert tracked_count(0, 30, target=10, rising=True) == 3


@given(COUNTS, METRICS, METRICS, st.booleans())
def test_a_higher_metric_never_gives_a_lower_count(
    current: int, one: float, other: float, rising: bool
) -> None:
    low, high = sorted((one, other))
    counts = [tracked_count(current, metric, target=10, rising=rising) for metric in (low, high)]
    assert counts == sorted(counts)


@given(COUNTS, METRICS, METRICS)
def test_a_higher_breach_never_takes_a_smaller_step(current: int, one: float, other: float) -> None:
    counts = []
    for breach in sorted((one, other)):
        step = step_for(LADDER, breach, rising=True)
        assert step is not None
        counts.append(stepped_count(current, step["ScalingAdjustment"], kind="ChangeInCapacity"))
    assert counts == sorted(counts)


@given(COUNTS, st.integers(min_value=0, max_value=1000), BOUNDS)
def test_bounds_hold_and_never_turn_the_direction(current: int, asked: int, bounds: Bounds) -> None:
    count = bounded(current, asked, bounds)
    assert (count - current) * (asked - current) >= 0
    assert count == current or bounds.minimum <= count <= bounds.maximum


@pytest.mark.parametrize(
    ("breach", "rising", "adjustment"),
    [(0, True, 1), (10, True, 2), (9.9, True, 1), (10, False, 1), (20, False, 2), (21, False, 5)],
)
def test_a_step_begins_at_the_bound_next_to_the_threshold(
    breach: float, rising: bool, adjustment: int
) -> None:
    step = step_for(LADDER, breach, rising=rising)
    assert step is not None
    assert step["ScalingAdjustment"] == adjustment


def test_a_breach_outside_of_all_steps_has_none() -> None:
    assert step_for(LADDER[1:], 5, rising=True) is None


@pytest.mark.parametrize(
    ("kind", "adjustment", "count"),
    [
        ("ChangeInCapacity", 3, 13),
        ("ChangeInCapacity", -20, 0),
        ("ExactCapacity", 4, 4),
        ("PercentChangeInCapacity", 25, 12),
        ("PercentChangeInCapacity", 1, 11),
        ("PercentChangeInCapacity", -1, 9),
        ("PercentChangeInCapacity", -25, 8),
    ],
)
def test_each_kind_of_adjustment_changes_ten(kind: str, adjustment: int, count: int) -> None:
    assert stepped_count(10, adjustment, kind=kind) == count


def test_a_percentage_moves_by_the_minimum_magnitude_at_least() -> None:
    assert stepped_count(4, 25, kind="PercentChangeInCapacity", at_least=2) == 6
    assert stepped_count(4, -25, kind="PercentChangeInCapacity", at_least=2) == 2


@pytest.mark.parametrize(("kind", "value"), [("Minimum", 1), ("Maximum", 9), ("Average", 4)])
def test_steps_look_at_aggregated_data_points(kind: str, value: float) -> None:
    assert aggregated((9, 1, 2), kind) == value


def test_the_same_scale_out_waits_for_the_cooldown_and_a_larger_one_does_not() -> None:
    cooling = present(3, out_at=900.0, out_base=1)
    assert wish_of(ringing(stepping(2), 15), cooling) is None
    assert wanted(wish_of(ringing(stepping(3), 15), cooling)) == 4
    assert wanted(wish_of(ringing(stepping(2), 15), present(3, out_at=700.0, out_base=1))) == 5


def test_a_scale_in_waits_for_the_cooldown_and_a_scale_out_does_not() -> None:
    cooling = present(3, in_at=900.0)
    assert wish_of(ringing(tracking(), 1, rising=False), cooling) is None
    assert wanted(wish_of(ringing(tracking(), 20), cooling)) == 6
    assert wanted(wish_of(ringing(tracking(), 1, rising=False), present(3, in_at=700.0))) == 1


def test_the_time_scale_divides_cooldowns() -> None:
    cooling = present(3, scale=10.0, in_at=969.0)
    assert wish_of(ringing(stepping(-1), 5, rising=False), cooling) is not None
    slower = ringing(stepping(-1, Cooldown=400), 5, rising=False)
    assert wish_of(slower, cooling) is None


def test_the_largest_of_several_wishes_is_followed() -> None:
    small, large = ringing(stepping(1), 15), ringing(tracking(), 30)
    wish = followed(small, [large], policies=[], present=present(2))
    assert wish is not None
    assert (wish.wanted, wish.ringing) == (6, large)


def test_tracking_scales_in_only_when_all_tracking_policies_are_ready() -> None:
    first, second = tracking("first"), tracking("second")
    low = [ringing(policy, 1, rising=False) for policy in (first, second)]
    policies = [first, second, stepping(1)]
    assert followed(low[0], [], policies=policies, present=present(4)) is None
    assert wanted(followed(low[0], low[1:], policies=policies, present=present(4))) == 1


def test_a_tracking_policy_that_never_scales_in_holds_nobody_back() -> None:
    policies = [tracking("first"), tracking("second", DisableScaleIn=True)]
    low = ringing(policies[0], 5, rising=False)
    assert wanted(followed(low, [], policies=policies, present=present(4))) == 2


def test_an_alarm_without_data_points_moves_one_step_and_tracks_nothing() -> None:
    silent = Breach(rising=True, threshold=10.0, values=())
    step = Ringing(policy=stepping(1), alarm_name="alarm", breach=silent)
    track = Ringing(policy=tracking(), alarm_name="alarm", breach=silent)
    assert wanted(wish_of(step, present(2))) == 3
    assert wish_of(track, present(2)) is None
