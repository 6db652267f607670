"""Batch transform jobs over real workers: what goes in, what comes out, and how they end."""

from typing import Any

import pytest
from botocore.exceptions import ClientError, WaiterError

from emulator.tests.support.embedded import Embedded, eventually, unique

pytestmark = pytest.mark.emulated

GROUP = "/aws/sagemaker/TransformJobs"
# Answers each row with its sum.
SUMS = """
FAILS = False

def model_fn(model_dir):
    return None

def transform_fn(model, body, content_type, accept):
    if "5" in body and FAILS:
        raise RuntimeError("no such thing as 5")
    rows = [line.split(",") for line in body.splitlines()]
    return "\\n".join(str(sum(float(cell) for cell in row)) for row in rows), accept
"""
READS_NOTHING = """
from werkzeug.wrappers import Response

def model_fn(model_dir):
    return None

def transform_fn(model, body, content_type, accept):
    return Response("I read nothing", status=415)
"""
SLEEPS = """
import time

def model_fn(model_dir):
    return None

def transform_fn(model, body, content_type, accept):
    time.sleep(60)
"""


def start(embedded: Embedded, inference: str, **members: Any) -> tuple[str, str]:
    """Create a job over three small objects; return its name and bucket."""
    name, bucket = unique("transform"), embedded.a_bucket()
    for key, text in (("in/a.csv", "1,2\n3,4\n"), ("in/sub/b.csv", "5,6\n")):
        embedded.client("s3").put_object(Bucket=bucket, Key=key, Body=text.encode())
    request = {
        "TransformJobName": name,
        "ModelName": embedded.a_model(inference=inference),
        "TransformInput": an_input(bucket, SplitType="Line"),
        "TransformOutput": {
            "S3OutputPath": f"s3://{bucket}/out",
            "Accept": "text/csv",
            "AssembleWith": "Line",
        },
        "TransformResources": {"InstanceType": "ml.m5.large", "InstanceCount": 1},
    }
    given = {key: made(bucket) if callable(made) else made for key, made in members.items()}
    embedded.sagemaker.create_transform_job(**{**request, **given})
    return name, bucket


def an_input(bucket: str, **members: Any) -> dict[str, Any]:
    source = {"S3DataType": "S3Prefix", "S3Uri": f"s3://{bucket}/in/"}
    return {"DataSource": {"S3DataSource": source}, "ContentType": "text/csv", **members}


def ended(embedded: Embedded, name: str) -> dict[str, Any]:
    return eventually(
        lambda: embedded.sagemaker.describe_transform_job(TransformJobName=name),
        lambda job: job["TransformJobStatus"] not in ("InProgress", "Stopping"),
    )


def outputs(embedded: Embedded, bucket: str) -> dict[str, str]:
    s3 = embedded.client("s3")
    listed = s3.list_objects_v2(Bucket=bucket, Prefix="out/").get("Contents", [])
    bodies = {item["Key"]: s3.get_object(Bucket=bucket, Key=item["Key"]) for item in listed}
    return {key: found["Body"].read().decode() for key, found in bodies.items()}


def log_streams(embedded: Embedded, name: str) -> list[str]:
    try:
        found = embedded.client("logs").describe_log_streams(
            logGroupName=GROUP, logStreamNamePrefix=f"{name}/"
        )
    except ClientError:  # the group is not there yet
        return []
    return [stream["logStreamName"] for stream in found["logStreams"]]


def data_log(embedded: Embedded, name: str) -> list[str]:
    (stream,) = (name for name in log_streams(embedded, name) if name.endswith("/data-log"))
    events = embedded.client("logs").get_log_events(
        logGroupName=GROUP, logStreamName=stream, startFromHead=True
    )["events"]
    return [event["message"] for event in events]


def test_every_object_is_answered_where_its_key_says(embedded: Embedded) -> None:
    name, bucket = start(embedded, SUMS)
    waiter = embedded.sagemaker.get_waiter("transform_job_completed_or_stopped")
    waiter.wait(TransformJobName=name, WaiterConfig={"Delay": 1})
    assert outputs(embedded, bucket) == {
        "out/a.csv.out": "3.0\n7.0\n",
        "out/sub/b.csv.out": "11.0\n",
    }
    job = embedded.sagemaker.describe_transform_job(TransformJobName=name)
    assert job["TransformJobStatus"] == "Completed"
    assert job["CreationTime"] <= job["TransformStartTime"] <= job["TransformEndTime"]
    assert "MULTI_RECORD" in data_log(embedded, name)[0]
    assert any(not stream.endswith("/data-log") for stream in log_streams(embedded, name))


