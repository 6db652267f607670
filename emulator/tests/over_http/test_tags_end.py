"""What is made again under a name that was used has none of the tags of what had it before.

Terraform's provider keeps tags that it finds on what it has just made, so such a tag was a
difference in the next plan.
"""

import contextlib
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from emulator.tests.support.embedded import Embedded, unique

pytestmark = pytest.mark.emulated

TAGS = [{"Key": "team", "Value": "shop"}]
LOWER = {"team": "shop"}
TRUST = '{"Version": "2012-10-17", "Statement": []}'
ARN = "arn:aws:{}:us-east-1:000000000000:{}"


def a_bucket(cloud: Embedded, name: str) -> Any:
    s3 = cloud.client("s3")

    def listed() -> Any:
        with contextlib.suppress(ClientError):  # NoSuchTagSet
            return s3.get_bucket_tagging(Bucket=name)["TagSet"]
        return []

    def tag() -> None:
        s3.put_bucket_tagging(Bucket=name, Tagging={"TagSet": TAGS})

    def delete() -> None:
        s3.delete_bucket(Bucket=name)

    return lambda: s3.create_bucket(Bucket=name), tag, delete, listed


def an_object(cloud: Embedded, name: str) -> Any:
    s3, place = cloud.client("s3"), {"Bucket": cloud.a_bucket(), "Key": name}
    return (
        lambda: s3.put_object(**place, Body=b"1"),
        lambda: s3.put_object_tagging(**place, Tagging={"TagSet": TAGS}),
        lambda: s3.delete_object(**place),
        lambda: s3.get_object_tagging(**place)["TagSet"],
    )


def a_rule(cloud: Embedded, name: str) -> Any:
    events, arn = cloud.client("events"), ARN.format("events", f"rule/{name}")
    return (
        lambda: events.put_rule(Name=name, ScheduleExpression="rate(1 day)"),
        lambda: events.tag_resource(ResourceARN=arn, Tags=TAGS),
        lambda: events.delete_rule(Name=name),
        lambda: events.list_tags_for_resource(ResourceARN=arn)["Tags"],
    )


def a_bus(cloud: Embedded, name: str) -> Any:
    events, arn = cloud.client("events"), ARN.format("events", f"event-bus/{name}")
    return (
        lambda: events.create_event_bus(Name=name),
        lambda: events.tag_resource(ResourceARN=arn, Tags=TAGS),
        lambda: events.delete_event_bus(Name=name),
        lambda: events.list_tags_for_resource(ResourceARN=arn)["Tags"],
    )


def a_schedule_group(cloud: Embedded, name: str) -> Any:
    scheduler, arn = cloud.client("scheduler"), ARN.format("scheduler", f"schedule-group/{name}")
    return (
        lambda: scheduler.create_schedule_group(Name=name),
        lambda: scheduler.tag_resource(ResourceArn=arn, Tags=TAGS),
        lambda: scheduler.delete_schedule_group(Name=name),
        lambda: scheduler.list_tags_for_resource(ResourceArn=arn)["Tags"],
    )


def a_log_group(cloud: Embedded, name: str) -> Any:
    logs, arn = cloud.client("logs"), ARN.format("logs", f"log-group:{name}")
    return (
        lambda: logs.create_log_group(logGroupName=name),
        lambda: logs.tag_resource(resourceArn=arn, tags=LOWER),
        lambda: logs.delete_log_group(logGroupName=name),
        lambda: logs.list_tags_for_resource(resourceArn=arn)["tags"],
    )


def a_topic(cloud: Embedded, name: str) -> Any:
    sns, arn = cloud.client("sns"), ARN.format("sns", name)
    return (
        lambda: sns.create_topic(Name=name),
        lambda: sns.tag_resource(ResourceArn=arn, Tags=TAGS),
        lambda: sns.delete_topic(TopicArn=arn),
        lambda: sns.list_tags_for_resource(ResourceArn=arn)["Tags"],
    )


