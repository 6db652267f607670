"""What a TargetTrackingScalingPolicyConfiguration may say, and the alarms that AWS makes of it.

Rules: "TargetTrackingScalingPolicyConfiguration" page of the API reference; which metric stands
behind a predefined one: "Define a scaling policy" in the SageMaker developer guide. Pure.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from emulator.api.errors import ValidationError
from emulator.autoscaling.resources import INSTANCES, Resource

Configuration = Mapping[str, Any]
Side = Literal["High", "Low"]

# A scale-in begins only when the metric is clearly below the target.
_LOW_SHARE = 0.9
_PERIODS: Mapping[Side, int] = {"High": 3, "Low": 15}
_LARGEST = 2.0**360


@dataclass(frozen=True, kw_only=True)
class _Predefined:
    metric_name: str
    statistic: str
    period_s: int = 60


_CONCURRENCY = "sagemaker:variant:DesiredProvisionedConcurrency"
_PREDEFINED: Mapping[str, Mapping[str, _Predefined]] = {
    INSTANCES: {
        "SageMakerVariantInvocationsPerInstance": _Predefined(
            metric_name="InvocationsPerInstance", statistic="Sum"
        ),
        "SageMakerVariantConcurrentRequestsPerModelHighResolution": _Predefined(
            metric_name="ConcurrentRequestsPerModel", statistic="Maximum", period_s=10
        ),
    },
    _CONCURRENCY: {
        "SageMakerVariantProvisionedConcurrencyUtilization": _Predefined(
            metric_name="ServerlessProvisionedConcurrencyUtilization", statistic="Maximum"
        ),
    },
}


def check_tracking(configuration: Configuration, resource: Resource) -> None:
    target = configuration["TargetValue"]
    if not 0 < target <= _LARGEST:
        text = "TargetValue must be greater than 0 and at most 2^360"
        raise ValidationError(text)
    for member in ("ScaleInCooldown", "ScaleOutCooldown"):
        if configuration.get(member, 0) < 0:
            text = f"{member} must not be negative"
            raise ValidationError(text)
    predefined = configuration.get("PredefinedMetricSpecification")
    customized = configuration.get("CustomizedMetricSpecification")
    if (predefined is None) == (customized is None):
        text = (
            "Exactly one of PredefinedMetricSpecification and CustomizedMetricSpecification "
            "must be specified"
        )
        raise ValidationError(text)
    if predefined is not None:
        _check_predefined(predefined, resource.dimension)
    if customized is not None and not customized.get("Metrics"):
        _check_single_metric(customized)


def _check_predefined(specification: Mapping[str, Any], dimension: str) -> None:
    known = _PREDEFINED.get(dimension)
    if known is None:
        return
    name = specification["PredefinedMetricType"]
    if name not in known:
        text = (
            f"Scalable dimension {dimension} only supports the following predefined metric types: "
            f"{', '.join(known)}"
        )
        raise ValidationError(text)
    if "ResourceLabel" in specification:
        text = f"ResourceLabel is not supported for the predefined metric type {name}"
        raise ValidationError(text)


def _check_single_metric(specification: Mapping[str, Any]) -> None:
    for member in ("MetricName", "Namespace", "Statistic"):
        if not specification.get(member):
            text = f"{member} is required in a CustomizedMetricSpecification without Metrics"
            raise ValidationError(text)


def metric_of(configuration: Configuration) -> Mapping[str, Any]:
    """Return what tells one policy's metric from another's."""
    predefined = configuration.get("PredefinedMetricSpecification")
    specification: Mapping[str, Any]
    specification = predefined or configuration["CustomizedMetricSpecification"]
    return specification


def sides(configuration: Configuration) -> tuple[Side, ...]:
    """Return which alarms the policy needs."""
    return ("High",) if configuration.get("DisableScaleIn") else ("High", "Low")


def alarm_name(resource: Resource, side: Side, identifier: str) -> str:
    return f"TargetTracking-{resource.resource_id}-Alarm{side}-{identifier}"


def alarm_request(
    configuration: Configuration, resource: Resource, *, side: Side, policy_arn: str
) -> dict[str, Any] | None:
    """Return PutMetricAlarm without a name; None where AWS's metric is not known here."""
    measured = _measured(configuration, resource)
    if measured is None:
        return None
    high, target = side == "High", configuration["TargetValue"]
    return {
        **measured,
        "AlarmDescription": (
            f"DO NOT EDIT OR DELETE. For TargetTrackingScaling policy {policy_arn}."
        ),
        "EvaluationPeriods": _PERIODS[side],
        "Threshold": target if high else target * _LOW_SHARE,
        "ComparisonOperator": "GreaterThanThreshold" if high else "LessThanThreshold",
        "AlarmActions": [policy_arn],
    }


def _measured(configuration: Configuration, resource: Resource) -> dict[str, Any] | None:
    customized = configuration.get("CustomizedMetricSpecification")
    if customized is not None:
        return _customized(customized)
    name = configuration["PredefinedMetricSpecification"]["PredefinedMetricType"]
    found = _PREDEFINED.get(resource.dimension, {}).get(name)
    if found is None:
        return None
    parts = resource.resource_id.split("/")
    return {
        "Namespace": "AWS/SageMaker",
        "MetricName": found.metric_name,
        "Dimensions": [
            {"Name": "EndpointName", "Value": parts[1]},
            {"Name": "VariantName", "Value": parts[-1]},
        ],
        "Statistic": found.statistic,
        "Period": found.period_s,
    }


def _customized(specification: Mapping[str, Any]) -> dict[str, Any]:
    if not specification.get("Metrics"):
        return {**specification, "Period": 60}
    queries = [
        {**query, "MetricStat": {**query["MetricStat"], "Period": 60}}
        if "MetricStat" in query
        else dict(query)
        for query in specification["Metrics"]
    ]
    return {"Metrics": queries}
