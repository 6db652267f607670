"""A variant of an endpoint as Application Auto Scaling sees it, and alarms that make it scale."""

import contextlib
import datetime as dt
import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import psutil

from emulator.tests.support.embedded import Embedded, eventually, unique
from emulator.tests.support.embedded_aws import admin

INSTANCES = "sagemaker:variant:DesiredInstanceCount"
INVOCATIONS = {"PredefinedMetricType": "SageMakerVariantInvocationsPerInstance"}


@dataclass(frozen=True, kw_only=True)
class Scaled:
    """A variant of an endpoint, seen through Application Auto Scaling."""

    embedded: Embedded
    endpoint: str

    @property
    def resource(self) -> dict[str, str]:
        return {
            "ServiceNamespace": "sagemaker",
            "ResourceId": f"endpoint/{self.endpoint}/variant/primary",
            "ScalableDimension": INSTANCES,
        }

    @property
    def client(self) -> Any:
        return self.embedded.client("application-autoscaling")

    def register(self, least: int | None = 1, most: int | None = 3, **members: Any) -> str:
        bounds = {"MinCapacity": least, "MaxCapacity": most}
        given = {name: value for name, value in bounds.items() if value is not None}
        answer = self.client.register_scalable_target(**self.resource, **given, **members)
        return str(answer["ScalableTargetARN"])

    def target(self) -> dict[str, Any]:
        answer = self.client.describe_scalable_targets(
            ServiceNamespace="sagemaker", ResourceIds=[self.resource["ResourceId"]]
        )
        (target,) = answer["ScalableTargets"]
        assert isinstance(target, dict)
        return target

    def step(self, name: str, adjustment: int, **members: Any) -> str:
        bound = "MetricIntervalLowerBound" if adjustment > 0 else "MetricIntervalUpperBound"
        configuration = {
            "AdjustmentType": "ChangeInCapacity",
            "StepAdjustments": [{bound: 0.0, "ScalingAdjustment": adjustment}],
            "Cooldown": 0,
            **members,
        }
        return self.put_policy(name, "StepScaling", StepScalingPolicyConfiguration=configuration)

    def track(self, name: str = "track", *, target: float = 10, **members: Any) -> str:
        configuration = {
            "TargetValue": target,
            "PredefinedMetricSpecification": INVOCATIONS,
            "ScaleOutCooldown": 0,
            "ScaleInCooldown": 0,
            **members,
        }
        kind = "TargetTrackingScaling"
        given = {member: value for member, value in configuration.items() if value is not None}
        return self.put_policy(name, kind, TargetTrackingScalingPolicyConfiguration=given)

    def put_policy(self, name: str, kind: str, **members: Any) -> str:
        answer = self.client.put_scaling_policy(
            PolicyName=name, PolicyType=kind, **self.resource, **members
        )
        return str(answer["PolicyARN"])

    def policies(self) -> list[dict[str, Any]]:
        answer = self.client.describe_scaling_policies(
            ServiceNamespace="sagemaker", ResourceId=self.resource["ResourceId"]
        )
        found: list[dict[str, Any]] = answer["ScalingPolicies"]
        return found

    def alarms(self) -> list[dict[str, Any]]:
        prefix = f"TargetTracking-{self.resource['ResourceId']}"
        answer = self.embedded.client("cloudwatch").describe_alarms(AlarmNamePrefix=prefix)
        found: list[dict[str, Any]] = answer["MetricAlarms"]
        return found

    def activities(self, **members: Any) -> list[dict[str, Any]]:
        answer = self.client.describe_scaling_activities(**self.resource, **members)
        found: list[dict[str, Any]] = answer["ScalingActivities"]
        return found

    def count(self) -> int:
        (variant,) = self.embedded.endpoint(self.endpoint)["ProductionVariants"]
        return int(variant["CurrentInstanceCount"])

    def workers(self) -> int:
        """Count the processes that stand for the instances."""
        config = self.embedded.endpoint(self.endpoint)["EndpointConfigName"]
        server = psutil.Process(admin(self.embedded.url, "health")["pid"])
        found = 0
        for process in server.children(recursive=True):
            with contextlib.suppress(psutil.Error):
                found += config in f"{process.cmdline()} {process.cwd()}"
        return found

    def reaches(self, count: int) -> None:
        """Wait until so many instances serve and the activity that made them is over."""

        def seen() -> tuple[int, list[str]]:
            return self.count(), [activity["StatusCode"] for activity in self.activities()[:1]]

        eventually(seen, lambda found: found == (count, ["Successful"]))

    def ring(self, alarm: str, *values: float, state: str = "ALARM") -> None:
        data = json.dumps({"recentDatapoints": values})
        self.embedded.client("cloudwatch").set_alarm_state(
            AlarmName=alarm, StateValue=state, StateReason="drill", StateReasonData=data
        )


def alarm_on(scaled: Scaled, policy_arn: str, *, comparison: str) -> str:
    """An alarm of the user's own on 10 s of a metric of its own."""
    name = unique("alarm")
    scaled.embedded.client("cloudwatch").put_metric_alarm(
        AlarmName=name,
        Namespace=scaled.endpoint,
        MetricName="load",
        Statistic="Average",
        Period=10,
        EvaluationPeriods=1,
        Threshold=10,
        ComparisonOperator=comparison,
        AlarmActions=[policy_arn],
    )
    return name


def measure(scaled: Scaled, load: float, *, seconds_ago: Iterable[float] = (10,)) -> None:
    """Put data points of the metric that `alarm_on` watches."""
    now = dt.datetime.now(dt.UTC)
    data = [
        {
            "MetricName": "load",
            "Value": load,
            "Timestamp": now - dt.timedelta(seconds=seconds),
            "StorageResolution": 1,
        }
        for seconds in seconds_ago
    ]
    scaled.embedded.client("cloudwatch").put_metric_data(Namespace=scaled.endpoint, MetricData=data)
