"""What of an event a target gets: all of it, Input, InputPath, or an InputTransformer's template.

Source: "Amazon EventBridge input transformation" in the EventBridge user guide. Of JSON paths it
knows `$`, `.name`, `['name']` and `[0]`.
"""

import json
import re
from collections.abc import Mapping
from typing import Any

_STEP = re.compile(r"\.(?P<name>[^.\[\]]+)|\['(?P<quoted>[^']+)'\]|\[(?P<index>\d+)\]")
_PLACEHOLDER = re.compile(r"<(?P<name>[^<>\s]+)>")
_ABSENT = object()

Event = Mapping[str, Any]


def target_input(target: Mapping[str, Any], event: Event, *, rule_arn: str) -> str:
    """Return the JSON text (or a template's plain text) that the target is sent."""
    if "Input" in target:
        return str(target["Input"])
    if "InputPath" in target:
        found = _at_path(event, target["InputPath"])
        return json.dumps(None if found is _ABSENT else found)
    transformer = target.get("InputTransformer")
    if transformer:
        values = {
            name: _at_path(event, path)
            for name, path in transformer.get("InputPathsMap", {}).items()
        }
        named = {**values, **_predefined(event, rule_arn=rule_arn)}
        return _filled(transformer["InputTemplate"], named)
    return json.dumps(event)


def _at_path(event: Event, path: str) -> Any:
    """Return what a JSON path finds; a marker, which no JSON is, when it finds nothing."""
    found: Any = event
    position = 1
    while position < len(path):
        step = _STEP.match(path, position)
        if step is None:
            return _ABSENT
        found = _member(found, step)
        if found is _ABSENT:
            return _ABSENT
        position = step.end()
    return found


def _member(value: Any, step: re.Match[str]) -> Any:
    name = step["name"] or step["quoted"]
    if name is not None:
        return value.get(name, _ABSENT) if isinstance(value, Mapping) else _ABSENT
    index = int(step["index"])
    inside = isinstance(value, list) and index < len(value)
    return value[index] if inside else _ABSENT


def _predefined(event: Event, *, rule_arn: str) -> dict[str, Any]:
    without_detail = {name: value for name, value in event.items() if name != "detail"}
    return {
        "aws.events.rule-arn": rule_arn,
        "aws.events.rule-name": rule_arn.rpartition("/")[2],
        "aws.events.event.ingestion-time": event["time"],
        "aws.events.event": without_detail,
        "aws.events.event.json": dict(event),
    }


def _filled(template: str, values: Mapping[str, Any]) -> str:
    """Fill in: JSON outside quotes, text inside them; an unknown name stays as it is."""
    parts: list[str] = []
    position = 0
    for placeholder in _PLACEHOLDER.finditer(template):
        if placeholder["name"] not in values:
            continue
        parts.append(template[position : placeholder.start()])
        value = values[placeholder["name"]]
        quoted = _is_inside_quotes(template, placeholder.start())
        parts.append(_inlined(value) if quoted else _as_json(value))
        position = placeholder.end()
    return "".join([*parts, template[position:]])


def _is_inside_quotes(template: str, position: int) -> bool:
    before = re.sub(r"\\.", "", template[:position])
    return before.count('"') % 2 == 1


def _as_json(value: Any) -> str:
    return '""' if value is _ABSENT else json.dumps(value)


def _inlined(value: Any) -> str:
    if value is _ABSENT:
        return ""
    text = value if isinstance(value, str) else json.dumps(value)
    return json.dumps(text)[1:-1]
