"""One deployment of an endpoint: launch the new fleets, shift traffic, bake, swap or roll back.

Runs in a thread of its own; the old fleets answer until the new ones have passed /ping, and again
after a rollback. States follow the "DescribeEndpoint" page of the SageMaker API reference.
"""

import logging
import math
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from emulator.containers.fleet import LaunchFailed, Variant
from emulator.sagemaker.endpoint_configs import ENDPOINT_KIND
from emulator.sagemaker.hosting import FleetSet, Traffic
from emulator.sagemaker.registry import Context
from emulator.sagemaker.shifting import Shift, ShiftPlan
from emulator.sagemaker.variants import described_variants

log = logging.getLogger(__name__)

ROLLBACK_FAILED = "UpdateRollbackFailed"
ROLLING_BACK_SEEN = "_RollingBackSeen"
_POLL_S = 0.2
_VISIBLE_ROLLBACK_LIMIT_S = 30.0


class RolledBack(Exception):
    """The deployment did not pass; `reason` is AWS's FailureReason text."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, kw_only=True)
class Deployment:
    context: Context
    endpoint_name: str
    endpoint_config_name: str
    variants: tuple[Variant, ...]
    weights: Mapping[str, float]
    plan: ShiftPlan
    deployment_config: Mapping[str, Any] | None

    def create(self) -> None:
        """Bring up the first fleets: InService, or Failed for good."""
        try:
            fleets = self._launch()
        except Exception as error:
            self._patch(EndpointStatus="Failed", FailureReason=_reason(error))
            return
        self.context.hosting.serve(
            self.context.region, self.endpoint_name, traffic=Traffic(blue=fleets)
        )
        self._finish()

    def update(self) -> None:
        """Replace the fleets that serve, or leave them serving and say why."""
        blue = self._blue()
        green: FleetSet | None = None
        deadline = time.monotonic() + self.plan.timeout_s
        try:
            self._stay()
            green = self._launch()
            for shift in self.plan.shifts:
                self._shift(blue, green, shift=shift, deadline=deadline)
        except Exception as error:
            self._roll_back(blue, green, reason=_reason(error))
            return
        self._serve(Traffic(blue=green))
        self._finish()
        self.context.hosting.discard(blue)

    def reweigh(self) -> None:
        """Give the variants that serve other weights."""
        self._stay()
        self.context.hosting.set_weights(
            self.context.region, self.endpoint_name, weights=self.weights
        )
        self._finish()

    def _stay(self) -> None:
        """Stay Updating as long as a fault rule says."""
        self.context.cloud.faults.hold_update(self.endpoint_name)

    def _blue(self) -> FleetSet:
        traffic = self.context.hosting.traffic(self.context.region, self.endpoint_name)
        if traffic is None:
            return FleetSet(endpoint_config_name="", fleets={}, weights={})
        return traffic.blue

    def _launch(self) -> FleetSet:
        return self.context.hosting.launch(self.variants, self.weights, cloud=self.context.cloud)

    def _serve(self, traffic: Traffic) -> None:
        self.context.hosting.serve(self.context.region, self.endpoint_name, traffic=traffic)

    def _shift(self, blue: FleetSet, green: FleetSet, *, shift: Shift, deadline: float) -> None:
        self._show("ActivatingTraffic", "Activating traffic on the new capacity.")
        self._serve(Traffic(blue=blue, green=green, green_share=shift.green_share))
        self._show("Baking", self._baking_message(shift))
        baked = time.monotonic() + shift.bake_s / self.context.cloud.time_scale
        while True:
            self._check_alarms()
            now = time.monotonic()
            if now > deadline:
                text = "Deployment exceeded MaximumExecutionTimeoutInSeconds."
                raise RolledBack(text)
            if now >= baked:
                return
            time.sleep(min(_POLL_S, baked - now))

    def _baking_message(self, shift: Shift) -> str:
        """Say it as AWS does (developer guide, "Automating Amazon SageMaker with EventBridge").

        What stands there of linear and rolling steps is not known; they are worded as a canary.
        """
        count = sum(each.instance_count for each in self.variants if not each.shadow)
        waits = "TerminationWaitInSeconds" if shift.is_last else "WaitIntervalInSeconds"
        capacity = "full" if shift.green_share == 1.0 else "canary"
        return (
            f"Baking for {shift.bake_s:.0f} seconds ({waits}) with traffic enabled on {capacity} "
            f"capacity of {math.ceil(count * shift.green_share - 1e-9)} instance(s)."
        )

    def _check_alarms(self) -> None:
        if not self.plan.alarm_names:
            return
        cloudwatch = self.context.cloud.client("cloudwatch", self.context.region)
        answer = cloudwatch.describe_alarms(
            AlarmNames=list(self.plan.alarm_names),
            AlarmTypes=["MetricAlarm", "CompositeAlarm"],
        )
        alarms = [*answer.get("MetricAlarms", []), *answer.get("CompositeAlarms", [])]
        ringing = [alarm["AlarmName"] for alarm in alarms if alarm["StateValue"] == "ALARM"]
        if ringing:
            names = ", ".join(sorted(ringing))
            text = f"One or more CloudWatch alarms went into ALARM state: {names}."
            raise RolledBack(text)

    def _roll_back(self, blue: FleetSet, green: FleetSet | None, *, reason: str) -> None:
        log.info("endpoint=%s rolled_back=%r", self.endpoint_name, reason)
        mode = self.context.cloud.faults.rollback
        self._serve(Traffic(blue=blue))
        if mode.visible:
            self._show_rolling_back()
        if green is not None:
            self.context.hosting.discard(green)
        failed, shown = mode.ends == "failed", {}
        if mode.last_deployment_config == "new":
            shown["LastDeploymentConfig"] = self.deployment_config
        self._patch(
            EndpointStatus=ROLLBACK_FAILED if failed else "InService",
            PendingDeploymentSummary=None,
            FailureReason=_explained(reason, failed=failed) if mode.reason == "set" else None,
            **shown,
        )

    def _show_rolling_back(self) -> None:
        """Stay RollingBack until somebody has seen it: how fast others poll must not matter."""
        self._patch(EndpointStatus="RollingBack")
        deadline = time.monotonic() + _VISIBLE_ROLLBACK_LIMIT_S
        while time.monotonic() < deadline:
            endpoint = self._endpoint()
            if endpoint is None or endpoint.get(ROLLING_BACK_SEEN):
                break
            time.sleep(_POLL_S)
        self._patch(**{ROLLING_BACK_SEEN: None})

    def _finish(self) -> None:
        described = described_variants(self.variants, self.weights, now=self.context.now())
        self._patch(
            EndpointConfigName=self.endpoint_config_name,
            EndpointStatus="InService",
            ProductionVariants=described["ProductionVariants"],
            ShadowProductionVariants=described.get("ShadowProductionVariants"),
            PendingDeploymentSummary=None,
            FailureReason=None,
            LastDeploymentConfig=self.deployment_config,
        )

    def _show(self, status: str, message: str) -> None:
        now = self.context.now()
        summary = pending_summary(self, status=status, message=message, now=now)
        endpoint = self._endpoint() or {}
        started = endpoint.get("PendingDeploymentSummary", {}).get("StartTime", now)
        self._patch(PendingDeploymentSummary={**summary, "StartTime": started})

    def _endpoint(self) -> dict[str, Any] | None:
        return self.context.store.find(self.context.key(ENDPOINT_KIND, self.endpoint_name))

    def _patch(self, **members: Any) -> None:
        members["LastModifiedTime"] = self.context.now()
        self.context.store.merge(self.context.key(ENDPOINT_KIND, self.endpoint_name), members)


def pending_summary(
    deployment: Deployment, *, status: str, message: str, now: float
) -> dict[str, Any]:
    """Return PendingDeploymentSummary of DescribeEndpoint."""
    variant_status = [{"Status": status, "StatusMessage": message, "StartTime": now}]
    described = described_variants(deployment.variants, deployment.weights, now=now)
    variants = {
        member: [{**item, "VariantStatus": variant_status} for item in summaries]
        for member, summaries in described.items()
    }
    return {
        "EndpointConfigName": deployment.endpoint_config_name,
        "StartTime": now,
        **variants,
    }


def _explained(reason: str, *, failed: bool) -> str:
    return f"The update and its rollback failed. {reason}" if failed else reason


def _reason(error: Exception) -> str:
    """Return the FailureReason; anything but a failed launch or a bake is a bug, so log it."""
    if isinstance(error, LaunchFailed | RolledBack):
        return error.reason
    log.error("deployment failed inside the emulator", exc_info=error)
    return f"Request to service failed. The embedded AWS failed: {type(error).__name__}: {error}"
