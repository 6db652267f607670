"""EventBridge: what happens to a matching event at each target of a rule.

Source: "Event bus targets", "Retrying event delivery" and "Using dead-letter queues" in the
EventBridge user guide. Whoever puts an event never hears of a target.
"""

import json
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from emulator.messaging.api_destinations import call_destination
from emulator.messaging.deliveries import (
    Deliveries,
    Failure,
    Parcel,
    Retries,
    Undelivered,
    deliver_now,
)
from emulator.messaging.event_input import target_input
from emulator.messaging.queues import send_dead_letter, send_to_queue

_MOST_RETRIES = 185
_LONGEST_AGE_S = 86400
_FIRST_WAIT_S = 1.0
_LONGEST_WAIT_S = 600.0

Send = Callable[[Mapping[str, Any], str, Mapping[str, Any]], None]


@dataclass(frozen=True, kw_only=True)
class EventTargets:
    """`invoke` runs a Lambda function; Undelivered when that fails."""

    deliveries: Deliveries
    invoke: Callable[[str, Mapping[str, Any]], None]

    def deliver(
        self, target: Mapping[str, Any], event: Mapping[str, Any], *, rule_arn: str
    ) -> None:
        """Deliver, now where the target is in this process, else by a worker."""
        text = target_input(target, event, rule_arn=rule_arn)
        send, in_process = self._way(target["Arn"])
        parcel = Parcel(
            label=f"{rule_arn} -> {target['Arn']}",
            send=lambda: send(target, text, event),
            give_up=lambda failure: _bury(target, text, failure=failure, rule_arn=rule_arn),
            retries=retries(target),
        )
        if in_process:
            deliver_now(parcel)
        else:
            self.deliveries.submit(parcel)

    def _way(self, arn: str) -> tuple[Send, bool]:
        service, resource = arn.split(":")[2], arn.split(":", 5)[5]
        if service == "sqs":
            return _to_queue, True
        if service == "sns":
            return _to_topic, True
        if service == "logs":
            return _to_log_group, True
        if service == "events" and resource.startswith("event-bus/"):
            return _to_bus, True
        if service == "events" and resource.startswith("api-destination/"):
            return _to_api, False
        if service == "lambda":
            return self._to_function, False
        return _refused, True

    def _to_function(self, target: Mapping[str, Any], text: str, _event: Mapping[str, Any]) -> None:
        self.invoke(target["Arn"], json.loads(text))


def retries(target: Mapping[str, Any]) -> Retries:
    """EventBridge's and Scheduler's retry policy: exponential waits, two limits."""
    policy = target.get("RetryPolicy") or {}
    return Retries(
        count=int(policy.get("MaximumRetryAttempts", _MOST_RETRIES)),
        first_wait_s=_FIRST_WAIT_S,
        factor=2.0,
        longest_wait_s=_LONGEST_WAIT_S,
        longest_age_s=float(policy.get("MaximumEventAgeInSeconds", _LONGEST_AGE_S)),
    )


def _to_queue(target: Mapping[str, Any], text: str, _event: Mapping[str, Any]) -> None:
    group_id = target.get("SqsParameters", {}).get("MessageGroupId")
    send_to_queue(target["Arn"], text, group_id=group_id)


def _to_topic(target: Mapping[str, Any], text: str, _event: Mapping[str, Any]) -> None:
    from moto.core.exceptions import ServiceException
    from moto.sns.models import sns_backends

    arn = target["Arn"]
    _, _, _, region, account_id, _ = arn.split(":", 5)
    try:
        sns_backends[account_id][region].publish(text, arn)
    except ServiceException as error:
        text = f"{arn} did not take the event: {error}"
        raise Undelivered(text, code="SNS", permanent=True) from error


def _to_log_group(target: Mapping[str, Any], text: str, _event: Mapping[str, Any]) -> None:
    from moto.core.exceptions import JsonRESTError
    from moto.logs.models import logs_backends

    _, _, _, region, account_id, resource = target["Arn"].split(":", 5)
    group = resource.removeprefix("log-group:").removesuffix(":*")
    backend, stream = logs_backends[account_id][region], str(uuid.uuid4())
    try:
        backend.create_log_stream(group, stream)
        backend.put_log_events(
            group, stream, [{"timestamp": int(time.time() * 1000), "message": text}]
        )
    except JsonRESTError as error:
        text = f"{target['Arn']} did not take the event: {error}"
        raise Undelivered(text, code="LOGS", permanent=True) from error


def _to_bus(target: Mapping[str, Any], _text: str, event: Mapping[str, Any]) -> None:
    from moto.core.exceptions import JsonRESTError
    from moto.events.models import events_backends

    _, _, _, region, account_id, resource = target["Arn"].split(":", 5)
    entry = {
        "Source": event["source"],
        "DetailType": event["detail-type"],
        "Detail": json.dumps(event["detail"]),
        "Resources": event["resources"],
        "EventBusName": resource.removeprefix("event-bus/"),
    }
    try:
        events_backends[account_id][region].put_events([entry])
    except JsonRESTError as error:
        text = f"{target['Arn']} did not take the event: {error}"
        raise Undelivered(text, code="EVENTS", permanent=True) from error


def _to_api(target: Mapping[str, Any], text: str, _event: Mapping[str, Any]) -> None:
    call_destination(target["Arn"], text, parameters=target.get("HttpParameters", {}))


def _refused(target: Mapping[str, Any], _text: str, _event: Mapping[str, Any]) -> None:
    text = f"The embedded AWS does not deliver events to {target['Arn']}."
    raise Undelivered(text, code="NotImplementedByEmulator", permanent=True)


def _bury(target: Mapping[str, Any], text: str, *, failure: Failure, rule_arn: str) -> None:
    queue_arn = (target.get("DeadLetterConfig") or {}).get("Arn")
    if not queue_arn:
        return
    attributes = {
        "RULE_ARN": rule_arn,
        "TARGET_ARN": target["Arn"],
        "ERROR_CODE": failure.error.code,
        "ERROR_MESSAGE": failure.error.message,
        "EXHAUSTED_RETRY_CONDITION": failure.exhausted or "",
        "RETRY_ATTEMPTS": str(failure.retry_count),
    }
    send_dead_letter(queue_arn, text, attributes)
