"""Takes out of a plan what no reader of the review may see.

`plan.summarize` has replaced what Terraform marks as sensitive. Here goes what it does not know:
values of this run's own secrets wherever they stand, and values whose name says what they are.
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any

from pipeline.core.outcomes import AttributeChange, PlanSummary
from pipeline.core.plan import ABSENT, SENSITIVE, UNKNOWN

_SHORTEST_SECRET = 6  # a shorter one would be found in half of all texts
_NAMES = re.compile(
    r"(?:^|[._\-\[\"])(?:[a-z0-9]*_)?"
    r"(?:api_?key|credentials?|passphrase|passwd|password|private_?key|secrets?|token|webhook_?url)"
    r"(?:_value|_string)?(?:\[[0-9]+\]|\"?\])*$",
    re.IGNORECASE,
)


def redacted(summary: PlanSummary, secrets: Collection[str]) -> PlanSummary:
    """Return the summary without any value of `secrets` or of a name that says so."""
    known = _known(secrets)
    changes = tuple(
        replace(
            change,
            address=_without(change.address, known),
            attributes=tuple(_attribute(each, known) for each in change.attributes),
        )
        for change in summary.changes
    )
    return replace(summary, changes=changes)


def redacted_variables(variables: Any, secrets: Collection[str]) -> Any:
    """Return Terraform variables without secrets; names and structure stay."""
    return _redacted_value(variables, "", _known(secrets))


def hidden_in(text: str, secrets: Collection[str]) -> str:
    """Return a line of text without any value of `secrets`."""
    return _without(text, _known(secrets))


def _known(secrets: Collection[str]) -> tuple[str, ...]:
    """Longest first, so that no part of one is left where another is its beginning."""
    long = {each for each in secrets if len(each) >= _SHORTEST_SECRET}
    return tuple(sorted(long, key=len, reverse=True))


def _attribute(change: AttributeChange, known: tuple[str, ...]) -> AttributeChange:
    if _NAMES.search(change.path):
        before, after = _hidden(change.before), _hidden(change.after)
    else:
        before, after = _without(change.before, known), _without(change.after, known)
    return replace(change, path=_without(change.path, known), before=before, after=after)


def _hidden(text: str) -> str:
    return text if text in (ABSENT, UNKNOWN) else SENSITIVE


def _redacted_value(value: Any, name: str, known: tuple[str, ...]) -> Any:
    if isinstance(value, Mapping):
        return {
            _without(str(key), known): _redacted_value(inner, str(key), known)
            for key, inner in value.items()
        }
    if isinstance(value, list | tuple):
        return [_redacted_value(inner, name, known) for inner in value]
    if isinstance(value, str) and value:
        return SENSITIVE if _NAMES.search(name) else _without(value, known)
    return value


def _without(text: str, known: tuple[str, ...]) -> str:
    for secret in known:
        text = text.replace(secret, SENSITIVE)
    return text
