"""Alarms, bounds and schedules that really start and end workers."""

import contextlib
from collections.abc import Iterator

import pytest
from botocore.exceptions import ClientError

from tests.emulated.embedded import Embedded, eventually, unique
from tests.emulated.scaled import Scaled, alarm_on, measure
from tests.support.embedded_aws import admin

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
    eventually(lambda: measure(scaled, 1, seconds_ago=0), lambda _: scaled.count() == 1)
    scaled.reaches(1)
    eventually(scaled.workers, lambda workers: workers == alone)
    assert scaled.activities()[0]["Cause"].endswith("in state ALARM triggered policy in")


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
    eventually(lambda: measure(scaled, 50, seconds_ago=10), lambda _: scaled.count() > 1)


def test_what_sagemaker_refuses_is_a_failed_activity(scaled: Scaled) -> None:
    scaled.track()
    scaled.embedded.add_fault(
        {
            "service": "sagemaker",
            "action": "UpdateEndpointWeightsAndCapacities",
            "times": 1,
            "error": {"code": "ValidationException", "message": "no capacity", "status": 400},
        }
    )
    scaled.ring(scaled.alarms()[0]["AlarmName"], 25.0)
    (refused,) = eventually(
        scaled.activities, lambda found: bool(found) and found[0]["StatusCode"] == "Failed"
    )
    assert refused["StatusMessage"].startswith(
        "Failed to set desired instance count to 3. Reason: no capacity (Service: AmazonSageMaker"
    )


def test_at_the_maximum_nothing_is_scaled_and_who_asks_learns_why(scaled: Scaled) -> None:
    scaled.register(1, 1)
    scaled.track()
    scaled.ring(scaled.alarms()[0]["AlarmName"], 25.0)
    (activity,) = eventually(lambda: scaled.activities(IncludeNotScaledActivities=True), bool)
    (reason,) = activity["NotScaledReasons"]
    assert (reason["Code"], reason["MaxCapacity"]) == ("AlreadyAtMaxCapacity", 1)
    assert scaled.activities() == []


def test_suspended_scaling_does_nothing(scaled: Scaled) -> None:
    scaled.register(SuspendedState={"DynamicScalingOutSuspended": True})
    scaled.track()
    scaled.ring(scaled.alarms()[0]["AlarmName"], 25.0)
    suspended = scaled.target()["SuspendedState"]
    assert suspended == {
        "DynamicScalingInSuspended": False,
        "DynamicScalingOutSuspended": True,
        "ScheduledScalingSuspended": False,
    }
    history = scaled.embedded.client("cloudwatch").describe_alarm_history
    acted = {"AlarmName": scaled.alarms()[0]["AlarmName"], "HistoryItemType": "Action"}
    eventually(lambda: history(**acted)["AlarmHistoryItems"], bool)
    assert scaled.activities(IncludeNotScaledActivities=True) == []


def test_a_deleted_endpoint_is_no_target_any_more(scaled: Scaled) -> None:
    scaled.track()
    scaled.embedded.sagemaker.delete_endpoint(EndpointName=scaled.endpoint)
    answer = scaled.client.describe_scalable_targets(
        ServiceNamespace="sagemaker", ResourceIds=[scaled.resource["ResourceId"]]
    )
    assert (answer["ScalableTargets"], scaled.alarms()) == ([], [])
