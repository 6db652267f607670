"""Eight clients write to one and the same thing at once, and all that they wrote is there."""

import json
import time
import uuid
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor

import pytest

from emulator.tests.support.embedded import Embedded, unique
from emulator.tests.support.sagemaker_lives import SPECIFICATION, create_model

pytestmark = pytest.mark.emulated

_WRITERS = 8
_EACH = 3
_NAMES = tuple(f"{writer}-{number}" for writer in range(_WRITERS) for number in range(_EACH))

# One tag is added by one call; together they give the tags that are there in the end.
AddTag = Callable[[str], object]
ReadTags = Callable[[], Mapping[str, str]]


def write_at_once(write: Callable[[str], object]) -> None:
    """Call `write` with every name, eight at a time."""
    with ThreadPoolExecutor(_WRITERS) as pool:
        list(pool.map(write, _NAMES))


def pairs(listed: list[dict[str, str]], key: str = "Key", value: str = "Value") -> dict[str, str]:
    return {tag[key]: tag[value] for tag in listed}


def a_model(cloud: Embedded) -> tuple[AddTag, ReadTags]:
    sagemaker = cloud.sagemaker
    arn = create_model(sagemaker, unique("model"))
    return (
        lambda tag: sagemaker.add_tags(ResourceArn=arn, Tags=[{"Key": tag, "Value": tag}]),
        lambda: pairs(sagemaker.list_tags(ResourceArn=arn, MaxResults=50)["Tags"]),
    )


def a_role(cloud: Embedded) -> tuple[AddTag, ReadTags]:
    iam, name = cloud.client("iam"), unique("role")
    iam.create_role(RoleName=name, AssumeRolePolicyDocument='{"Version": "2012-10-17"}')
    return (
        lambda tag: iam.tag_role(RoleName=name, Tags=[{"Key": tag, "Value": tag}]),
        lambda: pairs(iam.list_role_tags(RoleName=name, MaxItems=100)["Tags"]),
    )


def a_topic(cloud: Embedded) -> tuple[AddTag, ReadTags]:
    sns = cloud.client("sns")
    arn = sns.create_topic(Name=unique("topic"))["TopicArn"]
    return (
        lambda tag: sns.tag_resource(ResourceArn=arn, Tags=[{"Key": tag, "Value": tag}]),
        lambda: pairs(sns.list_tags_for_resource(ResourceArn=arn)["Tags"]),
    )


def a_queue(cloud: Embedded) -> tuple[AddTag, ReadTags]:
    sqs = cloud.client("sqs")
    url = sqs.create_queue(QueueName=unique("queue"))["QueueUrl"]
    return (
        lambda tag: sqs.tag_queue(QueueUrl=url, Tags={tag: tag}),
        lambda: sqs.list_queue_tags(QueueUrl=url)["Tags"],
    )


def a_key(cloud: Embedded) -> tuple[AddTag, ReadTags]:
    kms = cloud.client("kms")
    key_id = kms.create_key()["KeyMetadata"]["KeyId"]
    return (
        lambda tag: kms.tag_resource(KeyId=key_id, Tags=[{"TagKey": tag, "TagValue": tag}]),
        lambda: pairs(kms.list_resource_tags(KeyId=key_id)["Tags"], "TagKey", "TagValue"),
    )


def a_rule(cloud: Embedded) -> tuple[AddTag, ReadTags]:
    events = cloud.client("events")
    arn = events.put_rule(Name=unique("rule"), ScheduleExpression="rate(1 day)")["RuleArn"]
    return (
        lambda tag: events.tag_resource(ResourceARN=arn, Tags=[{"Key": tag, "Value": tag}]),
        lambda: pairs(events.list_tags_for_resource(ResourceARN=arn)["Tags"]),
    )


def a_log_group(cloud: Embedded) -> tuple[AddTag, ReadTags]:
    logs, name = cloud.client("logs"), unique("group")
    logs.create_log_group(logGroupName=name)
    return (
        lambda tag: logs.tag_log_group(logGroupName=name, tags={tag: tag}),
        lambda: logs.list_tags_log_group(logGroupName=name)["tags"],
    )


def a_parameter(cloud: Embedded) -> tuple[AddTag, ReadTags]:
    ssm, name = cloud.client("ssm"), unique("parameter")
    ssm.put_parameter(Name=name, Value="v", Type="String")
    resource = {"ResourceType": "Parameter", "ResourceId": name}
    return (
        lambda tag: ssm.add_tags_to_resource(**resource, Tags=[{"Key": tag, "Value": tag}]),
        lambda: pairs(ssm.list_tags_for_resource(**resource)["TagList"]),
    )


def a_secret(cloud: Embedded) -> tuple[AddTag, ReadTags]:
    secrets = cloud.client("secretsmanager")
    arn = secrets.create_secret(Name=unique("secret"), SecretString="s")["ARN"]
    return (
        lambda tag: secrets.tag_resource(SecretId=arn, Tags=[{"Key": tag, "Value": tag}]),
        lambda: pairs(secrets.describe_secret(SecretId=arn)["Tags"]),
    )


def an_alarm(cloud: Embedded) -> tuple[AddTag, ReadTags]:
    cloudwatch, name = cloud.client("cloudwatch"), unique("alarm")
    cloudwatch.put_metric_alarm(
        AlarmName=name,
        Namespace="Shared",
        MetricName="m",
        Statistic="Sum",
        Period=60,
        EvaluationPeriods=1,
        Threshold=1,
        ComparisonOperator="GreaterThanThreshold",
    )
    arn = cloudwatch.describe_alarms(AlarmNames=[name])["MetricAlarms"][0]["AlarmArn"]
    return (
        lambda tag: cloudwatch.tag_resource(ResourceARN=arn, Tags=[{"Key": tag, "Value": tag}]),
        lambda: pairs(cloudwatch.list_tags_for_resource(ResourceARN=arn)["Tags"]),
    )


