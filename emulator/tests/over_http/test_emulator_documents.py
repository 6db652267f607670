"""Models, configs, tags: echoed faithfully, listed in pages, refused in AWS's words."""

from typing import Any

import boto3
import pytest
from botocore.config import Config

from emulator.tests.support.embedded import (
    IMAGE,
    REGION,
    ROLE,
    Embedded,
    a_variant,
    refusal,
    unique,
)

pytestmark = pytest.mark.emulated

CONTAINER = {"Image": IMAGE, "ModelDataUrl": "s3://bucket/model.tar.gz"}


@pytest.fixture
def unchecked(embedded: Embedded) -> Any:
    """A client that sends what botocore would refuse to send."""
    return boto3.client(
        "sagemaker",
        region_name=REGION,
        endpoint_url=embedded.url,
        aws_access_key_id="test",
        aws_secret_access_key="test",
        config=Config(parameter_validation=False, retries={"total_max_attempts": 1}),
    )


def a_stored_model(embedded: Embedded, **members: Any) -> str:
    name = unique("model")
    embedded.sagemaker.create_model(
        **{"ModelName": name, "PrimaryContainer": CONTAINER, "ExecutionRoleArn": ROLE, **members}
    )
    return name


def test_a_model_echoes_its_request_and_nothing_else(embedded: Embedded) -> None:
    name = a_stored_model(embedded)
    described = embedded.sagemaker.describe_model(ModelName=name)
    assert described["PrimaryContainer"] == CONTAINER
    assert not {"VpcConfig", "EnableNetworkIsolation", "Tags"} & set(described)


def test_a_model_keeps_its_network_settings(embedded: Embedded) -> None:
    vpc = {"SecurityGroupIds": ["sg-1"], "Subnets": ["subnet-1"]}
    name = a_stored_model(embedded, VpcConfig=vpc, EnableNetworkIsolation=True)
    described = embedded.sagemaker.describe_model(ModelName=name)
    assert described["VpcConfig"] == vpc
    assert described["EnableNetworkIsolation"] is True


def test_a_config_without_capture_describes_none(embedded: Embedded) -> None:
    config = embedded.a_config(model=a_stored_model(embedded))
    described = embedded.sagemaker.describe_endpoint_config(EndpointConfigName=config)
    assert "DataCaptureConfig" not in described
    assert described["ProductionVariants"][0]["InitialVariantWeight"] == 1


def test_creating_a_model_twice_is_refused(embedded: Embedded) -> None:
    name = a_stored_model(embedded)
    arn = f"arn:aws:sagemaker:us-east-1:000000000000:model/{name}"
    refused = refusal(embedded.sagemaker.create_model, ModelName=name, PrimaryContainer=CONTAINER)
    assert refused == ("ValidationException", f'Cannot create already existing model "{arn}".')


def test_a_config_needs_its_model(embedded: Embedded) -> None:
    refused = refusal(
        embedded.sagemaker.create_endpoint_config,
        EndpointConfigName=unique("config"),
        ProductionVariants=[a_variant("absent")],
    )
    arn = "arn:aws:sagemaker:us-east-1:000000000000:model/absent"
    assert refused == ("ValidationException", f'Could not find model "{arn}".')


def test_an_endpoint_needs_its_config(embedded: Embedded) -> None:
    refused = refusal(
        embedded.sagemaker.create_endpoint,
        EndpointName=unique("endpoint"),
        EndpointConfigName="absent",
    )
    arn = "arn:aws:sagemaker:us-east-1:000000000000:endpoint-config/absent"
    assert refused == ("ValidationException", f'Could not find endpoint configuration "{arn}".')


@pytest.mark.parametrize(
    ("call", "arguments", "message"),
    [
        ("describe_model", {"ModelName": "absent"}, "Could not find model "),
        ("delete_model", {"ModelName": "absent"}, "Could not find model "),
        ("describe_endpoint", {"EndpointName": "absent"}, "Could not find endpoint "),
        ("delete_endpoint", {"EndpointName": "absent"}, "Could not find endpoint "),
        (
            "delete_endpoint_config",
            {"EndpointConfigName": "absent"},
            "Could not find endpoint configuration ",
        ),
        ("describe_training_job", {"TrainingJobName": "absent"}, "Requested resource not found."),
        ("stop_training_job", {"TrainingJobName": "absent"}, "Requested resource not found."),
        (
            "describe_processing_job",
            {"ProcessingJobName": "absent"},
            "Could not find requested job with name: absent",
        ),
        ("describe_model_package", {"ModelPackageName": "absent"}, "ModelPackage arn:"),
        (
            "describe_model_package_group",
            {"ModelPackageGroupName": "absent"},
            "ModelPackageGroup arn:",
        ),
    ],
)
def test_what_is_absent_is_a_validation_exception(
    embedded: Embedded, call: str, arguments: dict[str, str], message: str
) -> None:
    code, text = refusal(getattr(embedded.sagemaker, call), **arguments)
    assert code == "ValidationException"
    assert text.startswith(message)


