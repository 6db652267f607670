"""The instances behind an endpoint: their logs, and what a crash of one looks like from outside."""

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from emulator.tests.over_http.test_metrics_endpoints import dimensions, measured
from emulator.tests.support.embedded import Embedded, eventually

pytestmark = pytest.mark.emulated

SAYS_PID_OR_CRASHES = """
import json, os
def model_fn(model_dir):
    return None

def transform_fn(model, body, content_type, accept):
    print("asked", body, flush=True)
    if body == "crash":
        os._exit(3)
    return json.dumps(os.getpid()), "application/json"
"""


@pytest.fixture(scope="module")
def endpoint(embedded_url: str) -> str:
    embedded = Embedded(url=embedded_url)
    model = embedded.a_model(inference=SAYS_PID_OR_CRASHES)
    return embedded.an_endpoint(embedded.a_config(model=model, count=2))


def pids(embedded: Embedded, endpoint: str, *, calls: int = 4) -> set[int]:
    return {json.loads(embedded.answer(endpoint)) for _ in range(calls)}


def streams(embedded: Embedded, endpoint: str) -> dict[str, list[str]]:
    """Return the lines of each log stream of an endpoint."""
    logs, group = embedded.client("logs"), f"/aws/sagemaker/Endpoints/{endpoint}"
    names = [
        stream["logStreamName"]
        for stream in logs.describe_log_streams(logGroupName=group)["logStreams"]
    ]

    def lines(name: str) -> list[str]:
        found: Any = logs.get_log_events(logGroupName=group, logStreamName=name, startFromHead=True)
        return [event["message"] for event in found["events"]]

    return {name: lines(name) for name in names}


def test_each_instance_has_its_own_log_stream(embedded: Embedded, endpoint: str) -> None:
    pids(embedded, endpoint)
    found = eventually(
        lambda: streams(embedded, endpoint),
        lambda each: len(each) == 2 and all("asked 1,2" in lines for lines in each.values()),
        limit_s=20,
    )
    assert all(name.startswith("primary/i-") for name in found)


def test_a_crash_is_one_model_error_and_the_worker_is_replaced(
    embedded: Embedded, endpoint: str
) -> None:
    before, runtime = pids(embedded, endpoint), embedded.client("sagemaker-runtime")
    with pytest.raises(ClientError) as crashed:
        runtime.invoke_endpoint(EndpointName=endpoint, Body=b"crash", ContentType="text/csv")
    assert crashed.value.response["Error"]["Code"] == "ModelError"
    assert crashed.value.response["OriginalStatusCode"] == 0
    assert len(pids(embedded, endpoint, calls=10)) >= 1  # the other one answers meanwhile
    after = eventually(lambda: pids(embedded, endpoint), lambda found: len(found) == 2, limit_s=30)
    assert len(after & before) == 1
    assert measured(embedded, "InvocationModelErrors", dimensions(endpoint)) == 1
    assert measured(embedded, "Invocation5XXErrors", dimensions(endpoint)) == 0
    assert len(streams(embedded, endpoint)) == 2


def test_every_instance_is_measured(embedded: Embedded, endpoint: str) -> None:
    """The test server looks every two seconds: each instance adds a value each time."""

    def samples(name: str) -> float:
        found = measured(
            embedded,
            name,
            dimensions(endpoint),
            stat="SampleCount",
            namespace="/aws/sagemaker/Endpoints",
        )
        return found or 0.0

    for name in ("CPUUtilization", "MemoryUtilization", "DiskUtilization"):
        eventually(lambda name=name: samples(name), lambda count: count >= 2, limit_s=30)  # type: ignore[misc]
    memory = measured(
        embedded,
        "MemoryUtilization",
        dimensions(endpoint),
        stat="Minimum",
        namespace="/aws/sagemaker/Endpoints",
    )
    assert memory is not None
    assert 0 < memory < 100
