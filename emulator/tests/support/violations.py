"""Requests that break one rule of AWS's service model each, made from the model itself."""

import copy
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

Json = Any
Path = tuple[str | int, ...]

NAME = "refused"
_ARN = "arn:aws:sagemaker:us-east-1:000000000000"
# The first that fits a pattern is taken.
_TEXTS = (
    NAME,
    f"{_ARN}:model/{NAME}",
    f"{_ARN}:pipeline/{NAME}",
    f"{_ARN}:model-package/{NAME}",
    f"{_ARN}:training-plan/{NAME}",
    f"{_ARN}:mlflow-app/{NAME}",
    f"{_ARN}:model-package-group/{NAME}",
    f"{_ARN}:hub-content/{NAME}/Model/{NAME}",
    f"{_ARN}:experiment-trial/{NAME}",
    f"arn:aws:iam::000000000000:role/{NAME}",
    "arn:aws:lambda:us-east-1:000000000000:function:f",
    f"arn:aws:sns:us-east-1:000000000000:{NAME}",
    f"s3://{NAME}/x",
    f"https://s3.amazonaws.com/{NAME}/x",
    "text/csv",
    "P1D",
    "-PT1H",
    "1",
    "1.0.0",
    "cron(0 * ? * * *)",
    "sg-12345678",
    "12345678",
    "/opt/ml/x",
    NAME * 8,
)
# The first that does not fit is the one to be refused.
_MISFITS = ("!", "\x00", "-", "a b", "", "ä", "!" * 40, "a\nb", "x" * 70)
_OTHER_TYPE: dict[str, Json] = {
    "string": {"a": 1},
    "integer": "many",
    "long": "many",
    "float": "much",
    "double": "much",
    "boolean": "yes",
    "timestamp": "yesterday",
    "list": "all",
    "map": ["a"],
    "structure": "it",
}
_NUMBERS = ("integer", "long", "float", "double")
_DEEPEST = 4


@dataclass(frozen=True, kw_only=True)
class Violation:
    """`says` is in the message that refuses the request."""

    action: str
    path: str
    kind: str
    request: dict[str, Json]
    code: str
    says: str


def minimal(shape: Any) -> Json:
    """Return the smallest value that the shape allows."""
    kind, limits = shape.type_name, shape.metadata
    if kind == "structure":
        return {name: minimal(shape.members[name]) for name in shape.required_members}
    if kind == "list":
        return [minimal(shape.member) for _ in range(max(1, limits.get("min", 1)))]
    if kind == "map":
        return {minimal(shape.key): minimal(shape.value)}
    if kind == "string":
        return _text(shape)
    if kind in _NUMBERS:
        return max(limits.get("min", 1), min(1, limits.get("max", 1)))
    return {"boolean": True, "timestamp": 1.0, "blob": "eA=="}[kind]


def _text(shape: Any) -> str:
    if shape.enum:
        return str(shape.enum[0])
    least, most = shape.metadata.get("min", 0), shape.metadata.get("max", 10**6)
    for text in _TEXTS:
        if least <= len(text) <= most and _fits(text, shape):
            return text
    message = f"no text here fits {shape.name}: {shape.metadata}"
    raise ValueError(message)


def _fits(text: str, shape: Any) -> bool:
    pattern = shape.metadata.get("pattern")
    if pattern is None or "\\p{" in pattern:
        return True
    return re.fullmatch(pattern, text) is not None


def violations(operation: Any) -> Iterator[Violation]:
    """Yield one request for each rule of each member, as deep as people write requests."""
    shape = operation.input_shape
    base = minimal(shape)
    for path, member in _members(shape, path=()):
        for kind, value, code, says in _breaches(member):
            request = _with(base, shape, path=path, value=value)
            yield _violation(operation, path, kind, request, code=code, says=says)
        if _is_required(shape, path):
            request = _without(base, shape, path=path)
            code, says = "ValidationException", "Member must not be null"
            yield _violation(operation, path, "missing", request, code=code, says=says)
    request, says = {**base, "NoSuchMember": 1}, "NoSuchMember"
    yield _violation(operation, (), "unknown", request, code="SerializationException", says=says)


def _violation(
    operation: Any, path: Path, kind: str, request: Json, *, code: str, says: str
) -> Violation:
    where = ".".join(str(part) for part in path)
    return Violation(
        action=operation.name, path=where, kind=kind, request=request, code=code, says=says
    )


def _members(shape: Any, *, path: Path) -> Iterator[tuple[Path, Any]]:
    """Yield every member below, a list's first item as 0."""
    if path:
        yield path, shape
    if len(path) >= _DEEPEST:
        return
    if shape.type_name == "structure":
        for name, member in shape.members.items():
            yield from _members(member, path=(*path, name))
    elif shape.type_name == "list":
        yield from _members(shape.member, path=(*path, 0))


def _breaches(shape: Any) -> Iterator[tuple[str, Json, str, str]]:
    """Yield what breaks the shape's rules: kind, value, error code, words of the message."""
    if shape.type_name in _OTHER_TYPE:
        wrong = _OTHER_TYPE[shape.type_name]
        yield "type", wrong, "SerializationException", ""
    if shape.type_name == "string":
        yield from _text_breaches(shape)
    elif shape.type_name in _NUMBERS:
        yield from _number_breaches(shape)
    elif shape.type_name == "list" and shape.metadata.get("max", 10**6) <= 100:
        too_many = [minimal(shape.member)] * (shape.metadata["max"] + 1)
        yield "too many", too_many, "ValidationException", "length less than or equal to"


def _text_breaches(shape: Any) -> Iterator[tuple[str, Json, str, str]]:
    limits, refused = shape.metadata, "ValidationException"
    if shape.enum:
        yield "enum", "NoSuchValue", refused, "enum value set"
    if "max" in limits:
        yield "too long", "a" * (limits["max"] + 1), refused, "length less than or equal to"
    if limits.get("min", 0) > 0:
        yield "too short", "", refused, "length greater than or equal to"
    misfits = [text for text in _MISFITS if not _fits(text, shape)]
    if misfits:
        yield "pattern", misfits[0], refused, "regular expression pattern"


def _number_breaches(shape: Any) -> Iterator[tuple[str, Json, str, str]]:
    limits, refused = shape.metadata, "ValidationException"
    if "min" in limits:
        yield "too small", limits["min"] - 1, refused, "value greater than or equal to"
    if "max" in limits:
        yield "too great", limits["max"] + 1, refused, "value less than or equal to"
    yield "boolean for a number", True, "SerializationException", ""
    yield "no number", float("nan"), "SerializationException", ""


def _is_required(shape: Any, path: Path) -> bool:
    for part in path[:-1]:
        shape = shape.member if part == 0 else shape.members[part]
    return shape.type_name == "structure" and path[-1] in shape.required_members


def _with(base: Json, shape: Any, *, path: Path, value: Json) -> Json:
    """Return a copy of the request in which the member at `path` has this value."""
    request = copy.deepcopy(base)
    holder = _holder(request, shape, path=path)
    holder[path[-1]] = value
    return request


def _without(base: Json, shape: Any, *, path: Path) -> Json:
    request = copy.deepcopy(base)
    del _holder(request, shape, path=path)[path[-1]]
    return request


def _holder(request: Json, shape: Any, *, path: Path) -> Json:
    """Go down to what holds the last part of the path, and make what is not there."""
    value = request
    for part in path[:-1]:
        shape = shape.member if part == 0 else shape.members[part]
        if part != 0 and part not in value:
            value[part] = minimal(shape)
        value = value[part]
    return value
