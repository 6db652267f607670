"""The engine on a store and alarms in memory: cooldowns, one change at a time, restarts."""

import threading
from typing import Any

import pytest

from emulator.autoscaling.idle import IdleVariants
from emulator.autoscaling.registry import ACTIONS
from emulator.autoscaling.resources import Variant
from emulator.autoscaling.scaler import CannotScale, Refused, Scaler, Settings
from emulator.autoscaling.service import ApplicationAutoScaling
from emulator.metrics.alarm_book import Finding
from emulator.metrics.service import CloudWatch
from emulator.metrics.statistic import statistic
from emulator.metrics.store import metric_key
from emulator.persistence.settling import REASON, settle
from emulator.store import Key, Store

REGION = "us-east-1"
ENDPOINT = Key(region=REGION, kind="endpoint", name="e")
RESOURCE = {
    "ServiceNamespace": "sagemaker",
    "ResourceId": "endpoint/e/variant/primary",
    "ScalableDimension": "sagemaker:variant:DesiredInstanceCount",
}


class World:
    """One endpoint with one variant that is a target of 1 to 9; time stands still until moved."""

    def __init__(self, *, time_scale: float = 1) -> None:
        self.now, self.asked, self.refusal = 1_000_000.0, list[int](), ""
        self.store, self.cloudwatch = Store(), _cloudwatch(lambda: self.now)
        self.scaler = Scaler(
            Settings(account_id="000000000000", time_scale=time_scale),
            self.store,
            self.cloudwatch,
            ask=self._ask,
            now=lambda: self.now,
        )
        self.service = ApplicationAutoScaling(self.scaler, self.store, strict=True)
        self.cloudwatch.actions.register("autoscaling", self.scaler.on_alarm)
        self.store.watch(self.scaler.endpoint_changed)
        variant = {"VariantName": "primary", "InstanceType": "ml.m5.large"}
        self.store.put(
            Key(region=REGION, kind="endpoint-config", name="c"), {"ProductionVariants": [variant]}
        )
        self.serve(1)
        self.call("RegisterScalableTarget", MinCapacity=1, MaxCapacity=9)

    def _ask(self, _: str, __: Variant, count: int) -> None:
        if self.refusal:
            raise Refused(self.refusal)
        self.asked.append(count)
        self.store.merge(ENDPOINT, {"EndpointStatus": "Updating"})

    def serve(self, count: int) -> None:
        """Let the endpoint be in service with so many instances."""
        self.store.put(
            ENDPOINT,
            {
                "EndpointName": "e",
                "EndpointArn": "arn",
                "EndpointConfigName": "c",
                "EndpointStatus": "InService",
                "ProductionVariants": [{"VariantName": "primary", "DesiredInstanceCount": count}],
            },
        )

    def call(self, action: str, **members: Any) -> dict[str, Any]:
        return self.service.answer(action, {**RESOURCE, **members}, region=REGION)

    def alarm_with_step(self, adjustment: int, *, cooldown_s: int = 300) -> str:
        """Put a step policy and an alarm of its own; return the alarm's name."""
        name = f"step-{adjustment}"
        bound = "MetricIntervalLowerBound" if adjustment > 0 else "MetricIntervalUpperBound"
        arn = self.call(
            "PutScalingPolicy",
            PolicyName=name,
            PolicyType="StepScaling",
            StepScalingPolicyConfiguration={
                "AdjustmentType": "ChangeInCapacity",
                "StepAdjustments": [{bound: 0.0, "ScalingAdjustment": adjustment}],
                "Cooldown": cooldown_s,
            },
        )["PolicyARN"]
        above = adjustment > 0
        self.cloudwatch.put_metric_alarm(_alarm(name, arn, above=above), REGION)
        return name

    def ring(self, alarm: str) -> list[int]:
        """Let the alarm go into ALARM, and return what was asked for so far."""
        for state in ("OK", "ALARM"):
            finding = Finding(state=state, reason="drill")
            transition = self.cloudwatch.book.set_state(REGION, alarm, finding, now=self.now)
            if transition is not None:
                self.cloudwatch.actions.act(transition)
        return self.asked

    def activities(self) -> list[dict[str, Any]]:
        found = self.call("DescribeScalingActivities")["ScalingActivities"]
        assert isinstance(found, list)
        return found


