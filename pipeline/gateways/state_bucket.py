"""The bucket of Terraform's state: what must be there before Terraform can own anything."""

import json
from typing import Any

from botocore.exceptions import ClientError

from pipeline.gateways.aws import Cloud, attempting, error_code

_MISSING = {"404", "NoSuchBucket", "NotFound"}
_MADE_MEANWHILE = {"BucketAlreadyOwnedByYou"}


def ensure_state_bucket(cloud: Cloud, bucket: str) -> bool:
    """Make the bucket if it is not there; True when it was made.

    Versioned, encrypted, closed to the public and to unencrypted transport; each setting is put
    again at every bootstrap, so that a bootstrap that was killed half way is completed by the next.
    """
    s3 = cloud.client("s3")
    with attempting(f"prepare the state bucket {bucket}"):
        made = _create_if_missing(s3, bucket, cloud.region)
        _protect(s3, bucket, cloud.partition)
    return made


def _create_if_missing(s3: Any, bucket: str, region: str) -> bool:
    try:
        s3.head_bucket(Bucket=bucket)
    except ClientError as error:
        if error_code(error) not in _MISSING:
            raise
        return _create(s3, bucket, region)
    return False


def _create(s3: Any, bucket: str, region: str) -> bool:
    # us-east-1 is the one region that must not be named (S3 API reference, CreateBucket).
    place = {} if region == "us-east-1" else {"LocationConstraint": region}
    try:
        s3.create_bucket(Bucket=bucket, **({"CreateBucketConfiguration": place} if place else {}))
    except ClientError as error:
        if error_code(error) in _MADE_MEANWHILE:
            return False
        raise
    return True


def _protect(s3: Any, bucket: str, partition: str) -> None:
    s3.put_public_access_block(
        Bucket=bucket,
        PublicAccessBlockConfiguration={
            "BlockPublicAcls": True,
            "BlockPublicPolicy": True,
            "IgnorePublicAcls": True,
            "RestrictPublicBuckets": True,
        },
    )
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    rule = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms"}}
    s3.put_bucket_encryption(Bucket=bucket, ServerSideEncryptionConfiguration={"Rules": [rule]})
    s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps(_tls_only(bucket, partition)))


def _tls_only(bucket: str, partition: str) -> dict[str, Any]:
    arn = f"arn:{partition}:s3:::{bucket}"
    statement = {
        "Sid": "TlsOnly",
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": [arn, f"{arn}/*"],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    return {"Version": "2012-10-17", "Statement": [statement]}
