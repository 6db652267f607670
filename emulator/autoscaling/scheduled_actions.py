"""PutScheduledAction, DeleteScheduledAction and DescribeScheduledActions.

Rules: the pages of these actions in the API reference. When an action fires is not decided here.
"""

import uuid
from collections.abc import Mapping
from typing import Any

from emulator.api.errors import ValidationError
from emulator.autoscaling.errors import ObjectNotFound
from emulator.autoscaling.listing import chosen, page
from emulator.autoscaling.registry import Context, Params, action
from emulator.autoscaling.resources import (
    SCHEDULED_ACTION,
    Resource,
    require_target,
    resource_of,
)
from emulator.schedule_expressions import is_at, is_cron, is_rate, is_timezone
from emulator.store import Document

_CHANGED = ("Schedule", "Timezone", "ScalableTargetAction")
_REPLACED = ("StartTime", "EndTime")


@action("PutScheduledAction")
def put_scheduled_action(context: Context, params: Params) -> dict[str, Any]:
    """A known action keeps what is not named, but never its start and end."""
    resource = resource_of(params)
    key = resource.key(context.region, SCHEDULED_ACTION, params["ScheduledActionName"])
    with context.store.lock:
        require_target(context.store, context.region, resource)
        known = context.store.find(key) or _new_action(context, resource, params)
        kept = {name: value for name, value in known.items() if name not in _REPLACED}
        given = {name: params[name] for name in (*_CHANGED, *_REPLACED) if name in params}
        scheduled = {**kept, **given}
        _check(scheduled)
        context.store.put(key, scheduled)
    return {}


def _new_action(context: Context, resource: Resource, params: Params) -> Document:
    name, identifier = params["ScheduledActionName"], str(uuid.uuid4())
    return {
        **resource.members,
        "ScheduledActionName": name,
        "ScheduledActionARN": context.arn(
            "scheduledAction", identifier, resource=resource, name=name
        ),
        "CreationTime": context.now(),
    }


def _check(scheduled: Mapping[str, Any]) -> None:
    if "Schedule" not in scheduled:
        text = "Schedule is required when creating a scheduled action"
        raise ValidationError(text)
    _check_schedule(scheduled["Schedule"])
    _check_timezone(scheduled.get("Timezone", "UTC"))
    bounds = scheduled.get("ScalableTargetAction", {})
    least, most = bounds.get("MinCapacity"), bounds.get("MaxCapacity")
    if least is None and most is None:
        text = "At least one of minimum capacity and maximum capacity should be provided"
        raise ValidationError(text)
    if min(least or 0, most or 0) < 0:
        text = "Minimum and maximum capacity cannot be less than 0"
        raise ValidationError(text)
    if least is not None and most is not None and most < least:
        text = "Maximum capacity cannot be less than minimum capacity"
        raise ValidationError(text)
    if {*_REPLACED} <= {*scheduled} and scheduled["EndTime"] <= scheduled["StartTime"]:
        text = "EndTime must be after StartTime"
        raise ValidationError(text)


def _check_schedule(expression: str) -> None:
    if not (is_rate(expression) or is_at(expression) or is_cron(expression)):
        text = (
            f"Schedule expression is not valid: {expression}. Use at(yyyy-mm-ddThh:mm:ss), "
            "rate(value unit) or cron(minutes hours day-of-month month day-of-week year)"
        )
        raise ValidationError(text)


def _check_timezone(name: str) -> None:
    if not is_timezone(name):
        text = f"Time zone is not valid: {name}. Use a canonical name of the IANA database"
        raise ValidationError(text)


@action("DeleteScheduledAction")
def delete_scheduled_action(context: Context, params: Params) -> dict[str, Any]:
    resource, name = resource_of(params), params["ScheduledActionName"]
    key = resource.key(context.region, SCHEDULED_ACTION, name)
    with context.store.lock:
        if context.store.find(key) is None:
            text = f"No scheduled action found for {resource}, scheduled action name: {name}"
            raise ObjectNotFound(text)
        context.store.remove(key)
    return {}


@action("DescribeScheduledActions")
def describe_scheduled_actions(context: Context, params: Params) -> dict[str, Any]:
    scheduled = chosen(
        context.store.all(context.region, SCHEDULED_ACTION),
        params,
        names=("ScheduledActionNames", "ScheduledActionName"),
    )
    return page("ScheduledActions", scheduled, params)
