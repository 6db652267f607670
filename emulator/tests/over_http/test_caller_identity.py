"""Who calls, in the words of IAM; and moto's own door, which is closed."""

import urllib.error
import urllib.request

import boto3
import pytest

from emulator.tests.support.embedded import REGION, Embedded, unique

pytestmark = pytest.mark.emulated

TRUST = '{"Version": "2012-10-17", "Statement": []}'


def identity(embedded: Embedded, key: dict[str, str]) -> tuple[str, str]:
    sts = boto3.client(
        "sts",
        region_name=REGION,
        endpoint_url=embedded.url,
        aws_access_key_id=key["AccessKeyId"],
        aws_secret_access_key=key["SecretAccessKey"],
        aws_session_token=key.get("SessionToken"),
    )
    found = sts.get_caller_identity()
    assert found["Account"] == "000000000000"
    return found["Arn"], found["UserId"]


def test_credentials_of_nobody_are_the_root_of_the_account(embedded: Embedded) -> None:
    found = identity(embedded, {"AccessKeyId": "any", "SecretAccessKey": "any"})
    assert found == ("arn:aws:iam::000000000000:root", "000000000000")


def test_a_user_has_the_arn_that_iam_gave_it(embedded: Embedded) -> None:
    iam, name = embedded.client("iam"), unique("user")
    user = iam.create_user(UserName=name, Path="/team/")["User"]
    key = iam.create_access_key(UserName=name)["AccessKey"]
    assert identity(embedded, key) == (user["Arn"], user["UserId"])
    assert user["Arn"] == f"arn:aws:iam::000000000000:user/team/{name}"


def test_an_assumed_role_has_its_session_in_the_arn(embedded: Embedded) -> None:
    role = embedded.client("iam").create_role(
        RoleName=unique("role"), Path="/team/", AssumeRolePolicyDocument=TRUST
    )["Role"]
    assumed = embedded.client("sts").assume_role(RoleArn=role["Arn"], RoleSessionName="run-1")
    arn, user_id = identity(embedded, assumed["Credentials"])
    assert arn == f"arn:aws:sts::000000000000:assumed-role/{role['RoleName']}/run-1"
    assert user_id == f"{role['RoleId']}:run-1"


@pytest.mark.parametrize("path", ["reset", "data.json", "seed?a=1", "config"])
def test_the_api_of_moto_itself_is_not_there(embedded: Embedded, path: str) -> None:
    bucket, model = embedded.a_bucket(), embedded.a_model()
    request = urllib.request.Request(f"{embedded.url}/moto-api/{path}", method="POST", data=b"")
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(request, timeout=10)
    assert refused.value.code == 400
    assert b"python -m emulator reset" in refused.value.read()
    embedded.client("s3").head_bucket(Bucket=bucket)
    embedded.sagemaker.describe_model(ModelName=model)
