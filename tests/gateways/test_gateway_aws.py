"""The embedded AWS is met as it is, whatever the user has set up for the real one."""

from pathlib import Path

import pytest

from emulator.tests.support.embedded import REGION, Embedded, unique
from pipeline.core.errors import CloudUnusable
from pipeline.core.naming import LOCAL_ACCOUNT
from pipeline.gateways.account import published_foundation
from pipeline.gateways.aws import Cloud, local_cloud
from pipeline.gateways.state_bucket import ensure_state_bucket
from tests.gateways.gateways import cloud_of
from tests.support.iam import EVERYTHING, Identity

pytestmark = pytest.mark.emulated

USERS_OWN = {
    "AWS_PROFILE": "no-such-profile",
    "AWS_USE_FIPS_ENDPOINT": "true",
    "AWS_USE_DUALSTACK_ENDPOINT": "true",
    "AWS_ENDPOINT_URL_STS": "http://127.0.0.1:9",
    "AWS_MAX_ATTEMPTS": "not a number",
    "HTTP_PROXY": "http://127.0.0.1:9",
    "http_proxy": "http://127.0.0.1:9",
}


@pytest.fixture
def cloud(embedded: Embedded) -> Cloud:
    return cloud_of(embedded)


def test_the_embedded_account_is_the_local_one(cloud: Cloud) -> None:
    assert cloud.account_id() == LOCAL_ACCOUNT


@pytest.mark.parametrize("name", USERS_OWN)
def test_the_users_settings_do_not_reach_the_embedded_aws(
    embedded: Embedded, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv(name, USERS_OWN[name])
    assert cloud_of(embedded).account_id() == LOCAL_ACCOUNT


def test_the_users_profile_file_is_not_read(
    embedded: Embedded, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "config").write_text("this is [not a profile")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    assert cloud_of(embedded).account_id() == LOCAL_ACCOUNT


def test_a_client_is_made_once(cloud: Cloud) -> None:
    assert cloud.client("s3") is cloud.client("s3")


def test_nobody_at_the_address_is_said_in_words() -> None:
    cloud = local_cloud("http://127.0.0.1:9", region=REGION, environment={})
    with pytest.raises(CloudUnusable, match=r"Could not read the AWS account: .*127\.0\.0\.1:9"):
        cloud.account_id()


def test_a_state_bucket_is_made_once_and_protected(cloud: Cloud, embedded: Embedded) -> None:
    name, s3 = unique("state"), embedded.client("s3")
    assert ensure_state_bucket(cloud, name) is True
    assert ensure_state_bucket(cloud, name) is False
    assert s3.get_bucket_versioning(Bucket=name)["Status"] == "Enabled"
    assert all(s3.get_public_access_block(Bucket=name)["PublicAccessBlockConfiguration"].values())
    assert "aws:SecureTransport" in s3.get_bucket_policy(Bucket=name)["Policy"]


@pytest.mark.parametrize(
    ("action", "code", "status"),
    [
        ("PutPublicAccessBlock", "NoSuchBucket", 404),
        ("PutBucketVersioning", "NoSuchBucket", 404),
        ("PutBucketPolicy", "OperationAborted", 409),
        ("CreateBucket", "OperationAborted", 409),
    ],
)
def test_a_bucket_that_is_not_known_everywhere_yet_is_asked_for_again(
    cloud: Cloud, embedded: Embedded, action: str, code: str, status: int
) -> None:
    name, error = unique("state"), {"code": code, "message": "not yet", "status": status}
    embedded.add_fault({"service": "s3", "action": action, "times": 2, "error": error})
    assert ensure_state_bucket(cloud, name) is True
    assert embedded.client("s3").get_bucket_versioning(Bucket=name)["Status"] == "Enabled"


def test_nobody_deletes_states_but_every_run_gives_its_lock_back(
    cloud: Cloud, embedded: Embedded
) -> None:
    name = unique("state")
    ensure_state_bucket(cloud, name)
    policy = embedded.client("s3").get_bucket_policy(Bucket=name)["Policy"]
    anybody = Identity(policies=(EVERYTHING,), resource_policy=policy)
    bucket, state = f"arn:aws:s3:::{name}", f"arn:aws:s3:::{name}/serving/staging/a.tfstate"
    over_tls = {"aws__SecureTransport": "true"}
    assert not anybody.may("s3:DeleteBucket", bucket, **over_tls)
    assert not anybody.may("s3:DeleteObject", state, **over_tls)
    assert not anybody.may("s3:DeleteObjectVersion", state, **over_tls)
    assert anybody.may("s3:PutObject", state, **over_tls)
    assert anybody.may("s3:DeleteObject", f"{state}.tflock", **over_tls)
    assert not anybody.may("s3:PutObject", state, aws__SecureTransport="false")


def test_a_bucket_outside_the_first_region_is_made_in_its_region(embedded: Embedded) -> None:
    cloud, name = local_cloud(embedded.url, region="eu-west-1", environment={}), unique("state")
    ensure_state_bucket(cloud, name)
    place = embedded.client("s3").get_bucket_location(Bucket=name)
    assert place["LocationConstraint"] == "eu-west-1"


def test_a_bucket_that_somebody_made_meanwhile_is_completed(
    cloud: Cloud, embedded: Embedded
) -> None:
    name = unique("state")
    embedded.client("s3").create_bucket(Bucket=name)
    missing = {"code": "NoSuchBucket", "message": "not yet", "status": 404}
    owned = {"code": "BucketAlreadyOwnedByYou", "message": "yours", "status": 409}
    embedded.add_fault({"service": "s3", "action": "HeadBucket", "times": 1, "error": missing})
    embedded.add_fault({"service": "s3", "action": "CreateBucket", "times": 1, "error": owned})
    assert ensure_state_bucket(cloud, name) is False
    assert embedded.client("s3").get_bucket_versioning(Bucket=name)["Status"] == "Enabled"


def test_a_foundation_that_was_never_published_is_none(cloud: Cloud) -> None:
    assert published_foundation(cloud, "/mlops/none/staging/foundation") is None


def test_a_parameter_that_may_not_be_read_is_no_absence(cloud: Cloud, embedded: Embedded) -> None:
    denied = {"code": "AccessDeniedException", "message": "no", "status": 400}
    embedded.add_fault({"service": "ssm", "action": "GetParameter", "error": denied})
    with pytest.raises(CloudUnusable, match="Could not read the parameter /x"):
        published_foundation(cloud, "/x")
