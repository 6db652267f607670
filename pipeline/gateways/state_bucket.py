"""The bucket of Terraform's state: what must be there before Terraform can own anything.

And the lock that Terraform keeps there beside each state.
"""

import json
from collections.abc import Callable
from typing import Any

from botocore.exceptions import ClientError

from pipeline.core.state_lock import StateLock, parse_state_lock
from pipeline.gateways.aws import Cloud, attempting, error_code
from pipeline.gateways.store import Store
from pipeline.gateways.waiting import Patience

_MISSING = {"404", "NoSuchBucket", "NotFound"}
_MADE_MEANWHILE = {"BucketAlreadyOwnedByYou"}
# A bucket's settings are eventually consistent (S3 user guide, "Amazon S3 data consistency model"):
# one that was just made may be unknown, or still be changed by the call before.
_NOT_YET = {"NoSuchBucket", "OperationAborted"}
_PATIENCE = Patience(timeout_s=60.0, pause_s=1.0)


def ensure_state_bucket(cloud: Cloud, bucket: str) -> bool:
    """Make the bucket if it is not there; True when it was made.

    Versioned, encrypted, closed to the public, to unencrypted transport and to deletion. Each
    setting is put again at every bootstrap, so that one that was killed is completed by the next.
    """
    s3 = cloud.client("s3")
    with attempting(f"prepare the state bucket {bucket}"):
        made = _create_if_missing(s3, bucket, cloud.region)
        _protect(s3, bucket, cloud.partition)
    return made


def find_lock(cloud: Cloud, bucket: str, state_key: str) -> StateLock | None:
    """Return the lock on a state; None when nobody has locked it. Raises CorruptRecord."""
    store, key = Store(cloud, bucket), f"{state_key}.tflock"
    found = store.find(key)
    return parse_state_lock(found.body, place=store.uri(key)) if found else None


def has_bucket(cloud: Cloud, bucket: str) -> bool:
    """Tell whether a bucket is there and ours to use. Raises CloudUnusable."""
    with attempting(f"look at the bucket {bucket}"):
        return _is_there(cloud.client("s3"), bucket)


def _is_there(s3: Any, bucket: str) -> bool:
    try:
        s3.head_bucket(Bucket=bucket)
    except ClientError as error:
        if error_code(error) not in _MISSING:
            raise
        return False
    return True


def _create_if_missing(s3: Any, bucket: str, region: str) -> bool:
    if _is_there(s3, bucket):
        return False
    # us-east-1 is the one region that must not be named (S3 API reference, CreateBucket).
    place = {} if region == "us-east-1" else {"LocationConstraint": region}
    settings = {"CreateBucketConfiguration": place} if place else {}
    try:
        _settled(s3.create_bucket, Bucket=bucket, **settings)
    except ClientError as error:
        if error_code(error) in _MADE_MEANWHILE:
            return False
        raise
    return True


def _protect(s3: Any, bucket: str, partition: str) -> None:
    _settled(
        s3.put_public_access_block,
        Bucket=bucket,
        PublicAccessBlockConfiguration={
            "BlockPublicAcls": True,
            "BlockPublicPolicy": True,
            "IgnorePublicAcls": True,
            "RestrictPublicBuckets": True,
        },
    )
    versioning = {"Status": "Enabled"}
    _settled(s3.put_bucket_versioning, Bucket=bucket, VersioningConfiguration=versioning)
    rule = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms"}}
    encryption = {"Rules": [rule]}
    _settled(s3.put_bucket_encryption, Bucket=bucket, ServerSideEncryptionConfiguration=encryption)
    policy = json.dumps(state_bucket_policy(bucket, partition))
    _settled(s3.put_bucket_policy, Bucket=bucket, Policy=policy)


def _settled(call: Callable[..., object], **arguments: Any) -> None:
    """Ask again while S3 does not know the bucket everywhere. Raises ClientError."""
    _PATIENCE.ask(lambda: call(**arguments), refused=lambda error: error_code(error) in _NOT_YET)


def state_bucket_policy(bucket: str, partition: str) -> dict[str, Any]:
    """Deny what nobody may do: who has to, takes this policy away first, on purpose and on record.

    Terraform's lock is deleted after each run; a state is only ever overwritten.
    """
    arn = f"arn:{partition}:s3:::{bucket}"
    tls_only = {
        **_denied("TlsOnly", "s3:*", [arn, f"{arn}/*"]),
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    kept = [
        _denied("KeepTheBucket", "s3:DeleteBucket", [arn]),
        _denied("KeepEachState", "s3:DeleteObject", [f"{arn}/*.tfstate"]),
        _denied("KeepEachVersion", "s3:DeleteObjectVersion", [f"{arn}/*"]),
    ]
    return {"Version": "2012-10-17", "Statement": [tls_only, *kept]}


def _denied(sid: str, action: str, resources: list[str]) -> dict[str, Any]:
    return {
        "Sid": sid,
        "Effect": "Deny",
        "Principal": "*",
        "Action": action,
        "Resource": resources,
    }
