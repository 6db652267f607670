"""SQS: waiting for a message holds nobody; attributes keep the policy; RedrivePolicy is compact.

Source: "SetQueueAttributes" and "GetQueueAttributes" pages of the API reference. Terraform compares
RedrivePolicy as text, so the spaces that moto writes were a difference in every plan.
"""

import json
import time
from collections.abc import Callable
from typing import Any

from moto.sqs.models import Queue, SQSBackend

from emulator.moto_patches.locking import one_at_a_time
from emulator.moto_patches.patching import existing, wrap

_LOOK_AGAIN_S = 0.05


def apply() -> None:
    wrap(SQSBackend, "send_message", by=one_at_a_time)
    wrap(SQSBackend, "receive_message", by=_waiting_outside)
    wrap(Queue, "_set_attributes", by=_keeping_policy)
    attributes: Any = existing(Queue, "attributes")
    Queue.attributes = property(_compact(attributes.fget))


def _waiting_outside(original: Callable[..., Any]) -> Callable[..., Any]:
    """Look for messages in turns, and let others have theirs in between."""
    look = one_at_a_time(original)

    def receive_message(
        self: Any, queue_name: str, count: int, wait_s: int, *arguments: Any
    ) -> list[Any]:
        deadline = time.monotonic() + wait_s
        while True:
            found: list[Any] = look(self, queue_name, count, 0, *arguments)
            remaining_s = deadline - time.monotonic()
            if found or remaining_s <= 0:
                return found
            self.get_queue(queue_name).wait_for_messages(min(1.0, remaining_s))
            # A visible message may not be for us yet: its group is at work.
            time.sleep(_LOOK_AGAIN_S)

    return receive_message


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
