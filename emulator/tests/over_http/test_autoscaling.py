"""Alarms, bounds and schedules that really start and end workers."""

import contextlib
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from emulator.tests.support.embedded import Embedded, eventually, unique
from emulator.tests.support.embedded_aws import admin
from emulator.tests.support.scaled import Scaled, alarm_on, measure

pytestmark = pytest.mark.emulated


@pytest.fixture
def scaled(embedded: Embedded) -> Iterator[Scaled]:
    """An endpoint of the test's own, with one instance, as a target."""
    scaled = Scaled(embedded=embedded, endpoint=embedded.an_endpoint(embedded.a_config()))
    scaled.register()
    yield scaled
    with contextlib.suppress(ClientError):
        embedded.sagemaker.delete_endpoint(EndpointName=scaled.endpoint)


def test_a_metric_that_rises_and_falls_starts_and_ends_a_worker(scaled: Scaled) -> None:
    scaled.register(1, 2)
    alone = scaled.workers()
    alarm_on(scaled, scaled.step("out", 1), comparison="GreaterThanThreshold")
    alarm_on(scaled, scaled.step("in", -1), comparison="LessThanThreshold")
    measure(scaled, 50)
    scaled.reaches(2)
    assert scaled.embedded.answer(scaled.endpoint) == "one"
    eventually(scaled.workers, lambda workers: workers == 2 * alone)
    eventually(lambda: measure(scaled, 1, seconds_ago=[0]), lambda _: scaled.count() == 1)
    scaled.reaches(1)
    eventually(scaled.workers, lambda workers: workers == alone)
    assert scaled.activities()[0]["Cause"].endswith("in state ALARM triggered policy in")


def test_a_metric_of_one_s_own_is_tracked_up_and_down(scaled: Scaled) -> None:
    own = {"MetricName": "load", "Namespace": scaled.endpoint, "Statistic": "Maximum"}
    members: Any = {"PredefinedMetricSpecification": None, "CustomizedMetricSpecification": own}
    minutes_ago = range(60, 240, 60)
    measure(scaled, 15, seconds_ago=minutes_ago)
    scaled.track(target=10, **members)
    scaled.reaches(2)
    scaled.client.delete_scaling_policy(PolicyName="track", **scaled.resource)
    measure(scaled, 30, seconds_ago=range(60, 1080, 60))
    scaled.track(target=100, **members)
    scaled.reaches(1)
    assert "-AlarmLow-" in scaled.activities()[0]["Cause"]


def test_traffic_above_the_target_is_tracked(scaled: Scaled) -> None:
    scaled.track(target=10)
    high = scaled.alarms()[0]["AlarmName"]
    scaled.ring(high, 25.0)
    scaled.reaches(3)
    newest = scaled.activities()[0]
    assert newest["Description"] == "Setting desired instance count to 3."
    assert newest["Cause"] == f"monitor alarm {high} in state ALARM triggered policy track"
    assert newest["StatusMessage"] == (
        "Successfully set desired instance count to 3. Change successfully fulfilled by sagemaker."
    )


def test_a_minimum_above_the_count_scales_out_at_once(scaled: Scaled) -> None:
    scaled.register(2, None)
    scaled.reaches(2)
    assert scaled.activities()[0]["Cause"] == "minimum capacity was set to 2"


def test_a_scheduled_action_fires_on_request_and_moves_bounds_and_count(scaled: Scaled) -> None:
    name = unique("night")
    scaled.client.put_scheduled_action(
        **scaled.resource,
        ScheduledActionName=name,
        Schedule="cron(0 22 * * ? *)",
        Timezone="Europe/Berlin",
        ScalableTargetAction={"MinCapacity": 2, "MaxCapacity": 2},
    )
    (arn,) = admin(scaled.embedded.url, "fire-schedule", method="POST", body={"name": name})[
        "fired"
    ]
    assert arn.endswith(f":scheduledActionName/{name}")
    scaled.reaches(2)
    causes = [activity["Cause"] for activity in scaled.activities()]
    assert causes == [
        "minimum capacity was set to 2",
        f"scheduled action name {name} was triggered",
    ]


def test_an_endpoint_that_is_being_updated_is_left_alone_until_the_next_minute(
    scaled: Scaled,
) -> None:
    alarm = alarm_on(scaled, scaled.step("out", 1), comparison="GreaterThanThreshold")
    wait = {"Type": "ALL_AT_ONCE", "WaitIntervalInSeconds": 0}
    policy = {"TrafficRoutingConfiguration": wait, "TerminationWaitInSeconds": 120}
    scaled.embedded.sagemaker.update_endpoint(
        EndpointName=scaled.endpoint,
        EndpointConfigName=scaled.embedded.a_config(),
        DeploymentConfig={"BlueGreenUpdatePolicy": policy},
    )
    scaled.embedded.client("cloudwatch").set_alarm_state(
        AlarmName=alarm, StateValue="ALARM", StateReason="drill"
    )
    (refused,) = eventually(scaled.activities, bool)
    assert refused["StatusCode"] == "Failed"
    assert "Cannot update in-progress endpoint" in refused["StatusMessage"]
    eventually(lambda: measure(scaled, 50), lambda _: scaled.count() > 1)


def test_a_deleted_endpoint_is_no_target_any_more(scaled: Scaled) -> None:
    scaled.track()
    scaled.embedded.sagemaker.delete_endpoint(EndpointName=scaled.endpoint)
    answer = scaled.client.describe_scalable_targets(
        ServiceNamespace="sagemaker", ResourceIds=[scaled.resource["ResourceId"]]
    )
    assert (answer["ScalableTargets"], scaled.alarms()) == ([], [])
