"""EventBridge Scheduler: what could never fire is refused, and an update forgets nothing.

Source: "CreateSchedule", "UpdateSchedule" and "FlexibleTimeWindow" pages of the API reference. moto
takes every expression, time zone and window, falls over a group that is not there, and keeps the
tags of one that is deleted for the next of that name.
"""

from collections.abc import Callable, Mapping
from typing import Any

from moto.core.exceptions import JsonRESTError
from moto.scheduler.models import EventBridgeSchedulerBackend
from moto.scheduler.responses import EventBridgeSchedulerResponse

from emulator.api.errors import ValidationError
from emulator.moto_patches.patching import wrap
from emulator.moto_patches.requests import held_to_model
from emulator.schedule_expressions import is_at, is_cron, is_rate, is_timezone


def _require_firing(params: Mapping[str, Any]) -> None:
    expression = params["ScheduleExpression"]
    if not (is_rate(expression) or is_at(expression) or is_cron(expression)):
        text = f"Invalid Schedule Expression {expression}."
        raise ValidationError(text)
    timezone = params.get("ScheduleExpressionTimezone", "UTC")
    if not is_timezone(timezone):
        text = f"Invalid Schedule Expression Timezone {timezone}."
        raise ValidationError(text)
    window = params["FlexibleTimeWindow"]
    if (window["Mode"] == "FLEXIBLE") != ("MaximumWindowInMinutes" in window):
        text = "MaximumWindowInMinutes is required for Mode FLEXIBLE, and for no other."
        raise ValidationError(text)
    start, end = params.get("StartDate"), params.get("EndDate")
    if start is not None and end is not None and end <= start:
        text = "The EndDate must be after the StartDate."
        raise ValidationError(text)


_CHECKED = (
    ("create_schedule", "CreateSchedule", _require_firing),
    ("update_schedule", "UpdateSchedule", _require_firing),
    ("create_schedule_group", "CreateScheduleGroup", None),
)


def apply() -> None:
    wrap(EventBridgeSchedulerResponse, "update_schedule", by=_completing_afterwards)
    for name, action, check in _CHECKED:
        checked = held_to_model("scheduler", action, named_by="Name", check=check)
        wrap(EventBridgeSchedulerResponse, name, by=checked)
    wrap(EventBridgeSchedulerBackend, "create_schedule", by=_in_a_group_that_is_there)
    wrap(EventBridgeSchedulerBackend, "delete_schedule_group", by=_that_is_there)
    wrap(EventBridgeSchedulerBackend, "create_schedule_group", by=_only_once)


def _completing_afterwards(original: Callable[..., Any]) -> Callable[..., Any]:
    """moto keeps ActionAfterCompletion as it was when the schedule was made."""

    def update_schedule(self: Any) -> Any:
        answer = original(self)
        name = self.uri.partition("?")[0].rpartition("/")[2]
        schedule = self.scheduler_backend.get_schedule(self._get_param("GroupName"), name)
        schedule.action_after_completion = self._get_param("ActionAfterCompletion")
        return answer

    return update_schedule


def _in_a_group_that_is_there(original: Callable[..., Any]) -> Callable[..., Any]:
    def create_schedule(self: Any, **options: Any) -> Any:
        self.get_schedule_group(options["group_name"])
        return original(self, **options)

    return create_schedule


def _that_is_there(original: Callable[..., Any]) -> Callable[..., Any]:
    def delete_schedule_group(self: Any, name: str) -> None:
        group = self.get_schedule_group(name)
        original(self, name)
        self.tagger.delete_all_tags_for_resource(group.arn)

    return delete_schedule_group


def _only_once(original: Callable[..., Any]) -> Callable[..., Any]:
    """moto puts a new group in the place of the one that has schedules."""

    def create_schedule_group(self: Any, name: str, tags: Any) -> Any:
        if name in self.schedule_groups:
            code, text = "ConflictException", f"Schedule group {name} already exists."
            raise JsonRESTError(code, text)
        return original(self, name, tags or [])

    return create_schedule_group
