"""Which AWS is meant, what its programs may know, and what a refusal tells a person."""

import os

import pytest
from botocore.exceptions import ClientError, NoCredentialsError

from pipeline.core.errors import CloudUnusable, UsageError
from pipeline.gateways.aws import Cloud, attempting, local_cloud, real_cloud, require_region

REGION = "eu-west-1"
SECRETS = {"TF_VAR_x": "1", "TF_CLI_ARGS": "-lock=false", "SLACK_WEBHOOK_URL": "s", "CI_TOKEN": "t"}


def a_local_cloud(**environment: str) -> Cloud:
    return local_cloud("http://127.0.0.1:5000", region=REGION, environment=environment)


def a_refusal(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "no"}}, "PutObject")


@pytest.mark.parametrize("url", ["http://127.0.0.1:5", "http://localhost:5", "http://[::1]:5"])
@pytest.mark.parametrize("name", ["AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3"])
def test_the_real_aws_is_never_this_machine(url: str, name: str) -> None:
    with pytest.raises(UsageError, match=f"{name} is .*which is this machine"):
        real_cloud(region=REGION, environment={name: url})


def test_the_real_aws_may_have_an_address_of_its_own() -> None:
    vpc_endpoint = {"AWS_ENDPOINT_URL": "https://vpce-1.s3.eu-west-1.vpce.amazonaws.com"}
    assert not real_cloud(region=REGION, environment=vpc_endpoint).is_local


@pytest.mark.parametrize(
    "url", ["https://s3.amazonaws.com", "http://10.0.0.1:5000", "", "nonsense"]
)
def test_the_embedded_aws_is_never_another_machine(url: str) -> None:
    with pytest.raises(UsageError, match="which is not this machine"):
        local_cloud(url, region=REGION, environment={})


@pytest.mark.parametrize("name", SECRETS)
def test_a_program_inherits_nothing_that_could_change_a_plan_or_leak(name: str) -> None:
    real = real_cloud(region=REGION, environment=SECRETS)
    for cloud in (real, a_local_cloud(**SECRETS)):
        assert name not in cloud.environment()


def test_a_program_for_the_embedded_aws_knows_no_account_of_the_users() -> None:
    users_own = {"AWS_PROFILE": "p", "AWS_SESSION_TOKEN": "t", "AWS_ACCESS_KEY_ID": "AKIA"}
    environment = a_local_cloud(**users_own, HOME="/home/x").environment()
    assert not {"AWS_PROFILE", "AWS_SESSION_TOKEN"} & set(environment)
    assert environment["AWS_ACCESS_KEY_ID"] == "local"
    assert environment["AWS_SHARED_CREDENTIALS_FILE"] == os.devnull
    assert environment["HOME"] == "/home/x"


def test_a_program_for_the_real_aws_has_the_users_credentials_and_our_region() -> None:
    users_own = {"AWS_PROFILE": "p", "AWS_REGION": "us-west-2"}
    environment = real_cloud(region=REGION, environment=users_own).environment()
    assert environment["AWS_PROFILE"] == "p"
    assert environment["AWS_REGION"] == environment["AWS_DEFAULT_REGION"] == REGION


def test_a_region_is_looked_up_without_the_users_profiles(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "no-such-profile")
    require_region(REGION)
    with pytest.raises(UsageError, match="There is no AWS region us-east-9"):
        require_region("us-east-9")


@pytest.mark.parametrize(
    ("region", "partition"),
    [("eu-west-1", "aws"), ("cn-north-1", "aws-cn"), ("us-gov-west-1", "aws-us-gov")],
)
def test_the_partition_follows_the_region(region: str, partition: str) -> None:
    assert real_cloud(region=region, environment={}).partition == partition


@pytest.mark.parametrize(
    ("code", "remedy"),
    [
        ("AccessDenied", "permission"),
        ("403", "permission"),
        ("ExpiredToken", "credentials"),
        ("ThrottlingException", "fewer calls"),
        ("ResourceLimitExceeded", "quota"),
        ("Surprise", "get-caller-identity"),
    ],
)
def test_a_refusal_says_what_was_tried_and_what_to_do(code: str, remedy: str) -> None:
    expected = pytest.raises(CloudUnusable, match=f"Could not write the ledger.*{remedy}")
    with expected, attempting("write the ledger"):
        raise a_refusal(code)


def test_missing_credentials_are_a_refusal_too() -> None:
    expected = pytest.raises(CloudUnusable, match="Could not read the account")
    with expected, attempting("read the account"):
        raise NoCredentialsError


def test_a_bug_is_not_taken_for_a_refusal() -> None:
    with pytest.raises(KeyError), attempting("anything"):
        raise KeyError
