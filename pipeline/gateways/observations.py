"""An endpoint in SageMaker's words, read as the core's record of what was seen.

What cannot be understood is not taken for success: an unknown status stays unknown, and settings
that terraform/serving cannot say are none.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any

from pipeline.core.head import DeploymentConfig, Strategy
from pipeline.core.outcomes import (
    Bake,
    EndpointObservation,
    EndpointStatus,
    Rollout,
    ServingVariant,
)


def observation_of(seen: Mapping[str, Any]) -> EndpointObservation:
    """Read an endpoint as DescribeEndpoint or Search shows it; Search shows less."""
    variants = seen.get("ProductionVariants") or [{}]
    known = {status.value for status in EndpointStatus}
    status = seen["EndpointStatus"]
    return EndpointObservation(
        name=seen["EndpointName"],
        status=EndpointStatus(status) if status in known else EndpointStatus.UNKNOWN,
        config_name=seen.get("EndpointConfigName"),
        pending_config=(seen.get("PendingDeploymentSummary") or {}).get("EndpointConfigName"),
        desired_count=variants[0].get("DesiredInstanceCount"),
        current_count=variants[0].get("CurrentInstanceCount"),
        failure_reason=seen.get("FailureReason"),
        deployment_config=_deployment_config(seen.get("LastDeploymentConfig") or {}),
        bake=_bake(seen.get("PendingDeploymentSummary") or {}),
        variants=tuple(_variants(seen.get("ProductionVariants") or ())),
        rollout=rollout_of(seen.get("PendingDeploymentSummary") or {}),
    )


def _variants(variants: Sequence[Mapping[str, Any]]) -> Iterator[ServingVariant]:
    weights = sum(each.get("CurrentWeight", 0.0) for each in variants)
    for each in variants:
        weight = each.get("CurrentWeight")
        yield ServingVariant(
            name=each["VariantName"],
            instances=each.get("CurrentInstanceCount"),
            wanted=each.get("DesiredInstanceCount"),
            share=weight / weights if weight is not None and weights else None,
        )


# "Baking for X seconds (TerminationWaitInSeconds) with traffic enabled on canary|full capacity of
# Y instance(s)" (developer guide, "Automating Amazon SageMaker with Amazon EventBridge").
_BAKING = re.compile(r"Baking for ([\d.]+) seconds.* on (canary|full) capacity of (\d+) instance")
_BEFORE_TRAFFIC = ("Creating", "Updating")


def rollout_of(pending: Mapping[str, Any]) -> Rollout | None:
    """Read PendingDeploymentSummary: of its variants' states the newest (API reference).

    Words that are not known give the stage, and no numbers.
    """
    if not pending:
        return None
    variants = pending.get("ProductionVariants") or [{}]
    states = [state for each in variants for state in each.get("VariantStatus") or ()]
    states.sort(key=lambda state: state["StartTime"].timestamp() if "StartTime" in state else 0.0)
    newest = states[-1] if states else {}
    stage, started_at = str(newest.get("Status", "")), newest.get("StartTime")
    count = variants[0].get("DesiredInstanceCount") or variants[0].get("CurrentInstanceCount")
    baking = _BAKING.search(str(newest.get("StatusMessage", "")))
    share = 0.0 if stage in _BEFORE_TRAFFIC else None
    bake_ends_at = None
    if baking and stage == "Baking":
        on = int(baking[3])
        share = 1.0 if baking[2] == "full" else (min(1.0, on / count) if count else None)
        if started_at:
            bake_ends_at = started_at + timedelta(seconds=float(baking[1]))
    return Rollout(
        stage=stage,
        started_at=pending.get("StartTime"),
        share=share,
        instances=count,
        bake_ends_at=bake_ends_at,
    )


def _bake(pending: Mapping[str, Any]) -> Bake:
    """Tell it by VariantStatus (API reference, ProductionVariantStatus).

    Words of its message that are not known mean a part, of which less is concluded.
    """
    baking = [
        str(status.get("StatusMessage", ""))
        for variant in pending.get("ProductionVariants") or ()
        for status in variant.get("VariantStatus") or ()
        if status["Status"] == "Baking"
    ]
    if not baking:
        return Bake.NONE
    return Bake.WHOLE if all("full capacity" in message for message in baking) else Bake.PART


# terraform/modules/endpoint's names by SageMaker's (API reference, TrafficRoutingConfig).
_STRATEGIES = {each.value.upper(): each for each in Strategy}


def _deployment_config(last: Mapping[str, Any]) -> DeploymentConfig | None:
    """Return the settings of the last update; None for what terraform/serving cannot say."""
    if "RollingUpdatePolicy" in last:
        return _rolling_config(last)
    policy = last.get("BlueGreenUpdatePolicy") or {}
    routing = policy.get("TrafficRoutingConfiguration") or {}
    alarms = (last.get("AutoRollbackConfiguration") or {}).get("Alarms")
    strategy = _STRATEGIES.get(routing.get("Type", ""))
    if strategy is None or not alarms or "MaximumExecutionTimeoutInSeconds" not in policy:
        return None
    step = routing.get("CanarySize") or routing.get("LinearStepSize") or {}
    if step and step.get("Type") != "CAPACITY_PERCENT":
        return None
    return DeploymentConfig(
        strategy=strategy,
        step_percentage=step.get("Value"),
        wait_interval_s=routing.get("WaitIntervalInSeconds", 0),
        termination_wait_s=policy.get("TerminationWaitInSeconds", 0),
        maximum_execution_timeout_s=policy["MaximumExecutionTimeoutInSeconds"],
        alarm_names=tuple(sorted(each["AlarmName"] for each in alarms)),
    )


def _rolling_config(last: Mapping[str, Any]) -> DeploymentConfig | None:
    policy, step = last["RollingUpdatePolicy"], last["RollingUpdatePolicy"]["MaximumBatchSize"]
    alarms = (last.get("AutoRollbackConfiguration") or {}).get("Alarms")
    is_ours = step["Type"] == "CAPACITY_PERCENT" and "RollbackMaximumBatchSize" not in policy
    if not alarms or not is_ours or "MaximumExecutionTimeoutInSeconds" not in policy:
        return None
    return DeploymentConfig(
        strategy=Strategy.ROLLING,
        step_percentage=step["Value"],
        wait_interval_s=policy["WaitIntervalInSeconds"],
        termination_wait_s=0,
        maximum_execution_timeout_s=policy["MaximumExecutionTimeoutInSeconds"],
        alarm_names=tuple(sorted(each["AlarmName"] for each in alarms)),
    )
