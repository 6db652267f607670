"""What people change around an endpoint, on terraform/serving alone: variables in, actions out.

Nothing here may replace or delete the endpoint, and a move stays one change in place.
"""

from collections.abc import Mapping
from pathlib import Path

import pytest

from pipeline.gateways.aws import Cloud
from pipeline.gateways.terraform import Engine
from tests.terraform.serving_stack import (
    ENDPOINT,
    MOVE_ONLY,
    ServingStack,
    Wanted,
    all_of,
    config_and_alarms,
    first_release,
    model,
    planned_and_applied,
)

pytestmark = [pytest.mark.terraform, pytest.mark.emulated]

R1, R2, BIG = (f"r-20260101-00000{n}-aaaaa{n}" for n in range(1, 4))
SCALING = {
    "max_capacity": 3,
    "schedules": {"night": {"schedule": "rate(1 day)", "min_capacity": 1, "max_capacity": 2}},
}
_AUTOSCALING = "module.autoscaling[0]"
_ALARMS = "module.alarms[0].aws_cloudwatch"
BOUNDS = f"{_AUTOSCALING}.terraform_data.bounds"
SCALED = (
    f"{_AUTOSCALING}.aws_appautoscaling_target.this",
    f'{_AUTOSCALING}.aws_appautoscaling_policy.tracking["invocations"]',
    f'{_AUTOSCALING}.aws_appautoscaling_scheduled_action.this["night"]',
)
CPU, LATENCY, MEMORY, MOST, NO_TRAFFIC = (
    f'{_ALARMS}_metric_alarm.metric["{name}"]'
    for name in (
        "cpu_percent",
        "latency_p95_ms",
        "memory_percent",
        "instance_count",
        "no_traffic_minutes",
    )
)
CLIENT_ERRORS, ERRORS = (
    f'{_ALARMS}_metric_alarm.rate["{name}"]' for name in ("client_error_rate", "error_rate")
)
ROLLBACK = f"{_ALARMS}_composite_alarm.rollback[0]"
DASHBOARD = "module.dashboard[0].aws_cloudwatch_dashboard.this"
WATCHED = (CLIENT_ERRORS, CPU, ERRORS, LATENCY, MEMORY, MOST, NO_TRAFFIC, ROLLBACK)
AROUND = (BOUNDS, *SCALED, *WATCHED, DASHBOARD)


class Scenario:
    """One endpoint with a state of its own."""

    def __init__(self, stack: ServingStack, cloud: Cloud) -> None:
        self.stack = stack
        self._cloud = cloud

    def scale_to(self, count: int) -> None:
        """Change the live count, as a scaling policy does."""
        wish = {"VariantName": "primary", "DesiredInstanceCount": count}
        self._cloud.client("sagemaker").update_endpoint_weights_and_capacities(
            EndpointName=self.stack.endpoint, DesiredWeightsAndCapacities=[wish]
        )
        self.stack.wait_until_in_service()

    def set_bounds(self, minimum: int, maximum: int) -> None:
        """Change the bounds, as a schedule does when it fires."""
        self._cloud.client("application-autoscaling").register_scalable_target(
            ServiceNamespace="sagemaker",
            ResourceId=f"endpoint/{self.stack.endpoint}/variant/primary",
            ScalableDimension="sagemaker:variant:DesiredInstanceCount",
            MinCapacity=minimum,
            MaxCapacity=maximum,
        )

    def what_is_left(self) -> list[str]:
        """Return the names of everything of this endpoint that the embedded AWS holds."""
        name = self.stack.endpoint
        sagemaker, cloudwatch = self._cloud.client("sagemaker"), self._cloud.client("cloudwatch")
        alarms = cloudwatch.describe_alarms(
            AlarmNamePrefix=name, AlarmTypes=["MetricAlarm", "CompositeAlarm"]
        )
        scaling = self._cloud.client("application-autoscaling")
        targets = scaling.describe_scalable_targets(ServiceNamespace="sagemaker")
        wanted = {"NameContains": name}
        found = [
            *(each["EndpointName"] for each in sagemaker.list_endpoints(**wanted)["Endpoints"]),
            *(
                each["EndpointConfigName"]
                for each in sagemaker.list_endpoint_configs(**wanted)["EndpointConfigs"]
            ),
            *(each["ModelName"] for each in sagemaker.list_models(**wanted)["Models"]),
            *(each["AlarmName"] for each in alarms["MetricAlarms"] + alarms["CompositeAlarms"]),
            *(each["DashboardName"] for each in cloudwatch.list_dashboards()["DashboardEntries"]),
            *(each["ResourceId"] for each in targets["ScalableTargets"]),
        ]
        return [each for each in found if name in each]

    def live_count(self) -> int:
        (variant,) = self.stack.describe()["ProductionVariants"]
        return int(variant["CurrentInstanceCount"])


@pytest.fixture
def scenario(
    cloud: Cloud,
    engine: Engine,
    attached_environment: Mapping[str, str],
    tmp_path: Path,
) -> Scenario:
    name = tmp_path.name.replace("_", "-")
    stack = ServingStack(name, cloud, engine, attached_environment, tmp_path)
    return Scenario(stack, cloud)


def everything_on(endpoint: str) -> Wanted:
    return first_release(endpoint, R1).given(alarms={}, autoscaling=SCALING, dashboard={})


