"""CloudWatch's alarms, as far as a deployment looks at them."""

from collections.abc import Sequence

from pipeline.gateways.aws import Cloud, attempting


def ringing(cloud: Cloud, names: Sequence[str]) -> tuple[str, ...]:
    """Return those of the named alarms that are in ALARM; one that does not exist is silent."""
    with attempting(f"describe the alarms {', '.join(names)}"):
        answer = cloud.client("cloudwatch").describe_alarms(
            AlarmNames=list(names), AlarmTypes=["MetricAlarm", "CompositeAlarm"], StateValue="ALARM"
        )
    found = [*answer["MetricAlarms"], *answer["CompositeAlarms"]]
    return tuple(sorted(each["AlarmName"] for each in found))
