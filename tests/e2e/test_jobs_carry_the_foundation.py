"""Jobs as SageMaker describes them: keys, isolation and tags are those that the foundation says."""

import json
from typing import Any

import pytest

from pipeline.core import naming
from tests.e2e.story import Seen, Story


@pytest.fixture
def foundation(promoted: Story, first_full: Seen) -> dict[str, Any]:
    assert first_full.outcome.job
    name = naming.foundation_parameter_name("mlops", "staging")
    parameter = promoted.aws.client("ssm").get_parameter(Name=name)["Parameter"]
    document: dict[str, Any] = json.loads(parameter["Value"])
    return document


@pytest.fixture(params=["training", "processing"])
def job(request: pytest.FixtureRequest, promoted: Story, first_full: Seen) -> dict[str, Any]:
    """Return what both kinds of job say in words of their own, in the same words."""
    name, sagemaker = first_full.outcome.job, promoted.aws.sagemaker
    if request.param == "training":
        found = sagemaker.describe_training_job(TrainingJobName=name)
        network, cluster = found, found["ResourceConfig"]
        keys = [found["OutputDataConfig"]["KmsKeyId"]]
        arn = found["TrainingJobArn"]
    else:
        evaluation = naming.processing_job_name(name)
        found = sagemaker.describe_processing_job(ProcessingJobName=evaluation)
        network, cluster = found["NetworkConfig"], found["ProcessingResources"]["ClusterConfig"]
        keys = [found["ProcessingOutputConfig"]["KmsKeyId"]]
        arn = found["ProcessingJobArn"]
    tags = {tag["Key"]: tag["Value"] for tag in sagemaker.list_tags(ResourceArn=arn)["Tags"]}
    return {
        "keys": {*keys, cluster["VolumeKmsKeyId"]},
        "isolated": network["EnableNetworkIsolation"],
        "encrypted": network["EnableInterContainerTrafficEncryption"],
        "role": found["RoleArn"],
        "tags": tags,
    }


def test_job_uses_the_foundation_s_key_and_role(
    foundation: dict[str, Any], job: dict[str, Any]
) -> None:
    assert job["keys"] == {foundation["kms_key_arn"]}
    assert job["role"] == foundation["role_arn"]


def test_job_is_as_closed_as_the_foundation_says(
    foundation: dict[str, Any], job: dict[str, Any]
) -> None:
    assert job["isolated"] is foundation["network_isolation"] is True
    assert job["encrypted"] is foundation["inter_container_encryption"] is True


def test_job_carries_the_foundation_s_tags(foundation: dict[str, Any], job: dict[str, Any]) -> None:
    assert foundation["tags"].items() <= job["tags"].items()
