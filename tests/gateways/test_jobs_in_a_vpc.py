"""What the foundation says of network, keys, isolation and tags, read back from both jobs."""

from typing import Any

import pytest

from emulator.tests.support.embedded import IMAGE, ROLE, Embedded, unique
from pipeline.core.foundation import Foundation, Network
from pipeline.core.jobs import (
    EvaluationOrder,
    Machine,
    TrainingOrder,
    evaluation_request,
    training_request,
)

pytestmark = pytest.mark.emulated

MACHINE = Machine(instance_type="ml.m5.large", max_runtime_s=60)
TAGS = {"mlops:environment": "production", "mlops:project": "mlops"}


@pytest.fixture
def network(embedded: Embedded) -> Network:
    ec2 = embedded.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnets = [
        ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.0.{number}.0/24")["Subnet"]["SubnetId"]
        for number in (1, 2)
    ]
    group = ec2.create_security_group(GroupName=unique("jobs"), Description="Jobs", VpcId=vpc)[
        "GroupId"
    ]
    return Network(subnet_ids=tuple(subnets), security_group_ids=(group,))


@pytest.fixture
def foundation(embedded: Embedded, network: Network) -> Foundation:
    return Foundation(
        schema_version=1,
        account_id="000000000000",
        bucket=embedded.a_bucket(),
        environment="production",
        inputs_digest=None,
        inter_container_encryption=True,
        kms_key_arn=embedded.client("kms").create_key()["KeyMetadata"]["Arn"],
        model_package_groups={},
        network_isolation=True,
        project="mlops",
        region="us-east-1",
        role_arn=ROLE,
        tags=TAGS,
        topic_arn="arn:aws:sns:us-east-1:000000000000:topic",
        vpc=network,
    )


def trained(embedded: Embedded, foundation: Foundation) -> dict[str, Any]:
    """Start a training job and return what SageMaker says of it."""
    at = f"s3://{foundation.bucket}"
    order = TrainingOrder(
        job_name=unique("train"),
        image_uri=IMAGE,
        machine=MACHINE,
        train_uri=f"{at}/train/",
        code_uri=f"{at}/code/",
        output_uri=f"{at}/jobs",
        hyperparameters={},
    )
    for key in ("train/a.csv", "code/sourcedir.tar.gz"):
        embedded.client("s3").put_object(Bucket=foundation.bucket, Key=key, Body=b"1")
    sagemaker = embedded.sagemaker
    sagemaker.create_training_job(**training_request(order, foundation, tags=foundation.tags))
    found: dict[str, Any] = sagemaker.describe_training_job(TrainingJobName=order.job_name)
    return {
        "arn": found["TrainingJobArn"],
        "keys": {found["OutputDataConfig"]["KmsKeyId"], found["ResourceConfig"]["VolumeKmsKeyId"]},
        "network": found,
        "role": found["RoleArn"],
    }


def evaluated(embedded: Embedded, foundation: Foundation) -> dict[str, Any]:
    """Start a processing job and return what SageMaker says of it, in the same words."""
    at = f"s3://{foundation.bucket}"
    order = EvaluationOrder(
        job_name=unique("evaluate"),
        image_uri=IMAGE,
        machine=MACHINE,
        artifact_uri=f"{at}/model.tar.gz",
        test_uri=f"{at}/test/",
        source_uri=f"{at}/src/",
        output_uri=f"{at}/out/",
        arguments={},
        serving_environment={},
    )
    sagemaker = embedded.sagemaker
    sagemaker.create_processing_job(**evaluation_request(order, foundation, tags=foundation.tags))
    found: dict[str, Any] = sagemaker.describe_processing_job(ProcessingJobName=order.job_name)
    cluster = found["ProcessingResources"]["ClusterConfig"]
    return {
        "arn": found["ProcessingJobArn"],
        "keys": {found["ProcessingOutputConfig"]["KmsKeyId"], cluster["VolumeKmsKeyId"]},
        "network": found["NetworkConfig"],
        "role": found["RoleArn"],
    }


@pytest.fixture(params=[trained, evaluated])
def job(
    request: pytest.FixtureRequest, embedded: Embedded, foundation: Foundation
) -> dict[str, Any]:
    found: dict[str, Any] = request.param(embedded, foundation)
    return found


def test_job_runs_in_the_foundation_s_subnets_and_groups(
    network: Network, job: dict[str, Any]
) -> None:
    vpc = job["network"]["VpcConfig"]
    assert tuple(vpc["Subnets"]) == network.subnet_ids
    assert tuple(vpc["SecurityGroupIds"]) == network.security_group_ids


def test_job_is_isolated_encrypted_and_of_the_foundation_s_role(
    foundation: Foundation, job: dict[str, Any]
) -> None:
    assert job["network"]["EnableNetworkIsolation"] is True
    assert job["network"]["EnableInterContainerTrafficEncryption"] is True
    assert job["keys"] == {foundation.kms_key_arn}
    assert job["role"] == foundation.role_arn


def test_job_carries_the_foundation_s_tags(embedded: Embedded, job: dict[str, Any]) -> None:
    tags = embedded.sagemaker.list_tags(ResourceArn=job["arn"])["Tags"]
    assert TAGS.items() <= {tag["Key"]: tag["Value"] for tag in tags}.items()
