"""Metrics of endpoints and jobs, and deployments that alarms over real traffic decide."""

import contextlib
import datetime as dt
import threading
import time
from collections.abc import Iterator

import pytest
from botocore.exceptions import ClientError

from emulator.tests.support.embedded import Embedded, eventually, unique

pytestmark = pytest.mark.emulated

FAILING = """
def model_fn(model_dir):
    return None

def transform_fn(model, body, content_type, accept):
    raise RuntimeError("this release is bad")
"""
# The test server divides waits by 30: a bake of 390 s takes 13 s, longer than a period.
LONG_BAKE_S, SHORT_BAKE_S = 1800, 390


def dimensions(endpoint: str, *, config: str | None = None) -> list[dict[str, str]]:
    pairs = {"EndpointName": endpoint, "VariantName": "primary"}
    if config:
        pairs["EndpointConfigName"] = config
    return [{"Name": name, "Value": value} for name, value in pairs.items()]


def measured(
    embedded: Embedded,
    name: str,
    where: list[dict[str, str]],
    *,
    stat: str = "Sum",
    namespace: str = "AWS/SageMaker",
) -> float | None:
    """Return one statistic over the last hour; None without data."""
    now = dt.datetime.now(dt.UTC)
    stats = {"ExtendedStatistics": [stat]} if stat.startswith("p") else {"Statistics": [stat]}
    points = embedded.client("cloudwatch").get_metric_statistics(
        Namespace=namespace,
        MetricName=name,
        Dimensions=where,
        StartTime=now - dt.timedelta(hours=1),
        EndTime=now + dt.timedelta(minutes=1),
        Period=7200,
        **stats,
    )["Datapoints"]
    values = [{**point, **point.get("ExtendedStatistics", {})}[stat] for point in points]
    assert len(values) <= 2
    return float(values[-1]) if values else None


@contextlib.contextmanager
def traffic(embedded: Embedded, endpoint: str) -> Iterator[None]:
    """Invoke the endpoint about ten times a second, whatever it answers."""
    stop = threading.Event()

    def send() -> None:
        while not stop.wait(0.1):
            with contextlib.suppress(ClientError):
                embedded.answer(endpoint)

    sender = threading.Thread(target=send)
    sender.start()
    try:
        yield
    finally:
        stop.set()
        sender.join()


def error_alarm(embedded: Embedded, endpoint: str, *, config: str | None = None) -> str:
    """Create the rollback alarm of terraform/serving, with the shortest period there is."""
    name = unique("alarm")
    embedded.client("cloudwatch").put_metric_alarm(
        AlarmName=name,
        ComparisonOperator="GreaterThanThreshold",
        Dimensions=dimensions(endpoint, config=config),
        EvaluationPeriods=1,
        MetricName="Invocation5XXErrors",
        Namespace="AWS/SageMaker",
        Period=10,
        Statistic="Average",
        Threshold=0.05,
        TreatMissingData="notBreaching",
    )
    return name


def state_of(embedded: Embedded, alarm: str) -> str:
    found = embedded.client("cloudwatch").describe_alarms(AlarmNames=[alarm])["MetricAlarms"]
    return str(found[0]["StateValue"])


def update(embedded: Embedded, endpoint: str, *, config: str, alarm: str, bake_s: int) -> None:
    routing = {"Type": "ALL_AT_ONCE", "WaitIntervalInSeconds": 0}
    policy = {"TrafficRoutingConfiguration": routing, "TerminationWaitInSeconds": bake_s}
    embedded.sagemaker.update_endpoint(
        EndpointName=endpoint,
        EndpointConfigName=config,
        DeploymentConfig={
            "BlueGreenUpdatePolicy": policy,
            "AutoRollbackConfiguration": {"Alarms": [{"AlarmName": alarm}]},
        },
    )


def test_each_invocation_is_measured_under_both_sets_of_dimensions(embedded: Embedded) -> None:
    config = embedded.a_config(count=2)
    endpoint = embedded.an_endpoint(config)
    for _ in range(4):
        embedded.answer(endpoint)
    for where in (dimensions(endpoint), dimensions(endpoint, config=config)):
        assert measured(embedded, "Invocations", where) == 4
        assert measured(embedded, "InvocationsPerInstance", where) == 2
        assert measured(embedded, "Invocation5XXErrors", where, stat="Average") == 0
        assert measured(embedded, "Invocation4XXErrors", where, stat="SampleCount") == 4
        assert measured(embedded, "InvocationModelErrors", where) == 0
        latency_us = measured(embedded, "ModelLatency", where, stat="p95")
        assert latency_us is not None
        assert 100 < latency_us < 10_000_000
        assert measured(embedded, "OverheadLatency", where, stat="Minimum") is not None


