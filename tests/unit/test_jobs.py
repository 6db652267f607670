"""What SageMaker is asked for, where the user's own words are part of it."""

import pytest

from model.evaluate import parse_arguments
from pipeline.core.foundation import Foundation, Network
from pipeline.core.jobs import EvaluationOrder, Machine, evaluation_request

FOUNDATION = Foundation(
    schema_version=1,
    account_id="000000000000",
    bucket="bucket",
    environment="staging",
    inputs_digest=None,
    inter_container_encryption=False,
    kms_key_arn="arn:aws:kms:us-east-1:000000000000:key/k",
    model_package_groups={},
    network_isolation=True,
    project="mlops",
    region="us-east-1",
    role_arn="arn:aws:iam::000000000000:role/sagemaker",
    tags={},
    topic_arn="arn:aws:sns:us-east-1:000000000000:topic",
    vpc=Network(subnet_ids=None, security_group_ids=None),
)


def arguments_for(target: str) -> list[str]:
    order = EvaluationOrder(
        job_name="job",
        image_uri="image:1",
        machine=Machine(instance_type="ml.m5.large", max_runtime_s=3600),
        artifact_uri="s3://bucket/model.tar.gz",
        test_uri="s3://bucket/test/",
        source_uri="s3://bucket/src/",
        output_uri="s3://bucket/out/",
        arguments={"target": target},
    )
    request = evaluation_request(order, FOUNDATION, tags={})
    found: list[str] = request["AppSpecification"]["ContainerArguments"]
    return found


@pytest.mark.parametrize("target", ["species", "", "a b", '"${x}"', "-y", "--model-dir"])
def test_the_evaluation_script_reads_the_target_as_it_was_named(target: str) -> None:
    assert parse_arguments(arguments_for(target)).target == target
