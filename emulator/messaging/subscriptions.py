"""SNS subscriptions: handshake, delivery by protocol, retries and dead letters.

Sources: "Message delivery retries", "Dead-letter queues" and "Subscribing an HTTP/S endpoint" in
the SNS developer guide. Mail, text messages and mobile push are accepted and sent nowhere.
"""

import json
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from emulator.messaging import envelopes, web
from emulator.messaging.deliveries import Deliveries, Failure, Parcel, Retries, deliver_now
from emulator.messaging.envelopes import Message
from emulator.messaging.queues import send_dead_letter, send_to_queue

WEB = ("http", "https")
InvokeFunction = Callable[[str, Mapping[str, Any]], None]

_DEFAULT_RETRIES = Retries(count=3, first_wait_s=20)


@dataclass(frozen=True, kw_only=True)
class Subscriptions:
    """Works on moto's own subscriptions, so that their state is moto's."""

    deliveries: Deliveries
    endpoint_url: str
    invoke: InvokeFunction

    def ask_for_confirmation(self, subscription: Any) -> None:
        """Make a new subscription wait for the receiver's yes; asking again sends a new token."""
        subscription.confirmation_token = secrets.token_hex(32)
        subscription.attributes["PendingConfirmation"] = True
        document = envelopes.confirmation(
            subscription, subscription.confirmation_token, endpoint_url=self.endpoint_url
        )
        self._post(subscription, document, body=envelopes.as_text(document), raw=False)

    def deliver(self, subscription: Any, message: Message) -> None:
        if is_pending(subscription):
            return
        if subscription.protocol == "sqs":
            self._to_queue(subscription, message)
        elif subscription.protocol in WEB:
            document = self._notification(subscription, message)
            raw = _is_raw(subscription)
            body = message.text if raw else envelopes.as_text(document)
            self._post(subscription, document, body=body, raw=raw)
        elif subscription.protocol == "lambda":
            self._to_function(subscription, message)

    def _notification(self, subscription: Any, message: Message) -> dict[str, Any]:
        return envelopes.notification(subscription, message, endpoint_url=self.endpoint_url)

    def _to_queue(self, subscription: Any, message: Message) -> None:
        """In the publisher's thread: a queue is in this process, and FIFO order must hold."""
        options: dict[str, Any] = {
            "group_id": message.group_id,
            "deduplication_id": message.deduplication_id,
            "validate_group_id": False,
        }
        body = message.text
        if _is_raw(subscription):
            options["message_attributes"] = envelopes.queue_attributes(message)
        else:
            body = envelopes.as_text(self._notification(subscription, message))
        parcel = self._parcel(
            subscription,
            body,
            send=lambda: send_to_queue(subscription.endpoint, body, **options),
        )
        deliver_now(parcel)

    def _post(
        self, subscription: Any, document: Mapping[str, Any], *, body: str, raw: bool
    ) -> None:
        headers = envelopes.headers(document, subscription, raw=raw)

        def send() -> None:
            web.send("POST", subscription.endpoint, headers=headers, body=body.encode())

        self.deliveries.submit(self._parcel(subscription, body, send=send))

    def _to_function(self, subscription: Any, message: Message) -> None:
        document = self._notification(subscription, message)
        names = {"SigningCertURL": "SigningCertUrl", "UnsubscribeURL": "UnsubscribeUrl"}
        record = {
            "EventSource": "aws:sns",
            "EventVersion": "1.0",
            "EventSubscriptionArn": subscription.arn,
            "Sns": {
                "Subject": None,
                "MessageAttributes": {},
                **{names.get(name, name): value for name, value in document.items()},
            },
        }
        event = {"Records": [record]}
        self.deliveries.submit(
            self._parcel(
                subscription,
                json.dumps(event),
                send=lambda: self.invoke(subscription.endpoint, event),
            )
        )

    def _parcel(self, subscription: Any, body: str, *, send: Callable[[], None]) -> Parcel:
        def give_up(failure: Failure) -> None:
            queue_arn = _dead_letter_queue(subscription)
            if queue_arn is not None:
                send_dead_letter(queue_arn, body, _reasons(failure))

        return Parcel(
            label=f"{subscription.topic.arn} -> {subscription.endpoint}",
            send=send,
            give_up=give_up,
            retries=_retries(subscription),
        )


def is_pending(subscription: Any) -> bool:
    return bool(subscription.attributes.get("PendingConfirmation"))


def _is_raw(subscription: Any) -> bool:
    return str(subscription.attributes.get("RawMessageDelivery")).lower() == "true"


def confirm(subscription: Any, *, authenticated: bool) -> None:
    subscription.attributes["PendingConfirmation"] = False
    subscription.attributes["ConfirmationWasAuthenticated"] = authenticated


def _dead_letter_queue(subscription: Any) -> str | None:
    policy = json.loads(subscription.attributes.get("RedrivePolicy") or "{}")
    arn = policy.get("deadLetterTargetArn")
    return str(arn) if arn else None


def _reasons(failure: Failure) -> dict[str, str]:
    return {"ErrorCode": failure.error.code, "ErrorMessage": failure.error.message}


def _retries(subscription: Any) -> Retries:
    """Follow the subscription's delivery policy, else the topic's, else SNS's default."""
    own = json.loads(subscription.attributes.get("DeliveryPolicy") or "{}")
    of_topic = json.loads(subscription.topic.delivery_policy or "{}").get("http", {})
    policy = own.get("healthyRetryPolicy") or of_topic.get("defaultHealthyRetryPolicy") or {}
    if not policy:
        return _DEFAULT_RETRIES
    return Retries(
        count=int(policy.get("numRetries", _DEFAULT_RETRIES.count)),
        first_wait_s=float(policy.get("minDelayTarget", _DEFAULT_RETRIES.first_wait_s)),
        factor=2.0,
        longest_wait_s=float(policy.get("maxDelayTarget", _DEFAULT_RETRIES.first_wait_s)),
    )
