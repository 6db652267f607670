"""The lives of small things in AWS: made, read, listed, changed, tagged and deleted.

Each asserts at every step that what it has written is there; nothing of it is left at the end.
"""

import json
import time
from collections.abc import Callable
from typing import Any, Protocol

import pytest
from botocore.exceptions import ClientError

_TRUST = {"Version": "2012-10-17", "Statement": []}
_GRANT = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}
_POLICY = {"Version": "2012-10-17", "Statement": [_GRANT]}
_PATTERN = json.dumps({"source": ["lives"]})
_ROLE = "arn:aws:iam::000000000000:role/execution"


class Cloud(Protocol):
    def client(self, service: str) -> Any: ...


Life = Callable[[Cloud, str], None]


def all_pages(client: Any, action: str, *, key: str, **arguments: Any) -> list[Any]:
    """Return the items of all pages of a List action."""
    pages = client.get_paginator(action).paginate(**arguments)
    return [item for page in pages for item in page.get(key, ())]


def is_gone(call: Callable[..., Any], **arguments: Any) -> None:
    with pytest.raises(ClientError):
        call(**arguments)


def tags_of(listed: list[dict[str, str]]) -> dict[str, str]:
    return {tag["Key"]: tag["Value"] for tag in listed}


def of_a_bucket(cloud: Cloud, name: str) -> None:
    s3 = cloud.client("s3")
    s3.create_bucket(Bucket=name)
    for body in (b"first", b"second"):
        s3.put_object(Bucket=name, Key="a/b", Body=body)
        assert s3.get_object(Bucket=name, Key="a/b")["Body"].read() == body
    s3.put_object_tagging(Bucket=name, Key="a/b", Tagging={"TagSet": [{"Key": "k", "Value": "v"}]})
    tags = s3.get_object_tagging(Bucket=name, Key="a/b")["TagSet"]
    assert tags_of(tags) == {"k": "v"}
    assert [item["Key"] for item in s3.list_objects_v2(Bucket=name)["Contents"]] == ["a/b"]
    assert name in [bucket["Name"] for bucket in s3.list_buckets()["Buckets"]]
    s3.delete_object(Bucket=name, Key="a/b")
    is_gone(s3.head_object, Bucket=name, Key="a/b")
    s3.delete_bucket(Bucket=name)


def of_a_role(cloud: Cloud, name: str) -> None:
    iam = cloud.client("iam")
    iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(_TRUST))
    iam.update_role(RoleName=name, Description="changed")
    assert iam.get_role(RoleName=name)["Role"]["Description"] == "changed"
    assert name in [role["RoleName"] for role in all_pages(iam, "list_roles", key="Roles")]
    iam.tag_role(RoleName=name, Tags=[{"Key": "k", "Value": "v"}])
    assert tags_of(iam.list_role_tags(RoleName=name)["Tags"]) == {"k": "v"}
    iam.put_role_policy(RoleName=name, PolicyName="p", PolicyDocument=json.dumps(_POLICY))
    assert iam.list_role_policies(RoleName=name)["PolicyNames"] == ["p"]
    iam.delete_role_policy(RoleName=name, PolicyName="p")
    iam.delete_role(RoleName=name)
    is_gone(iam.get_role, RoleName=name)


def of_a_topic(cloud: Cloud, name: str) -> None:
    sns = cloud.client("sns")
    arn = sns.create_topic(Name=name)["TopicArn"]
    sns.set_topic_attributes(TopicArn=arn, AttributeName="DisplayName", AttributeValue="changed")
    assert sns.get_topic_attributes(TopicArn=arn)["Attributes"]["DisplayName"] == "changed"
    assert arn in [topic["TopicArn"] for topic in all_pages(sns, "list_topics", key="Topics")]
    sns.tag_resource(ResourceArn=arn, Tags=[{"Key": "k", "Value": "v"}])
    assert tags_of(sns.list_tags_for_resource(ResourceArn=arn)["Tags"]) == {"k": "v"}
    sns.publish(TopicArn=arn, Message="to nobody")
    sns.delete_topic(TopicArn=arn)
    is_gone(sns.get_topic_attributes, TopicArn=arn)


