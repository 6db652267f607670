"""What CloudWatch measured of an endpoint in the last hour, a point a minute."""

from datetime import datetime, timedelta
from typing import Any

from pipeline.core.figures import Figures, Point
from pipeline.gateways.aws import Cloud, attempting

_PERIOD_S = 60
_SHOWN = timedelta(hours=1)
_US_PER_MS = 1000.0
# Name, namespace, metric, statistic, by what it is divided. There is no metric of the instances'
# count, but each instance reports once a minute (developer guide, "Monitor SageMaker AI with Amazon
# CloudWatch"; terraform/modules/dashboard draws the same).
_SERIES = (
    ("p50", "AWS/SageMaker", "ModelLatency", "p50", _US_PER_MS),
    ("p95", "AWS/SageMaker", "ModelLatency", "p95", _US_PER_MS),
    ("p99", "AWS/SageMaker", "ModelLatency", "p99", _US_PER_MS),
    ("requests", "AWS/SageMaker", "Invocations", "Sum", 1.0),
    ("4xx", "AWS/SageMaker", "Invocation4XXErrors", "Sum", 1.0),
    ("5xx", "AWS/SageMaker", "Invocation5XXErrors", "Sum", 1.0),
    ("model errors", "AWS/SageMaker", "InvocationModelErrors", "Sum", 1.0),
    ("instances", "/aws/sagemaker/Endpoints", "CPUUtilization", "SampleCount", 1.0),
)


def figures_of(cloud: Cloud, endpoint: str, variant: str, *, now: datetime) -> Figures:
    """Ask for all series of a variant in one call and its pages. Raises CloudUnusable."""
    dimensions = [
        {"Name": "EndpointName", "Value": endpoint},
        {"Name": "VariantName", "Value": variant},
    ]
    queries = [_query(number, dimensions) for number in range(len(_SERIES))]
    found: dict[str, list[Point]] = {name: [] for name, *_ in _SERIES}
    with attempting(f"read the metrics of endpoint {endpoint}"):
        pages = cloud.client("cloudwatch").get_paginator("get_metric_data")
        for page in pages.paginate(
            MetricDataQueries=queries,
            StartTime=now - _SHOWN,
            EndTime=now,
            ScanBy="TimestampAscending",
        ):
            for result in page["MetricDataResults"]:
                name, *_, divisor = _SERIES[int(result["Id"].removeprefix("s"))]
                found[name] += [
                    Point(when=when, value=value / divisor)
                    for when, value in zip(result["Timestamps"], result["Values"], strict=True)
                ]
    series = {
        name: tuple(sorted(points, key=lambda point: point.when)) for name, points in found.items()
    }
    return Figures(since=now - _SHOWN, until=now, series=series)


def _query(number: int, dimensions: list[dict[str, str]]) -> dict[str, Any]:
    _, namespace, metric, statistic, _ = _SERIES[number]
    measured = {"Namespace": namespace, "MetricName": metric, "Dimensions": dimensions}
    return {
        "Id": f"s{number}",
        "MetricStat": {"Metric": measured, "Period": _PERIOD_S, "Stat": statistic},
    }
