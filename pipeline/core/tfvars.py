"""The ledger as Terraform variables: the one file of Terraform's that the runner writes.

What is rendered is JSON, never HCL: Terraform evaluates `${...}` in HCL variable files and takes
JSON literally. What would not arrive literally is refused by name: Terraform normalises text to NFC
and replaces half a surrogate pair, and no process environment holds NUL. After rendering, the text
is parsed and compared with what was meant: a changed template cannot change a deployment.
"""

import functools
import math
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from jinja2 import Environment, StrictUndefined, Template, TemplateError

from pipeline.core.document import strict_json
from pipeline.core.errors import CorruptRecord, UsageError
from pipeline.core.head import DeploymentConfig, LedgerHead
from pipeline.core.records import Release
from pipeline.core.surroundings import Surroundings

_MOST_EXECUTION_S = 14400  # of terraform/modules/endpoint
RELEASE_TEMPLATE = "release.tfvars.json.j2"
SURROUNDINGS_TEMPLATE = "surroundings.tfvars.json.j2"

_OF_THE_RELEASE = ("artifact_sha256", "artifact_uri", "model_package_arn")


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where a root module works, and the tags of all that it makes."""

    region: str
    s3_use_path_style: bool
    tags: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class Imports:
    """What exists under the endpoint's names and Terraform's state does not know, by its keys."""

    endpoint: bool = False
    endpoint_configs: tuple[str, ...] = ()
    releases: tuple[str, ...] = ()


NO_IMPORTS = Imports()


def release_variables(
    head: LedgerHead,
    releases: Mapping[str, Release],
    *,
    place: Place,
    deployment_config: DeploymentConfig,
    imports: Imports = NO_IMPORTS,
    nudged: bool = False,
) -> dict[str, Any]:
    """Map the head to the variables of terraform/serving.

    The endpoint points at the target of the move under way, else at the live config. The settings
    are those of that move; without one, `deployment_config`, those of the last update by
    SageMaker's own word. `nudged`: with a time limit of another second, by which an update is sent
    that would change nothing else. `releases` holds every retained one.
    """
    under_way = head.move if head.is_moving else None
    live_config = under_way.target if under_way else head.live
    if live_config is None:
        what = f"Nothing is live on {head.endpoint}, and nothing is to be."
        raise UsageError(what, remedy="Deploy a release first.")
    shift = under_way.deployment_config if under_way else deployment_config
    limit_s = shift.maximum_execution_timeout_s
    if nudged:
        limit_s += 1 if limit_s < _MOST_EXECUTION_S else -1
    return _plain(place) | {
        "deployment": _plain(replace(shift, maximum_execution_timeout_s=limit_s)),
        "endpoint_configs": {key: _plain(each) for key, each in head.endpoint_configs.items()},
        "endpoint_name": head.endpoint,
        "imports": _plain(imports),
        "live_config": live_config,
        "releases": {each: _release(each, releases) for each in head.release_ids},
    }


def surroundings_variables(
    head: LedgerHead, live: Release, *, place: Place, surroundings: Surroundings
) -> dict[str, Any]:
    """Map what surrounds the endpoint to the variables of terraform/surroundings.

    `live` is the release that serves: what an endpoint can have depends on its type of instance.
    """
    instance_type = live.serving.instance_type
    return (
        _plain(place)
        | surroundings.variables(instance_type)
        | {
            "endpoint_name": head.endpoint,
            "instance_count": head.endpoint_configs[head.live or ""].instance_count,
            "instance_type": instance_type,
            "release_ids": list(head.release_ids),
        }
    )


def render(variables: Mapping[str, Any], template: str, *, name: str) -> str:
    """Render `variables` through the template's text; raises UsageError instead of guessing."""
    for place, value in _leaves(variables, ""):
        _require_literal(place, value)
    try:
        text = _compiled(template).render(**variables)
        found = strict_json(text)
    except (TemplateError, TypeError, ValueError) as refused:
        what = f"templates/{name} cannot be rendered: {refused}."
        raise UsageError(what, remedy="Restore the template from the repository.") from refused
    if found != variables:
        what = f"templates/{name} rendered other values than those that were meant."
        raise UsageError(what, remedy="Restore the template from the repository.")
    return text


@functools.cache
def _compiled(template: str) -> Template:
    # Autoescaping is for HTML; here every value goes through tojson.
    environment = Environment(
        undefined=StrictUndefined, autoescape=False, keep_trailing_newline=True
    )
    environment.policies["json.dumps_kwargs"] = {"sort_keys": True, "allow_nan": False}
    return environment.from_string(template)


def _plain(record: Any) -> dict[str, Any]:
    """Return a record as JSON will have it: with lists, no tuples."""
    return asdict(record, dict_factory=_with_lists)


def _with_lists(parts: list[tuple[str, Any]]) -> dict[str, Any]:
    return {name: list(part) if isinstance(part, tuple) else part for name, part in parts}


def _release(release_id: str, releases: Mapping[str, Release]) -> dict[str, Any]:
    if release_id not in releases:
        what = f"The record of the retained release {release_id} is missing."
        raise CorruptRecord(what, remedy="Restore its object under releases/ in the bucket.")
    release = releases[release_id]
    return _plain(release.serving) | {name: getattr(release, name) for name in _OF_THE_RELEASE}


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
