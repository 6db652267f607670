"""Buckets that S3 and VPCs write logs to: policies and places that moto does not understand."""

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from emulator.tests.support.embedded import Embedded, unique

pytestmark = pytest.mark.emulated


def a_log_bucket(embedded: Embedded, *, prefix: str) -> str:
    """Make a bucket whose policy lets S3 log below a prefix, over TLS only."""
    s3, bucket = embedded.client("s3"), unique("logs")
    s3.create_bucket(Bucket=bucket)
    statements = [
        {
            "Effect": "Deny",
            "Principal": "*",
            "Action": "s3:*",
            "Resource": f"arn:aws:s3:::{bucket}/*",
        }
        | {"Condition": {"Bool": {"aws:SecureTransport": "false"}}},
        {"Effect": "Allow", "Principal": {"Service": "logging.s3.amazonaws.com"}}
        | {"Action": "s3:PutObject", "Resource": f"arn:aws:s3:::{bucket}/{prefix}*"},
    ]
    policy = {"Version": "2012-10-17", "Statement": statements}
    s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps(policy))
    return bucket


def log_into(embedded: Embedded, bucket: str, *, prefix: str) -> Any:
    s3, logged = embedded.client("s3"), unique("logged")
    s3.create_bucket(Bucket=logged)
    target = {"TargetBucket": bucket, "TargetPrefix": prefix}
    s3.put_bucket_logging(Bucket=logged, BucketLoggingStatus={"LoggingEnabled": target})
    return s3.get_bucket_logging(Bucket=logged)["LoggingEnabled"]


def test_bucket_logs_below_the_prefix_that_the_policy_names(embedded: Embedded) -> None:
    bucket = a_log_bucket(embedded, prefix="access-logs/")
    kept = log_into(embedded, bucket, prefix="access-logs/one/")
    assert (kept["TargetBucket"], kept["TargetPrefix"]) == (bucket, "access-logs/one/")


def test_bucket_that_does_not_let_logs_in_is_refused(embedded: Embedded) -> None:
    bucket = a_log_bucket(embedded, prefix="access-logs/")
    with pytest.raises(ClientError, match="InvalidTargetBucketForLogging"):
        log_into(embedded, bucket, prefix="elsewhere/")


def test_flow_logs_go_into_a_folder_of_a_bucket(embedded: Embedded) -> None:
    ec2, bucket = embedded.client("ec2"), a_log_bucket(embedded, prefix="")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/24")["Vpc"]["VpcId"]
    place = f"arn:aws:s3:::{bucket}/flow-logs/"
    made = ec2.create_flow_logs(
        ResourceIds=[vpc],
        ResourceType="VPC",
        TrafficType="ALL",
        LogDestinationType="s3",
        LogDestination=place,
    )
    assert made["Unsuccessful"] == []
    described = ec2.describe_flow_logs(FlowLogIds=made["FlowLogIds"])["FlowLogs"][0]
    assert described["LogDestination"] == place