def test_a_name_outside_the_pattern_is_refused_in_awss_words(embedded: Embedded) -> None:
    code, text = refusal(
        embedded.sagemaker.create_model, ModelName="bad_name", PrimaryContainer=CONTAINER
    )
    assert code == "ValidationException"
    assert text.startswith(
        "1 validation error detected: Value 'bad_name' at 'modelName' failed to satisfy "
        "constraint: Member must satisfy regular expression pattern:"
    )


def test_every_violation_is_named(unchecked: Any) -> None:
    variant = {"VariantName": "a", "InstanceType": "ml.none", "InitialInstanceCount": -1}
    code, text = refusal(unchecked.create_endpoint_config, ProductionVariants=[variant])
    assert code == "ValidationException"
    assert text.startswith("3 validation errors detected: ")
    assert "Value null at 'endpointConfigName'" in text
    assert "'productionVariants.1.member.instanceType'" in text
    assert "Value '-1' at 'productionVariants.1.member.initialInstanceCount'" in text


def test_a_wrong_type_is_a_serialization_exception(unchecked: Any) -> None:
    code, text = refusal(unchecked.describe_model, ModelName=17)
    assert code == "SerializationException"
    assert "ModelName" in text


def test_a_model_without_a_container_is_refused(embedded: Embedded) -> None:
    code, _ = refusal(embedded.sagemaker.create_model, ModelName=unique("model"))
    assert code == "ValidationException"


def test_pages_hold_every_model_once_and_newest_first(embedded: Embedded) -> None:
    prefix = unique("page")
    names = [f"{prefix}-{number}" for number in range(5)]
    for name in names:
        a_stored_model(embedded, ModelName=name)
    pages = embedded.sagemaker.get_paginator("list_models").paginate(
        NameContains=prefix, PaginationConfig={"PageSize": 2}
    )
    sizes, found = [], []
    for page in pages:
        sizes.append(len(page["Models"]))
        found += [model["ModelName"] for model in page["Models"]]
    assert sizes == [2, 2, 1]
    assert found == names[::-1]


def test_lists_sort_by_name_and_filter_by_time(embedded: Embedded) -> None:
    prefix = unique("sort")
    for name in ("b", "a"):
        a_stored_model(embedded, ModelName=f"{prefix}-{name}")
    found = embedded.sagemaker.list_models(
        NameContains=prefix, SortBy="Name", SortOrder="Ascending"
    )["Models"]
    assert [model["ModelName"] for model in found] == [f"{prefix}-a", f"{prefix}-b"]
    later = embedded.sagemaker.list_models(
        NameContains=prefix, CreationTimeAfter=found[0]["CreationTime"]
    )["Models"]
    assert [model["ModelName"] for model in later] == [f"{prefix}-a"]


def test_a_token_that_nobody_gave_is_refused(embedded: Embedded) -> None:
    assert refusal(embedded.sagemaker.list_models, NextToken="?") == (
        "ValidationException",
        "Invalid NextToken.",
    )


def test_tags_are_kept_changed_and_removed(embedded: Embedded) -> None:
    name = a_stored_model(embedded, Tags=[{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}])
    arn = embedded.sagemaker.describe_model(ModelName=name)["ModelArn"]
    embedded.sagemaker.add_tags(ResourceArn=arn, Tags=[{"Key": "a", "Value": "3"}])
    embedded.sagemaker.delete_tags(ResourceArn=arn, TagKeys=["b"])
    assert embedded.sagemaker.list_tags(ResourceArn=arn)["Tags"] == [{"Key": "a", "Value": "3"}]


def test_regions_do_not_share_models(embedded: Embedded) -> None:
    name = a_stored_model(embedded)
    elsewhere = boto3.client(
        "sagemaker",
        region_name="eu-west-1",
        endpoint_url=embedded.url,
        aws_access_key_id="test",
        aws_secret_access_key="test",
    )
    assert refusal(elsewhere.describe_model, ModelName=name)[0] == "ValidationException"


def test_what_an_endpoint_could_not_honour_is_refused(embedded: Embedded) -> None:
    model = a_stored_model(embedded)
    baseline = {"ShapBaselineConfig": {"MimeType": "text/csv", "ShapBaseline": "1,2"}}
    config = embedded.a_config(
        model=model, ExplainerConfig={"ClarifyExplainerConfig": {"ShapConfig": baseline}}
    )
    refused = refusal(
        embedded.sagemaker.create_endpoint,
        EndpointName=unique("endpoint"),
        EndpointConfigName=config,
    )
    assert refused[0] == "NotImplementedByEmulator"
    assert "ExplainerConfig" in refused[1]
