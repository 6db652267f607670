"""CloudWatch's metric data through boto3: what stock moto got wrong, one test each, and paging."""

import datetime as dt
import urllib.error
import urllib.parse
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from botocore.exceptions import ClientError

from emulator.tests.support.embedded import Embedded, unique

pytestmark = pytest.mark.emulated

# Well inside one minute, so that no test runs over its edge.
MINUTE = dt.datetime.now(dt.UTC).replace(second=0, microsecond=0) - dt.timedelta(minutes=10)
WINDOW = {
    "StartTime": MINUTE - dt.timedelta(minutes=5),
    "EndTime": MINUTE + dt.timedelta(minutes=5),
}


def at(seconds: float) -> dt.datetime:
    return MINUTE + dt.timedelta(seconds=seconds)


class Metric:
    """One metric of its own namespace."""

    def __init__(self, embedded: Embedded, *, namespace: str | None = None) -> None:
        self.cloudwatch = embedded.client("cloudwatch")
        self.namespace = namespace or unique("Tests")
        self.dimensions = [{"Name": "Endpoint", "Value": "e"}]

    def put(self, **members: Any) -> None:
        datum = {"MetricName": "m", "Timestamp": at(5), "Dimensions": self.dimensions, **members}
        self.cloudwatch.put_metric_data(Namespace=self.namespace, MetricData=[datum])

    def query(self, stat: str = "Sum", *, name: str = "m1", **members: Any) -> dict[str, Any]:
        metric = {"Namespace": self.namespace, "MetricName": "m", "Dimensions": self.dimensions}
        return {"Id": name, "MetricStat": {"Metric": metric, "Period": 60, "Stat": stat}, **members}

    def data(self, *queries: Any, **members: Any) -> list[dict[str, Any]]:
        options = {"ScanBy": "TimestampAscending", **WINDOW, **members}
        answer = self.cloudwatch.get_metric_data(MetricDataQueries=list(queries), **options)
        results: list[dict[str, Any]] = answer["MetricDataResults"]
        return results

    def statistics(self, **members: Any) -> list[dict[str, Any]]:
        asked = {"Period": 60, "Dimensions": self.dimensions, **WINDOW, **members}
        answer = self.cloudwatch.get_metric_statistics(
            Namespace=self.namespace, MetricName="m", **asked
        )
        points: list[dict[str, Any]] = answer["Datapoints"]
        return points


@pytest.fixture
def metric(embedded: Embedded) -> Metric:
    return Metric(embedded)


def test_percentiles_are_answered(metric: Metric) -> None:
    metric.put(Values=[float(value) for value in range(1, 101)])
    results = metric.data(metric.query("p95"), metric.query("tm90", name="m2"))
    assert [result["Values"] for result in results] == [[95], [45.5]]


def test_extended_statistics_are_not_dropped(metric: Metric) -> None:
    metric.put(Values=[1.0, 2.0, 3.0], Counts=[1.0, 1.0, 2.0])
    (point,) = metric.statistics(Statistics=["Sum"], ExtendedStatistics=["p50", "p99.9"])
    assert point["Sum"] == 9
    assert point["ExtendedStatistics"] == {"p50": 2, "p99.9": 3}


def test_metric_math_calculates(metric: Metric) -> None:
    metric.put(Value=8)
    (result,) = metric.data(
        metric.query(ReturnData=False), {"Id": "e1", "Expression": "m1/2", "Label": "half"}
    )
    assert (result["Id"], result["Label"], result["Values"]) == ("e1", "half", [4])


def test_an_unsupported_function_is_a_validation_error(metric: Metric) -> None:
    with pytest.raises(ClientError, match="SEARCH") as refused:
        metric.data({"Id": "e1", "Expression": "SEARCH('{AWS/SageMaker}', 'Sum', 60)"})
    assert refused.value.response["Error"]["Code"] == "ValidationError"


