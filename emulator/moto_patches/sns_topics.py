"""SNS topics: every attribute that AWS documents is kept and given back, any other is refused.

Source: "CreateTopic", "SetTopicAttributes" and "GetTopicAttributes" pages of the API reference.
moto takes all of them and gives a few back, so a plan of Terraform was never empty. The texts of
the refusals are ours; their code is AWS's.
"""

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

from moto.core.responses import ActionResult, EmptyResult
from moto.sns.exceptions import SNSInvalidParameter
from moto.sns.responses import SNSResponse

from emulator.moto_patches.patching import wrap

Valid = Callable[[str], bool]

_KEPT = "emulator_attributes"
_ROLE = re.compile(r"arn:aws[a-z-]*:iam::\d{12}:role/.+")
_DELIVERERS = ("Application", "Firehose", "HTTP", "Lambda", "SQS")
_OF_FIFO = ("ArchivePolicy", "ContentBasedDeduplication", "FifoThroughputScope")
_BOOLEANS = ("true", "false")


def _is_object(text: str) -> bool:
    try:
        return isinstance(json.loads(text), dict)
    except ValueError:
        return False


def _is_role(text: str) -> bool:
    return text == "" or _ROLE.fullmatch(text) is not None


def _is_share(text: str) -> bool:
    return text.isascii() and text.isdigit() and int(text) <= 100


def _is_archive(text: str) -> bool:
    """The days for which messages are kept, or nothing, which ends the archive."""
    if not _is_object(text):
        return False
    days = json.loads(text).get("MessageRetentionPeriod")
    return text == "{}" or (str(days).isdigit() and 1 <= int(days) <= 365)


# moto keeps these itself.
_MOTOS: Mapping[str, Valid] = {
    "ContentBasedDeduplication": lambda text: text.lower() in _BOOLEANS,
    "DeliveryPolicy": lambda text: text == "" or _is_object(text),
    "DisplayName": lambda text: len(text) <= 100,
    "FifoTopic": lambda text: text.lower() in _BOOLEANS,
    "KmsMasterKeyId": lambda text: len(text) <= 2048,
    "Policy": _is_object,
}
_OURS: Mapping[str, Valid] = {
    "ArchivePolicy": _is_archive,
    "FifoThroughputScope": lambda text: text in ("Topic", "MessageGroup"),
    "SignatureVersion": lambda text: text in ("1", "2"),
    "TracingConfig": lambda text: text in ("PassThrough", "Active"),
    **{
        f"{deliverer}{ending}FeedbackRoleArn": lambda text: (
            text == "" or bool(_ROLE.fullmatch(text))
        )
        for deliverer in _DELIVERERS
        for ending in ("Success", "Failure")
    },
    **{f"{deliverer}SuccessFeedbackSampleRate": _is_share for deliverer in _DELIVERERS},
}
_VALID = {**_MOTOS, **_OURS}
_AT_BIRTH = ("FifoTopic",)


def apply() -> None:
    wrap(SNSResponse, "create_topic", by=_made_with_all)
    wrap(SNSResponse, "set_topic_attributes", by=_set)
    wrap(SNSResponse, "get_topic_attributes", by=_with_ours)


def _check(attributes: Mapping[str, str], *, is_fifo: bool) -> None:
    for name, value in attributes.items():
        if name not in _VALID:
            text = f"Invalid parameter: Attributes Reason: Unknown attribute {name}"
            raise SNSInvalidParameter(text)
        if not _VALID[name](value):
            text = f"Invalid parameter: Attributes Reason: {name}: {value!r} is not valid"
            raise SNSInvalidParameter(text)
        if name in _OF_FIFO and not is_fifo and value.lower() != "false":
            text = f"Invalid parameter: Attributes Reason: {name} is of FIFO topics only"
            raise SNSInvalidParameter(text)


def _kept(topic: Any) -> dict[str, str]:
    kept: dict[str, str] = vars(topic).setdefault(_KEPT, {})
    return kept


def _made_with_all(original: Callable[..., Any]) -> Callable[..., Any]:
    def create_topic(self: Any) -> Any:
        given = self._get_param("Attributes", {})
        attributes = {name: str(value) for name, value in given.items()}
        is_fifo = attributes.get("FifoTopic", "").lower() == "true"
        _check(attributes, is_fifo=is_fifo)
        before = set(self.backend.topics)
        answer = original(self)
        arn = answer.result["TopicArn"]
        if arn not in before:
            ours = {name: value for name, value in attributes.items() if name in _OURS}
            _kept(self.backend.topics[arn]).update(ours)
        return answer

    return create_topic


def _set(original: Callable[..., Any]) -> Callable[..., Any]:
    def set_topic_attributes(self: Any) -> Any:
        topic = self.backend.get_topic(self._get_param("TopicArn"))
        name, value = self._get_param("AttributeName"), self._get_param("AttributeValue") or ""
        if name in _AT_BIRTH:
            text = f"Invalid parameter: {name} cannot be changed"
            raise SNSInvalidParameter(text)
        _check({name: value}, is_fifo=bool(topic.fifo_topic))
        if name in _MOTOS:
            return original(self)
        _kept(topic)[name] = value
        return EmptyResult()

    return set_topic_attributes


def _with_ours(original: Callable[..., Any]) -> Callable[..., Any]:
    """What was set to nothing is not there, as on AWS."""

    def get_topic_attributes(self: Any) -> Any:
        answer = original(self)
        topic = self.backend.get_topic(self._get_param("TopicArn"))
        ours = {name: value for name, value in _kept(topic).items() if value not in ("", "{}")}
        return ActionResult({"Attributes": {**answer.result["Attributes"], **ours}})

    return get_topic_attributes
