"""Model packages: versions, approval, groups and their policies."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.emulated.embedded import IMAGE, Embedded, unique

pytestmark = pytest.mark.emulated

CONTAINER = {"Image": IMAGE, "ModelDataUrl": "s3://bucket/model.tar.gz"}
INFERENCE = {
    "Containers": [CONTAINER],
    "SupportedContentTypes": ["text/csv"],
    "SupportedResponseMIMETypes": ["text/csv"],
}


def refusal(call: Any, **arguments: Any) -> tuple[str, str]:
    with pytest.raises(ClientError) as caught:
        call(**arguments)
    error = caught.value.response["Error"]
    return error["Code"], error["Message"]


def a_group(embedded: Embedded, *, versions: int = 0, **members: Any) -> str:
    name = unique("group")
    embedded.sagemaker.create_model_package_group(ModelPackageGroupName=name)
    for _ in range(versions):
        a_version(embedded, name, **members)
    return name


def a_version(embedded: Embedded, group: str, **members: Any) -> str:
    arn: str = embedded.sagemaker.create_model_package(
        ModelPackageGroupName=group, InferenceSpecification=INFERENCE, **members
    )["ModelPackageArn"]
    return arn


def test_versions_count_up_and_are_never_reused(embedded: Embedded) -> None:
    group = a_group(embedded, versions=2)
    newest = f"arn:aws:sagemaker:us-east-1:000000000000:model-package/{group}/2"
    embedded.sagemaker.delete_model_package(ModelPackageName=newest)
    assert a_version(embedded, group).endswith(f"model-package/{group}/3")
    listed = embedded.sagemaker.list_model_packages(ModelPackageGroupName=group)
    versions = [item["ModelPackageVersion"] for item in listed["ModelPackageSummaryList"]]
    assert versions == [1, 3]


def test_a_package_waits_for_approval_and_keeps_who_gave_it(embedded: Embedded) -> None:
    arn = a_version(embedded, a_group(embedded), CustomerMetadataProperties={"a": "1", "b": "2"})
    sagemaker = embedded.sagemaker
    before = sagemaker.describe_model_package(ModelPackageName=arn)
    assert before["ModelApprovalStatus"] == "PendingManualApproval"
    assert before["ModelPackageStatus"] == "Completed"
    sagemaker.update_model_package(
        ModelPackageArn=arn,
        ModelApprovalStatus="Approved",
        ApprovalDescription="seen by a person",
        CustomerMetadataProperties={"c": "3"},
        CustomerMetadataPropertiesToRemove=["a"],
    )
    after = sagemaker.describe_model_package(ModelPackageName=arn)
    assert after["ModelApprovalStatus"] == "Approved"
    assert after["ApprovalDescription"] == "seen by a person"
    assert after["CustomerMetadataProperties"] == {"b": "2", "c": "3"}
    assert after["LastModifiedTime"] > before["LastModifiedTime"]


def test_packages_are_listed_by_approval(embedded: Embedded) -> None:
    group = a_group(embedded, versions=2)
    approved = a_version(embedded, group, ModelApprovalStatus="Approved")
    listed = embedded.sagemaker.list_model_packages(
        ModelPackageGroupName=group, ModelApprovalStatus="Approved"
    )["ModelPackageSummaryList"]
    assert [item["ModelPackageArn"] for item in listed] == [approved]


def test_the_same_client_token_makes_one_package(embedded: Embedded) -> None:
    group, token = a_group(embedded), unique("token")
    first = a_version(embedded, group, ClientToken=token)
    assert a_version(embedded, group, ClientToken=token) == first


def test_a_package_keeps_its_metrics(embedded: Embedded) -> None:
    metrics = {
        "ModelQuality": {"Statistics": {"ContentType": "application/json", "S3Uri": "s3://b/k"}}
    }
    arn = a_version(embedded, a_group(embedded), ModelMetrics=metrics)
    described = embedded.sagemaker.describe_model_package(ModelPackageName=arn)
    assert described["ModelMetrics"] == metrics


def test_a_package_without_a_group_has_a_name_and_no_version(embedded: Embedded) -> None:
    name = unique("package")
    embedded.sagemaker.create_model_package(ModelPackageName=name, InferenceSpecification=INFERENCE)
    described = embedded.sagemaker.describe_model_package(ModelPackageName=name)
    assert "ModelPackageVersion" not in described
    listed = embedded.sagemaker.list_model_packages(NameContains=name)
    assert [item["ModelPackageName"] for item in listed["ModelPackageSummaryList"]] == [name]


def test_a_group_with_versions_cannot_be_deleted(embedded: Embedded) -> None:
    group = a_group(embedded, versions=1)
    refused = refusal(embedded.sagemaker.delete_model_package_group, ModelPackageGroupName=group)
    assert refused[0] == "ConflictException"


def test_a_group_keeps_its_policy_until_it_is_deleted(embedded: Embedded) -> None:
    group, sagemaker = a_group(embedded), embedded.sagemaker
    names = {"ModelPackageGroupName": group}
    assert (
        "Cannot find Model Package Group Policy"
        in refusal(sagemaker.get_model_package_group_policy, **names)[1]
    )
    sagemaker.put_model_package_group_policy(**names, ResourcePolicy='{"Version": "2012-10-17"}')
    found = sagemaker.get_model_package_group_policy(**names)
    assert found["ResourcePolicy"] == '{"Version": "2012-10-17"}'
    sagemaker.delete_model_package_group_policy(**names)
    sagemaker.delete_model_package_group(**names)
    assert refusal(sagemaker.describe_model_package_group, **names)[0] == "ValidationException"


def test_versions_are_found_by_search_page_by_page(embedded: Embedded) -> None:
    group = a_group(embedded, versions=3)
    condition = {"Name": "ModelPackageGroupName", "Operator": "Equals", "Value": group}
    pages = embedded.sagemaker.get_paginator("search").paginate(
        Resource="ModelPackage",
        SearchExpression={"Filters": [condition]},
        SortBy="ModelPackageVersion",
        SortOrder="Descending",
        PaginationConfig={"PageSize": 2},
    )
    results = [page["Results"] for page in pages]
    versions = [[each["ModelPackage"]["ModelPackageVersion"] for each in page] for page in results]
    assert versions == [[3, 2], [1]]
