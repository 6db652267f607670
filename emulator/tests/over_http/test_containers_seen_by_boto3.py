"""The containers through the whole embedded AWS: what a caller's boto3 makes of their answers."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from emulator.tests.support.embedded import IMAGE, ROLE, Embedded, eventually, packed, unique

INFERENCE = """
import os

def model_fn(model_dir):
    return None

def transform_fn(model, body, content_type, accept):
    if body == "bad":
        raise ValueError("no such column")
    return str(os.getpid()), "text/plain"
"""


@pytest.fixture
def endpoint(embedded: Embedded) -> str:
    model = embedded.a_model(inference=INFERENCE)
    return embedded.an_endpoint(embedded.a_config(model=model, count=2))


def invoke(embedded: Embedded, endpoint: str, body: bytes) -> Any:
    runtime = embedded.client("sagemaker-runtime")
    return runtime.invoke_endpoint(EndpointName=endpoint, Body=body, ContentType="text/csv")


def test_two_instances_are_two_processes(embedded: Embedded, endpoint: str) -> None:
    pids = {invoke(embedded, endpoint, b"1")["Body"].read() for _ in range(4)}
    assert len(pids) == 2


def test_a_handlers_exception_is_a_model_error(embedded: Embedded, endpoint: str) -> None:
    runtime = embedded.client("sagemaker-runtime")
    with pytest.raises(runtime.exceptions.ModelError) as raised:
        invoke(embedded, endpoint, b"bad")
    response: Any = raised.value.response
    assert response["ResponseMetadata"]["HTTPStatusCode"] == 424
    assert response["OriginalStatusCode"] == 500
    assert "Internal Server Error" in response["OriginalMessage"]
    assert response["LogStreamArn"].endswith(f"/aws/sagemaker/Endpoints/{endpoint}")


def test_a_body_beyond_the_limit_is_refused(embedded: Embedded, endpoint: str) -> None:
    with pytest.raises(ClientError, match="HTTP content length exceeded 6291456 bytes"):
        invoke(embedded, endpoint, b"x" * 6_291_457)


def test_an_endpoint_that_does_not_exist_is_a_validation_error(embedded: Embedded) -> None:
    with pytest.raises(ClientError, match="Endpoint nothing of account 000000000000 not found"):
        invoke(embedded, "nothing", b"1")


def test_the_message_of_a_raising_script_is_in_the_description(embedded: Embedded) -> None:
    name, bucket = unique("job"), embedded.a_bucket()
    code = packed({"train.py": "raise ValueError('bad target')"})
    embedded.client("s3").put_object(Bucket=bucket, Key="code/sourcedir.tar.gz", Body=code)
    source = {"S3DataType": "S3Prefix", "S3Uri": f"s3://{bucket}/code/"}
    embedded.sagemaker.create_training_job(
        TrainingJobName=name,
        RoleArn=ROLE,
        AlgorithmSpecification={"TrainingImage": IMAGE, "TrainingInputMode": "File"},
        HyperParameters={
            "sagemaker_program": '"train.py"',
            "sagemaker_submit_directory": '"/opt/ml/input/data/code/sourcedir.tar.gz"',
        },
        InputDataConfig=[{"ChannelName": "code", "DataSource": {"S3DataSource": source}}],
        OutputDataConfig={"S3OutputPath": f"s3://{bucket}/jobs"},
        ResourceConfig={"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 1},
        StoppingCondition={"MaxRuntimeInSeconds": 60},
    )
    ended = eventually(
        lambda: embedded.sagemaker.describe_training_job(TrainingJobName=name),
        lambda job: job["TrainingJobStatus"] != "InProgress",
    )
    assert ended["TrainingJobStatus"] == "Failed"
    assert 'ErrorMessage "ValueError: bad target"' in ended["FailureReason"]
