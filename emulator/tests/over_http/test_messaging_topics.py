"""Attributes of a topic: what aws_sns_topic of Terraform can set comes back, or is refused."""

import json
from collections.abc import Mapping
from typing import Any

import pytest

from emulator.tests.support.embedded import Embedded, refusal, unique
from emulator.tests.support.embedded_aws import admin

pytestmark = pytest.mark.emulated

_NONE: Mapping[str, str] = {}
ROLE = "arn:aws:iam::000000000000:role/feedback"
DELIVERERS = ("Application", "Firehose", "HTTP", "Lambda", "SQS")
RETRIES = {"healthyRetryPolicy": {"numRetries": 3, "minDelayTarget": 1, "maxDelayTarget": 2}}
OF_ALL = {
    "DeliveryPolicy": json.dumps({"http": {"defaultHealthyRetryPolicy": RETRIES}}),
    "DisplayName": "Releases",
    "KmsMasterKeyId": "alias/aws/sns",
    "SignatureVersion": "2",
    "TracingConfig": "Active",
    **{
        f"{each}{end}FeedbackRoleArn": ROLE for each in DELIVERERS for end in ("Success", "Failure")
    },
    **{f"{each}SuccessFeedbackSampleRate": "50" for each in DELIVERERS},
}
OF_FIFO = {
    "ArchivePolicy": '{"MessageRetentionPeriod":"30"}',
    "ContentBasedDeduplication": "true",
    "FifoThroughputScope": "MessageGroup",
}


def attributes(embedded: Embedded, arn: str) -> dict[str, str]:
    found: dict[str, str] = embedded.client("sns").get_topic_attributes(TopicArn=arn)["Attributes"]
    return found


def a_topic(embedded: Embedded, *, fifo: bool = False, given: Mapping[str, str] = _NONE) -> str:
    name = unique("topic") + (".fifo" if fifo else "")
    given = {**given, "FifoTopic": "true"} if fifo else given
    arn: str = embedded.client("sns").create_topic(Name=name, Attributes=given)["TopicArn"]
    return arn


@pytest.mark.parametrize(("fifo", "given"), [(False, OF_ALL), (True, {**OF_ALL, **OF_FIFO})])
def test_what_a_topic_is_made_with_or_given_later_comes_back(
    embedded: Embedded, fifo: bool, given: dict[str, str]
) -> None:
    made, changed = a_topic(embedded, fifo=fifo, given=given), a_topic(embedded, fifo=fifo)
    for name, value in given.items():
        embedded.client("sns").set_topic_attributes(
            TopicArn=changed, AttributeName=name, AttributeValue=value
        )
    for arn in (made, changed):
        found = attributes(embedded, arn)
        assert {name: found[name] for name in given} == given


def test_what_is_set_to_nothing_is_gone(embedded: Embedded) -> None:
    arn = a_topic(embedded, given={"HTTPSuccessFeedbackRoleArn": ROLE})
    embedded.client("sns").set_topic_attributes(
        TopicArn=arn, AttributeName="HTTPSuccessFeedbackRoleArn", AttributeValue=""
    )
    assert "HTTPSuccessFeedbackRoleArn" not in attributes(embedded, arn)


def test_attributes_survive_a_snapshot(embedded: Embedded) -> None:
    """moto's topics are pickled: what is kept with them must be, too."""
    a_topic(embedded, given=OF_ALL)
    assert admin(embedded.url, "snapshot", method="POST")["not_kept"] == []


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("NoSuchAttribute", "1"),
        ("TracingConfig", "On"),
        ("SignatureVersion", "3"),
        ("HTTPSuccessFeedbackSampleRate", "101"),
        ("HTTPSuccessFeedbackSampleRate", "-1"),
        ("HTTPSuccessFeedbackSampleRate", "half"),
        ("SQSFailureFeedbackRoleArn", "feedback"),
        ("DisplayName", "x" * 101),
        ("DeliveryPolicy", "fast"),
        ("Policy", "open"),
        ("ArchivePolicy", OF_FIFO["ArchivePolicy"]),
        ("ContentBasedDeduplication", "true"),
        ("FifoThroughputScope", "Topic"),
    ],
)
def test_an_attribute_that_cannot_be_is_refused(embedded: Embedded, name: str, value: str) -> None:
    sns, arn = embedded.client("sns"), a_topic(embedded)
    code = "InvalidParameter"
    assert refusal(a_topic, embedded, given={name: value})[0] == code
    given: dict[str, Any] = {"AttributeName": name, "AttributeValue": value}
    assert refusal(sns.set_topic_attributes, TopicArn=arn, **given)[0] == code
    assert attributes(embedded, arn).get(name) != value


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("FifoTopic", "false"),
        ("FifoThroughputScope", "Queue"),
        ("ArchivePolicy", '{"MessageRetentionPeriod":"366"}'),
        ("ArchivePolicy", "for ever"),
    ],
)
def test_a_fifo_topic_refuses_too(embedded: Embedded, name: str, value: str) -> None:
    arn = a_topic(embedded, fifo=True)
    given: dict[str, Any] = {"AttributeName": name, "AttributeValue": value}
    refused = refusal(embedded.client("sns").set_topic_attributes, TopicArn=arn, **given)
    assert refused[0] == "InvalidParameter"
