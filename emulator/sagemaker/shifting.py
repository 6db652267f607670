"""The traffic shifts of a deployment, blue/green or rolling, from its DeploymentConfig. Pure.

Rules: "DeploymentConfig", "BlueGreenUpdatePolicy" and "RollingUpdatePolicy" pages of the SageMaker
API reference; developer guide, "Rolling deployments" and "Exclusions".
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from emulator.api.errors import ValidationError

_DEFAULT_TIMEOUT_S = 14400
_MAXIMUM_CANARY_SHARE = 0.5
_LINEAR_SHARES = (0.1, 0.5)
_BATCH_SHARES = (0.05, 0.5)


@dataclass(frozen=True, kw_only=True)
class Shift:
    """`green_share` (0..1] of the traffic to the new fleet, watched for `bake_s` seconds."""

    green_share: float
    bake_s: float
    is_last: bool = False


@dataclass(frozen=True, kw_only=True)
class ShiftPlan:
    shifts: tuple[Shift, ...]
    alarm_names: tuple[str, ...]
    timeout_s: float


def plan_shifts(
    deployment_config: Mapping[str, Any] | None, *, instance_count: int, variant_count: int = 1
) -> ShiftPlan:
    """Raise ValidationError for a step outside AWS's limits."""
    config = deployment_config or {}
    rolling, policy = config.get("RollingUpdatePolicy"), config.get("BlueGreenUpdatePolicy", {})
    if rolling is not None and policy:
        text = "Only one update policy can be used: BlueGreenUpdatePolicy or RollingUpdatePolicy."
        raise ValidationError(text)
    if rolling is not None:
        shifts = _rolled(rolling, instance_count=instance_count, variant_count=variant_count)
    else:
        shifts = _shifted(policy, instance_count)
    alarms = config.get("AutoRollbackConfiguration", {}).get("Alarms", [])
    timeout_s = (rolling or policy).get("MaximumExecutionTimeoutInSeconds", _DEFAULT_TIMEOUT_S)
    return ShiftPlan(
        shifts=(*shifts[:-1], replace(shifts[-1], is_last=rolling is None)),
        alarm_names=tuple(alarm["AlarmName"] for alarm in alarms if "AlarmName" in alarm),
        timeout_s=float(timeout_s),
    )


def _shifted(policy: Mapping[str, Any], instance_count: int) -> tuple[Shift, ...]:
    routing = policy.get("TrafficRoutingConfiguration", {"Type": "ALL_AT_ONCE"})
    shares = _shares(routing, instance_count)
    waits = [float(routing.get("WaitIntervalInSeconds", 0))] * (len(shares) - 1)
    waits.append(float(policy.get("TerminationWaitInSeconds", 0)))
    return tuple(
        Shift(green_share=share, bake_s=bake_s) for share, bake_s in zip(shares, waits, strict=True)
    )


def _rolled(
    policy: Mapping[str, Any], *, instance_count: int, variant_count: int
) -> tuple[Shift, ...]:
    """Whole instances in batches; each batch is baked, the last one too."""
    if variant_count != 1:
        text = "A rolling deployment needs an endpoint with one production variant."
        raise ValidationError(text)
    share = _share(policy, "MaximumBatchSize", instance_count=instance_count)
    least, most = _BATCH_SHARES
    if not least <= share <= most:
        text = f"Invalid MaximumBatchSize: {share:.0%} is not between 5% and 50%."
        raise ValidationError(text)
    if "RollbackMaximumBatchSize" in policy:
        _share(policy, "RollbackMaximumBatchSize", instance_count=instance_count)
    batch = max(1, int(share * instance_count + 1e-9))
    bake_s = float(policy["WaitIntervalInSeconds"])
    replaced = [*range(batch, instance_count, batch), instance_count]
    return tuple(Shift(green_share=count / instance_count, bake_s=bake_s) for count in replaced)


def _shares(routing: Mapping[str, Any], instance_count: int) -> list[float]:
    if routing["Type"] == "CANARY":
        share = _share(routing, "CanarySize", instance_count=instance_count)
        if share > _MAXIMUM_CANARY_SHARE:
            text = (
                f"Invalid CanarySize: {share:.0%} of {instance_count} instances is more than 50%."
            )
            raise ValidationError(text)
        return [share, 1.0]
    if routing["Type"] == "LINEAR":
        return _linear_shares(_share(routing, "LinearStepSize", instance_count=instance_count))
    return [1.0]


def _linear_shares(share: float) -> list[float]:
    least, most = _LINEAR_SHARES
    if not least <= share <= most:
        text = f"Invalid LinearStepSize: {share:.0%} is not between 10% and 50%."
        raise ValidationError(text)
    steps: list[float] = []
    while sum(steps) + share < 1 - 1e-9:
        steps.append(share)
    return [round(share * number, 9) for number in range(1, len(steps) + 1)] + [1.0]


def _share(routing: Mapping[str, Any], name: str, *, instance_count: int) -> float:
    if name not in routing:
        text = f"{name} is required for traffic routing of type {routing.get('Type', 'ROLLING')}."
        raise ValidationError(text)
    size = routing[name]
    if size["Type"] == "CAPACITY_PERCENT":
        if instance_count < 2:
            text = f"{name} needs at least 2 instances; the endpoint has {instance_count}."
            raise ValidationError(text)
        return float(size["Value"]) / 100
    return float(size["Value"]) / instance_count