def test_another_namespaces_metric_is_not_summed_in(embedded: Embedded, metric: Metric) -> None:
    metric.put(Value=1)
    Metric(embedded).put(Value=1e9)
    assert metric.data(metric.query())[0]["Values"] == [1]
    assert metric.statistics(Statistics=["Maximum"])[0]["Maximum"] == 1


def test_dimensions_must_be_the_same_not_some_of_them(metric: Metric) -> None:
    metric.put(Value=1)
    metric.put(Value=10, Dimensions=[*metric.dimensions, {"Name": "Config", "Value": "c"}])
    metric.put(Value=100, Dimensions=[])
    assert metric.data(metric.query())[0]["Values"] == [1]


def test_points_begin_at_period_boundaries(metric: Metric) -> None:
    for seconds in (5, 55, 65):
        metric.put(Value=1, Timestamp=at(seconds))
    options = {"StartTime": at(-17), "EndTime": at(200)}
    (result,) = metric.data(metric.query(), **options)
    assert dict(zip(result["Timestamps"], result["Values"], strict=True)) == {at(0): 2, at(60): 1}
    points = metric.statistics(Statistics=["SampleCount"], **options)
    assert [(point["Timestamp"], point["SampleCount"]) for point in points] == [
        (at(0), 2),
        (at(60), 1),
    ]


def test_statistic_sets_are_merged(metric: Metric) -> None:
    for least, most in ((1.0, 5.0), (2.0, 9.0)):
        values = {"SampleCount": 2.0, "Sum": least + most, "Minimum": least, "Maximum": most}
        metric.put(StatisticValues=values, Unit="Seconds")
    (point,) = metric.statistics(Statistics=["Average", "Minimum", "Maximum", "SampleCount"])
    assert (point["Average"], point["Minimum"], point["Maximum"]) == (4.25, 1, 9)
    assert (point["SampleCount"], point["Unit"]) == (4, "Seconds")


def test_newest_first_is_the_default_order(metric: Metric) -> None:
    for seconds in (5, 65):
        metric.put(Value=seconds, Timestamp=at(seconds))
    assert metric.data(metric.query(), ScanBy="TimestampDescending")[0]["Values"] == [65, 5]


def test_a_long_answer_comes_in_pages(metric: Metric) -> None:
    for minute in range(5):
        metric.put(Value=minute, Timestamp=at(60 * minute - 240))
    paginator = metric.cloudwatch.get_paginator("get_metric_data")
    queries = [metric.query(), metric.query("Maximum", name="m2")]
    pages = list(
        paginator.paginate(
            MetricDataQueries=queries, ScanBy="TimestampAscending", MaxDatapoints=4, **WINDOW
        )
    )
    values: dict[str, list[float]] = {"m1": [], "m2": []}
    for page in pages:
        for result in page["MetricDataResults"]:
            values[result["Id"]] += result["Values"]
    assert len(pages) == 3
    assert values == {"m1": [0, 1, 2, 3, 4], "m2": [0, 1, 2, 3, 4]}


def test_metrics_are_listed_in_pages_and_filtered(metric: Metric) -> None:
    data = [{"MetricName": f"m{number}", "Value": 1.0} for number in range(501)]
    metric.cloudwatch.put_metric_data(Namespace=metric.namespace, MetricData=data)
    metric.put(Value=1)
    pages = metric.cloudwatch.get_paginator("list_metrics").paginate(Namespace=metric.namespace)
    assert sum(len(page["Metrics"]) for page in pages) == 502
    answer = metric.cloudwatch.list_metrics(
        Namespace=metric.namespace, Dimensions=[{"Name": "Endpoint"}]
    )
    assert [found["MetricName"] for found in answer["Metrics"]] == ["m"]


@pytest.mark.parametrize(
    ("members", "code"),
    [
        ({"Value": float("nan")}, "InvalidParameterValue"),
        ({"Value": 1.0, "Values": [1.0]}, "InvalidParameterCombination"),
        ({"Values": [1.0], "Counts": [1.0, 2.0]}, "InvalidParameterValue"),
        ({"Value": 1.0, "Timestamp": MINUTE - dt.timedelta(days=20)}, "InvalidParameterValue"),
        ({}, "MissingParameter"),
    ],
)
def test_data_that_make_no_sense_are_refused(
    metric: Metric, members: dict[str, Any], code: str
) -> None:
    with pytest.raises(ClientError) as refused:
        metric.put(**members)
    assert refused.value.response["Error"]["Code"] == code


