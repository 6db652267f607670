"""EventBridge: matching events are handed to emulator/messaging; archives stay moto's.

Source: "PutEvents" and "Amazon EventBridge event structure" in the EventBridge documentation. moto
lacks most targets and input forms, and a target that fails, fails PutEvents.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from moto.events.models import EventsBackend, Rule, events_backends

from emulator.messaging.event_targets import EventTargets
from emulator.moto_patches.locking import one_at_a_time
from emulator.moto_patches.patching import existing, wrap

_NOT_IN_EVENTS = ("ingestion-time",)
# moto's own target of the rule behind an archive.
_ARCHIVE = ":::"

# The patched classes belong to the process, so what delivers for them does too.
_serving: list[EventTargets] = []


def apply() -> None:
    wrap(EventsBackend, "put_events", by=one_at_a_time)
    existing(Rule, "send_to_targets")
    Rule.send_to_targets = _send_to_targets
    for name in ("create_connection", "update_connection"):
        wrap(EventsBackend, name, by=_without_oauth)


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
