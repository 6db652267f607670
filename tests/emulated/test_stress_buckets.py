"""A bucket reads the same whatever happens to others: what Terraform's plans stand on."""

import json
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.emulated.embedded import Embedded, unique
from tests.support.embedded_aws import admin, hasty_aws

pytestmark = [pytest.mark.emulated, pytest.mark.soak]

# What the provider reads of an aws_s3_bucket, and of the resources that configure it.
READS = (
    "get_bucket_accelerate_configuration",
    "get_bucket_acl",
    "get_bucket_cors",
    "get_bucket_encryption",
    "get_bucket_lifecycle_configuration",
    "get_bucket_location",
    "get_bucket_logging",
    "get_bucket_ownership_controls",
    "get_bucket_policy",
    "get_bucket_replication",
    "get_bucket_request_payment",
    "get_bucket_tagging",
    "get_bucket_versioning",
    "get_bucket_website",
    "get_object_lock_configuration",
    "get_public_access_block",
    "head_bucket",
)
TAGS = [{"Key": f"mlops:{name}", "Value": name} for name in ("environment", "model", "project")]


@pytest.fixture(scope="module")
def hasty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Embedded]:
    with hasty_aws(tmp_path_factory.mktemp("hasty")) as url:
        yield Embedded(url=url)


def configured(cloud: Embedded, name: str, log_bucket: str | None = None) -> str:
    """Make a bucket as terraform/modules/storage does."""
    s3 = cloud.client("s3")
    s3.create_bucket(Bucket=name)
    s3.put_bucket_tagging(Bucket=name, Tagging={"TagSet": TAGS})
    s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    s3.put_public_access_block(
        Bucket=name, PublicAccessBlockConfiguration={"BlockPublicAcls": True}
    )
    rule = {"ID": "a", "Status": "Enabled", "Filter": {"Prefix": "a/"}, "Expiration": {"Days": 1}}
    s3.put_bucket_lifecycle_configuration(Bucket=name, LifecycleConfiguration={"Rules": [rule]})
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "logging.s3.amazonaws.com"},
        "Action": "s3:PutObject",
        "Resource": f"arn:aws:s3:::{name}/*",
    }
    s3.put_bucket_policy(
        Bucket=name, Policy=json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    )
    if log_bucket is not None:
        target = {"TargetBucket": log_bucket, "TargetPrefix": "logs/"}
        s3.put_bucket_logging(Bucket=name, BucketLoggingStatus={"LoggingEnabled": target})
    return name


def read(cloud: Embedded, bucket: str) -> dict[str, Any]:
    return {each: answered(getattr(cloud.client("s3"), each), bucket) for each in READS}


def answered(call: Callable[..., Any], bucket: str) -> Any:
    try:
        answer = call(Bucket=bucket)
    except ClientError as error:
        return error.response["Error"]
    answer.pop("ResponseMetadata")
    return answer


def test_a_bucket_reads_the_same_while_others_come_and_go(hasty: Embedded) -> None:
    logs = configured(hasty, unique("logs"))
    bucket = configured(hasty, unique("still"), logs)
    expected, over = read(hasty, bucket), threading.Event()

    def others() -> None:
        s3 = hasty.client("s3")
        while not over.is_set():
            name = configured(hasty, unique("passing"), logs)
            s3.put_object(Bucket=name, Key="k", Body=b"1", Tagging="a=b")
            for version in s3.list_object_versions(Bucket=name)["Versions"]:
                s3.delete_object(Bucket=name, Key="k", VersionId=version["VersionId"])
            s3.delete_bucket_tagging(Bucket=name)
            s3.delete_bucket(Bucket=name)

    def snapshots() -> None:
        while not over.is_set():
            admin(hasty.url, "snapshot", method="POST")

    with ThreadPoolExecutor(8) as pool:
        busy = [pool.submit(each) for each in (others, others, others, snapshots)]
        try:
            wrong = [
                found
                for _ in range(15)
                for found in pool.map(lambda _: read(hasty, bucket), range(3))
                if found != expected
            ]
        finally:
            over.set()
    for each in busy:
        each.result()
    assert wrong == []
