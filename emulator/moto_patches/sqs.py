"""SQS: setting one attribute leaves the queue's policy alone; RedrivePolicy is compact JSON.

Source: "SetQueueAttributes" and "GetQueueAttributes" pages of the API reference. Terraform compares
RedrivePolicy as text, so the spaces that moto writes were a difference in every plan.
"""

import json
from collections.abc import Callable
from typing import Any

from moto.sqs.models import Queue

from emulator.moto_patches.patching import existing, wrap


def apply() -> None:
    wrap(Queue, "_set_attributes", by=_keeping_policy)
    attributes: Any = existing(Queue, "attributes")
    Queue.attributes = property(_compact(attributes.fget))


def _keeping_policy(original: Callable[..., Any]) -> Callable[..., Any]:
    """moto takes an absent Policy for a removed one, so a new timeout erased the policy."""

    def set_attributes(self: Any, attributes: Any, now: Any = None) -> None:
        before = getattr(self, "policy", None)
        original(self, attributes, now)
        if "Policy" not in attributes:
            self.policy = before

    return set_attributes


def _compact(original: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def attributes(self: Any) -> Any:
        result = original(self)
        if result.get("RedrivePolicy") is not None:
            result["RedrivePolicy"] = json.dumps(self.redrive_policy, separators=(",", ":"))
        return result

    return attributes
