"""Functions of the software in other clothes: quicker ones for all schedules, broken ones for some.

Only what is looked up in a module or class at each call can be swapped.
"""

import functools
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Any

from pydantic import TypeAdapter

from pipeline.core import tfvars
from pipeline.core.document import Stored, canonical_json
from pipeline.core.head import DeploymentConfig, LedgerHead
from pipeline.core.records import Release
from pipeline.gateways import owners
from pipeline.steps import around, planning


@contextmanager
def swapped(place: Any, name: str, other: object) -> Iterator[None]:
    """Put `other` in the place of a function while the block runs."""
    own = place.__dict__[name]
    setattr(place, name, other)
    try:
        yield
    finally:
        setattr(place, name, own)


@contextmanager
def remembering() -> Iterator[None]:
    """Let pure functions remember what they gave: a million schedules ask them for little else."""
    with ExitStack() as stack:
        variables: dict[object, dict[str, Any]] = {}
        texts: dict[int, str] = {}
        pairs = (
            (tfvars, "release_variables", _release_variables(tfvars.release_variables, variables)),
            (tfvars, "render", _render(tfvars.render, texts)),
            (owners, "whoami", functools.cache(owners.whoami)),
            (planning, "template", functools.cache(planning.template)),
            (around, "template", functools.cache(planning.template)),
            (Stored, "to_json", _to_json()),
            (Stored, "from_json", classmethod(_from_json(Stored.from_json.__func__))),  # type: ignore[attr-defined]
        )
        for place, name, other in pairs:
            stack.enter_context(swapped(place, name, other))
        yield


def _release_variables(
    own: Callable[..., dict[str, Any]], known: dict[object, dict[str, Any]]
) -> Callable[..., dict[str, Any]]:
    def remembered(
        head: LedgerHead,
        releases: Mapping[str, Release],
        *,
        place: tfvars.Place,
        deployment_config: DeploymentConfig,
        imports: tfvars.Imports = tfvars.NO_IMPORTS,
        nudged: bool = False,
    ) -> dict[str, Any]:
        key = (
            head.endpoint,
            head.retained,
            tuple(head.endpoint_configs.items()),
            head.live,
            head.move,
            deployment_config,
            imports,
            nudged,
        )
        if key not in known:
            known[key] = own(
                head,
                releases,
                place=place,
                deployment_config=deployment_config,
                imports=imports,
                nudged=nudged,
            )
        return known[key]

    return remembered


def _render(own: Callable[..., str], known: dict[int, str]) -> Callable[..., str]:
    """Remember by identity: the variables of the serving root are kept for good."""
    kept: dict[int, object] = {}

    def remembered(variables: Mapping[str, Any], template: str, *, name: str) -> str:
        if name != tfvars.RELEASE_TEMPLATE:
            return own(variables, template, name=name)
        place = id(variables)
        if place not in known:
            known[place], kept[place] = own(variables, template, name=name), variables
        return known[place]

    return remembered


def _from_json(own: Callable[..., Any]) -> Callable[..., Any]:
    known: dict[tuple[type, str | bytes], Any] = {}

    def remembered(cls: type, text: str | bytes, *, place: str = "") -> Any:
        if len(known) > 200_000:
            known.clear()
        if (cls, text) not in known:
            known[cls, text] = own(cls, text, place=place)
        return known[cls, text]

    return remembered


def _to_json() -> Callable[[Stored], str]:
    """Serialise as Stored does, and put equal texts in order once only."""
    adapters: dict[type, TypeAdapter[Any]] = {}
    known: dict[bytes, str] = {}

    def remembered(record: Stored) -> str:
        kind = type(record)
        if kind not in adapters:
            adapters[kind] = TypeAdapter(kind)
        raw = adapters[kind].dump_json(record, warnings="error")
        if len(known) > 200_000:
            known.clear()
        if raw not in known:
            known[raw] = canonical_json(json.loads(raw))
        return known[raw]

    return remembered
