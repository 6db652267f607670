"""What mode doctor asks an AWS account, besides what the other gateways know. Reads only."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import unquote

from botocore.exceptions import BotoCoreError, ClientError

from pipeline.gateways.aws import Cloud, attempting, error_code

_MISSING = {"404", "NoSuchBucket", "NoSuchEntity", "NotFound", "ValidationException"}


@dataclass(frozen=True, kw_only=True)
class Identity:
    """Who the credentials are, and what time AWS had then."""

    account: str
    arn: str
    server_time: datetime | None


def identity(cloud: Cloud) -> Identity:
    """Ask STS who we are. Raises CloudUnusable."""
    with attempting("read the AWS account"):
        answer = cloud.client("sts").get_caller_identity()
    return Identity(
        account=str(answer["Account"]), arn=str(answer["Arn"]), server_time=_date(answer)
    )


def _date(answer: Mapping[str, Any]) -> datetime | None:
    text = answer.get("ResponseMetadata", {}).get("HTTPHeaders", {}).get("date")
    try:
        return parsedate_to_datetime(text).astimezone(UTC) if text else None
    except ValueError:
        return None


def has_bucket(cloud: Cloud, bucket: str) -> bool:
    """Tell whether the bucket is there and ours to use. Raises CloudUnusable."""
    with attempting(f"look at the bucket {bucket}"):
        try:
            cloud.client("s3").head_bucket(Bucket=bucket)
        except ClientError as error:
            if error_code(error) in _MISSING:
                return False
            raise
    return True


def buckets_like(cloud: Cloud, prefix: str) -> tuple[str, ...]:
    """Return the account's buckets in any region whose names begin so; none where it is denied."""
    try:
        listed = cloud.client("s3").list_buckets()
    except (BotoCoreError, ClientError):
        return ()
    names = (str(each["Name"]) for each in listed.get("Buckets", ()))
    return tuple(sorted(name for name in names if name.startswith(prefix)))


def trust_policy(cloud: Cloud, role_arn: str) -> dict[str, Any] | None:
    """Return who may assume a role of this account; None when there is no such role."""
    name = role_arn.rpartition("/")[2]
    with attempting(f"read the role {name}"):
        try:
            role = cloud.client("iam").get_role(RoleName=name)["Role"]
        except ClientError as error:
            if error_code(error) in _MISSING:
                return None
            raise
    document = role["AssumeRolePolicyDocument"]
    if isinstance(document, str):
        document = json.loads(unquote(document))
    policy: dict[str, Any] = document
    return policy


def has_package_group(cloud: Cloud, name: str) -> bool:
    with attempting(f"look at the model package group {name}"):
        try:
            cloud.client("sagemaker").describe_model_package_group(ModelPackageGroupName=name)
        except ClientError as error:
            if error_code(error) in _MISSING:
                return False
            raise
    return True


def quotas(cloud: Cloud, names: Iterable[str]) -> dict[str, float]:
    """Return SageMaker's quotas of these names; those it does not list are absent."""
    wanted = set(names)
    pages = cloud.client("service-quotas").get_paginator("list_service_quotas")
    found: dict[str, float] = {}
    with attempting("list the quotas of SageMaker"):
        for page in pages.paginate(ServiceCode="sagemaker"):
            for each in page["Quotas"]:
                if each["QuotaName"] in wanted:
                    found[each["QuotaName"]] = float(each["Value"])
    return found
