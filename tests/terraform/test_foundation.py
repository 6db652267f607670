"""Account and foundation applied for real: what AWS holds, what changes plan, what is left."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from pipeline.core.naming import LOCAL_ACCOUNT
from pipeline.gateways.aws import Cloud
from pipeline.gateways.terraform import Engine
from tests.terraform.conftest import REGION
from tests.terraform.roots import Root

pytestmark = [pytest.mark.terraform, pytest.mark.emulated]

PARAMETER = "aws_ssm_parameter.foundation"
PARAMETER_NAME = "/mlops/trial/staging/foundation"
BUCKET = f"trial-staging-{LOCAL_ACCOUNT}-{REGION}"
GITLAB = "https://gitlab.example.com"
GITLAB_PROVIDER = f"arn:aws:iam::{LOCAL_ACCOUNT}:oidc-provider/gitlab.example.com"


def foundation_values(**changed: Any) -> dict[str, Any]:
    return {
        "environment": "staging",
        "inputs_digest": "0123456789abcdef",
        "model_package_groups": ["trial-classifier"],
        "s3_use_path_style": True,
        **changed,
    }


def published(cloud: Cloud) -> dict[str, Any]:
    parameter = cloud.client("ssm").get_parameter(Name=PARAMETER_NAME)["Parameter"]
    document: dict[str, Any] = json.loads(parameter["Value"])
    return document


@pytest.fixture(scope="module")
def foundation(
    cloud: Cloud,
    engine: Engine,
    attached_environment: Mapping[str, str],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Root]:
    folder = tmp_path_factory.mktemp("foundation")
    root = Root("foundation", engine, attached_environment, folder)
    root.apply(foundation_values())
    yield root
    store(cloud, "artifacts/sha256/aa/model.tar.gz")
    root.terraform.destroy(var_files=root.variable_files(foundation_values()))
    assert BUCKET not in [bucket["Name"] for bucket in cloud.client("s3").list_buckets()["Buckets"]]
    with pytest.raises(ClientError, match="ParameterNotFound"):
        published(cloud)


def store(cloud: Cloud, key: str, **arguments: Any) -> None:
    cloud.client("s3").put_object(Bucket=BUCKET, Key=key, Body=b"content", **arguments)


def test_account_root_trusts_gitlab_and_plans_nothing_more(
    cloud: Cloud, engine: Engine, attached_environment: Mapping[str, str], tmp_path: Path
) -> None:
    account = Root("account", engine, attached_environment, tmp_path)
    values = {"gitlab_url": GITLAB, "s3_use_path_style": True}
    account.apply(values)
    iam = cloud.client("iam")
    provider = iam.get_open_id_connect_provider(OpenIDConnectProviderArn=GITLAB_PROVIDER)
    assert provider["ClientIDList"] == [GITLAB]
    assert account.planned(values) == {}
    account.terraform.destroy(var_files=account.variable_files(values))
    with pytest.raises(ClientError, match="NoSuchEntity"):
        iam.get_open_id_connect_provider(OpenIDConnectProviderArn=GITLAB_PROVIDER)


def test_applied_foundation_plans_nothing_more(foundation: Root) -> None:
    assert foundation.planned(foundation_values()) == {}


def test_foundation_publishes_its_outputs(foundation: Root, cloud: Cloud) -> None:
    outputs = foundation.terraform.outputs()
    document = published(cloud)
    assert outputs["parameter_name"] == PARAMETER_NAME
    for name in (
        "bucket",
        "kms_key_arn",
        "model_package_groups",
        "role_arn",
        "topic_arn",
        "topic_arns",
    ):
        assert document[name] == outputs[name]
    assert document["bucket"] == BUCKET
    assert document["inputs_digest"] == "0123456789abcdef"


@pytest.mark.usefixtures("foundation")
def test_what_is_published_exists(cloud: Cloud) -> None:
    document = published(cloud)
    group = cloud.client("sagemaker").describe_model_package_group(
        ModelPackageGroupName="trial-classifier"
    )
    assert document["model_package_groups"] == {"trial-classifier": group["ModelPackageGroupArn"]}
    role = cloud.client("iam").get_role(RoleName="trial-staging-sagemaker-execution")["Role"]
    assert role["Arn"] == document["role_arn"]
    topic = cloud.client("sns").get_topic_attributes(TopicArn=document["topic_arn"])["Attributes"]
    assert topic["KmsMasterKeyId"] == document["kms_key_arn"]


@pytest.mark.usefixtures("foundation")
def test_everything_carries_the_tags(cloud: Cloud) -> None:
    document = published(cloud)
    arns = [*document["model_package_groups"].values()]
    tags = cloud.client("sagemaker").list_tags(ResourceArn=arns[0])["Tags"]
    assert {tag["Key"]: tag["Value"] for tag in tags} == {
        "mlops:environment": "staging",
        "mlops:managed-by": "terraform",
        "mlops:model": "shared",
        "mlops:project": "trial",
    }


@pytest.mark.usefixtures("foundation")
def test_objects_are_versioned_and_encrypted_with_the_key(cloud: Cloud) -> None:
    store(cloud, "jobs/one/evaluation.json")
    head = cloud.client("s3").head_object(Bucket=BUCKET, Key="jobs/one/evaluation.json")
    assert head["VersionId"] != "null"
    assert head["ServerSideEncryption"] == "aws:kms"
    assert head["SSEKMSKeyId"] == published(cloud)["kms_key_arn"]


@pytest.mark.usefixtures("foundation")
def test_artifact_is_neither_overwritten_nor_deleted(cloud: Cloud) -> None:
    key = "artifacts/sha256/bb/model.tar.gz"
    store(cloud, key, IfNoneMatch="*")
    with pytest.raises(ClientError, match="PreconditionFailed"):
        store(cloud, key, IfNoneMatch="*")
    with pytest.raises(ClientError, match="AccessDenied"):
        cloud.client("s3").delete_object(Bucket=BUCKET, Key=key)


@pytest.mark.usefixtures("foundation")
def test_other_objects_are_deleted_as_usual(cloud: Cloud) -> None:
    store(cloud, "leases/endpoint.json")
    cloud.client("s3").delete_object(Bucket=BUCKET, Key="leases/endpoint.json")


def test_changed_inputs_digest_updates_the_parameter_and_nothing_else(
    foundation: Root, cloud: Cloud
) -> None:
    changed = foundation_values(inputs_digest="fedcba9876543210")
    assert foundation.planned(changed) == {PARAMETER: ["update"]}
    foundation.apply_planned()
    assert published(cloud)["inputs_digest"] == "fedcba9876543210"
    assert foundation.planned(changed) == {}
