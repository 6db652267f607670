"""SNS: publishing hands over to emulator/messaging; HTTP subscriptions must be confirmed.

Sources: "Subscribe", "ConfirmSubscription" and "ListSubscriptions" pages of the API reference.
moto posts to HTTP subscribers in the publisher's thread, without time limit and without headers,
and fails the publisher when that fails.
"""

from collections.abc import Callable
from typing import Any

from moto.core.responses import ActionResult
from moto.sns.exceptions import SNSInvalidParameter, SNSNotFoundError
from moto.sns.models import SNSBackend, Subscription
from moto.sns.responses import SNSResponse

from emulator.messaging.envelopes import Message
from emulator.messaging.subscriptions import WEB, Subscriptions, confirm, is_pending
from emulator.moto_patches.locking import one_at_a_time
from emulator.moto_patches.patching import existing, wrap

# The patched classes belong to the process, so what delivers for them does too.
_serving: list[Subscriptions] = []


def apply() -> None:
    wrap(SNSBackend, "publish", by=one_at_a_time)
    existing(Subscription, "_parse_message_structure")
    existing(Subscription, "publish")
    Subscription.publish = _publish
    wrap(SNSBackend, "subscribe", by=_with_handshake)
    wrap(SNSResponse, "subscribe", by=_arn_once_confirmed)
    existing(SNSResponse, "confirm_subscription")
    SNSResponse.confirm_subscription = _confirm_subscription
    for name in ("list_subscriptions", "list_subscriptions_by_topic"):
        wrap(SNSResponse, name, by=_naming_what_is_pending)


def deliver_with(subscriptions: Subscriptions) -> None:
    """Let this deliver from now on."""
    _serving[:] = [subscriptions]


def _publish(
    self: Any,
    message: str,
    message_id: str,
    subject: str | None = None,
    message_attributes: Any = None,
    group_id: str | None = None,
    deduplication_id: str | None = None,
    message_structure: str | None = None,
) -> None:
    matcher = self._filter_policy_matcher
    if matcher is not None and not matcher.matches(message_attributes, message):
        return
    if message_structure == "json":
        message = self._parse_message_structure(message, self.protocol)
    published = Message(
        message_id=message_id,
        text=message,
        subject=subject,
        attributes=message_attributes or {},
        group_id=group_id,
        deduplication_id=deduplication_id,
    )
    _serving[0].deliver(self, published)


def _with_handshake(original: Callable[..., Any]) -> Callable[..., Any]:
    """moto takes every new subscription for confirmed."""

    def subscribe(self: Any, topic_arn: str, endpoint: str, protocol: str) -> Any:
        known = self._find_subscription(topic_arn, endpoint, protocol)
        subscription = original(self, topic_arn, endpoint, protocol)
        if protocol in WEB and (known is None or is_pending(subscription)):
            _serving[0].ask_for_confirmation(subscription)
        return subscription

    return subscribe


def _arn_once_confirmed(original: Callable[..., Any]) -> Callable[..., Any]:
    def subscribe(self: Any) -> Any:
        answer = original(self)
        subscription = self.backend.subscriptions[answer.result["SubscriptionArn"]]
        wanted = str(self._get_param("ReturnSubscriptionArn")).lower() == "true"
        if is_pending(subscription) and not wanted:
            return ActionResult({"SubscriptionArn": "pending confirmation"})
        return answer

    return subscribe


def _confirm_subscription(self: Any) -> Any:
    topic_arn, token = self._get_param("TopicArn"), self._get_param("Token")
    if topic_arn not in self.backend.topics:
        text = "Topic does not exist"
        raise SNSNotFoundError(text)
    for subscription in self.backend.subscriptions.values():
        known = getattr(subscription, "confirmation_token", None)
        if subscription.topic.arn == topic_arn and known == token:
            demanded = str(self._get_param("AuthenticateOnUnsubscribe")).lower() == "true"
            confirm(subscription, authenticated=demanded)
            return ActionResult({"SubscriptionArn": subscription.arn})
    text = "Invalid parameter: Token"
    raise SNSInvalidParameter(text)


def _naming_what_is_pending(original: Callable[..., Any]) -> Callable[..., Any]:
    def list_subscriptions(self: Any) -> Any:
        answer = original(self)
        listed = [_listed(item) for item in answer.result["Subscriptions"]]
        return ActionResult({**answer.result, "Subscriptions": listed})

    return list_subscriptions


def _listed(subscription: Any) -> dict[str, str]:
    pending = is_pending(subscription)
    return {
        "SubscriptionArn": "PendingConfirmation" if pending else subscription.arn,
        "Owner": subscription.owner,
        "Protocol": subscription.protocol,
        "Endpoint": subscription.endpoint,
        "TopicArn": subscription.topic.arn,
    }
