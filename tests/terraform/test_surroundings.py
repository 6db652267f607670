"""What people change around an endpoint, on the roots alone: variables in, actions out.

A move is no part of it and it is no part of a move: each root plans nothing of the other's.
"""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pipeline.gateways.aws import Cloud
from pipeline.gateways.terraform import Engine
from tests.terraform import surroundings_stack
from tests.terraform.serving_stack import (
    MOVE_ONLY,
    ServingStack,
    config_and_alarms,
    first_release,
    model,
    planned_and_applied,
)
from tests.terraform.stacks import Stack, all_of
from tests.terraform.surroundings_stack import surroundings

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
CPU, MEMORY, MOST, NO_TRAFFIC = (
    f'{_ALARMS}_metric_alarm.metric["{name}"]'
    for name in ("cpu_percent", "memory_percent", "instance_count", "no_traffic_minutes")
)
CLIENT_ERRORS, ERRORS, LATENCY = (
    f'{_ALARMS}_metric_alarm.requests["{name}"]'
    for name in ("client_error_rate", "error_rate", "latency_p95_ms")
)
ROLLBACK = f"{_ALARMS}_composite_alarm.rollback[0]"
DASHBOARD = "module.dashboard[0].aws_cloudwatch_dashboard.this"
WATCHED = (CLIENT_ERRORS, CPU, ERRORS, LATENCY, MEMORY, MOST, NO_TRAFFIC, ROLLBACK)
AROUND = (BOUNDS, *SCALED, *WATCHED, DASHBOARD)


class Scenario:
    """One endpoint and what surrounds it, each with a state of its own."""

    def __init__(self, serving: ServingStack, around: Stack, cloud: Cloud) -> None:
        self.serving = serving
        self.around = around
        self.endpoint = serving.endpoint
        self._cloud = cloud

    def converged(self, values: Mapping[str, Any]) -> dict[str, str]:
        """Return what the root surroundings planned, and applied."""
        return surroundings_stack.planned_and_applied(self.around, values)

    def scale_to(self, count: int) -> None:
        """Change the live count, as a scaling policy does."""
        wish = {"VariantName": "primary", "DesiredInstanceCount": count}
        self._cloud.client("sagemaker").update_endpoint_weights_and_capacities(
            EndpointName=self.endpoint, DesiredWeightsAndCapacities=[wish]
        )
        self.serving.wait_until_in_service()

    def set_bounds(self, minimum: int, maximum: int) -> None:
        """Change the bounds, as a schedule does when it fires."""
        self._cloud.client("application-autoscaling").register_scalable_target(
            ServiceNamespace="sagemaker",
            ResourceId=f"endpoint/{self.endpoint}/variant/primary",
            ScalableDimension="sagemaker:variant:DesiredInstanceCount",
            MinCapacity=minimum,
            MaxCapacity=maximum,
        )

    def what_is_left(self) -> list[str]:
        """Return the names of everything of this endpoint that the embedded AWS holds."""
        name = self.endpoint
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
        (variant,) = self.serving.describe()["ProductionVariants"]
        return int(variant["CurrentInstanceCount"])


@pytest.fixture
def scenario(
    cloud: Cloud,
    engine: Engine,
    attached_environment: Mapping[str, str],
    tmp_path: Path,
) -> Scenario:
    name = tmp_path.name.replace("_", "-")
    serving = ServingStack(name, cloud, engine, attached_environment, tmp_path / "serving")
    around = Stack("surroundings", name, engine, attached_environment, tmp_path / "around")
    return Scenario(serving, around, cloud)


def everything_on(endpoint: str, *release_ids: str) -> dict[str, Any]:
    return surroundings(endpoint, *release_ids, alarms={}, autoscaling=SCALING, dashboard={})


def test_scaling_leaves_nothing_to_plan(scenario: Scenario) -> None:
    served = first_release(scenario.endpoint, R1)
    planned_and_applied(scenario.serving, served)
    scaled = surroundings(scenario.endpoint, R1, autoscaling=SCALING)
    assert scenario.around.plan_values(scaled) == all_of("create", BOUNDS, *SCALED)
    assert scenario.around.apply().exit_code == 0

    scenario.set_bounds(2, 2)
    scenario.serving.wait_until_in_service()
    scenario.scale_to(2)
    assert scenario.around.plan_values(scaled) == {}
    assert scenario.serving.plan(served) == {}
    assert scenario.live_count() == 2