def _cloudwatch(clock: Any) -> CloudWatch:
    return CloudWatch("000000000000", actions={}, tell=lambda _: None, time_scale=1, clock=clock)


def _alarm(name: str, arn: str, *, above: bool) -> dict[str, Any]:
    return {
        "AlarmName": name,
        "Namespace": "n",
        "MetricName": "m",
        "Statistic": "Sum",
        "Period": 60,
        "EvaluationPeriods": 1,
        "Threshold": 1.0,
        "ComparisonOperator": "GreaterThanThreshold" if above else "LessThanThreshold",
        "AlarmActions": [arn],
    }


def test_a_change_under_way_lets_no_other_begin() -> None:
    world = World()
    alarm = world.alarm_with_step(1)
    assert world.ring(alarm) == [2]
    assert world.ring(alarm) == [2]
    assert [activity["StatusCode"] for activity in world.activities()] == ["InProgress"]


def test_the_cooldown_begins_when_the_scale_out_is_done() -> None:
    world = World()
    alarm = world.alarm_with_step(1)
    world.ring(alarm)
    world.now += 400
    world.serve(2)
    world.now += 299
    assert world.ring(alarm) == [2]
    world.now += 1
    assert world.ring(alarm) == [2, 3]


def test_the_time_scale_divides_the_cooldown() -> None:
    world = World(time_scale=100)
    alarm = world.alarm_with_step(1)
    world.ring(alarm)
    world.serve(2)
    world.now += 3
    assert world.ring(alarm) == [2, 3]


def test_a_larger_step_during_the_cooldown_adds_only_the_rest() -> None:
    world = World()
    small, large = world.alarm_with_step(2), world.alarm_with_step(3)
    world.ring(small)
    world.serve(3)
    assert world.ring(large) == [3, 4]


def test_a_scale_out_ends_the_cooldown_of_a_scale_in() -> None:
    world = World()
    out, shrink = world.alarm_with_step(1), world.alarm_with_step(-1)
    world.serve(5)
    world.ring(shrink)
    world.serve(4)
    assert world.ring(shrink) == [4]
    world.cloudwatch.delete_alarms({"AlarmNames": [shrink]}, REGION)
    world.ring(out)
    world.serve(5)
    world.cloudwatch.delete_alarms({"AlarmNames": [out]}, REGION)
    shrink = world.alarm_with_step(-1)
    assert world.ring(shrink) == [4, 5, 4]


def test_what_was_refused_is_asked_again_with_the_next_alarm() -> None:
    world = World()
    alarm, world.refusal = world.alarm_with_step(1), "no capacity"
    assert world.ring(alarm) == []
    assert world.activities()[0]["StatusMessage"].endswith("Reason: no capacity")
    world.refusal = ""
    assert world.ring(alarm) == [2]


def test_an_update_that_another_makes_fails_the_activity_once() -> None:
    world = World()
    alarm = world.alarm_with_step(1)
    world.store.merge(ENDPOINT, {"EndpointStatus": "Updating"})
    assert world.ring(alarm) == world.ring(alarm) == []
    assert [activity["StatusCode"] for activity in world.activities()] == ["Failed"]


def test_a_restart_in_the_middle_fails_the_activity_and_the_next_alarm_scales() -> None:
    world = World()
    alarm = world.alarm_with_step(1)
    world.ring(alarm)
    world.store.load(world.store.dump())
    settle(world.store, now=world.now)
    (activity,) = world.activities()
    assert (activity["StatusCode"], REASON in activity["StatusMessage"]) == ("Failed", True)
    assert world.ring(alarm) == [2, 2]


