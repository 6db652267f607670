"""What makes a reviewed plan that plan: facts that are the same on every machine and day.

A fact is one line: a file of Terraform's code, a leaf of its variables, a change that it plans.
The digest is over all of them in any order. Left out is what differs between two runs of the same
plan: the id of the release that the plan would make, which is a time, and instance counts, which
autoscaling changes meanwhile (docs/adr/0014-a-reviewed-plan.md). Secrets are redacted before they
get here: the digest of a guessable secret would give it away.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from pipeline.core.document import canonical_json, sha256_of
from pipeline.core.outcomes import PlanSummary, ResourceChange

NEW_RELEASE = "r-new"
ANY_COUNT = "*"
_MOST_SHOWN = 12
_LONGEST_SHOWN = 300

_COUNTED_KEY = re.compile(r"(r-[0-9]{8}-[0-9]{6}-[0-9a-f]{6})-n[1-9][0-9]{0,2}(?![0-9])")
_COUNTS = ("initial_instance_count", "instance_count")


@dataclass(frozen=True, kw_only=True)
class PlanContent:
    """Everything a digest is over.

    `place` is where the plan is for. `code` is the sha256 of each file by its path, the provider
    locks among them. `variables` and `summaries` are by the name of their root module.
    `new_release` is the id of the release that the plan makes, if it makes one.
    """

    place: Mapping[str, str]
    code: Mapping[str, str]
    variables: Mapping[str, Any] = field(default_factory=dict)
    summaries: Mapping[str, PlanSummary] = field(default_factory=dict)
    new_release: str | None = None


def facts_of(content: PlanContent) -> tuple[str, ...]:
    """Return the facts of a plan, sorted; a fact that is there twice counts twice."""
    lines = (canonical_json(each) for each in _facts(content))
    return tuple(sorted(_usual(line, content.new_release) for line in lines))


def digest_of(facts: tuple[str, ...]) -> str:
    """Return the sha256 of facts, in whatever order they come."""
    return sha256_of(canonical_json(sorted(facts)))


def differences(reviewed: tuple[str, ...], now: tuple[str, ...]) -> tuple[str, ...]:
    """Return a line for each fact of one plan that the other has not; the first few of many."""
    gone, new = Counter(reviewed) - Counter(now), Counter(now) - Counter(reviewed)
    lines = [f"- reviewed: {_short(fact)}" for fact in sorted(gone.elements())]
    lines += [f"+ now: {_short(fact)}" for fact in sorted(new.elements())]
    more = len(lines) - _MOST_SHOWN
    return (*lines[:_MOST_SHOWN], *([f"and {more} more"] if more > 0 else []))


def is_change(fact: str) -> bool:
    """Tell whether a fact is a change that the plan makes."""
    return fact.startswith('["change",')


def _facts(content: PlanContent) -> Iterator[list[Any]]:
    for name, value in content.place.items():
        yield ["place", name, value]
    for path, sha256 in content.code.items():
        yield ["code", path, sha256]
    for root, variables in content.variables.items():
        for steps, value in _leaves(variables, ()):
            yield ["variable", root, list(steps), value]
    for root, summary in content.summaries.items():
        yield ["planned", root]
        for change in summary.changes:
            yield ["change", root, *_change(change)]


def _change(change: ResourceChange) -> list[Any]:
    attributes = sorted(
        [each.path, _counted(each.path, each.before), _counted(each.path, each.after)]
        for each in change.attributes
    )
    return [change.address, change.action.value, change.reason, change.deposed, attributes]


def _leaves(value: Any, path: tuple[str | int, ...]) -> Iterator[tuple[tuple[str | int, ...], Any]]:
    if isinstance(value, Mapping) and value:
        for key, inner in value.items():
            yield from _leaves(inner, (*path, str(key)))
    elif isinstance(value, list | tuple) and value:
        for number, inner in enumerate(value):
            yield from _leaves(inner, (*path, number))
    else:
        yield path, ANY_COUNT if path and path[-1] in _COUNTS else value


def _counted(path: str, text: str) -> str:
    return ANY_COUNT if path.rpartition(".")[2] in _COUNTS else text


def _usual(line: str, new_release: str | None) -> str:
    line = _COUNTED_KEY.sub(rf"\1-n{ANY_COUNT}", line)
    return line.replace(new_release, NEW_RELEASE) if new_release else line


def _short(fact: str) -> str:
    return fact if len(fact) <= _LONGEST_SHOWN else fact[:_LONGEST_SHOWN] + " [...]"
