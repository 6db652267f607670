"""Schedules of EventBridge rules and of Scheduler: they fire only when asked to.

Time that passes fires nothing: tests decide when it is night. Source: "Using a universal target" in
the EventBridge Scheduler user guide, and "Scheduled Event" in that of EventBridge.
"""

import json
import re
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from emulator.cloud import Cloud
from emulator.messaging.deliveries import Deliveries, Failure, Parcel, Undelivered
from emulator.messaging.event_targets import EventTargets, retries
from emulator.messaging.queues import send_dead_letter

_UNIVERSAL = re.compile(r"arn:aws[a-z-]*:scheduler:::aws-sdk:(?P<service>[^:]+):(?P<action>\w+)$")


class CannotFire(Exception):
    """There is no such schedule, or it is disabled; the text says which."""


@dataclass(frozen=True, kw_only=True)
class Schedules:
    cloud: Cloud
    deliveries: Deliveries
    targets: EventTargets

    def fire(self, name: str) -> list[str]:
        """Fire every rule and schedule of this name (`group/name` too) and return their ARNs."""
        fired = [*self._fire_rules(name), *self._fire_schedules(name)]
        if not fired:
            text = f"There is no enabled rule with a schedule, and no enabled schedule, {name!r}."
            raise CannotFire(text)
        return fired

    def _fire_rules(self, name: str) -> Iterator[str]:
        from moto.events.models import events_backends

        for region, backend in list(events_backends[self.cloud.account_id].items()):
            for rule in list(backend.event_buses["default"].rules.values()):
                due = rule.name == name and rule.scheduled_expression
                if due and rule.state != "DISABLED":
                    event = _scheduled_event(self.cloud.account_id, region, rule_arn=rule.arn)
                    for target in list(rule.targets):
                        self.targets.deliver(target, event, rule_arn=rule.arn)
                    yield rule.arn

    def _fire_schedules(self, name: str) -> Iterator[str]:
        from moto.scheduler.models import scheduler_backends

        for region, backend in list(scheduler_backends[self.cloud.account_id].items()):
            for group in list(backend.schedule_groups.values()):
                for schedule in list(group.schedules.values()):
                    named = name in (schedule.name, f"{group.name}/{schedule.name}")
                    if named and schedule.state == "ENABLED":
                        self._fire_schedule(schedule, region=region)
                        yield schedule.arn

    def _fire_schedule(self, schedule: Any, *, region: str) -> None:
        target = schedule.target
        universal = _UNIVERSAL.match(target["Arn"])
        if universal is None:
            event = _scheduled_event(self.cloud.account_id, region, rule_arn=schedule.arn)
            self.targets.deliver(target, event, rule_arn=schedule.arn)
            return
        service, action = universal["service"], universal["action"]
        text = target.get("Input", "{}")
        parcel = Parcel(
            label=f"{schedule.arn} -> {target['Arn']}",
            send=lambda: self._call(service, action, text=text, region=region),
            give_up=lambda failure: _bury(target, text, failure=failure),
            retries=retries(target),
        )
        self.deliveries.submit(parcel)

    def _call(self, service: str, action: str, *, text: str, region: str) -> None:
        """Call any action of any service with the schedule's input as its parameters."""
        try:
            client = self.cloud.client(service, region)
            operation = action[:1].upper() + action[1:]
            client._make_api_call(operation, json.loads(text))
        except ClientError as error:
            status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 500)
            code = error.response.get("Error", {}).get("Code", "Unknown")
            raise Undelivered(str(error), code=code, permanent=status < 500) from error
        except (BotoCoreError, ValueError, KeyError) as error:
            raise Undelivered(str(error), code="ValidationException", permanent=True) from error


def _scheduled_event(account_id: str, region: str, *, rule_arn: str) -> dict[str, Any]:
    return {
        "version": "0",
        "id": str(uuid.uuid4()),
        "detail-type": "Scheduled Event",
        "source": "aws.scheduler" if ":scheduler:" in rule_arn else "aws.events",
        "account": account_id,
        "time": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "region": region,
        "resources": [rule_arn],
        "detail": {},
    }


def _bury(target: Mapping[str, Any], text: str, *, failure: Failure) -> None:
    queue_arn = (target.get("DeadLetterConfig") or {}).get("Arn")
    if queue_arn:
        attributes = {"ERROR_CODE": failure.error.code, "ERROR_MESSAGE": failure.error.message}
        send_dead_letter(queue_arn, text, attributes)