def test_a_value_that_is_no_number_is_spelt_as_on_aws(metric: Metric) -> None:
    with pytest.raises(
        ClientError, match=r"The value NaN for parameter MetricData\.member\.1\.Value"
    ):
        metric.put(Value=float("nan"))


def test_a_span_within_one_second_is_none(metric: Metric) -> None:
    with pytest.raises(ClientError, match="StartTime must be less than the parameter EndTime"):
        metric.cloudwatch.get_metric_statistics(
            Namespace=metric.namespace,
            MetricName="m",
            StartTime=MINUTE + dt.timedelta(milliseconds=20),
            EndTime=MINUTE + dt.timedelta(milliseconds=987),
            Period=60,
            Statistics=["Sum"],
        )


def test_a_period_that_aws_has_not_is_refused(metric: Metric) -> None:
    with pytest.raises(ClientError, match="Period"):
        metric.statistics(Statistics=["Sum"], Period=45)
    with pytest.raises(ClientError, match="next token"):
        metric.data(metric.query(), NextToken="nonsense")


def test_the_query_protocol_is_understood_too(embedded: Embedded, metric: Metric) -> None:
    """Older SDKs send forms and read XML."""
    asked = {
        "Action": "PutMetricData",
        "Version": "2010-08-01",
        "Namespace": metric.namespace,
        "MetricData.member.1.MetricName": "m",
        "MetricData.member.1.Values.member.1": "2.5",
        "MetricData.member.1.Counts.member.1": "4",
        "MetricData.member.1.Timestamp": at(5).isoformat(),
        "MetricData.member.1.Dimensions.member.1.Name": "Endpoint",
        "MetricData.member.1.Dimensions.member.1.Value": "e",
    }
    assert as_form(embedded, asked)[0] == 200
    assert metric.data(metric.query())[0]["Values"] == [10]
    status, text = as_form(embedded, {**asked, "MetricData.member.1.Counts.member.1": "NaN"})
    assert (status, "<Code>InvalidParameterValue</Code>" in text) == (400, True)


def as_form(embedded: Embedded, fields: dict[str, str]) -> tuple[int, str]:
    scope = "Credential=test/20260101/us-east-1/monitoring/aws4_request"
    request = urllib.request.Request(
        embedded.url,
        data=urllib.parse.urlencode(fields).encode(),
        headers={
            "Authorization": f"AWS4-HMAC-SHA256 {scope}, SignedHeaders=host, Signature=0",
            "Content-Type": "application/x-www-form-urlencoded; charset=utf-8",
        },
    )
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def test_nothing_is_lost_when_many_write_at_once(metric: Metric) -> None:
    with ThreadPoolExecutor(max_workers=8) as pool:
        for done in [pool.submit(metric.put, Value=1.0) for _ in range(200)]:
            done.result()
    assert metric.data(metric.query("SampleCount"))[0]["Values"] == [200]


def test_math_over_too_many_periods_is_refused_instead_of_calculated(embedded: Embedded) -> None:
    whole_time = {"StartTime": 0, "EndTime": 4_000_000_000}
    with pytest.raises(ClientError, match="exceeds the limit of 100,800"):
        Metric(embedded).data(
            {"Id": "e1", "Expression": "TIME_SERIES(5)", "Period": 1}, **whole_time
        )


def test_more_than_a_thousand_data_at_once_are_refused(embedded: Embedded) -> None:
    data = [{"MetricName": "m", "Value": 1.0}] * 1001
    with pytest.raises(ClientError, match="must not have a size greater than 1000"):
        embedded.client("cloudwatch").put_metric_data(Namespace="Tests", MetricData=data)
