"""What policies and schedules may say, and the alarms that target tracking makes."""

import re
from pathlib import Path
from typing import Any

import pytest

import emulator.autoscaling.service
from emulator.api.errors import ValidationError
from emulator.autoscaling.registry import ACTIONS
from emulator.autoscaling.resources import Resource, resource_of
from emulator.autoscaling.steps import check_steps
from emulator.autoscaling.tracking import alarm_name, alarm_request, check_tracking, sides
from emulator.metrics.alarm_requests import metric_alarm
from emulator.schedule_expressions import is_at, is_cron, is_rate, is_timezone

INVOCATIONS = {"PredefinedMetricType": "SageMakerVariantInvocationsPerInstance"}
VARIANT = Resource(
    namespace="sagemaker",
    resource_id="endpoint/e/variant/primary",
    dimension="sagemaker:variant:DesiredInstanceCount",
)


def steps(*intervals: tuple[float | None, float | None], **members: Any) -> dict[str, Any]:
    adjustments = []
    for low, high in intervals:
        bounds = {"MetricIntervalLowerBound": low, "MetricIntervalUpperBound": high}
        given = {name: value for name, value in bounds.items() if value is not None}
        adjustments.append({"ScalingAdjustment": 1, **given})
    return {"AdjustmentType": "ChangeInCapacity", "StepAdjustments": adjustments, **members}


def tracking(**members: Any) -> dict[str, Any]:
    return {"TargetValue": 70.0, "PredefinedMetricSpecification": INVOCATIONS, **members}


def fires(expression: str) -> bool:
    return is_rate(expression) or is_at(expression) or is_cron(expression)


@pytest.mark.parametrize(
    "expression",
    [
        "at(2031-01-31T17:00:00)",
        "rate(1 hour)",
        "rate(5 minutes)",
        "cron(0 22 * * ? *)",
        "cron(0/15 8-18 ? JAN-MAR,12 MON-FRI 2030)",
        "cron(0 0 L * ? *)",
        "cron(0 0 15W * ? *)",
        "cron(0 0 ? * 6#3 *)",
    ],
)
def test_a_schedule_that_aws_documents_is_taken(expression: str) -> None:
    assert fires(expression)


@pytest.mark.parametrize(
    "expression",
    [
        "at(2031-02-30T17:00:00)",
        "at(2031-01-31 17:00)",
        "rate(0 minutes)",
        "rate(5 minute)",
        "rate(1 week)",
        "cron(0 22 * * *)",
        "cron(0 22 * * * *)",
        "cron(0 22 ? * ? *)",
        "cron(60 22 * * ? *)",
        "cron(0 24 * * ? *)",
        "cron(0 22 32 * ? *)",
        "cron(0 22 40W * ? *)",
        "cron(0 22 * FOO ? *)",
        "cron(0/0 22 * * ? *)",
        "cron(0 22 ? * 8 *)",
        "cron(0 22 * * ? 1969)",
        "nightly",
    ],
)
def test_a_schedule_that_never_could_fire_is_refused(expression: str) -> None:
    assert not fires(expression)


def test_only_time_zones_of_the_database_are_taken() -> None:
    assert is_timezone("Europe/Berlin")
    assert not is_timezone("Mars/Base")


@pytest.mark.parametrize(
    "configuration",
    [
        steps((0, None)),
        steps((None, 0)),
        steps((None, -10), (-10, 0), (0, 10), (10, None)),
        steps((0, None), AdjustmentType="PercentChangeInCapacity", MinAdjustmentMagnitude=2),
    ],
)
def test_steps_without_gaps_are_taken(configuration: dict[str, Any]) -> None:
    check_steps(configuration)


@pytest.mark.parametrize(
    ("configuration", "reason"),
    [
        (steps(), "StepAdjustments is required"),
        (steps((0, None), AdjustmentType=None), "AdjustmentType is required"),
        (steps((None, None)), "At least one of"),
        (steps((5, 5)), "must be greater than"),
        (steps((0, 10), (20, None)), "gap"),
        (steps((0, 10), (5, None)), "overlap"),
        (steps((0, 10)), "unspecified upper bound"),
        (steps((-10, 0)), "unspecified lower bound"),
        (steps((0, None), MinAdjustmentMagnitude=2), "PercentChangeInCapacity"),
        (steps((0, None), Cooldown=-1), "Cooldown"),
        (steps(*[(n, n + 1) for n in range(20)], (20, None)), "more than 20"),
    ],
)
def test_steps_that_aws_refuses_are_refused(configuration: dict[str, Any], reason: str) -> None:
    with pytest.raises(ValidationError, match=reason):
        check_steps(configuration)


