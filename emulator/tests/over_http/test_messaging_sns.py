"""SNS as subscribers see it: the handshake, what arrives, what is tried again, what is lost."""

import json
import time
import urllib.request
from collections.abc import Mapping
from typing import Any

import pytest
from botocore.exceptions import ClientError

from emulator.tests.support.buses import a_queue, messages, received
from emulator.tests.support.embedded import Embedded, unique
from emulator.tests.support.receivers import Receiver, a_receiver

pytestmark = pytest.mark.emulated

ATTRIBUTES = {"verdict": {"DataType": "String", "StringValue": "deploy"}}


def a_topic(embedded: Embedded) -> str:
    arn: str = embedded.client("sns").create_topic(Name=unique("topic"))["TopicArn"]
    return arn


def subscribe(
    embedded: Embedded, topic: str, protocol: str, *, endpoint: str, **attributes: str
) -> str:
    arn: str = embedded.client("sns").subscribe(
        TopicArn=topic,
        Protocol=protocol,
        Endpoint=endpoint,
        Attributes=attributes,
        ReturnSubscriptionArn=True,
    )["SubscriptionArn"]
    return arn


def confirmed(embedded: Embedded, topic: str, receiver: Receiver, **attributes: str) -> str:
    """Subscribe and visit SubscribeURL; what came so far is forgotten."""
    arn = subscribe(embedded, topic, "http", endpoint=receiver.url, **attributes)
    visit(receiver.waits_for(1)[-1].document["SubscribeURL"])
    receiver.received.clear()
    return arn


def visit(url: str) -> None:
    with urllib.request.urlopen(url, timeout=10) as response:
        assert response.status == 200


def publish(embedded: Embedded, topic: str, text: str, **arguments: Any) -> str:
    answer = embedded.client("sns").publish(TopicArn=topic, Message=text, **arguments)
    return str(answer["MessageId"])


def attributes_of(embedded: Embedded, subscription: str) -> Mapping[str, str]:
    answer = embedded.client("sns").get_subscription_attributes(SubscriptionArn=subscription)
    found: Mapping[str, str] = answer["Attributes"]
    return found


def redrive(queue_arn: str) -> str:
    return json.dumps({"deadLetterTargetArn": queue_arn})


def test_a_web_subscription_waits_until_its_link_is_visited(embedded: Embedded) -> None:
    topic = a_topic(embedded)
    with a_receiver() as receiver:
        subscription = subscribe(embedded, topic, "http", endpoint=receiver.url)
        assert attributes_of(embedded, subscription)["PendingConfirmation"] == "true"
        asked = receiver.waits_for(1)[0]
        visit(asked.document["SubscribeURL"])
    assert asked.headers["x-amz-sns-message-type"] == "SubscriptionConfirmation"
    assert asked.document["TopicArn"] == topic
    assert attributes_of(embedded, subscription)["PendingConfirmation"] == "false"


def test_an_unconfirmed_subscription_has_no_arn_and_gets_nothing(embedded: Embedded) -> None:
    topic, sns = a_topic(embedded), embedded.client("sns")
    with a_receiver() as receiver:
        answer = sns.subscribe(TopicArn=topic, Protocol="http", Endpoint=receiver.url)
        publish(embedded, topic, "too early")
        receiver.waits_for(1)
        listed = sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]
    assert answer["SubscriptionArn"] == "pending confirmation"
    assert [item["SubscriptionArn"] for item in listed] == ["PendingConfirmation"]
    assert [item.document["Type"] for item in receiver.received] == ["SubscriptionConfirmation"]


def test_a_token_confirms_through_the_api_and_a_wrong_one_does_not(embedded: Embedded) -> None:
    topic, sns = a_topic(embedded), embedded.client("sns")
    with a_receiver() as receiver:
        subscription = subscribe(embedded, topic, "http", endpoint=receiver.url)
        token = receiver.waits_for(1)[0].document["Token"]
    with pytest.raises(ClientError, match="InvalidParameter"):
        sns.confirm_subscription(TopicArn=topic, Token="wrong")
    answer = sns.confirm_subscription(TopicArn=topic, Token=token)
    assert answer["SubscriptionArn"] == subscription


