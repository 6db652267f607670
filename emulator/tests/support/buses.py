"""Builders of rules, queues and events for the tests of what SNS and EventBridge deliver."""

import json
from typing import Any

from emulator.tests.support.embedded import Embedded, eventually, unique


def a_queue(embedded: Embedded) -> tuple[str, str]:
    """Return the URL and the ARN."""
    name = unique("queue")
    url = embedded.client("sqs").create_queue(QueueName=name)["QueueUrl"]
    return url, f"arn:aws:sqs:us-east-1:000000000000:{name}"


def received(embedded: Embedded, queue_url: str) -> Any:
    """Return the next message of a queue."""
    return eventually(lambda: messages(embedded, queue_url), bool, limit_s=30)[0]


def messages(embedded: Embedded, queue_url: str) -> Any:
    sqs = embedded.client("sqs")
    answer = sqs.receive_message(QueueUrl=queue_url, MessageAttributeNames=["All"])
    return answer.get("Messages", [])


def a_rule(embedded: Embedded, target_arn: str, *, source: str = "", **target: Any) -> str:
    """Create a rule with one target and return the source that it listens to."""
    events, name = embedded.client("events"), unique("rule")
    pattern = {"source": [source or name]}
    events.put_rule(Name=name, EventPattern=json.dumps(pattern))
    events.put_targets(Rule=name, Targets=[{"Id": "one", "Arn": target_arn, **target}])
    return source or name


def put(embedded: Embedded, source: str, **detail: Any) -> None:
    entry = {"Source": source, "DetailType": "Test", "Detail": json.dumps(detail)}
    answer = embedded.client("events").put_events(Entries=[entry])
    assert answer["FailedEntryCount"] == 0


def groups(embedded: Embedded, name: str) -> list[str]:
    listed = embedded.sagemaker.list_model_package_groups(NameContains=name)
    return [item["ModelPackageGroupName"] for item in listed["ModelPackageGroupSummaryList"]]