def a_parameter(cloud: Embedded, name: str) -> Any:
    ssm, what = cloud.client("ssm"), {"ResourceType": "Parameter", "ResourceId": name}
    return (
        lambda: ssm.put_parameter(Name=name, Value="1", Type="String"),
        lambda: ssm.add_tags_to_resource(**what, Tags=TAGS),
        lambda: ssm.delete_parameter(Name=name),
        lambda: ssm.list_tags_for_resource(**what)["TagList"],
    )


def a_role(cloud: Embedded, name: str) -> Any:
    iam = cloud.client("iam")
    return (
        lambda: iam.create_role(RoleName=name, AssumeRolePolicyDocument=TRUST),
        lambda: iam.tag_role(RoleName=name, Tags=TAGS),
        lambda: iam.delete_role(RoleName=name),
        lambda: iam.list_role_tags(RoleName=name)["Tags"],
    )


def a_repository(cloud: Embedded, name: str) -> Any:
    ecr, arn = cloud.client("ecr"), ARN.format("ecr", f"repository/{name}")
    return (
        lambda: ecr.create_repository(repositoryName=name),
        lambda: ecr.tag_resource(resourceArn=arn, tags=TAGS),
        lambda: ecr.delete_repository(repositoryName=name),
        lambda: ecr.list_tags_for_resource(resourceArn=arn)["tags"],
    )


def a_secret(cloud: Embedded, name: str) -> Any:
    secrets = cloud.client("secretsmanager")
    return (
        lambda: secrets.create_secret(Name=name, SecretString="1"),
        lambda: secrets.tag_resource(SecretId=name, Tags=TAGS),
        lambda: secrets.delete_secret(SecretId=name, ForceDeleteWithoutRecovery=True),
        lambda: secrets.describe_secret(SecretId=name).get("Tags", []),
    )


def an_alarm(cloud: Embedded, name: str) -> Any:
    cloudwatch, arn = cloud.client("cloudwatch"), ARN.format("cloudwatch", f"alarm:{name}")
    alarm = {
        "AlarmName": name,
        "Namespace": "Tests",
        "MetricName": "m",
        "Period": 60,
        "EvaluationPeriods": 1,
        "Statistic": "Sum",
        "Threshold": 1.0,
        "ComparisonOperator": "GreaterThanThreshold",
    }
    return (
        lambda: cloudwatch.put_metric_alarm(**alarm),
        lambda: cloudwatch.tag_resource(ResourceARN=arn, Tags=TAGS),
        lambda: cloudwatch.delete_alarms(AlarmNames=[name]),
        lambda: cloudwatch.list_tags_for_resource(ResourceARN=arn)["Tags"],
    )


def a_package_group(cloud: Embedded, name: str) -> Any:
    sagemaker, arn = cloud.sagemaker, ARN.format("sagemaker", f"model-package-group/{name}")
    return (
        lambda: sagemaker.create_model_package_group(ModelPackageGroupName=name),
        lambda: sagemaker.add_tags(ResourceArn=arn, Tags=TAGS),
        lambda: sagemaker.delete_model_package_group(ModelPackageGroupName=name),
        lambda: sagemaker.list_tags(ResourceArn=arn)["Tags"],
    )


@pytest.mark.parametrize(
    "kind",
    [
        a_bucket,
        a_bus,
        a_log_group,
        a_package_group,
        a_parameter,
        a_repository,
        a_role,
        a_rule,
        a_schedule_group,
        a_secret,
        a_topic,
        an_alarm,
        an_object,
    ],
)
def test_tags_end_with_what_had_them(
    embedded: Embedded, kind: Callable[[Embedded, str], Any]
) -> None:
    create, tag, delete, tags = kind(embedded, unique("again"))
    create()
    tag()
    assert tags() in (TAGS, LOWER)
    delete()
    create()
    assert not tags()
