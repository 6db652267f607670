"""Checks a request against botocore's service model and words violations as AWS does.

Types come first, as AWS reads JSON before it looks at what it says (SerializationException); then
enums, patterns, lengths, ranges and required members (ValidationException); unknown members last.
"""

import functools
import itertools
import math
import re
import sys
import unicodedata
from collections.abc import Iterator, Mapping
from typing import Any

from botocore.validate import ParamValidator

from emulator.api.errors import AwsError, ValidationError

_PROPERTY = re.compile(r"\\p\{([LMNPSZ])\}")

_TYPES: dict[str, type] = {
    "blob": str,
    "boolean": bool,
    "list": list,
    "map": Mapping,
    "string": str,
    "structure": Mapping,
}
_NUMBERS: dict[str, tuple[type, ...]] = {
    "double": (int, float),
    "float": (int, float),
    "integer": (int,),
    "long": (int,),
    "timestamp": (int, float),
}


def check_request(params: Mapping[str, Any], shape: Any) -> None:
    """Raise ValidationError or AwsError (SerializationException) when the request is not valid."""
    violations = list(_violations(params, shape, path=""))
    if violations:
        noun = "error" if len(violations) == 1 else "errors"
        text = f"{len(violations)} validation {noun} detected: {'; '.join(violations)}"
        raise ValidationError(text)
    code = "SerializationException"
    try:
        report = ParamValidator().validate(params, shape)
    except (OSError, OverflowError, RuntimeError) as error:  # a time that no clock can hold
        raise AwsError(code, str(error)) from error
    if report.has_errors():
        raise AwsError(code, report.generate_report())


def check_json_types(params: Mapping[str, Any], shape: Any) -> None:
    """Raise AwsError (SerializationException) when JSON has another type than AWS reads there."""
    for path, expected in _wrong_types(params, shape, path=""):
        code, text = (
            "SerializationException",
            f"{path.removeprefix('.')} must be of type {expected}.",
        )
        raise AwsError(code, text)


def _wrong_types(value: Any, shape: Any, *, path: str) -> Iterator[tuple[str, str]]:
    if not _has_type(value, shape.type_name):
        yield path, shape.type_name
    elif shape.type_name == "structure":
        for name, member in shape.members.items():
            if name in value:
                yield from _wrong_types(value[name], member, path=f"{path}.{name}")
    elif shape.type_name == "list":
        for index, item in enumerate(value):
            yield from _wrong_types(item, shape.member, path=f"{path}[{index}]")
    elif shape.type_name == "map":
        for key, item in value.items():
            yield from _wrong_types(item, shape.value, path=f"{path}[{key!r}]")


def _has_type(value: Any, type_name: str) -> bool:
    if type_name in _NUMBERS:
        # For Python True is a number, and NaN is one.
        if isinstance(value, bool) or not isinstance(value, _NUMBERS[type_name]):
            return False
        return not isinstance(value, float) or math.isfinite(value)
    return isinstance(value, _TYPES.get(type_name, object))


def _violations(value: Any, shape: Any, *, path: str) -> Iterator[str]:
    if shape.type_name == "structure" and isinstance(value, Mapping):
        yield from _structure_violations(value, shape, path=path)
    elif shape.type_name == "list" and isinstance(value, list):
        yield from _size_violations(len(value), value, metadata=shape.metadata, path=path)
        for number, item in enumerate(value, start=1):
            yield from _violations(item, shape.member, path=f"{path}.{number}.member")
    elif shape.type_name == "map" and isinstance(value, Mapping):
        yield from _size_violations(len(value), value, metadata=shape.metadata, path=path)
        for key, item in value.items():
            yield from _violations(key, shape.key, path=path)
            yield from _violations(item, shape.value, path=f"{path}.{key}.member")
    elif shape.type_name == "string" and isinstance(value, str):
        yield from _string_violations(value, shape, path=path)
    elif shape.type_name in ("integer", "long", "float", "double"):
        yield from _range_violations(value, shape.metadata, path=path)


def _structure_violations(value: Mapping[str, Any], shape: Any, *, path: str) -> Iterator[str]:
    for name in shape.required_members:
        if name not in value:
            yield (
                f"Value null at '{_member_path(path, name)}' failed to satisfy constraint: "
                "Member must not be null"
            )
    for name, member in shape.members.items():
        if name in value:
            yield from _violations(value[name], member, path=_member_path(path, name))


def _string_violations(value: str, shape: Any, *, path: str) -> Iterator[str]:
    yield from _size_violations(len(value), value, metadata=shape.metadata, path=path)
    if shape.enum and value not in shape.enum:
        allowed = ", ".join(shape.enum)
        yield _violation(value, path, constraint=f"Member must satisfy enum value set: [{allowed}]")
    pattern = shape.metadata.get("pattern")
    compiled = _compiled(pattern) if pattern else None
    if compiled is not None and not compiled.fullmatch(value):
        yield _violation(
            value, path, constraint=f"Member must satisfy regular expression pattern: {pattern}"
        )


def _size_violations(
    size: int, value: Any, *, metadata: Mapping[str, Any], path: str
) -> Iterator[str]:
    if size < metadata.get("min", 0):
        least = metadata["min"]
        yield _violation(
            value, path, constraint=f"Member must have length greater than or equal to {least}"
        )
    if size > metadata.get("max", size):
        most = metadata["max"]
        yield _violation(
            value, path, constraint=f"Member must have length less than or equal to {most}"
        )


def _range_violations(value: Any, metadata: Mapping[str, Any], *, path: str) -> Iterator[str]:
    if not isinstance(value, int | float):
        return
    if value < metadata.get("min", value):
        least = metadata["min"]
        yield _violation(
            value, path, constraint=f"Member must have value greater than or equal to {least}"
        )
    if value > metadata.get("max", value):
        most = metadata["max"]
        yield _violation(
            value, path, constraint=f"Member must have value less than or equal to {most}"
        )


def _violation(value: Any, path: str, *, constraint: str) -> str:
    return f"Value '{value}' at '{path}' failed to satisfy constraint: {constraint}"


def _member_path(path: str, name: str) -> str:
    member = name[:1].lower() + name[1:]
    return f"{path}.{member}" if path else member


@functools.lru_cache(maxsize=1024)
def _compiled(pattern: str) -> re.Pattern[str] | None:
    try:
        return re.compile(_PROPERTY.sub(lambda found: _characters_of()[found[1]], pattern))
    except re.error:
        return None


@functools.lru_cache(maxsize=1)
def _characters_of() -> Mapping[str, str]:
    r"""Return what to write inside [...] for each \p{...}, which Python's `re` does not know.

    No control character is in any of them, a line break neither.
    """
    found: dict[str, list[str]] = {}
    characters = map(chr, range(sys.maxunicode + 1))
    for name, grouped in itertools.groupby(characters, lambda each: unicodedata.category(each)[0]):
        span = list(grouped)
        found.setdefault(name, []).append(f"{re.escape(span[0])}-{re.escape(span[-1])}")
    return {name: "".join(spans) for name, spans in found.items()}