def test_a_failing_model_counts_as_server_errors(embedded: Embedded) -> None:
    endpoint = embedded.an_endpoint(embedded.a_config(model=embedded.a_model(inference=FAILING)))
    with pytest.raises(ClientError):
        embedded.answer(endpoint)
    where = dimensions(endpoint)
    assert measured(embedded, "Invocation5XXErrors", where, stat="Average") == 1
    assert measured(embedded, "Invocation4XXErrors", where) == 0
    assert measured(embedded, "InvocationModelErrors", where) == 1


def test_instances_report_how_busy_they_are(embedded: Embedded) -> None:
    config = embedded.a_config()
    where = dimensions(embedded.an_endpoint(config), config=config)
    for name in ("CPUUtilization", "MemoryUtilization", "DiskUtilization"):
        found = eventually(
            lambda name=name: measured(  # type: ignore[misc]
                embedded, name, where, stat="Average", namespace="/aws/sagemaker/Endpoints"
            ),
            lambda value: value is not None,
            limit_s=30,
        )
        assert found is not None
        assert 0 <= found <= 400


def test_a_bad_release_is_rolled_back_by_the_alarm_on_its_own_fleet(embedded: Embedded) -> None:
    good = embedded.a_config(model=embedded.a_model(answer="good"))
    bad = embedded.a_config(model=embedded.a_model(inference=FAILING))
    endpoint = embedded.an_endpoint(good)
    alarm = error_alarm(embedded, endpoint, config=bad)
    with traffic(embedded, endpoint):
        update(embedded, endpoint, config=bad, alarm=alarm, bake_s=LONG_BAKE_S)
        after = embedded.settled(endpoint)
    assert after["EndpointConfigName"] == good
    assert alarm in after["FailureReason"]
    assert embedded.answer(endpoint) == "good"
    errors = measured(
        embedded, "Invocation5XXErrors", dimensions(endpoint, config=bad), stat="Average"
    )
    assert errors == 1


def test_errors_of_the_old_fleet_do_not_hinder_the_release_that_ends_them(
    embedded: Embedded,
) -> None:
    bad = embedded.a_config(model=embedded.a_model(inference=FAILING))
    good = embedded.a_config(model=embedded.a_model(answer="good"))
    endpoint = embedded.an_endpoint(bad)
    own = error_alarm(embedded, endpoint, config=good)
    over_both = error_alarm(embedded, endpoint)
    with traffic(embedded, endpoint):
        time.sleep(1)
        update(embedded, endpoint, config=good, alarm=own, bake_s=SHORT_BAKE_S)
        rang: list[str] = []

        def look() -> dict[str, object]:
            rang.append(state_of(embedded, over_both))
            return embedded.endpoint(endpoint)

        after = eventually(look, lambda found: found["EndpointStatus"] == "InService")
    assert after["EndpointConfigName"] == good
    assert "ALARM" in rang
    assert state_of(embedded, own) == "OK"
    assert embedded.answer(endpoint) == "good"


def test_the_p95_latency_of_one_fleet_can_be_watched(embedded: Embedded) -> None:
    slow = "import time\n" + FAILING.replace(
        'raise RuntimeError("this release is bad")',
        ("time.sleep(0.2); return 'slow', 'text/plain'"),
    )
    config = embedded.a_config(model=embedded.a_model(inference=slow))
    endpoint, alarm = embedded.an_endpoint(config), unique("alarm")
    embedded.client("cloudwatch").put_metric_alarm(
        AlarmName=alarm,
        ComparisonOperator="GreaterThanThreshold",
        Dimensions=dimensions(endpoint, config=config),
        EvaluationPeriods=1,
        ExtendedStatistic="p95",
        MetricName="ModelLatency",
        Namespace="AWS/SageMaker",
        Period=10,
        Threshold=150_000,
        TreatMissingData="notBreaching",
    )
    embedded.answer(endpoint)
    eventually(lambda: state_of(embedded, alarm), lambda state: state == "ALARM", limit_s=30)
