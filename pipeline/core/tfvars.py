"""The ledger as Terraform variables: the one file of Terraform's that the runner writes.

What is rendered is JSON, never HCL: Terraform evaluates `${...}` in HCL variable files and takes
JSON literally. What would not arrive literally is refused by name: Terraform normalises text to NFC
and replaces half a surrogate pair, and no process environment holds NUL. After rendering, the text
is parsed and compared with what was meant: a changed template cannot change a deployment.
"""

import json
import math
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import Any

from jinja2 import Environment, StrictUndefined, TemplateError

from pipeline.core.errors import CorruptRecord, UsageError
from pipeline.core.head import LedgerHead, Move
from pipeline.core.records import Release

TEMPLATE_NAME = "release.tfvars.json.j2"

_OF_THE_RELEASE = ("artifact_sha256", "artifact_uri", "model_package_arn")


def release_variables(
    head: LedgerHead,
    releases: Mapping[str, Release],
    *,
    region: str,
    s3_use_path_style: bool,
    tags: Mapping[str, str],
) -> dict[str, Any]:
    """Map the head to the variables of terraform/serving.

    With a move under way the endpoint points at its target, else at the live config; the
    deployment settings are always those of that same move. `releases` holds every retained one.
    What surrounds the endpoint is what was last applied.
    """
    live_config, move = _pointer(head)
    rendered = {each: _release(each, releases) for each in head.release_ids}
    instance_type = rendered[head.endpoint_configs[live_config].release]["instance_type"]
    return head.surroundings.variables(instance_type) | {
        "deployment": _deployment(move),
        "endpoint_configs": {key: asdict(each) for key, each in head.endpoint_configs.items()},
        "endpoint_name": head.endpoint,
        "live_config": live_config,
        "region": region,
        "releases": rendered,
        "s3_use_path_style": s3_use_path_style,
        "tags": dict(tags),
    }


def render(variables: Mapping[str, Any], template: str) -> str:
    """Render `variables` through the template's text; raises UsageError instead of guessing."""
    for place, value in _leaves(variables, ""):
        _require_literal(place, value)
    try:
        text = _environment().from_string(template).render(**variables)
        found = json.loads(text, object_pairs_hook=_unique)
    except (TemplateError, TypeError, ValueError) as refused:
        what = f"templates/{TEMPLATE_NAME} cannot be rendered: {refused}."
        raise UsageError(what, remedy="Restore the template from the repository.") from refused
    if found != variables:
        what = f"templates/{TEMPLATE_NAME} rendered other values than those of the release."
        raise UsageError(what, remedy="Restore the template from the repository.")
    return text


def _environment() -> Environment:
    # Autoescaping is for HTML; here every value goes through tojson.
    environment = Environment(
        undefined=StrictUndefined, autoescape=False, keep_trailing_newline=True
    )
    environment.policies["json.dumps_kwargs"] = {"sort_keys": True, "allow_nan": False}
    return environment


def _pointer(head: LedgerHead) -> tuple[str, Move]:
    if head.target is not None and head.target_move is not None:
        return head.target, head.target_move
    if head.live is not None and head.last_move is not None:
        return head.live, head.last_move
    what = f"Nothing is live on {head.endpoint}, and nothing is to be."
    raise UsageError(what, remedy="Deploy a release first.")


def _deployment(move: Move) -> dict[str, Any]:
    return {
        "alarm_names": list(move.alarm_names),
        "maximum_execution_timeout_s": move.maximum_execution_timeout_s,
        "step_percentage": move.step_percentage,
        "strategy": move.strategy.value,
        "termination_wait_s": move.termination_wait_s,
        "wait_interval_s": move.wait_interval_s,
    }


def _release(release_id: str, releases: Mapping[str, Release]) -> dict[str, Any]:
    if release_id not in releases:
        what = f"The record of the retained release {release_id} is missing."
        raise CorruptRecord(what, remedy="Restore its object under releases/ in the bucket.")
    release = releases[release_id]
    settings = asdict(release.serving)
    for name in ("security_group_ids", "subnet_ids"):
        settings[name] = list(settings[name])
    return settings | {name: getattr(release, name) for name in _OF_THE_RELEASE}


def _leaves(value: object, place: str) -> Iterator[tuple[str, object]]:
    match value:
        case Mapping():
            for key, inner in value.items():
                yield f"{place}.{key!r} (its name)", key
                yield from _leaves(inner, f"{place}.{key}")
        case list() | tuple():
            for number, inner in enumerate(value):
                yield from _leaves(inner, f"{place}[{number}]")
        case _:
            yield place, value


def _require_literal(place: str, value: object) -> None:
    problem = _problem_of(value)
    if problem is not None:
        what = f"{place.lstrip('.')!a} {problem}, which would not arrive literally."
        raise UsageError(what, remedy="Change that value.")


def _problem_of(value: object) -> str | None:
    if isinstance(value, float) and not math.isfinite(value):
        return "is not a finite number"
    if not isinstance(value, str):
        return None
    if "\0" in value:
        return "holds a NUL character"
    if any("\ud800" <= character <= "\udfff" for character in value):
        return "holds half a surrogate pair"
    if not unicodedata.is_normalized("NFC", value):
        return "holds text that is not in Unicode's form NFC"
    return None


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    mapping = dict(pairs)
    if len(mapping) != len(pairs):
        message = "a key appears twice"
        raise ValueError(message)
    return mapping
