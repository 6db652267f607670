"""How much traffic a deployment of the embedded AWS shifts, when, and what it refuses."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.api.errors import AwsError
from emulator.sagemaker.shifting import ShiftPlan, plan_shifts


def blue_green(routing: dict[str, Any], **policy: Any) -> dict[str, Any]:
    return {"BlueGreenUpdatePolicy": {"TrafficRoutingConfiguration": routing, **policy}}


def canary(size: dict[str, Any], wait_s: int = 10) -> dict[str, Any]:
    return {"Type": "CANARY", "CanarySize": size, "WaitIntervalInSeconds": wait_s}


def linear(percent: int, wait_s: int = 10) -> dict[str, Any]:
    size = {"Type": "CAPACITY_PERCENT", "Value": percent}
    return {"Type": "LINEAR", "LinearStepSize": size, "WaitIntervalInSeconds": wait_s}


def steps(plan: ShiftPlan) -> list[tuple[float, float]]:
    return [(shift.green_share, shift.bake_s) for shift in plan.shifts]


def test_without_a_deployment_config_everything_shifts_at_once() -> None:
    assert steps(plan_shifts(None, instance_count=1)) == [(1.0, 0.0)]


def test_all_at_once_bakes_for_the_termination_wait() -> None:
    config = blue_green({"Type": "ALL_AT_ONCE"}, TerminationWaitInSeconds=60)
    assert steps(plan_shifts(config, instance_count=1)) == [(1.0, 60.0)]


def test_a_canary_bakes_twice() -> None:
    config = blue_green(canary({"Type": "INSTANCE_COUNT", "Value": 1}), TerminationWaitInSeconds=60)
    assert steps(plan_shifts(config, instance_count=4)) == [(0.25, 10.0), (1.0, 60.0)]


def test_a_linear_shift_bakes_each_step() -> None:
    config = blue_green(linear(40), TerminationWaitInSeconds=60)
    assert steps(plan_shifts(config, instance_count=5)) == [(0.4, 10), (0.8, 10), (1.0, 60)]


@given(percent=st.integers(10, 50))
def test_linear_shares_rise_to_all_the_traffic(percent: int) -> None:
    plan = plan_shifts(blue_green(linear(percent)), instance_count=10)
    shares = [shift.green_share for shift in plan.shifts]
    assert shares == sorted(set(shares))
    assert shares[-1] == 1.0


def test_the_alarms_of_the_config_are_watched() -> None:
    config = {"AutoRollbackConfiguration": {"Alarms": [{"AlarmName": "a"}, {"AlarmName": "b"}]}}
    assert plan_shifts(config, instance_count=1).alarm_names == ("a", "b")


@pytest.mark.parametrize(
    ("routing", "count", "code"),
    [
        (canary({"Type": "CAPACITY_PERCENT", "Value": 51}), 4, "ValidationException"),
        (canary({"Type": "INSTANCE_COUNT", "Value": 1}), 1, "ValidationException"),
        (canary({"Type": "CAPACITY_PERCENT", "Value": 50}), 1, "ValidationException"),
        (linear(5), 10, "ValidationException"),
        ({"Type": "LINEAR", "WaitIntervalInSeconds": 1}, 10, "ValidationException"),
    ],
)
def test_steps_outside_awss_limits_are_refused(
    routing: dict[str, Any], count: int, code: str
) -> None:
    with pytest.raises(AwsError) as caught:
        plan_shifts(blue_green(routing), instance_count=count)
    assert caught.value.code == code


def rolling(size: dict[str, Any], **policy: Any) -> dict[str, Any]:
    wait_s = {"WaitIntervalInSeconds": 10}
    return {"RollingUpdatePolicy": {"MaximumBatchSize": size, **wait_s, **policy}}


HALF = {"Type": "CAPACITY_PERCENT", "Value": 50}


def test_a_rolling_update_bakes_each_batch_of_whole_instances() -> None:
    quarter = {"Type": "CAPACITY_PERCENT", "Value": 30}
    plan = plan_shifts(rolling(quarter), instance_count=4)
    assert steps(plan) == [(0.25, 10), (0.5, 10), (0.75, 10), (1.0, 10)]
    two = {"Type": "INSTANCE_COUNT", "Value": 2}
    plan = plan_shifts(rolling(two, MaximumExecutionTimeoutInSeconds=700), instance_count=5)
    assert steps(plan) == [(0.4, 10), (0.8, 10), (1.0, 10)]
    assert plan.timeout_s == 700


@given(percent=st.integers(5, 50), count=st.integers(2, 20))
def test_rolling_batches_rise_to_all_the_traffic(percent: int, count: int) -> None:
    size = {"Type": "CAPACITY_PERCENT", "Value": percent}
    shares = [each.green_share for each in plan_shifts(rolling(size), instance_count=count).shifts]
    batches = [after - before for before, after in zip([0.0, *shares], shares, strict=False)]
    assert shares[-1] == 1.0
    assert all(0 < each <= max(percent / 100, 1 / count) + 1e-9 for each in batches)


@pytest.mark.parametrize(
    ("config", "count", "variants"),
    [
        (rolling({"Type": "CAPACITY_PERCENT", "Value": 4}), 100, 1),
        (rolling({"Type": "CAPACITY_PERCENT", "Value": 51}), 100, 1),
        (rolling({"Type": "INSTANCE_COUNT", "Value": 3}), 5, 1),
        (rolling({"Type": "INSTANCE_COUNT", "Value": 1}), 1, 1),
        (rolling(HALF), 1, 1),
        (rolling(HALF), 4, 2),
        ({**rolling(HALF), **blue_green({"Type": "ALL_AT_ONCE"})}, 4, 1),
    ],
)
def test_a_rolling_update_outside_awss_rules_is_refused(
    config: dict[str, Any], count: int, variants: int
) -> None:
    with pytest.raises(AwsError) as caught:
        plan_shifts(config, instance_count=count, variant_count=variants)
    assert caught.value.code == "ValidationException"
