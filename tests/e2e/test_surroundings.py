"""Scaling, alarms, dashboard and a canary through the command line, and a rollback under them."""

from collections.abc import Mapping
from typing import Any

from tests.e2e.command_line import Outcome
from tests.e2e.story import BUCKET, Story

SCALED = {
    "MLOPS_AUTOSCALING__ENABLED": "true",
    "MLOPS_DEPLOYMENT__INSTANCE_COUNT": "2",
    "MLOPS_DEPLOYMENT__MINIMUM_INSTANCE_COUNT": "2",
}
CANARY = {
    "MLOPS_DEPLOYMENT__STRATEGY": "canary",
    "MLOPS_DEPLOYMENT__STEP_PERCENTAGE": "50",
    "MLOPS_DEPLOYMENT__WAIT_INTERVAL_S": "1",
}
WATCHED = {
    "MLOPS_MONITORING__ENABLED": "true",
    "MLOPS_MONITORING__DATA_CAPTURE_PERCENTAGE": "100",
}


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


def planned(outcome: Outcome) -> Mapping[str, int]:
    assert outcome.exit_code == 0, outcome.stderr + outcome.stdout
    counts: Mapping[str, int] = outcome.deployment["plan"]
    return counts


def test_everything_stays_around_the_endpoint_while_releases_come_and_go(
    story: Story, trained_job: str, other_job: str
) -> None:
    everything = SCALED | CANARY | WATCHED
    first = story.deploy(trained_job, **everything)
    assert planned(first) == {"create": 5, "update": 0, "delete": 0}
    assert what_surrounds(story) == ALL

    second = story.deploy(other_job, **everything)
    assert planned(second) == {"create": 4, "update": 2, "delete": 0}
    assert strategy(story) == "CANARY"
    assert story.serves(second.release)

    back = story.run("--mode", "rollback", "--reason", "a story")
    assert planned(back) == {"create": 0, "update": 1, "delete": 0}
    assert strategy(story) == "ALL_AT_ONCE"
    assert story.serves(first.release)
    assert what_surrounds(story) == ALL
    assert captured(story)


def strategy(story: Story) -> str:
    policy = story.described()["LastDeploymentConfig"]["BlueGreenUpdatePolicy"]
    return str(policy["TrafficRoutingConfiguration"]["Type"])


def captured(story: Story) -> bool:
    place = story.described()["DataCaptureConfig"]["DestinationS3Uri"]
    return bool(place == f"s3://{BUCKET}/capture/{story.endpoint}/")
