"""The headers of the SageMaker runtime's requests, checked against botocore's service model."""

import functools
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import botocore.session

# What Python's `re` does not know of the model's patterns.
_PYTHON_PATTERNS = {r"\p{ASCII}": r"[\x00-\x7f]", r"\p{Print}": r"\x20-\x7e", r"\z": r"\Z"}


@dataclass(frozen=True, kw_only=True)
class _Rule:
    """What one header may hold; a minimum or maximum is a length, or a number's value."""

    header: str
    member: str
    least: int
    most: int
    pattern: re.Pattern[str] | None
    is_number: bool

    def violation(self, value: str) -> str | None:
        if self.is_number and not re.fullmatch(r"-?\d+", value):
            return "Member must be an integer"
        size = int(value) if self.is_number else len(value)
        noun = "value" if self.is_number else "length"
        if size < self.least:
            return f"Member must have {noun} greater than or equal to {self.least}"
        if size > self.most:
            return f"Member must have {noun} less than or equal to {self.most}"
        if self.pattern is not None and not self.pattern.fullmatch(value):
            return f"Member must satisfy regular expression pattern: {self.pattern.pattern}"
        return None


def violations(action: str, headers: Mapping[str, str]) -> str | None:
    """Return AWS's error text for an action's headers (names in lower case); None when all fit."""
    found = list(_violations(action, headers))
    if not found:
        return None
    noun = "error" if len(found) == 1 else "errors"
    return f"{len(found)} validation {noun} detected: {'; '.join(found)}"


def _violations(action: str, headers: Mapping[str, str]) -> Iterator[str]:
    for rule in _rules(action):
        value = headers.get(rule.header)
        broken = None if value is None else rule.violation(value)
        if broken is not None:
            yield f"Value '{value}' at '{rule.member}' failed to satisfy constraint: {broken}"


@functools.cache
def _rules(action: str) -> tuple[_Rule, ...]:
    model = botocore.session.Session().get_service_model("sagemaker-runtime")
    members = model.operation_model(action).input_shape.members
    return tuple(
        _Rule(
            header=shape.serialization["name"].lower(),
            member=name[:1].lower() + name[1:],
            least=shape.metadata.get("min", 0),
            most=shape.metadata.get("max", 2**31),
            pattern=_compiled(shape.metadata.get("pattern")),
            is_number=shape.type_name == "integer",
        )
        for name, shape in members.items()
        if shape.serialization.get("location") == "header"
    )


def _compiled(pattern: str | None) -> re.Pattern[str] | None:
    if pattern is None:
        return None
    for theirs, ours in _PYTHON_PATTERNS.items():
        pattern = pattern.replace(theirs, ours)
    return re.compile(pattern)
