"""What can be around an endpoint: alarms, autoscaling, a dashboard."""

from collections.abc import Mapping
from typing import Any

from tests.e2e.story import Story

SCALED = {"MLOPS_AUTOSCALING__ENABLED": "true"}
CANARY = {
    "MLOPS_DEPLOYMENT__INSTANCE_COUNT": "2",
    "MLOPS_DEPLOYMENT__MINIMUM_INSTANCE_COUNT": "2",
    "MLOPS_DEPLOYMENT__STRATEGY": "canary",
    "MLOPS_DEPLOYMENT__STEP_PERCENTAGE": "50",
}
WATCHED = {
    "MLOPS_MONITORING__ENABLED": "true",
    "MLOPS_MONITORING__DATA_CAPTURE_PERCENTAGE": "100",
}
EVERYTHING = SCALED | CANARY | WATCHED


def what_surrounds(story: Story) -> Mapping[str, Any]:
    """Return what CloudWatch and Application Auto Scaling hold for the endpoint itself."""
    cloudwatch = story.aws.client("cloudwatch")
    found = cloudwatch.describe_alarms(
        AlarmNamePrefix=f"{story.endpoint}/", AlarmTypes=["MetricAlarm", "CompositeAlarm"]
    )
    listed = story.aws.client("application-autoscaling").describe_scalable_targets(
        ServiceNamespace="sagemaker",
        ResourceIds=[f"endpoint/{story.endpoint}/variant/primary"],
    )
    dashboards = cloudwatch.list_dashboards(DashboardNamePrefix=story.endpoint)
    targets = listed["ScalableTargets"]
    return {
        "alarms": {
            each["AlarmName"].removeprefix(f"{story.endpoint}/")
            for each in found["MetricAlarms"] + found["CompositeAlarms"]
        },
        "bounds": [(each["MinCapacity"], each["MaxCapacity"]) for each in targets],
        "dashboards": len(dashboards["DashboardEntries"]),
    }


ALL = {
    "alarms": {
        "client_error_rate",
        "cpu_percent",
        "error_rate",
        "instance_count",
        "latency_p95_ms",
        "memory_percent",
        "no_traffic_minutes",
        "rollback",
    },
    "bounds": [(2, 4)],
    "dashboards": 1,
}
NOTHING: Mapping[str, Any] = {"alarms": set(), "bounds": [], "dashboards": 0}
