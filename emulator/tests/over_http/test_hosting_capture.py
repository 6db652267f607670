"""Data capture of live endpoints: files in S3, by variant and hour, for blue and green."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from emulator.tests.support.embedded import Embedded, a_variant, eventually, unique
from emulator.tests.support.restarts import Server

pytestmark = pytest.mark.emulated

FAILS_ON_REQUEST = """
def model_fn(model_dir):
    return None

def transform_fn(model, body, content_type, accept):
    if body == "bad":
        raise RuntimeError("no answer")
    return "fine", "text/csv"
"""
PATH = r"out/(?P<endpoint>[^/]+)/primary/\d{4}/\d\d/\d\d/\d\d/\d\d-\d\d-\d{3}-[0-9a-f-]{36}\.jsonl"


def capture(bucket: str, **members: Any) -> dict[str, Any]:
    config = {
        "EnableCapture": True,
        "InitialSamplingPercentage": 100,
        "DestinationS3Uri": f"s3://{bucket}/out",
        "CaptureOptions": [{"CaptureMode": "Input"}, {"CaptureMode": "Output"}],
        "CaptureContentTypeHeader": {"CsvContentTypes": ["text/csv"]},
    }
    return {**config, **members}


def files(embedded: Embedded, bucket: str) -> list[str]:
    listed = embedded.client("s3").list_objects_v2(Bucket=bucket, Prefix="out/")
    return [entry["Key"] for entry in listed.get("Contents", [])]


def lines(embedded: Embedded, bucket: str) -> list[dict[str, Any]]:
    s3 = embedded.client("s3")
    texts = [
        s3.get_object(Bucket=bucket, Key=key)["Body"].read() for key in files(embedded, bucket)
    ]
    return [json.loads(line) for text in texts for line in text.splitlines()]


def captured(embedded: Embedded, bucket: str, count: int) -> list[dict[str, Any]]:
    return eventually(lambda: lines(embedded, bucket), lambda found: len(found) >= count)


def test_each_invocation_is_one_line_below_endpoint_variant_and_hour(embedded: Embedded) -> None:
    bucket = embedded.a_bucket()
    endpoint = embedded.an_endpoint(embedded.a_config(DataCaptureConfig=capture(bucket)))
    for number in range(3):
        embedded.answer(endpoint, InferenceId=f"call {number}")
    found = captured(embedded, bucket, 3)
    assert {line["captureData"]["endpointInput"]["data"] for line in found} == {"1,2"}
    assert {line["captureData"]["endpointOutput"]["encoding"] for line in found} == {"BASE64"}
    assert sorted(line["eventMetadata"]["inferenceId"] for line in found) == [
        "call 0",
        "call 1",
        "call 2",
    ]
    assert len({line["eventMetadata"]["eventId"] for line in found}) == 3
    matched = [re.fullmatch(PATH, key) for key in files(embedded, bucket)]
    assert {match and match["endpoint"] for match in matched} == {endpoint}


def test_only_what_the_model_answered_is_captured(embedded: Embedded) -> None:
    bucket = embedded.a_bucket()
    model = embedded.a_model(inference=FAILS_ON_REQUEST)
    config = embedded.a_config(model=model, DataCaptureConfig=capture(bucket))
    endpoint, runtime = embedded.an_endpoint(config), embedded.client("sagemaker-runtime")
    with pytest.raises(ClientError, match=r"server error \(500\)"):
        runtime.invoke_endpoint(EndpointName=endpoint, Body=b"bad", ContentType="text/csv")
    runtime.invoke_endpoint(EndpointName=endpoint, Body=b"good", ContentType="text/csv")
    found = captured(embedded, bucket, 1)
    assert [line["captureData"]["endpointInput"]["data"] for line in found] == ["good"]


def test_nothing_is_captured_when_it_is_switched_off_or_samples_nothing(embedded: Embedded) -> None:
    bucket = embedded.a_bucket()
    for switched in ({"EnableCapture": False}, {"InitialSamplingPercentage": 0}):
        config = embedded.a_config(DataCaptureConfig=capture(bucket, **switched))
        endpoint = embedded.an_endpoint(config)
        embedded.answer(endpoint)
        embedded.sagemaker.delete_endpoint(EndpointName=endpoint)
        gone(embedded, endpoint)
    assert files(embedded, bucket) == []


def gone(embedded: Embedded, endpoint: str) -> None:
    eventually(
        lambda: embedded.sagemaker.list_endpoints(NameContains=endpoint)["Endpoints"],
        lambda found: found == [],
    )


def test_a_deleted_endpoint_leaves_what_it_had_captured(embedded: Embedded) -> None:
    bucket = embedded.a_bucket()
    endpoint = embedded.an_endpoint(embedded.a_config(DataCaptureConfig=capture(bucket)))
    embedded.answer(endpoint)
    embedded.sagemaker.delete_endpoint(EndpointName=endpoint)
    gone(embedded, endpoint)
    assert len(lines(embedded, bucket)) == 1


@pytest.mark.soak
def test_a_server_that_is_stopped_writes_what_it_had_captured(tmp_path: Path) -> None:
    # At this scale a file would be written only after five seconds.
    server = Server(state_dir=tmp_path, variables={"EMULATOR_TIME_SCALE": "1"})
    embedded, _ = server.start()
    bucket = embedded.a_bucket()
    endpoint = embedded.an_endpoint(embedded.a_config(DataCaptureConfig=capture(bucket)))
    embedded.answer(endpoint)
    server.command("stop")
    embedded, _ = server.start()
    try:
        assert len(lines(embedded, bucket)) == 1
    finally:
        server.command("stop")


def test_an_unwritable_destination_fails_no_invocation(embedded: Embedded) -> None:
    config = embedded.a_config(DataCaptureConfig=capture(unique("no-such-bucket")))
    endpoint = embedded.an_endpoint(config)
    assert {embedded.answer(endpoint) for _ in range(3)} == {"one"}


def test_each_fleet_of_an_update_captures_by_its_own_config(embedded: Embedded) -> None:
    old, new = embedded.a_bucket(), embedded.a_bucket()
    endpoint = embedded.an_endpoint(embedded.a_config(DataCaptureConfig=capture(old)))
    embedded.answer(endpoint)
    replaced = capture(new, InitialSamplingPercentage=50)
    embedded.sagemaker.update_endpoint(
        EndpointName=endpoint, EndpointConfigName=embedded.a_config(DataCaptureConfig=replaced)
    )
    described = embedded.settled(endpoint)["DataCaptureConfig"]
    assert described["CurrentSamplingPercentage"] == 50
    for _ in range(30):
        embedded.answer(endpoint)
    assert len(captured(embedded, old, 1)) == 1
    assert 1 <= len(captured(embedded, new, 1)) < 30


@pytest.mark.soak
def test_captured_files_are_encrypted_with_the_key(embedded: Embedded) -> None:
    bucket = embedded.a_bucket()
    key = embedded.client("kms").create_key()["KeyMetadata"]["Arn"]
    config = embedded.a_config(DataCaptureConfig=capture(bucket, KmsKeyId=key))
    embedded.answer(embedded.an_endpoint(config))
    captured(embedded, bucket, 1)
    head = embedded.client("s3").head_object(Bucket=bucket, Key=files(embedded, bucket)[0])
    assert (head["ServerSideEncryption"], head["SSEKMSKeyId"]) == ("aws:kms", key)


def test_capture_is_described_as_started_when_nothing_is_said(embedded: Embedded) -> None:
    settings = capture(embedded.a_bucket())
    del settings["EnableCapture"]
    config = unique("config")
    embedded.sagemaker.create_endpoint_config(
        EndpointConfigName=config,
        ProductionVariants=[a_variant(embedded.a_model())],
        DataCaptureConfig=settings,
    )
    described = embedded.endpoint(embedded.an_endpoint(config))["DataCaptureConfig"]
    assert (described["EnableCapture"], described["CaptureStatus"]) == (True, "Started")