def of_a_queue(cloud: Cloud, name: str) -> None:
    sqs = cloud.client("sqs")
    url = sqs.create_queue(QueueName=name)["QueueUrl"]
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"VisibilityTimeout": "7"})
    attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    assert attributes["VisibilityTimeout"] == "7"
    sqs.send_message(QueueUrl=url, MessageBody=name)
    message = sqs.receive_message(QueueUrl=url, WaitTimeSeconds=1)["Messages"][0]
    assert message["Body"] == name
    sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    sqs.tag_queue(QueueUrl=url, Tags={"k": "v"})
    assert sqs.list_queue_tags(QueueUrl=url)["Tags"] == {"k": "v"}
    assert sqs.list_queues(QueueNamePrefix=name)["QueueUrls"] == [url]
    sqs.delete_queue(QueueUrl=url)
    is_gone(sqs.get_queue_url, QueueName=name)


def of_a_rule(cloud: Cloud, name: str) -> None:
    events = cloud.client("events")
    arn = events.put_rule(Name=name, EventPattern=_PATTERN)["RuleArn"]
    events.put_rule(Name=name, EventPattern=_PATTERN, Description="changed")
    assert events.describe_rule(Name=name)["Description"] == "changed"
    target = {"Id": "t", "Arn": "arn:aws:sqs:us-east-1:000000000000:nowhere"}
    events.put_targets(Rule=name, Targets=[target])
    assert events.list_targets_by_rule(Rule=name)["Targets"] == [target]
    events.tag_resource(ResourceARN=arn, Tags=[{"Key": "k", "Value": "v"}])
    assert tags_of(events.list_tags_for_resource(ResourceARN=arn)["Tags"]) == {"k": "v"}
    assert [rule["Name"] for rule in events.list_rules(NamePrefix=name)["Rules"]] == [name]
    events.remove_targets(Rule=name, Ids=["t"])
    events.delete_rule(Name=name)
    is_gone(events.describe_rule, Name=name)


def of_a_log_group(cloud: Cloud, name: str) -> None:
    logs = cloud.client("logs")
    logs.create_log_group(logGroupName=name)
    logs.create_log_stream(logGroupName=name, logStreamName="s")
    event = {"timestamp": int(time.time() * 1000), "message": name}
    logs.put_log_events(logGroupName=name, logStreamName="s", logEvents=[event])
    found = logs.get_log_events(logGroupName=name, logStreamName="s", startFromHead=True)
    assert [item["message"] for item in found["events"]] == [name]
    logs.put_retention_policy(logGroupName=name, retentionInDays=7)
    group = logs.describe_log_groups(logGroupNamePrefix=name)["logGroups"][0]
    assert group["retentionInDays"] == 7
    logs.tag_log_group(logGroupName=name, tags={"k": "v"})
    assert logs.list_tags_log_group(logGroupName=name)["tags"] == {"k": "v"}
    logs.delete_log_group(logGroupName=name)
    assert logs.describe_log_groups(logGroupNamePrefix=name)["logGroups"] == []


def of_an_alarm(cloud: Cloud, name: str) -> None:
    cloudwatch = cloud.client("cloudwatch")
    metric = {"Namespace": "Lives", "MetricName": name}
    alarm = {**metric, "Statistic": "Sum", "Period": 60, "EvaluationPeriods": 1}
    alarm["ComparisonOperator"] = "GreaterThanThreshold"
    for threshold in (1, 2):
        cloudwatch.put_metric_alarm(AlarmName=name, Threshold=threshold, **alarm)
    found = cloudwatch.describe_alarms(AlarmNames=[name])["MetricAlarms"][0]
    assert found["Threshold"] == 2
    cloudwatch.tag_resource(ResourceARN=found["AlarmArn"], Tags=[{"Key": "k", "Value": "v"}])
    tags = cloudwatch.list_tags_for_resource(ResourceARN=found["AlarmArn"])["Tags"]
    assert tags_of(tags) == {"k": "v"}
    data = [{"MetricName": name, "Value": 1}]
    cloudwatch.put_metric_data(Namespace="Lives", MetricData=data)
    assert [item["MetricName"] for item in cloudwatch.list_metrics(**metric)["Metrics"]] == [name]
    cloudwatch.delete_alarms(AlarmNames=[name])
    assert cloudwatch.describe_alarms(AlarmNames=[name])["MetricAlarms"] == []