@pytest.mark.soak
def test_records_are_filtered_joined_and_sent_one_by_one(embedded: Embedded) -> None:
    name, bucket = start(
        embedded,
        SUMS,
        BatchStrategy="SingleRecord",
        MaxConcurrentTransforms=2,
        DataProcessing={"InputFilter": "$[1:]", "JoinSource": "Input", "OutputFilter": "$[0,-1]"},
    )
    assert ended(embedded, name)["TransformJobStatus"] == "Completed"
    assert outputs(embedded, bucket)["out/a.csv.out"] == "1,2.0\n3,4.0\n"


def test_an_object_that_fails_fails_the_job_after_the_others(embedded: Embedded) -> None:
    name, bucket = start(
        embedded,
        SUMS.replace("FAILS = False", "FAILS = True"),
        ModelClientConfig={"InvocationsMaxRetries": 1},
    )
    job = ended(embedded, name)
    assert job["TransformJobStatus"] == "Failed"
    assert job["FailureReason"] == "AlgorithmError: See job logs for more information"
    assert list(outputs(embedded, bucket)) == ["out/a.csv.out"]
    lines = "\n".join(data_log(embedded, name))
    assert f"{bucket}/in/sub/b.csv: Bad HTTP status received from algorithm: 500" in lines


@pytest.mark.soak
def test_a_request_that_the_model_refuses_is_the_callers_error(embedded: Embedded) -> None:
    name, bucket = start(
        embedded,
        READS_NOTHING,
        TransformInput=lambda bucket: {**an_input(bucket), "ContentType": "text/unknown"},
    )
    assert (
        ended(embedded, name)["FailureReason"] == "ClientError: See job logs for more information"
    )
    assert outputs(embedded, bucket) == {}


@pytest.mark.soak
def test_the_waiter_fails_with_the_job(embedded: Embedded) -> None:
    name, _ = start(embedded, "raise SystemExit('cannot load')")
    waiter = embedded.sagemaker.get_waiter("transform_job_completed_or_stopped")
    with pytest.raises(WaiterError):
        waiter.wait(TransformJobName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 60})
    reason = ended(embedded, name)["FailureReason"]
    assert reason == "AlgorithmError: See job logs for more information"


def test_a_job_that_is_stopped_ends_stopped(embedded: Embedded) -> None:
    name, bucket = start(embedded, SLEEPS)
    eventually(lambda: log_streams(embedded, name), bool)
    embedded.sagemaker.stop_transform_job(TransformJobName=name)
    assert ended(embedded, name)["TransformJobStatus"] == "Stopped"
    assert outputs(embedded, bucket) == {}


@pytest.mark.parametrize(
    ("members", "code", "message"),
    [
        ({"ModelName": "absent"}, "ValidationException", "Could not find model"),
        (
            {"MaxPayloadInMB": 50, "MaxConcurrentTransforms": 3},
            "ValidationException",
            "cannot exceed 100 MB",
        ),
        ({"DataProcessing": {"InputFilter": "id"}}, "ValidationException", "must begin with"),
        (
            {
                "DataProcessing": {"JoinSource": "Input"},
                "TransformOutput": {"S3OutputPath": "s3://bucket", "Accept": "text/plain"},
            },
            "ValidationException",
            "ContentType and Accept to be the same",
        ),
        ({"MaxPayloadInMB": 0}, "NotImplementedByEmulator", "chunked"),
        (
            {"TransformResources": {"InstanceType": "ml.m5.large", "InstanceCount": 9}},
            "NotImplementedByEmulator",
            "9 instances",
        ),
    ],
)
def test_a_job_that_cannot_run_is_refused(
    embedded: Embedded, members: dict[str, Any], code: str, message: str
) -> None:
    with pytest.raises(ClientError, match=message) as caught:
        start(embedded, SUMS, **members)
    assert caught.value.response["Error"]["Code"] == code


def test_an_absent_job_is_a_validation_exception(embedded: Embedded) -> None:
    for call in (embedded.sagemaker.describe_transform_job, embedded.sagemaker.stop_transform_job):
        with pytest.raises(ClientError, match="Could not find requested job") as caught:
            call(TransformJobName="absent")
        assert caught.value.response["Error"]["Code"] == "ValidationException"


def test_what_is_no_gzip_file_is_the_callers_error(embedded: Embedded) -> None:
    name, bucket = start(
        embedded,
        SUMS,
        TransformInput=lambda bucket: an_input(bucket, SplitType="Line", CompressionType="Gzip"),
    )
    reason = ended(embedded, name)["FailureReason"]
    assert reason == "ClientError: See job logs for more information"
    assert f"s3://{bucket}/in/a.csv cannot be decompressed" in "\n".join(data_log(embedded, name))
