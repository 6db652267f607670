"""One endpoint with two workers under load, over HTTP; the long rounds belong to the soak."""

import json
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest

from emulator.benchmarks.endpoint_load import NAME, Clients, create_endpoint, memory_mb
from emulator.tests.support.embedded import Embedded, eventually
from emulator.tests.support.embedded_aws import embedded_aws

pytestmark = pytest.mark.emulated

# What 50,000 more invocations may add; metrics of the first 20,000 have found their limit by then.
GROWTH_MB = 8.0


@pytest.fixture(scope="module")
def loaded_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server of its own: its memory must be nobody else's doing."""
    with embedded_aws(tmp_path_factory.mktemp("loaded")) as endpoint_url:
        create_endpoint(endpoint_url)
        yield endpoint_url


@pytest.fixture
def clients(loaded_url: str) -> Clients:
    return Clients(endpoint_url=loaded_url)


@pytest.fixture(scope="module")
def shared_clients(embedded_url: str) -> Clients:
    create_endpoint(embedded_url)
    return Clients(endpoint_url=embedded_url)


def server_pid(endpoint_url: str) -> int:
    with urllib.request.urlopen(f"{endpoint_url}/_emu/health", timeout=10) as answer:
        return int(json.loads(answer.read())["pid"])


def test_two_hundred_requests_a_second_are_answered_for_two_seconds(
    shared_clients: Clients,
) -> None:
    load = shared_clients.send(400, rate_per_s=200)
    assert load.failures == []
    assert load.achieved_per_s > 150


def test_payloads_of_six_mebibytes_are_answered_side_by_side(shared_clients: Clients) -> None:
    assert shared_clients.send(8, body=b"1" * 6_291_456).failures == []


@pytest.mark.soak
def test_two_hundred_requests_a_second_are_answered_for_a_minute(clients: Clients) -> None:
    load = clients.send(12_000, rate_per_s=200)
    assert load.failures == []
    assert len(load.latencies_ms) == 12_000
    assert load.achieved_per_s > 195


@pytest.mark.soak
def test_the_servers_memory_is_flat_after_fifty_thousand_invocations(
    clients: Clients, loaded_url: str
) -> None:
    pid = server_pid(loaded_url)
    assert clients.send(20_000).failures == []
    before = memory_mb(pid)
    assert clients.send(50_000).failures == []
    assert memory_mb(pid) - before < GROWTH_MB


@pytest.mark.soak
def test_capture_of_every_request_loses_none_and_slows_none(
    clients: Clients, loaded_url: str
) -> None:
    embedded = Embedded(url=loaded_url)
    bucket, s3 = embedded.a_bucket(), embedded.client("s3")
    captured = {
        "InitialSamplingPercentage": 100,
        "DestinationS3Uri": f"s3://{bucket}",
        "CaptureOptions": [{"CaptureMode": "Input"}, {"CaptureMode": "Output"}],
    }
    variant = {"VariantName": "primary", "ModelName": NAME, "InstanceType": "ml.m5.large"}
    embedded.sagemaker.create_endpoint_config(
        EndpointConfigName="captured",
        ProductionVariants=[{**variant, "InitialInstanceCount": 2}],
        DataCaptureConfig=captured,
    )
    embedded.sagemaker.update_endpoint(EndpointName=NAME, EndpointConfigName="captured")
    assert embedded.settled(NAME)["EndpointConfigName"] == "captured"
    load = clients.send(6_000, rate_per_s=200)
    assert load.failures == []
    assert load.achieved_per_s > 195

    def lines() -> int:
        listed: Any = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket)
        keys = [entry["Key"] for page in listed for entry in page.get("Contents", [])]
        bodies = (s3.get_object(Bucket=bucket, Key=key)["Body"].read() for key in keys)
        return sum(body.count(b"\n") for body in bodies)

    assert eventually(lines, lambda count: count >= 6_000) == 6_000