@pytest.mark.soak
@pytest.mark.timeout(1800)
def test_moves_and_surroundings_plan_nothing_of_each_other(scenario: Scenario) -> None:
    serving = scenario.serving
    first = first_release(scenario.endpoint, R1)
    planned_and_applied(serving, first)
    on = everything_on(scenario.endpoint, R1)
    assert scenario.converged(on) == all_of("create", *AROUND)
    assert serving.plan(first) == {}

    second = first.with_release(R2).moved_to(f"{R2}-n1")
    new_release = all_of("create", model(R2), *config_and_alarms(f"{R2}-n1"))
    assert planned_and_applied(serving, second) == new_release | MOVE_ONLY
    assert scenario.converged(on) == {}
    two_lines = everything_on(scenario.endpoint, R1, R2)
    assert scenario.converged(two_lines) == {DASHBOARD: "update"}

    back = second.moved_to(f"{R1}-n1")
    assert planned_and_applied(serving, back) == MOVE_ONLY
    forth = back.moved_to(f"{R2}-n1")
    assert planned_and_applied(serving, forth) == MOVE_ONLY
    assert scenario.converged(two_lines) == {}

    gone = all_of("delete", model(R1), *config_and_alarms(f"{R1}-n1"))
    assert planned_and_applied(serving, forth.without(R1)) == gone
    assert scenario.converged(everything_on(scenario.endpoint, R2)) == {DASHBOARD: "update"}

    scenario.around.destroy()
    assert serving.serves() == f"{R2}-n1"
    serving.destroy()
    assert scenario.what_is_left() == []


@pytest.mark.soak
@pytest.mark.timeout(1800)
def test_alarms_change_without_the_endpoint(scenario: Scenario) -> None:
    planned_and_applied(scenario.serving, first_release(scenario.endpoint, R1))
    on = everything_on(scenario.endpoint, R1)
    scenario.converged(on)

    stricter = on | {"alarms": {"thresholds": {"latency_p95_ms": 300, "error_rate": 0.02}}}
    assert scenario.converged(stricter) == all_of("update", LATENCY, ERRORS, DASHBOARD)

    silent = on | {"alarms": {"thresholds": {"memory_percent": None}}}
    assert scenario.converged(silent) == {MEMORY: "delete"} | all_of(
        "update", LATENCY, ERRORS, DASHBOARD
    )

    by_errors = {"rollback": {"alarms": ["error_rate"]}, "thresholds": {"latency_p95_ms": None}}
    no_latency = on | {"alarms": by_errors}
    assert scenario.converged(no_latency) == {LATENCY: "delete", MEMORY: "create"} | all_of(
        "update", ROLLBACK, DASHBOARD
    )
    calls = scenario.serving.calls("PutCompositeAlarm", "DeleteAlarms")
    assert [each["action"] for each in calls][-2:] == ["PutCompositeAlarm", "DeleteAlarms"]


@pytest.mark.soak
@pytest.mark.timeout(1800)
def test_scaling_and_strategy_change_without_a_new_endpoint(scenario: Scenario) -> None:
    plain = first_release(scenario.endpoint, R1, count=2)
    planned_and_applied(scenario.serving, plain)
    on = everything_on(scenario.endpoint, R1) | {"instance_count": 2}
    assert scenario.converged(on) == all_of("create", *AROUND)

    wider = on | {"autoscaling": SCALING | {"max_capacity": 5}}
    assert scenario.converged(wider) == all_of("replace", *SCALED) | all_of(
        "update", BOUNDS, MOST, DASHBOARD
    )

    scaling_off = on | {"autoscaling": None}
    assert scenario.converged(scaling_off) == all_of("delete", BOUNDS, *SCALED, MOST) | {
        DASHBOARD: "update"
    }

    other_strategy = plain.moved_to(f"{R1}-n2", strategy="linear", step_percentage=50)
    assert planned_and_applied(scenario.serving, other_strategy) == MOVE_ONLY


@pytest.mark.soak
@pytest.mark.timeout(1800)
def test_another_instance_type_takes_three_plans(scenario: Scenario) -> None:
    serving = scenario.serving
    first = replace(first_release(scenario.endpoint, R1), instance_types={BIG: "ml.m5.4xlarge"})
    planned_and_applied(serving, first)
    scaled = surroundings(scenario.endpoint, R1, autoscaling=SCALING)
    scenario.converged(scaled)
    moved = first.with_release(BIG).moved_to(f"{BIG}-n1")

    serving.plan(moved)
    refused = serving.apply()
    assert refused.exit_code == 1
    assert "scalable target" in refused.stderr
    assert serving.serves() == f"{R1}-n1"

    assert scenario.converged(scaled | {"autoscaling": None}) == all_of("delete", BOUNDS, *SCALED)
    assert planned_and_applied(serving, moved) == MOVE_ONLY
    on_again = scaled | {"instance_type": "ml.m5.4xlarge"}
    assert scenario.converged(on_again) == all_of("create", BOUNDS, *SCALED)
