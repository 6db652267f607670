"""What a Terraform plan would do, read from `terraform show -json`.

Sensitive values never get into a summary: Terraform prints them in clear in that document and only
marks where they are. Source: Terraform's "JSON Output Format", plan representation, format 1.x.
"""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from pipeline.core.errors import CloudUnusable, PlanRefused
from pipeline.core.outcomes import Action, AttributeChange, PlanSummary, ResourceChange

SENSITIVE = "(sensitive)"
UNKNOWN = "(known after apply)"
ABSENT = "(none)"

_ACTIONS = {
    ("no-op",): Action.NONE,
    ("create",): Action.CREATE,
    ("read",): Action.READ,
    ("update",): Action.UPDATE,
    ("delete",): Action.DELETE,
    ("forget",): Action.FORGET,
    ("delete", "create"): Action.REPLACE,
    ("create", "delete"): Action.REPLACE,
}
_WITHOUT_EFFECT = (Action.NONE, Action.READ)
_VERBS = {
    Action.CREATE: "new",
    Action.UPDATE: "changes",
    Action.DELETE: "removes",
    Action.REPLACE: "replaces",
    Action.FORGET: "forgets",
    Action.IMPORT: "takes in",
}
_NOUNS = {
    "aws_appautoscaling_policy": "scaling policy",
    "aws_appautoscaling_scheduled_action": "scaling schedule",
    "aws_appautoscaling_target": "scaling target",
    "aws_cloudwatch_composite_alarm": "alarm",
    "aws_cloudwatch_dashboard": "dashboard",
    "aws_cloudwatch_metric_alarm": "alarm",
    "aws_sagemaker_endpoint": "endpoint",
    "aws_sagemaker_endpoint_configuration": "endpoint config",
    "aws_sagemaker_model": "model",
}
_LAST_NAME = re.compile(r"""(?:\["(?P<key>[^"]*)"\]|\.(?P<name>\w+)(?:\[\d+\])?)$""")


def summarize(plan: Mapping[str, Any]) -> PlanSummary:
    """Read everything the plan would change; raises for a plan that is not whole."""
    if plan.get("errored"):
        what = "Terraform marked the plan as errored."
        raise CloudUnusable(what, remedy="Read Terraform's messages in the log and plan again.")
    try:
        read = [_resource_change(each) for each in plan.get("resource_changes", ())]
        version = str(plan["terraform_version"])
    except (AttributeError, KeyError, TypeError) as broken:
        what = f"Terraform's plan document cannot be understood: {broken!r} is missing or wrong."
        raise CloudUnusable(what, remedy="Use Terraform 1.10 or newer.") from broken
    effects = (change for change in read if change.action not in _WITHOUT_EFFECT)
    changes = tuple(sorted(effects, key=lambda change: change.address))
    replaced = _count(changes, Action.REPLACE)
    return PlanSummary(
        create=_count(changes, Action.CREATE) + replaced,
        update=_count(changes, Action.UPDATE),
        delete=_count(changes, Action.DELETE) + replaced,
        replace=replaced,
        changes=changes,
        terraform_version=version,
    )


def in_words(change: ResourceChange) -> str:
    """Say a change as a person would: `new model r-1`, `moves endpoint to r-1-n1`."""
    noun = _NOUNS.get(change.resource_type)
    noun = noun or change.resource_type.removeprefix("aws_").replace("_", " ")
    served = [each.after for each in change.attributes if each.path == "endpoint_config_name"]
    if change.action is Action.UPDATE and served:
        return f"moves {noun} to {served[0]}"
    found = _LAST_NAME.search(change.address)
    name = (found["key"] or found["name"]) if found else change.address
    words = [_VERBS.get(change.action, change.action.value), noun]
    words += [] if name == "this" else [name]
    if change.action is Action.UPDATE:
        paths = dict.fromkeys(re.split(r"[.\[]", each.path)[0] for each in change.attributes)
        words.append(f"({', '.join(paths)})")
    return " ".join(words)


def _count(changes: tuple[ResourceChange, ...], action: Action) -> int:
    return sum(change.action is action for change in changes)


def _resource_change(entry: Mapping[str, Any]) -> ResourceChange:
    change = entry["change"]
    action = _ACTIONS.get(tuple(change["actions"]))
    if action is None:
        unknown = f"this software does not know the planned action {change['actions']!r}."
        message = f"{entry['address']}: {unknown}"
        raise PlanRefused(message, remedy="Use a Terraform version that the README names.")
    if action is Action.NONE and change.get("importing"):
        action = Action.IMPORT
    return ResourceChange(
        address=entry["address"],
        resource_type=entry["type"],
        action=action,
        attributes=()
        if action in (*_WITHOUT_EFFECT, Action.IMPORT)
        else tuple(_attribute_changes(change)),
        reason=entry.get("action_reason") or "",
        deposed=bool(entry.get("deposed")),
    )


def _attribute_changes(change: Mapping[str, Any]) -> Iterator[AttributeChange]:
    before, after = _texts(change, "before"), _texts(change, "after")
    forcing = [_path(steps) for steps in change.get("replace_paths") or ()]
    for path in sorted(before.keys() | after.keys()):
        old, new = before.get(path, ABSENT), after.get(path, ABSENT)
        if old != new or SENSITIVE in (old, new):
            forces = any(is_within(path, place) for place in forcing)
            yield AttributeChange(path=path, before=old, after=new, forces_replacement=forces)


def is_within(path: str, place: str) -> bool:
    """Tell whether an attribute is the one at `place` or a part of it."""
    return path == place or path.startswith((f"{place}.", f"{place}["))


def _texts(change: Mapping[str, Any], side: str) -> dict[str, str]:
    """Leaves of one side by path, unset ones left out, secrets and unknowns marked."""
    found = dict(_leaves(change.get(side), ""))
    if side == "after":
        found |= dict.fromkeys(_marked(change.get("after_unknown"), ""), UNKNOWN)
    for place in _marked(change.get(f"{side}_sensitive"), ""):
        hidden = [path for path in found if is_within(path, place) or place == ""]
        found |= dict.fromkeys(hidden, SENSITIVE)
    return found


def _leaves(value: object, path: str) -> Iterator[tuple[str, str]]:
    match value:
        case None | "":
            return
        case Mapping() | list():
            for step, inner in _steps(value):
                yield from _leaves(inner, _join(path, step))
        case str():
            yield path, value
        case _:
            yield path, json.dumps(value)


def _marked(marks: object, path: str) -> Iterator[str]:
    if marks is True:
        yield path
    elif isinstance(marks, Mapping | list):
        for step, inner in _steps(marks):
            yield from _marked(inner, _join(path, step))


def _steps(value: Mapping[str, Any] | list[Any]) -> Iterator[tuple[str | int, object]]:
    yield from value.items() if isinstance(value, Mapping) else enumerate(value)


def _path(steps: list[str | int]) -> str:
    path = ""
    for step in steps:
        path = _join(path, step)
    return path


def _join(path: str, step: str | int) -> str:
    if isinstance(step, int):
        return f"{path}[{step}]"
    return f"{path}.{step}" if path else step
