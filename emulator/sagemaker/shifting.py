"""The traffic shifts of a blue/green deployment, from its DeploymentConfig. Pure.

Rules: "DeploymentConfig" and "BlueGreenUpdatePolicy" pages of the SageMaker API reference.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from emulator.api.errors import NotImplementedByEmulator, ValidationError

_DEFAULT_TIMEOUT_S = 14400
_MAXIMUM_CANARY_SHARE = 0.5
_LINEAR_SHARES = (0.1, 0.5)


@dataclass(frozen=True, kw_only=True)
class Shift:
    """`green_share` (0..1] of the traffic to the new fleet, watched for `bake_s` seconds."""

    green_share: float
    bake_s: float


@dataclass(frozen=True, kw_only=True)
class ShiftPlan:
    shifts: tuple[Shift, ...]
    alarm_names: tuple[str, ...]
    timeout_s: float


def plan_shifts(deployment_config: Mapping[str, Any] | None, *, instance_count: int) -> ShiftPlan:
    """Raise ValidationError for a step outside AWS's limits; rolling updates are refused."""
    config = deployment_config or {}
    if "RollingUpdatePolicy" in config:
        text = "RollingUpdatePolicy (use BlueGreenUpdatePolicy)"
        raise NotImplementedByEmulator(text)
    policy = config.get("BlueGreenUpdatePolicy", {})
    routing = policy.get("TrafficRoutingConfiguration", {"Type": "ALL_AT_ONCE"})
    alarms = config.get("AutoRollbackConfiguration", {}).get("Alarms", [])
    shares = _shares(routing, instance_count)
    waits = [float(routing.get("WaitIntervalInSeconds", 0))] * (len(shares) - 1)
    waits.append(float(policy.get("TerminationWaitInSeconds", 0)))
    return ShiftPlan(
        shifts=tuple(
            Shift(green_share=share, bake_s=bake_s)
            for share, bake_s in zip(shares, waits, strict=True)
        ),
        alarm_names=tuple(alarm["AlarmName"] for alarm in alarms if "AlarmName" in alarm),
        timeout_s=float(policy.get("MaximumExecutionTimeoutInSeconds", _DEFAULT_TIMEOUT_S)),
    )


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
        text = f"{name} is required for traffic routing of type {routing['Type']}."
        raise ValidationError(text)
    size = routing[name]
    if size["Type"] == "CAPACITY_PERCENT":
        if instance_count < 2:
            text = f"{name} needs at least 2 instances; the endpoint has {instance_count}."
            raise ValidationError(text)
        return float(size["Value"]) / 100
    return float(size["Value"]) / instance_count
