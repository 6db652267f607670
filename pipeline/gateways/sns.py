"""Amazon SNS: a topic for each severity, or one for all."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from botocore.config import Config
from botocore.exceptions import ClientError

from pipeline.core import payloads
from pipeline.core.messages import Severity
from pipeline.core.outbox import Answer, Verdict
from pipeline.core.wording import Said
from pipeline.gateways.aws import FAILURES, Cloud, error_code
from pipeline.gateways.channels import TAKEN, failed
from pipeline.gateways.https import TIMEOUT_S

# One try is one request: what is repeated, and when, is decided by who sends.
ONE_TRY = Config(
    retries={"total_max_attempts": 1}, connect_timeout=TIMEOUT_S, read_timeout=TIMEOUT_S
)
_AGAIN = {
    "InternalError",
    "KMSThrottling",
    "KMSThrottlingException",
    "ServiceUnavailable",
    "Throttled",
    "Throttling",
    "ThrottlingException",
}
_PENDING = "PendingConfirmation"
_REMEDIES = {
    "AuthorizationError": "Let this run's role publish: sns:Publish on the topic.",
    "AccessDenied": "Let this run's role publish: sns:Publish on the topic.",
    "KMSAccessDenied": "Let this run's role use the topic's key: kms:GenerateDataKey, kms:Decrypt.",
    "KMSDisabled": "Enable the topic's key.",
    "KMSNotFound": "The topic's key is gone; give the topic another one.",
    "NotFound": "There is no such topic: correct sns_topic_arn, or run --mode bootstrap.",
}


class SnsTopics:
    """`topics` are ARNs by severity. `chat` adds what Amazon Q Developer shows in chats."""

    name = "sns"

    def __init__(self, cloud: Cloud, topics: Mapping[Severity, str], *, chat: bool = False) -> None:
        self._client: Any = cloud.client_with("sns", ONE_TRY)
        self._topics = topics
        self._chat = chat

    def send(self, said: Said) -> Answer:
        arguments = payloads.sns(said, chat=self._chat)
        topic = self._topics[said.severity]
        return _answer(partial(self._client.publish, TopicArn=topic, **arguments))

    def look(self) -> Answer:
        """Ask for each topic, and whether all who are subscribed have confirmed it."""
        for topic in sorted(set(self._topics.values())):
            answer = _answer(partial(self._client.get_topic_attributes, TopicArn=topic))
            if answer.verdict is not Verdict.TAKEN:
                return answer
            waiting = self._unconfirmed(topic)
            if waiting:
                said = f"{waiting} of the subscriptions of {topic} are not confirmed"
                return failed(said, remedy="Their receivers confirm by the link that SNS sent.")
        return TAKEN

    def _unconfirmed(self, topic: str) -> int:
        """Count who hears nothing yet; nobody, where this role may not look."""
        pages = self._client.get_paginator("list_subscriptions_by_topic")
        try:
            found = [
                each for page in pages.paginate(TopicArn=topic) for each in page["Subscriptions"]
            ]
        except FAILURES:
            return 0
        return sum(each["SubscriptionArn"] == _PENDING for each in found)


def _answer(call: Callable[[], object]) -> Answer:
    try:
        call()
    except ClientError as error:
        return of_aws(error, again=_AGAIN, remedies=_REMEDIES)
    except FAILURES as error:
        return failed(type(error).__name__)
    return TAKEN


def of_aws(error: ClientError, *, again: set[str], remedies: Mapping[str, str]) -> Answer:
    """Return what a refusal of AWS means: to try again, to leave the message, or the channel."""
    code = error_code(error)
    if code in again or error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0) >= 500:
        return failed(code)
    if code.startswith(("InvalidParameter", "Validation", "BadRequest")):
        remedy = "Please report it with the run.log of this run."
        return Answer(verdict=Verdict.REFUSED, said=code, remedy=remedy)
    return failed(code, remedy=remedies.get(code, "Check the role of this run."), is_off=True)
