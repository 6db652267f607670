"""What SNS sends: the JSON documents and headers of HTTP and SQS deliveries.

Source: "Parsing message formats" and "Verifying the signatures" in the SNS developer guide.
"""

import base64
import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

_SIGNED = {
    "Notification": ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"),
    "SubscriptionConfirmation": (
        "Message",
        "MessageId",
        "SubscribeURL",
        "Timestamp",
        "Token",
        "TopicArn",
        "Type",
    ),
}


@dataclass(frozen=True, kw_only=True)
class Message:
    """One published message; `attributes` have SNS's members Type and Value."""

    message_id: str
    text: str
    subject: str | None
    attributes: Mapping[str, Any]
    group_id: str | None = None
    deduplication_id: str | None = None


def notification(subscription: Any, message: Message, *, endpoint_url: str) -> dict[str, Any]:
    document = subscription.get_post_data(
        message.text,
        message.message_id,
        message.subject,
        message_attributes=dict(message.attributes) or None,
    )
    query = urlencode({"Action": "Unsubscribe", "SubscriptionArn": subscription.arn})
    document["UnsubscribeURL"] = f"{endpoint_url}/?{query}"
    return _signed(subscription, document)


def confirmation(subscription: Any, token: str, *, endpoint_url: str) -> dict[str, Any]:
    topic_arn = subscription.topic.arn
    text = (
        f"You have chosen to subscribe to the topic {topic_arn}.\n"
        "To confirm the subscription, visit the SubscribeURL included in this message."
    )
    document = subscription.get_post_data(text, str(uuid.uuid4()), None)
    del document["UnsubscribeURL"]
    query = urlencode({"Action": "ConfirmSubscription", "TopicArn": topic_arn, "Token": token})
    document |= {
        "Type": "SubscriptionConfirmation",
        "Token": token,
        "SubscribeURL": f"{endpoint_url}/?{query}",
    }
    return _signed(subscription, document)


def headers(document: Mapping[str, Any], subscription: Any, *, raw: bool) -> dict[str, str]:
    """Return the headers of an HTTP delivery; an unconfirmed subscription has no ARN yet."""
    named = {
        "Content-Type": "text/plain; charset=UTF-8",
        "User-Agent": "Amazon Simple Notification Service Agent",
        "x-amz-sns-message-type": document["Type"],
        "x-amz-sns-message-id": document["MessageId"],
        "x-amz-sns-topic-arn": document["TopicArn"],
    }
    if document["Type"] == "Notification":
        named["x-amz-sns-subscription-arn"] = subscription.arn
    if raw:
        named["x-amz-sns-rawdelivery"] = "true"
    return named


def queue_attributes(message: Message) -> dict[str, dict[str, Any]]:
    """Return the attributes of a raw delivery to SQS, in SQS's own form."""
    named = {}
    for name, attribute in message.attributes.items():
        kind = "BinaryValue" if attribute["Type"].startswith("Binary") else "StringValue"
        value = attribute["Value"]
        if kind == "StringValue":
            value = str(value)
        named[name] = {"DataType": attribute["Type"], kind: value}
    return named


def _signed(subscription: Any, document: dict[str, Any]) -> dict[str, Any]:
    """moto signs notifications without a subject only."""
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import padding

    names = [name for name in _SIGNED[document["Type"]] if name in document]
    text = "".join(f"{name}\n{document[name]}\n" for name in names)
    signature = subscription.private_key().sign(text.encode(), padding.PKCS1v15(), hashes.SHA256())
    document["Signature"] = base64.b64encode(signature).decode()
    return document


def as_text(document: Mapping[str, Any]) -> str:
    return json.dumps(document, indent=2)
