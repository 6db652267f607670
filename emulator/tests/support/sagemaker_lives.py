"""The lives of SageMaker's documents; what takes processes (endpoints, jobs) is not here."""

from typing import Any

from emulator.tests.support.lives import Cloud, Life, all_pages, is_gone, tags_of

IMAGE = "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-scikit-learn:1.9-0-cpu-py3"
ROLE = "arn:aws:iam::000000000000:role/execution"
CONTAINER = {"Image": IMAGE, "ModelDataUrl": "s3://lives/model.tar.gz"}
CONTENT_TYPES = {"SupportedContentTypes": ["text/csv"], "SupportedResponseMIMETypes": ["text/csv"]}
SPECIFICATION = {"Containers": [CONTAINER], **CONTENT_TYPES}


def tag_and_untag(sagemaker: Any, arn: str) -> None:
    tags = [{"Key": "k", "Value": "v"}, {"Key": "gone", "Value": ""}]
    sagemaker.add_tags(ResourceArn=arn, Tags=tags)
    sagemaker.delete_tags(ResourceArn=arn, TagKeys=["gone"])
    assert tags_of(sagemaker.list_tags(ResourceArn=arn)["Tags"]) == {"k": "v"}


def create_model(sagemaker: Any, name: str) -> str:
    created = sagemaker.create_model(
        ModelName=name, PrimaryContainer=CONTAINER, ExecutionRoleArn=ROLE
    )
    return str(created["ModelArn"])


def of_a_model(cloud: Cloud, name: str) -> None:
    sagemaker = cloud.client("sagemaker")
    arn = create_model(sagemaker, name)
    assert sagemaker.describe_model(ModelName=name)["PrimaryContainer"]["Image"] == IMAGE
    listed = all_pages(sagemaker, "list_models", key="Models", NameContains=name)
    assert [model["ModelName"] for model in listed] == [name]
    tag_and_untag(sagemaker, arn)
    sagemaker.delete_model(ModelName=name)
    is_gone(sagemaker.describe_model, ModelName=name)


def of_an_endpoint_config(cloud: Cloud, name: str) -> None:
    sagemaker = cloud.client("sagemaker")
    create_model(sagemaker, name)
    variant = {"VariantName": "primary", "ModelName": name, "InstanceType": "ml.m5.large"}
    created = sagemaker.create_endpoint_config(
        EndpointConfigName=name, ProductionVariants=[{**variant, "InitialInstanceCount": 1}]
    )
    described = sagemaker.describe_endpoint_config(EndpointConfigName=name)
    assert described["ProductionVariants"][0]["ModelName"] == name
    tag_and_untag(sagemaker, created["EndpointConfigArn"])
    sagemaker.delete_endpoint_config(EndpointConfigName=name)
    is_gone(sagemaker.describe_endpoint_config, EndpointConfigName=name)
    sagemaker.delete_model(ModelName=name)


def of_a_model_package_group(cloud: Cloud, name: str) -> None:
    sagemaker = cloud.client("sagemaker")
    group = {"ModelPackageGroupName": name}
    arn = sagemaker.create_model_package_group(**group)["ModelPackageGroupArn"]
    tag_and_untag(sagemaker, arn)
    package = sagemaker.create_model_package(
        **group, InferenceSpecification=SPECIFICATION, ModelApprovalStatus="PendingManualApproval"
    )["ModelPackageArn"]
    sagemaker.update_model_package(ModelPackageArn=package, ModelApprovalStatus="Approved")
    described = sagemaker.describe_model_package(ModelPackageName=package)
    assert (described["ModelApprovalStatus"], described["ModelPackageVersion"]) == ("Approved", 1)
    listed = all_pages(sagemaker, "list_model_packages", key="ModelPackageSummaryList", **group)
    assert [item["ModelPackageArn"] for item in listed] == [package]
    sagemaker.delete_model_package(ModelPackageName=package)
    sagemaker.delete_model_package_group(**group)
    is_gone(sagemaker.describe_model_package_group, **group)


SAGEMAKER_LIVES: tuple[Life, ...] = (
    of_a_model,
    of_an_endpoint_config,
    of_a_model_package_group,
)