def test_two_alarms_at_the_same_moment_make_one_change() -> None:
    world = World()
    alarm = world.alarm_with_step(1)
    finding = Finding(state="ALARM", reason="drill")
    transition = world.cloudwatch.book.set_state(REGION, alarm, finding, now=world.now)
    assert transition is not None
    (arn,) = transition.after["AlarmActions"]
    threads = [
        threading.Thread(target=world.scaler.on_alarm, args=(arn, transition)) for _ in range(16)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert world.asked == [2]


def test_a_policy_that_is_gone_is_said_in_the_alarm_s_history() -> None:
    world = World()
    alarm = world.alarm_with_step(1)
    transition = world.cloudwatch.book.set_state(
        REGION, alarm, Finding(state="ALARM", reason="drill"), now=world.now
    )
    assert transition is not None
    with pytest.raises(CannotScale, match="no scaling policy with the ARN arn:other"):
        world.scaler.on_alarm("arn:other", transition)


def test_a_deleted_endpoint_ends_the_activity_that_was_under_way() -> None:
    world = World()
    world.ring(world.alarm_with_step(1))
    world.store.merge(ENDPOINT, {"EndpointStatus": "Deleting"})
    assert [activity["StatusCode"] for activity in world.activities()] == ["Unfulfilled"]
    assert world.call("DescribeScalingPolicies")["ScalingPolicies"] == []


def test_activities_are_forgotten_when_there_are_too_many() -> None:
    world = World()
    alarm, world.refusal = world.alarm_with_step(1), "no"
    for number in range(210):
        world.refusal = f"no {number}"
        world.ring(alarm)
    kept = [key for key in world.store.all_keys() if key.kind == "scaling-activity"]
    assert len(kept) == 200
    assert "no 209" in world.activities()[0]["StatusMessage"]


def invocations(world: World) -> dict[int, float]:
    dimensions = {"EndpointName": "e", "VariantName": "primary"}
    key = metric_key("AWS/SageMaker", "InvocationsPerInstance", dimensions)
    found = world.cloudwatch.store.periods(REGION, key, start=0, end=2e9, period_s=60)
    return {start: statistic("SampleCount")(samples) or 0 for start, samples in found.items()}


def test_zeros_are_written_only_into_minutes_without_traffic() -> None:
    world = World()
    idle = IdleVariants(world.store, world.cloudwatch.store, clock=lambda: world.now)
    world.now = 1_000_000 // 60 * 60
    idle.tick()
    idle.tick()
    assert invocations(world) == {world.now - 60: 1}
    world.call("DeregisterScalableTarget")
    world.now += 60
    idle.tick()
    assert len(invocations(world)) == 1


def test_a_variant_that_nobody_invokes_scales_in_to_its_minimum() -> None:
    world = World()
    world.call(
        "PutScalingPolicy",
        PolicyName="track",
        PolicyType="TargetTrackingScaling",
        TargetTrackingScalingPolicyConfiguration={
            "TargetValue": 10.0,
            "PredefinedMetricSpecification": {
                "PredefinedMetricType": "SageMakerVariantInvocationsPerInstance"
            },
        },
    )
    idle = IdleVariants(world.store, world.cloudwatch.store, clock=lambda: world.now)
    world.serve(3)
    world.now = 1_000_000 // 60 * 60
    for _ in range(16):
        world.now += 60
        idle.tick()
    world.cloudwatch.engine.tick()
    world.now += 1
    world.cloudwatch.engine.tick()
    world.cloudwatch.actions.drain()
    assert world.asked == [1]


def test_every_action_of_the_model_but_the_forecast_is_answered() -> None:
    names = set(World().service.model.operation_names)
    assert names - set(ACTIONS) == {"GetPredictiveScalingForecast"}
