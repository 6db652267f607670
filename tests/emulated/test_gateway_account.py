"""What mode doctor asks an account and a machine, against the embedded AWS."""

import json
import socket
from datetime import UTC, datetime
from pathlib import Path

import pytest

from pipeline.core.errors import CloudUnusable
from pipeline.gateways import account, this_machine
from tests.emulated.embedded import Embedded, unique
from tests.emulated.gateways import cloud_of

pytestmark = pytest.mark.emulated

TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"Service": "sagemaker.amazonaws.com"},
            "Action": "sts:AssumeRole",
        }
    ],
}


def test_who_we_are_comes_with_the_time_that_aws_has(embedded: Embedded) -> None:
    found = account.identity(cloud_of(embedded))
    assert found.account == "000000000000"
    assert found.server_time is not None
    assert abs((datetime.now(UTC) - found.server_time).total_seconds()) < 60


def test_credentials_that_are_refused_are_unusable(embedded: Embedded) -> None:
    denied = {"code": "InvalidClientTokenId", "message": "no", "status": 403}
    embedded.add_fault({"service": "sts", "action": "GetCallerIdentity", "error": denied})
    with pytest.raises(CloudUnusable, match="Could not read the AWS account"):
        account.identity(cloud_of(embedded))


def test_a_bucket_is_there_or_not(embedded: Embedded) -> None:
    bucket = embedded.a_bucket()
    assert account.has_bucket(cloud_of(embedded), bucket)
    assert not account.has_bucket(cloud_of(embedded), unique("missing"))


def test_buckets_are_found_by_how_they_begin(embedded: Embedded) -> None:
    bucket = embedded.a_bucket()
    assert account.buckets_like(cloud_of(embedded), bucket[:-1]) == (bucket,)


def test_where_listing_is_denied_no_bucket_is_found(embedded: Embedded) -> None:
    bucket = embedded.a_bucket()
    denied = {"code": "AccessDenied", "message": "no", "status": 403}
    embedded.add_fault({"service": "s3", "action": "ListBuckets", "error": denied})
    assert account.buckets_like(cloud_of(embedded), bucket) == ()


def test_who_may_assume_a_role_is_read(embedded: Embedded) -> None:
    name = unique("role")
    role = embedded.client("iam").create_role(
        RoleName=name, Path="/jobs/", AssumeRolePolicyDocument=json.dumps(TRUST)
    )
    assert account.trust_policy(cloud_of(embedded), role["Role"]["Arn"]) == TRUST
    assert account.trust_policy(cloud_of(embedded), "arn:aws:iam::0:role/missing") is None


def test_a_package_group_is_there_or_not(embedded: Embedded) -> None:
    name = unique("group")
    embedded.sagemaker.create_model_package_group(ModelPackageGroupName=name)
    assert account.has_package_group(cloud_of(embedded), name)
    assert not account.has_package_group(cloud_of(embedded), unique("missing"))


def test_quotas_that_the_service_does_not_tell_are_an_error_with_a_name(
    embedded: Embedded,
) -> None:
    with pytest.raises(CloudUnusable, match="Could not list the quotas of SageMaker"):
        account.quotas(cloud_of(embedded), ["ml.m5.large for endpoint usage"])


def test_a_page_that_nobody_serves_is_refused_with_the_reason(embedded: Embedded) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    assert "refused" in str(this_machine.refusal(f"http://127.0.0.1:{port}/", timeout_s=5))
    assert this_machine.refusal(f"{embedded.url}/_emu/nothing", timeout_s=5) is None


def test_the_room_of_a_folder_that_is_not_made_yet_is_that_of_its_parent(tmp_path: Path) -> None:
    assert this_machine.free_mb(tmp_path / "a" / "b") > 0


def test_packages_have_a_version_or_none() -> None:
    found = this_machine.installed(["boto3", "no-such-package-anywhere"])
    assert found["no-such-package-anywhere"] is None
    assert found["boto3"]
