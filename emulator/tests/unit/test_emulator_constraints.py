"""The embedded SageMaker checks requests by botocore's model, Unicode patterns included."""

from typing import Any

import botocore.session
import pytest

from emulator.api.constraints import check_request
from emulator.api.errors import AwsError
from emulator.api.shaping import ResponseShapeError, shape_response

MODEL = botocore.session.Session().get_service_model("sagemaker")
ARN = "arn:aws:sagemaker:us-east-1:000000000000:model/m"


def check(action: str, request: dict[str, Any]) -> None:
    check_request(request, MODEL.operation_model(action).input_shape)


def test_tags_may_have_letters_of_any_language() -> None:
    check("AddTags", {"ResourceArn": ARN, "Tags": [{"Key": "größe:é", "Value": "中文 1/2"}]})


@pytest.mark.parametrize(
    ("tag", "constraint"),
    [
        ({"Key": "a" * 129, "Value": ""}, "length less than or equal to 128"),
        ({"Key": "a;b", "Value": ""}, "regular expression pattern"),
        ({"Key": "a"}, "'tags.1.member.value' failed to satisfy constraint: Member must not"),
    ],
)
def test_a_tag_outside_the_model_is_refused(tag: dict[str, str], constraint: str) -> None:
    with pytest.raises(AwsError) as caught:
        check("AddTags", {"ResourceArn": ARN, "Tags": [tag]})
    assert caught.value.code == "ValidationException"
    assert constraint in caught.value.message


def test_an_unknown_member_is_refused_by_name() -> None:
    with pytest.raises(AwsError, match='"Colour"'):
        check("DescribeModel", {"ModelName": "m", "Colour": "red"})


def test_a_response_has_only_members_of_the_model() -> None:
    document = {"ModelName": "m", "ModelArn": ARN, "CreationTime": 1.0, "_private": 1, "Tags": []}
    shape = MODEL.operation_model("DescribeModel").output_shape
    assert set(shape_response(document, shape, strict=True)) == {
        "ModelName",
        "ModelArn",
        "CreationTime",
    }


def test_strictness_refuses_a_response_that_aws_could_not_give() -> None:
    shape = MODEL.operation_model("DescribeEndpoint").output_shape
    endpoint = {
        "EndpointName": "e",
        "EndpointArn": "arn:aws:sagemaker:us-east-1:000000000000:endpoint/e",
        "CreationTime": 1.0,
        "LastModifiedTime": 1.0,
    }
    with pytest.raises(ResponseShapeError, match="EndpointStatus"):
        shape_response(endpoint, shape, strict=True)
    with pytest.raises(ResponseShapeError, match="Resting"):
        shape_response({**endpoint, "EndpointStatus": "Resting"}, shape, strict=True)


def test_a_version_of_a_model_package_group_has_no_name_as_on_aws() -> None:
    package = {
        "ModelPackageName": "g",
        "ModelPackageGroupName": "g",
        "ModelPackageVersion": 1,
        "ModelPackageArn": "arn:aws:sagemaker:us-east-1:000000000000:model-package/g/1",
        "CreationTime": 1.0,
        "ModelPackageStatus": "Completed",
    }
    shape = MODEL.operation_model("ListModelPackages").output_shape
    document = {"ModelPackageSummaryList": [package]}
    listed = shape_response(document, shape, strict=True)["ModelPackageSummaryList"]
    assert [set(package) - set(item) for item in listed] == [{"ModelPackageName"}]


@pytest.mark.parametrize("seconds", [1e20, -1e20, 1e300])
def test_a_time_that_no_clock_can_hold_is_refused(seconds: float) -> None:
    with pytest.raises(AwsError) as caught:
        check("ListModels", {"CreationTimeAfter": seconds})
    assert caught.value.code == "SerializationException"


def described(text: str) -> None:
    check(
        "CreateModelPackageGroup",
        {"ModelPackageGroupName": "g", "ModelPackageGroupDescription": text},
    )


@pytest.mark.parametrize("control", ["\n", "\t", "\r", "\x1b", "\u200b", "\ufeff"])
def test_a_description_with_a_control_character_is_refused_as_by_aws(control: str) -> None:
    with pytest.raises(AwsError, match="regular expression pattern"):
        described(f"rejected:{control}it cannot serve")


def test_a_description_may_have_marks_of_any_language() -> None:
    described("Zu schlecht, 5 € „Verlust“ … 中文 \u00a0 e\u0301 🔴 [a-b]^\\")