@pytest.mark.parametrize(
    "make",
    [
        a_key,
        a_log_group,
        a_model,
        a_parameter,
        a_queue,
        a_role,
        a_rule,
        a_secret,
        a_topic,
        an_alarm,
    ],
)
def test_no_tag_is_lost(
    embedded: Embedded, make: Callable[[Embedded], tuple[AddTag, ReadTags]]
) -> None:
    add, read = make(embedded)
    write_at_once(add)
    assert read() == {name: name for name in _NAMES}


def test_no_version_of_an_object_is_lost(embedded: Embedded) -> None:
    s3, bucket = embedded.client("s3"), embedded.a_bucket()
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    write_at_once(lambda name: s3.put_object(Bucket=bucket, Key="k", Body=name.encode()))
    versions = s3.list_object_versions(Bucket=bucket)["Versions"]
    bodies = {
        s3.get_object(Bucket=bucket, Key="k", VersionId=version["VersionId"])["Body"].read()
        for version in versions
    }
    assert bodies == {name.encode() for name in _NAMES}
    assert [version["IsLatest"] for version in versions].count(True) == 1


def test_parameters_and_model_packages_count_their_versions(embedded: Embedded) -> None:
    ssm, sagemaker, name = embedded.client("ssm"), embedded.sagemaker, unique("shared")
    sagemaker.create_model_package_group(ModelPackageGroupName=name)

    def write(value: str) -> tuple[int, int]:
        put = ssm.put_parameter(Name=name, Value=value, Type="String", Overwrite=True)
        package = sagemaker.create_model_package(
            ModelPackageGroupName=name, InferenceSpecification=SPECIFICATION
        )
        return put["Version"], int(package["ModelPackageArn"].rpartition("/")[2])

    with ThreadPoolExecutor(_WRITERS) as pool:
        written = list(pool.map(write, _NAMES))
    for versions in zip(*written, strict=True):
        assert sorted(versions) == list(range(1, len(_NAMES) + 1))


def received(cloud: Embedded, queue: str, *, limit_s: float = 20) -> list[str]:
    """Return the bodies of all messages, once there are as many as names."""
    sqs, bodies = cloud.client("sqs"), list[str]()
    deadline = time.monotonic() + limit_s
    while len(bodies) < len(_NAMES) and time.monotonic() < deadline:
        found = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10, WaitTimeSeconds=1)
        bodies.extend(message["Body"] for message in found.get("Messages", ()))
    return sorted(bodies)


def a_receiving_queue(cloud: Embedded) -> tuple[str, str]:
    """Return URL and ARN."""
    sqs = cloud.client("sqs")
    url = str(sqs.create_queue(QueueName=unique("queue"))["QueueUrl"])
    attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
    return url, attributes["Attributes"]["QueueArn"]


def test_no_message_of_a_topic_is_lost(embedded: Embedded) -> None:
    sns, (queue, queue_arn) = embedded.client("sns"), a_receiving_queue(embedded)
    topic = sns.create_topic(Name=unique("topic"))["TopicArn"]
    raw = {"RawMessageDelivery": "true"}
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue_arn, Attributes=raw)
    write_at_once(lambda name: sns.publish(TopicArn=topic, Message=name))
    assert received(embedded, queue) == sorted(_NAMES)


def test_no_event_is_lost(embedded: Embedded) -> None:
    events, (queue, queue_arn) = embedded.client("events"), a_receiving_queue(embedded)
    source, rule = uuid.uuid4().hex, unique("rule")
    events.put_rule(Name=rule, EventPattern=json.dumps({"source": [source]}))
    events.put_targets(
        Rule=rule, Targets=[{"Id": "q", "Arn": queue_arn, "InputPath": "$.detail.name"}]
    )

    def put(name: str) -> None:
        entry = {"Source": source, "DetailType": "t", "Detail": json.dumps({"name": name})}
        assert events.put_events(Entries=[entry])["FailedEntryCount"] == 0

    write_at_once(put)
    assert received(embedded, queue) == sorted(json.dumps(name) for name in _NAMES)


def test_no_log_line_and_no_measurement_is_lost(embedded: Embedded) -> None:
    logs, cloudwatch = embedded.client("logs"), embedded.client("cloudwatch")
    group, now = unique("group"), time.time()
    logs.create_log_group(logGroupName=group)
    logs.create_log_stream(logGroupName=group, logStreamName="s")
    stream = {"logGroupName": group, "logStreamName": "s"}

    def write(name: str) -> None:
        event = {"timestamp": int(now * 1000), "message": name}
        logs.put_log_events(**stream, logEvents=[event])
        data = {"MetricName": group, "Value": 1, "Timestamp": now}
        cloudwatch.put_metric_data(Namespace="Shared", MetricData=[data])

    write_at_once(write)
    lines = logs.get_log_events(**stream, startFromHead=True)["events"]
    assert sorted(line["message"] for line in lines) == sorted(_NAMES)
    counted = cloudwatch.get_metric_statistics(
        Namespace="Shared",
        MetricName=group,
        StartTime=now - 120,
        EndTime=now + 120,
        Period=3600,
        Statistics=["Sum"],
    )["Datapoints"]
    assert sum(point["Sum"] for point in counted) == len(_NAMES)