def test_scaling_leaves_nothing_to_plan(scenario: Scenario) -> None:
    wanted = first_release(scenario.stack.endpoint, R1).given(autoscaling=SCALING)
    planned = scenario.stack.plan(wanted)
    assert planned == all_of(
        "create", model(R1), *config_and_alarms(f"{R1}-n1"), ENDPOINT, BOUNDS, *SCALED
    )
    assert scenario.stack.apply().exit_code == 0

    scenario.set_bounds(2, 2)
    scenario.stack.wait_until_in_service()
    scenario.scale_to(2)
    assert scenario.stack.plan(wanted) == {}
    assert scenario.live_count() == 2


@pytest.mark.soak
@pytest.mark.timeout(1800)
def test_moves_stay_one_change_in_place_with_everything_on(scenario: Scenario) -> None:
    stack = scenario.stack
    first = everything_on(stack.endpoint)
    whole = (model(R1), *config_and_alarms(f"{R1}-n1"), ENDPOINT)
    assert planned_and_applied(stack, first) == all_of("create", *whole, *AROUND)

    second = first.with_release(R2).moved_to(f"{R2}-n1")
    new_release = all_of("create", model(R2), *config_and_alarms(f"{R2}-n1"))
    assert planned_and_applied(stack, second) == new_release | MOVE_ONLY | {DASHBOARD: "update"}

    back = second.moved_to(f"{R1}-n1")
    assert planned_and_applied(stack, back) == MOVE_ONLY
    forth = back.moved_to(f"{R2}-n1")
    assert planned_and_applied(stack, forth) == MOVE_ONLY

    pruned = forth.without(R1)
    gone = all_of("delete", model(R1), *config_and_alarms(f"{R1}-n1"))
    assert planned_and_applied(stack, pruned) == gone | {DASHBOARD: "update"}

    stack.destroy()
    assert scenario.what_is_left() == []


@pytest.mark.soak
@pytest.mark.timeout(1800)
def test_alarms_change_without_the_endpoint(scenario: Scenario) -> None:
    stack = scenario.stack
    on = everything_on(stack.endpoint)
    planned_and_applied(stack, on)

    stricter = on.given(alarms={"thresholds": {"latency_p95_ms": 300, "error_rate": 0.02}})
    assert planned_and_applied(stack, stricter) == all_of("update", LATENCY, ERRORS, DASHBOARD)

    silent = stricter.given(alarms={"thresholds": {"memory_percent": None}})
    assert planned_and_applied(stack, silent) == {MEMORY: "delete"} | all_of(
        "update", LATENCY, ERRORS, DASHBOARD
    )

    by_errors = {"rollback": {"alarms": ["error_rate"]}, "thresholds": {"latency_p95_ms": None}}
    no_latency = silent.given(alarms=by_errors)
    assert planned_and_applied(stack, no_latency) == {LATENCY: "delete", MEMORY: "create"} | all_of(
        "update", ROLLBACK, DASHBOARD
    )
    asked = [each["action"] for each in stack.calls("PutCompositeAlarm", "DeleteAlarms")]
    assert asked[-2:] == ["PutCompositeAlarm", "DeleteAlarms"]


@pytest.mark.soak
@pytest.mark.timeout(1800)
def test_scaling_and_strategy_change_without_a_new_endpoint(scenario: Scenario) -> None:
    stack = scenario.stack
    plain = first_release(stack.endpoint, R1, count=2)
    planned_and_applied(stack, plain)

    on = plain.given(alarms={}, autoscaling=SCALING, dashboard={})
    assert planned_and_applied(stack, on) == all_of("create", *AROUND)

    wider = on.given(autoscaling=SCALING | {"max_capacity": 5})
    assert planned_and_applied(stack, wider) == all_of("replace", *SCALED) | all_of(
        "update", BOUNDS, MOST, DASHBOARD
    )

    scaling_off = wider.given(autoscaling=None)
    assert planned_and_applied(stack, scaling_off) == all_of("delete", BOUNDS, *SCALED, MOST) | {
        DASHBOARD: "update"
    }

    other_strategy = scaling_off.moved_to(f"{R1}-n2", strategy="linear", step_percentage=50)
    assert planned_and_applied(stack, other_strategy) == MOVE_ONLY


@pytest.mark.soak
@pytest.mark.timeout(1800)
def test_another_instance_type_takes_three_plans(scenario: Scenario) -> None:
    stack = scenario.stack
    scaled = first_release(stack.endpoint, R1).given(autoscaling=SCALING)
    scaled = Wanted(**{**vars(scaled), "instance_types": {BIG: "ml.m5.4xlarge"}})
    planned_and_applied(stack, scaled)
    moved = scaled.with_release(BIG).moved_to(f"{BIG}-n1")

    stack.plan(moved)
    refused = stack.apply()
    assert refused.exit_code == 1
    assert "scalable target" in refused.stderr
    assert stack.serves() == f"{R1}-n1"

    off = moved.moved_to(f"{R1}-n1").given(autoscaling=None)
    assert planned_and_applied(stack, off) == all_of("delete", BOUNDS, *SCALED)
    assert planned_and_applied(stack, off.moved_to(f"{BIG}-n1")) == MOVE_ONLY
    assert planned_and_applied(stack, moved) == all_of("create", BOUNDS, *SCALED)