@pytest.mark.parametrize(
    ("configuration", "reason"),
    [
        (tracking(TargetValue=0), "TargetValue"),
        (tracking(ScaleInCooldown=-1), "ScaleInCooldown"),
        (tracking(CustomizedMetricSpecification={}), "Exactly one"),
        (
            tracking(PredefinedMetricSpecification={"PredefinedMetricType": "KafkaBroker"}),
            "only supports the following predefined metric types: SageMakerVariantInv",
        ),
        (
            tracking(PredefinedMetricSpecification={**INVOCATIONS, "ResourceLabel": "x"}),
            "ResourceLabel",
        ),
        (
            {"TargetValue": 1.0, "CustomizedMetricSpecification": {"MetricName": "m"}},
            "Namespace is required",
        ),
    ],
)
def test_tracking_that_aws_refuses_is_refused(configuration: dict[str, Any], reason: str) -> None:
    with pytest.raises(ValidationError, match=reason):
        check_tracking(configuration, VARIANT)


def test_tracking_rings_above_the_target_and_below_nine_tenths_of_it() -> None:
    check_tracking(tracking(), VARIANT)
    high, low = (
        metric_alarm({"AlarmName": "a", **request})
        for side in sides(tracking())
        if (request := alarm_request(tracking(), VARIANT, side=side, policy_arn="arn"))
    )
    assert (high["EvaluationPeriods"], high["Threshold"]) == (3, 70)
    assert high["ComparisonOperator"] == "GreaterThanThreshold"
    assert (low["EvaluationPeriods"], low["Threshold"]) == (15, 63)
    assert low["ComparisonOperator"] == "LessThanThreshold"
    assert {high["Period"], low["Period"]} == {60}
    assert (high["MetricName"], high["Statistic"]) == ("InvocationsPerInstance", "Sum")


def test_an_alarm_is_named_after_its_variant() -> None:
    name = alarm_name(VARIANT, "High", "1-2")
    assert name == "TargetTracking-endpoint/e/variant/primary-AlarmHigh-1-2"


def test_tracking_without_scale_in_has_no_low_alarm() -> None:
    assert sides(tracking(DisableScaleIn=True)) == ("High",)


def test_metric_math_is_watched_by_the_minute() -> None:
    stat = {"Metric": {"MetricName": "m", "Namespace": "n"}, "Stat": "Sum"}
    queries = [
        {"Id": "m1", "MetricStat": stat, "ReturnData": False},
        {"Id": "e1", "Expression": "m1 / 2"},
    ]
    configuration = {"TargetValue": 1.0, "CustomizedMetricSpecification": {"Metrics": queries}}
    check_tracking(configuration, VARIANT)
    request = alarm_request(configuration, VARIANT, side="High", policy_arn="arn")
    assert request is not None
    assert request["Metrics"][0]["MetricStat"]["Period"] == 60
    metric_alarm({"AlarmName": "a", **request})


@pytest.mark.parametrize(
    ("namespace", "resource_id", "dimension"),
    [
        ("sagemaker", "endpoint/e", VARIANT.dimension),
        ("ecs", VARIANT.resource_id, VARIANT.dimension),
    ],
)
def test_a_dimension_belongs_to_its_namespace_and_resource(
    namespace: str, resource_id: str, dimension: str
) -> None:
    members = {
        "ServiceNamespace": namespace,
        "ResourceId": resource_id,
        "ScalableDimension": dimension,
    }
    with pytest.raises(ValidationError, match="Unsupported service namespace"):
        resource_of(members)


def test_the_readme_names_every_action_that_answers() -> None:
    readme = Path(emulator.autoscaling.service.__file__).parents[1] / "README.md"
    table = readme.read_text().partition("| Application Auto Scaling action |")[2]
    rows = re.findall(r"^\| ([^|]+) \| ([^|;:]+)", table.partition("\n\n")[0], re.M)
    answered = {
        name
        for entry, state in rows
        if "refused" not in state
        for name in re.findall(
            r"\b(?:Register|Deregister|Describe|Put|Delete|List|Tag|Untag)\w+", entry
        )
    }
    assert answered == set(ACTIONS)