def test_a_notification_has_headers_attributes_and_a_link_that_ends_it(embedded: Embedded) -> None:
    topic = a_topic(embedded)
    with a_receiver() as receiver:
        subscription = confirmed(embedded, topic, receiver)
        message_id = publish(embedded, topic, "héllo", Subject="News", MessageAttributes=ATTRIBUTES)
        got = receiver.waits_for(1)[0]
        visit(got.document["UnsubscribeURL"])
    assert got.headers["x-amz-sns-message-type"] == "Notification"
    assert got.headers["x-amz-sns-message-id"] == message_id
    assert got.headers["x-amz-sns-topic-arn"] == topic
    assert got.headers["x-amz-sns-subscription-arn"] == subscription
    assert (got.document["Message"], got.document["Subject"]) == ("héllo", "News")
    assert got.document["MessageAttributes"] == {"verdict": {"Type": "String", "Value": "deploy"}}
    with pytest.raises(ClientError, match="NotFound"):
        attributes_of(embedded, subscription)


def test_raw_delivery_sends_the_message_alone(embedded: Embedded) -> None:
    topic = a_topic(embedded)
    with a_receiver() as receiver:
        confirmed(embedded, topic, receiver, RawMessageDelivery="true")
        publish(embedded, topic, "plain words")
        got = receiver.waits_for(1)[0]
    assert got.body == "plain words"
    assert got.headers["x-amz-sns-rawdelivery"] == "true"


def test_publishing_neither_waits_for_a_silent_receiver_nor_fails(embedded: Embedded) -> None:
    topic = a_topic(embedded)
    with a_receiver() as receiver:
        confirmed(embedded, topic, receiver)
        receiver.released.clear()
        started = time.monotonic()
        publish(embedded, topic, "anyone?")
        duration_s = time.monotonic() - started
        receiver.waits_for(1)
    assert duration_s < 4


def test_a_server_error_is_tried_again_until_it_is_taken(embedded: Embedded) -> None:
    topic = a_topic(embedded)
    with a_receiver() as receiver:
        confirmed(embedded, topic, receiver)
        receiver.statuses = [503, 500]
        message_id = publish(embedded, topic, "again")
        got = receiver.waits_for(3)
    assert {item.document["MessageId"] for item in got} == {message_id}


def test_what_nobody_takes_becomes_a_dead_letter(embedded: Embedded) -> None:
    topic = a_topic(embedded)
    url, arn = a_queue(embedded)
    policy = {"healthyRetryPolicy": {"numRetries": 1, "minDelayTarget": 1, "maxDelayTarget": 1}}
    with a_receiver() as receiver:
        confirmed(
            embedded,
            topic,
            receiver,
            RedrivePolicy=redrive(arn),
            DeliveryPolicy=json.dumps(policy),
        )
    publish(embedded, topic, "lost")
    letter = received(embedded, url)
    assert json.loads(letter["Body"])["Message"] == "lost"
    assert letter["MessageAttributes"]["ErrorCode"]["StringValue"] == "ConnectionFailure"


def test_a_client_error_is_not_tried_again(embedded: Embedded) -> None:
    topic = a_topic(embedded)
    url, arn = a_queue(embedded)
    with a_receiver() as receiver:
        confirmed(embedded, topic, receiver, RedrivePolicy=redrive(arn))
        receiver.statuses = [404]
        publish(embedded, topic, "no")
        assert received(embedded, url)["MessageAttributes"]["ErrorCode"]["StringValue"] == "404"
        assert len(receiver.received) == 1


def test_a_queue_gets_what_its_filter_lets_through_and_raw_attributes(embedded: Embedded) -> None:
    topic = a_topic(embedded)
    url, arn = a_queue(embedded)
    subscribe(
        embedded,
        topic,
        "sqs",
        endpoint=arn,
        FilterPolicy=json.dumps({"verdict": ["deploy"]}),
        RawMessageDelivery="true",
    )
    publish(embedded, topic, "kept out")
    publish(embedded, topic, "let in", MessageAttributes=ATTRIBUTES)
    message = received(embedded, url)
    assert message["Body"] == "let in"
    assert message["MessageAttributes"]["verdict"]["StringValue"] == "deploy"
    assert messages(embedded, url) == []


def test_a_queue_that_is_gone_does_not_fail_the_publisher(embedded: Embedded) -> None:
    topic = a_topic(embedded)
    url, arn = a_queue(embedded)
    gone = "arn:aws:sqs:us-east-1:000000000000:gone"
    subscribe(embedded, topic, "sqs", endpoint=gone, RedrivePolicy=redrive(arn))
    publish(embedded, topic, "where to")
    assert json.loads(received(embedded, url)["Body"])["Message"] == "where to"
