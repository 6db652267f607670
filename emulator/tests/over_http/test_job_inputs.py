"""Where jobs read: in every form that AWS documents, and never where nothing is.

Sources of the refusals: emulator/README.md.
"""

from collections.abc import Callable
from typing import Any

import pytest

from emulator.tests.over_http.test_emulator_jobs import WRITES, ended, processed, start_processing
from emulator.tests.support.embedded import (
    IMAGE,
    ROLE,
    Embedded,
    eventually,
    packed,
    refusal,
    unique,
)

pytestmark = pytest.mark.emulated

CLUSTER = {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 1}
Create = Callable[[Embedded, str], Any]


def train(embedded: Embedded, uri: str, out: str = "s3://bucket/jobs", **source: Any) -> str:
    name = unique("train")
    source = {"S3DataType": "S3Prefix", "S3Uri": uri, **source}
    embedded.sagemaker.create_training_job(
        TrainingJobName=name,
        AlgorithmSpecification={"TrainingImage": IMAGE, "TrainingInputMode": "File"},
        RoleArn=ROLE,
        InputDataConfig=[{"ChannelName": "code", "DataSource": {"S3DataSource": source}}],
        OutputDataConfig={"S3OutputPath": out},
        ResourceConfig=CLUSTER,
        StoppingCondition={"MaxRuntimeInSeconds": 60},
        HyperParameters={
            "sagemaker_program": '"train.py"',
            "sagemaker_submit_directory": '"/opt/ml/input/data/code/sourcedir.tar.gz"',
        },
    )
    return name


def transform(embedded: Embedded, uri: str) -> str:
    name, model = unique("transform"), unique("model")
    embedded.sagemaker.create_model(
        ModelName=model, PrimaryContainer={"Image": IMAGE}, ExecutionRoleArn=ROLE
    )
    source = {"S3DataType": "S3Prefix", "S3Uri": uri}
    embedded.sagemaker.create_transform_job(
        TransformJobName=name,
        ModelName=model,
        TransformInput={"DataSource": {"S3DataSource": source}},
        TransformOutput={"S3OutputPath": "s3://bucket/out"},
        TransformResources={"InstanceType": "ml.m5.large", "InstanceCount": 1},
    )
    return name


def with_manifest(embedded: Embedded, uri: str) -> str:
    return train(embedded, uri, S3DataType="ManifestFile")


CREATE: list[Create] = [train, with_manifest, transform]


@pytest.mark.parametrize("create", CREATE)
@pytest.mark.parametrize("form", ["s3://{}/absent/", "https://{}.s3.us-east-1.amazonaws.com/no"])
def test_a_job_is_not_made_for_a_prefix_without_objects(
    embedded: Embedded, create: Create, form: str
) -> None:
    bucket = embedded.a_bucket()
    uri = form.format(bucket)
    assert refusal(create, embedded, uri) == (
        "ValidationException",
        f'No S3 objects found under S3 URL "{uri}" given in input data source. Please ensure '
        "that the bucket exists in the selected region (us-east-1), that objects exist under that "
        f'S3 prefix, and that the role "{ROLE}" has "s3:ListBucket" permissions on bucket '
        f'"{bucket}".',
    )


@pytest.mark.parametrize("create", CREATE)
def test_a_job_is_not_made_for_a_bucket_that_is_not_there(
    embedded: Embedded, create: Create
) -> None:
    code, message = refusal(create, embedded, f"s3://{unique('absent')}/in/")
    assert code == "ValidationException"
    assert message.endswith("Error message from S3: The specified bucket does not exist")


@pytest.mark.parametrize("create", CREATE)
def test_an_address_outside_s3_is_refused(embedded: Embedded, create: Create) -> None:
    code, message = refusal(create, embedded, "https://example.com/bucket/in")
    assert code == "ValidationException"
    assert "is no S3 address" in message


def test_a_processing_job_is_made_and_then_fails_to_download(embedded: Embedded) -> None:
    source = {
        "S3Uri": f"s3://{embedded.a_bucket()}/absent",
        "LocalPath": "/opt/ml/processing/in",
        "S3DataType": "S3Prefix",
        "S3InputMode": "File",
    }
    inputs = [{"InputName": "in", "S3Input": source}]
    job = processed(embedded, start_processing(embedded, "print(1)", ProcessingInputs=inputs))
    assert job["ProcessingJobStatus"] == "Failed"
    assert job["FailureReason"].startswith("ClientError: Data download failed:No S3 objects found")


def test_a_training_job_reads_and_writes_at_https_addresses(embedded: Embedded) -> None:
    bucket, s3 = embedded.a_bucket(), embedded.client("s3")
    code = packed({"train.py": WRITES})
    s3.put_object(Bucket=bucket, Key="the code/sourcedir.tar.gz", Body=code)
    path_style = f"https://s3.us-east-1.amazonaws.com/{bucket}"
    name = train(embedded, f"{path_style}/the%20code/", out=f"{path_style}/jobs")
    assert ended(embedded, name)["TrainingJobStatus"] == "Completed"
    s3.head_object(Bucket=bucket, Key=f"jobs/{name}/output/model.tar.gz")


def test_a_model_is_served_from_an_https_address(embedded: Embedded) -> None:
    described = embedded.sagemaker.describe_model(ModelName=embedded.a_model(answer="seven"))
    stored = described["PrimaryContainer"]["ModelDataUrl"].removeprefix("s3://")
    bucket, _, key = stored.partition("/")
    model = unique("model")
    container = {
        "Image": IMAGE,
        "ModelDataUrl": f"https://{bucket}.s3.us-east-1.amazonaws.com/{key}",
    }
    embedded.sagemaker.create_model(
        ModelName=model, PrimaryContainer=container, ExecutionRoleArn=ROLE
    )
    config = embedded.a_config(
        model=model,
        DataCaptureConfig={
            "InitialSamplingPercentage": 100,
            "DestinationS3Uri": f"https://s3.amazonaws.com/{bucket}/captured",
            "CaptureOptions": [{"CaptureMode": "Input"}],
        },
    )
    assert embedded.answer(embedded.an_endpoint(config)) == "seven"
    eventually(
        lambda: embedded.client("s3").list_objects_v2(Bucket=bucket, Prefix="captured/"),
        lambda found: found["KeyCount"] == 1,
    )
