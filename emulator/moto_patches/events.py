"""EventBridge: matching events are handed to emulator/messaging; archives stay moto's.

Source: "PutEvents" and "Amazon EventBridge event structure" in the EventBridge documentation, and
"CreateApiDestination" in its API reference. moto lacks most targets and input forms, a target that
fails, fails PutEvents, and what could never fire or be called is taken.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from moto.events.exceptions import ResourceNotFoundException
from moto.events.models import EventsBackend, Rule, events_backends
from moto.events.responses import EventsHandler

from emulator.api.errors import ValidationError
from emulator.messaging.event_targets import EventTargets
from emulator.moto_patches.locking import one_at_a_time
from emulator.moto_patches.patching import existing, wrap
from emulator.moto_patches.requests import Check, held_to_model
from emulator.schedule_expressions import is_cron, is_strict_rate

_NOT_IN_EVENTS = ("ingestion-time",)
# moto's own target of the rule behind an archive.
_ARCHIVE = ":::"

# The patched classes belong to the process, so what delivers for them does too.
_serving: list[EventTargets] = []


def _require_firing(params: Mapping[str, Any]) -> None:
    expression = params.get("ScheduleExpression")
    if expression and not (is_strict_rate(expression) or is_cron(expression)):
        text = "Parameter ScheduleExpression is not valid."
        raise ValidationError(text)


_CHECKED: tuple[tuple[str, str, Check | None], ...] = (
    ("put_rule", "PutRule", _require_firing),
    ("put_targets", "PutTargets", None),
    ("create_connection", "CreateConnection", None),
    ("update_connection", "UpdateConnection", None),
    ("create_api_destination", "CreateApiDestination", None),
    ("update_api_destination", "UpdateApiDestination", None),
)


def apply() -> None:
    wrap(EventsBackend, "put_events", by=one_at_a_time)
    existing(Rule, "send_to_targets")
    Rule.send_to_targets = _send_to_targets
    for name in ("create_connection", "update_connection"):
        wrap(EventsBackend, name, by=_without_oauth)
    for name in ("create_api_destination", "update_api_destination"):
        wrap(EventsBackend, name, by=_with_a_connection)
    for name, action, check in _CHECKED:
        wrap(EventsHandler, name, by=held_to_model("events", action, check=check))


def deliver_with(targets: EventTargets) -> None:
    """Let this deliver from now on."""
    _serving[:] = [targets]


def _aws_event(event: Mapping[str, Any]) -> dict[str, Any]:
    """Return the event as AWS sends it, from moto's form."""
    sent = {name: value for name, value in event.items() if name not in _NOT_IN_EVENTS}
    when = event["time"]
    if not isinstance(when, str):
        when = datetime.fromtimestamp(float(when), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return {**sent, "time": when}


def _send_to_targets(self: Any, original_event: Any, transform_input: bool = True) -> None:
    """Deliver a replayed event (`transform_input` False) as a new one, as AWS does."""
    del transform_input
    if self.state == "DISABLED" or not self.event_pattern.matches_event(original_event):
        return
    event = _aws_event(original_event)
    for target in list(self.targets):
        if target["Arn"].endswith(_ARCHIVE):
            _keep(self, original_event)
        else:
            _serving[0].deliver(target, event, rule_arn=self.arn)


def _keep(rule: Any, event: Any) -> None:
    for archive in events_backends[rule.account_id][rule.region_name].archives.values():
        if archive.rule is rule:
            archive.events.append(event)


def _without_oauth(original: Callable[..., Any]) -> Callable[..., Any]:
    def change_connection(self: Any, *arguments: Any, **options: Any) -> Any:
        if "OAUTH_CLIENT_CREDENTIALS" in (*arguments, *options.values()):
            text = "connections with OAUTH_CLIENT_CREDENTIALS; use API_KEY or BASIC"
            raise NotImplementedError(text)
        return original(self, *arguments, **options)

    return change_connection


def _with_a_connection(original: Callable[..., Any]) -> Callable[..., Any]:
    def change_destination(self: Any, *arguments: Any, **options: Any) -> Any:
        arn = options["connection_arn"] if options else arguments[2]
        known = {connection.arn for connection in self.connections.values()}
        if arn is not None and arn not in known:
            text = f"Connection '{arn.partition('/')[2]}' does not exist."
            raise ResourceNotFoundException(text)
        return original(self, *arguments, **options)

    return change_destination