def of_a_parameter(cloud: Cloud, name: str) -> None:
    ssm, path = cloud.client("ssm"), f"/lives/{name}"
    for value in ("first", "second"):
        ssm.put_parameter(Name=path, Value=value, Type="String", Overwrite=True)
    found = ssm.get_parameter(Name=path)["Parameter"]
    assert (found["Value"], found["Version"]) == ("second", 2)
    of_path = all_pages(ssm, "get_parameters_by_path", key="Parameters", Path="/lives/")
    assert path in [parameter["Name"] for parameter in of_path]
    resource = {"ResourceType": "Parameter", "ResourceId": path}
    ssm.add_tags_to_resource(**resource, Tags=[{"Key": "k", "Value": "v"}])
    assert tags_of(ssm.list_tags_for_resource(**resource)["TagList"]) == {"k": "v"}
    ssm.delete_parameter(Name=path)
    is_gone(ssm.get_parameter, Name=path)


def of_a_secret(cloud: Cloud, name: str) -> None:
    secrets = cloud.client("secretsmanager")
    arn = secrets.create_secret(Name=name, SecretString="first")["ARN"]
    secrets.put_secret_value(SecretId=arn, SecretString="second")
    assert secrets.get_secret_value(SecretId=name)["SecretString"] == "second"
    secrets.tag_resource(SecretId=arn, Tags=[{"Key": "k", "Value": "v"}])
    assert tags_of(secrets.describe_secret(SecretId=arn)["Tags"]) == {"k": "v"}
    listed = all_pages(secrets, "list_secrets", key="SecretList")
    assert arn in [secret["ARN"] for secret in listed]
    secrets.delete_secret(SecretId=arn, ForceDeleteWithoutRecovery=True)
    is_gone(secrets.get_secret_value, SecretId=arn)


def of_a_key(cloud: Cloud, name: str) -> None:
    kms, alias = cloud.client("kms"), f"alias/{name}"
    key_id = kms.create_key(Description="first")["KeyMetadata"]["KeyId"]
    kms.create_alias(AliasName=alias, TargetKeyId=key_id)
    kms.update_key_description(KeyId=key_id, Description="changed")
    assert kms.describe_key(KeyId=alias)["KeyMetadata"]["Description"] == "changed"
    sealed = kms.encrypt(KeyId=alias, Plaintext=name.encode())["CiphertextBlob"]
    assert kms.decrypt(CiphertextBlob=sealed)["Plaintext"] == name.encode()
    kms.tag_resource(KeyId=key_id, Tags=[{"TagKey": "k", "TagValue": "v"}])
    assert kms.list_resource_tags(KeyId=key_id)["Tags"] == [{"TagKey": "k", "TagValue": "v"}]
    assert key_id in [key["KeyId"] for key in all_pages(kms, "list_keys", key="Keys")]
    kms.delete_alias(AliasName=alias)
    kms.schedule_key_deletion(KeyId=key_id, PendingWindowInDays=7)
    assert kms.describe_key(KeyId=key_id)["KeyMetadata"]["KeyState"] == "PendingDeletion"


def of_a_session(cloud: Cloud, name: str) -> None:
    sts = cloud.client("sts")
    assert sts.get_caller_identity()["Account"] == "000000000000"
    assumed = sts.assume_role(RoleArn=_ROLE, RoleSessionName=name[:64])
    assert assumed["AssumedRoleUser"]["Arn"].endswith(f"/{name[:64]}")


def of_a_scalable_target(cloud: Cloud, name: str) -> None:
    scaling = cloud.client("application-autoscaling")
    resource = {"ServiceNamespace": "dynamodb", "ResourceId": f"table/{name}"}
    target = {**resource, "ScalableDimension": "dynamodb:table:ReadCapacityUnits"}
    for most in (3, 4):
        scaling.register_scalable_target(**target, MinCapacity=1, MaxCapacity=most)
    arguments = {"ServiceNamespace": "dynamodb", "ResourceIds": [resource["ResourceId"]]}
    found = scaling.describe_scalable_targets(**arguments)["ScalableTargets"][0]
    assert found["MaxCapacity"] == 4
    arn = found["ScalableTargetARN"]
    scaling.tag_resource(ResourceARN=arn, Tags={"k": "v"})
    assert scaling.list_tags_for_resource(ResourceARN=arn)["Tags"] == {"k": "v"}
    scaling.deregister_scalable_target(**target)
    assert scaling.describe_scalable_targets(**arguments)["ScalableTargets"] == []


LIVES: tuple[Life, ...] = (
    of_a_bucket,
    of_a_role,
    of_a_topic,
    of_a_queue,
    of_a_rule,
    of_a_log_group,
    of_an_alarm,
    of_a_parameter,
    of_a_secret,
    of_a_key,
    of_a_session,
    of_a_scalable_target,
)
