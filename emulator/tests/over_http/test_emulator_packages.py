"""Model packages: versions, approval, groups and their policies."""

from typing import Any

import pytest

from emulator.tests.support.embedded import IMAGE, Embedded, refusal, unique

pytestmark = pytest.mark.emulated

CONTAINER = {"Image": IMAGE, "ModelDataUrl": "s3://bucket/model.tar.gz"}
POLICY = '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow"}]}'
INFERENCE = {
    "Containers": [CONTAINER],
    "SupportedContentTypes": ["text/csv"],
    "SupportedResponseMIMETypes": ["text/csv"],
}


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
        "ModelQuality": {
            "Statistics": {"ContentType": "application/json", "S3Uri": "s3://metrics/k"}
        }
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
    sagemaker.put_model_package_group_policy(**names, ResourcePolicy=POLICY)
    found = sagemaker.get_model_package_group_policy(**names)
    assert found["ResourcePolicy"] == POLICY
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


@pytest.mark.parametrize(
    ("policy", "message"),
    [
        ("{", "is not valid JSON"),
        ("[]", "needs a Statement"),
        ('{"Version": "2012-10-17"}', "needs a Statement"),
        ('{"Statement": [{"Effect": "Maybe"}]}', "Effect Allow or Deny"),
    ],
)
def test_what_is_no_policy_is_refused(embedded: Embedded, policy: str, message: str) -> None:
    code, text = refusal(
        embedded.sagemaker.put_model_package_group_policy,
        ModelPackageGroupName=a_group(embedded),
        ResourcePolicy=policy,
    )
    assert code == "ValidationException"
    assert message in text


def test_a_package_has_a_name_or_a_group(embedded: Embedded) -> None:
    create, group = embedded.sagemaker.create_model_package, a_group(embedded)
    both = refusal(create, ModelPackageGroupName=group, ModelPackageName="a")
    assert both[1].startswith("Both ModelPackageName and ModelPackageGroupName are provided")
    assert refusal(create) == ("ValidationException", "Missing ARN.")


def test_names_are_taken_once(embedded: Embedded) -> None:
    group, name = a_group(embedded), unique("package")
    again = refusal(embedded.sagemaker.create_model_package_group, ModelPackageGroupName=group)
    assert again[1].startswith("Model Package Group already exists: arn:")
    package = {"ModelPackageName": name, "InferenceSpecification": INFERENCE}
    embedded.sagemaker.create_model_package(**package)
    again = refusal(embedded.sagemaker.create_model_package, **package)
    assert again[1].startswith("Model Package already exists: arn:")


def test_approval_does_not_apply_to_a_package_without_a_group(embedded: Embedded) -> None:
    name = unique("package")
    embedded.sagemaker.create_model_package(
        ModelPackageName=name, InferenceSpecification=INFERENCE, ModelApprovalStatus="Rejected"
    )
    described = embedded.sagemaker.describe_model_package(ModelPackageName=name)
    assert "ModelApprovalStatus" not in described


@pytest.mark.parametrize(
    ("region", "account"), [("eu-west-1", "000000000000"), ("us-east-1", "111111111111")]
)
def test_an_arn_of_elsewhere_names_nothing_here(
    embedded: Embedded, region: str, account: str
) -> None:
    group = a_group(embedded, versions=1)
    arn = f"arn:aws:sagemaker:{region}:{account}"
    sagemaker = embedded.sagemaker
    for call, arguments in (
        (sagemaker.describe_model_package, {"ModelPackageName": f"{arn}:model-package/{group}/1"}),
        (
            sagemaker.describe_model_package_group,
            {"ModelPackageGroupName": f"{arn}:model-package-group/{group}"},
        ),
        (sagemaker.list_tags, {"ResourceArn": f"{arn}:model-package-group/{group}"}),
    ):
        code, text = refusal(call, **arguments)
        assert code == "ValidationException"
        assert "does not exist" in text or text.startswith("Could not find")


def test_only_an_approved_version_becomes_a_model(embedded: Embedded) -> None:
    arn, name = a_version(embedded, a_group(embedded)), unique("model")
    role = "arn:aws:iam::000000000000:role/execution"
    container = {"ModelPackageName": arn}
    model = {"ModelName": name, "ExecutionRoleArn": role, "PrimaryContainer": container}
    code, text = refusal(embedded.sagemaker.create_model, **model)
    assert code == "ValidationException"
    assert "approval status is PendingManualApproval" in text
    embedded.sagemaker.update_model_package(ModelPackageArn=arn, ModelApprovalStatus="Approved")
    embedded.sagemaker.create_model(**model)
    absent = {"ModelPackageName": f"{arn}7"}
    refused = refusal(
        embedded.sagemaker.create_model, ModelName=unique("model"), PrimaryContainer=absent
    )
    assert refused == ("ValidationException", f"ModelPackage {arn}7 does not exist.")


def test_approval_may_be_taken_back_and_given_again(embedded: Embedded) -> None:
    arn = a_version(embedded, a_group(embedded))
    for status in ("Approved", "Rejected", "PendingManualApproval", "Approved"):
        embedded.sagemaker.update_model_package(ModelPackageArn=arn, ModelApprovalStatus=status)
        described = embedded.sagemaker.describe_model_package(ModelPackageName=arn)
        assert described["ModelApprovalStatus"] == status


def test_additional_specifications_have_names_of_their_own(embedded: Embedded) -> None:
    arn = a_version(embedded, a_group(embedded))
    added = [{"Name": "fast", "Containers": [CONTAINER]}]
    update = embedded.sagemaker.update_model_package
    update(ModelPackageArn=arn, AdditionalInferenceSpecificationsToAdd=added)
    code, text = refusal(update, ModelPackageArn=arn, AdditionalInferenceSpecificationsToAdd=added)
    assert code == "ValidationException"
    assert text.endswith("these would be fast, fast.")


def test_several_versions_are_described_at_once(embedded: Embedded) -> None:
    arn = a_version(embedded, a_group(embedded))
    answer = embedded.sagemaker.batch_describe_model_package(ModelPackageArnList=[arn, f"{arn}7"])
    assert answer["ModelPackageSummaries"][arn]["ModelPackageVersion"] == 1
    error = answer["BatchDescribeModelPackageErrorMap"][f"{arn}7"]
    assert error["ErrorCode"] == "ValidationException"
