"""CloudWatch's alarms, as far as a deployment looks at them."""

from collections.abc import Iterator, Mapping, Sequence

from pipeline.gateways.aws import Cloud, attempting

_NAMESPACE = "MLOps"
_VETO = "EndpointTestsFailed"  # terraform/modules/endpoint, alarms.tf
_MOST_AT_ONCE = 100  # of DescribeAlarms' and DeleteAlarms' AlarmNames (API reference)


class CloudWatch:
    """The alarms of one account and region."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud

    def ringing(self, names: Sequence[str]) -> tuple[str, ...]:
        """Return those of the named alarms that are in ALARM; one that does not exist is silent."""
        found = []
        for part in _parts(names):
            with attempting(f"describe the alarms {', '.join(part)}"):
                answer = self._cloud.client("cloudwatch").describe_alarms(
                    AlarmNames=list(part),
                    AlarmTypes=["MetricAlarm", "CompositeAlarm"],
                    StateValue="ALARM",
                )
            found += [*answer["MetricAlarms"], *answer["CompositeAlarms"]]
        return tuple(sorted(each["AlarmName"] for each in found))

    def named(self, prefix: str) -> frozenset[str]:
        """Return the names of the metric alarms that begin so."""
        pages = self._cloud.client("cloudwatch").get_paginator("describe_alarms")
        with attempting(f"list the alarms {prefix}*"):
            found = [
                alarm["AlarmName"]
                for page in pages.paginate(AlarmNamePrefix=prefix, AlarmTypes=["MetricAlarm"])
                for alarm in page["MetricAlarms"]
            ]
        return frozenset(found)

    def veto(self, config_name: str) -> None:
        """Let the alarm `<config>-tests` ring: SageMaker takes a move to this config back.

        High resolution, as the alarm's period asks for (API reference, MetricDatum).
        """
        datum = {
            "MetricName": _VETO,
            "Dimensions": [{"Name": "EndpointConfigName", "Value": config_name}],
            "Value": 1.0,
            "Unit": "Count",
            "StorageResolution": 1,
        }
        with attempting(f"publish {_VETO} of {config_name}"):
            self._put([datum])

    def publish(self, endpoint: str, figures: Mapping[str, float]) -> None:
        """Publish what was found of an endpoint: what terraform/modules/alarms waits for."""
        data = [
            {
                "MetricName": name,
                "Dimensions": [{"Name": "EndpointName", "Value": endpoint}],
                "Value": value,
            }
            for name, value in sorted(figures.items())
        ]
        if not data:
            return
        with attempting(f"publish {', '.join(sorted(figures))} of {endpoint}"):
            self._put(data)

    def _put(self, data: Sequence[Mapping[str, object]]) -> None:
        self._cloud.client("cloudwatch").put_metric_data(Namespace=_NAMESPACE, MetricData=data)

    def delete(self, names: Sequence[str]) -> None:
        for part in _parts(names):
            with attempting(f"delete the alarms {', '.join(part)}"):
                self._cloud.client("cloudwatch").delete_alarms(AlarmNames=list(part))


def _parts(names: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(names), _MOST_AT_ONCE):
        yield names[start : start + _MOST_AT_ONCE]
