"""Refused values in words: the key, the value, what is allowed, where it came from."""

import difflib
import json
import re
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from pipeline.configuration.settings import DEFAULT_SOURCE, UNION_TAGS, Settings
from pipeline.configuration.sources import Layer, keys
from pipeline.core.errors import ConfigProblem

_HIDDEN = "(hidden)"

_SECRET = re.compile(r"webhook|token|secret|password|credential|access.?key|slack", re.IGNORECASE)
_LONGEST_VALUE = 120


def problem(key: str, value: object, allowed: str, *, layer: Layer) -> ConfigProblem:
    """Make a problem fit for printing: secrets hidden, long values cut."""
    source = _source_of(key, layer)
    return ConfigProblem(key=key, value=_shown(key, value), allowed=allowed, source=source)


def problems_of(refused: ValidationError, layer: Layer) -> tuple[ConfigProblem, ...]:
    return tuple(
        _problem_of(error, layer)
        for error in refused.errors(include_url=False, include_context=False)
    )


def _problem_of(error: ErrorDetails, layer: Layer) -> ConfigProblem:
    path = tuple(part for part in error["loc"] if part not in ("[key]", *UNION_TAGS))
    key = ".".join(str(part) for part in path)
    if error["type"] == "missing":
        return problem(key, "", "is missing", layer=layer)
    if error["type"] == "extra_forbidden":
        return problem(key, error["input"], _unknown(key), layer=layer)
    words = _words(path)
    allowed = f"must be {words}" if words else error["msg"]
    return problem(key, error["input"], allowed, layer=layer)


def _source_of(key: str, layer: Layer) -> str:
    """Where a key came from, or the object around it, or something in it."""
    around = key
    while around:
        if around in layer:
            return layer[around].source
        around = around.rpartition(".")[0]
    inside = (layer[each].source for each in layer if each.startswith(f"{key}."))
    return next(inside, DEFAULT_SOURCE)


def _unknown(key: str) -> str:
    section, _, name = key.rpartition(".")
    names = {each: each.rpartition(".") for each in keys()}
    siblings = [last for start, _, last in names.values() if start == section]
    close = difflib.get_close_matches(name, siblings, n=1)
    if close:
        return f"unknown key, did you mean {f'{section}.' if section else ''}{close[0]}?"
    elsewhere = [each for each, (_, _, last) in names.items() if last == name]
    elsewhere += difflib.get_close_matches(key, names, n=1)
    if elsewhere:
        return f"unknown key, did you mean {elsewhere[0]}?"
    return f"unknown key; known are {', '.join(sorted(siblings))}" if siblings else "unknown key"


def _words(path: tuple[str | int, ...]) -> str | None:
    """Find what the deepest field on this path allows."""
    model: type[BaseModel] | None = Settings
    words: str | None = None
    for part in path:
        field = model.model_fields.get(str(part)) if model else None
        if field is not None:
            words = field.description or _described(field.annotation) or "an object"
            model = _model_within(field.annotation)
    return words


def _described(annotation: Any) -> str | None:
    """Find the words beside a type that is inside another, such as an optional one."""
    for each in getattr(annotation, "__args__", ()):
        beside = (m for m in getattr(each, "__metadata__", ()) if isinstance(m, FieldInfo))
        words = next((m.description for m in beside if m.description), None) or _described(each)
        if words is not None:
            return words
    return None


def _model_within(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    inner = (_model_within(each) for each in getattr(annotation, "__args__", ()))
    return next((each for each in inner if each is not None), None)


def _shown(key: str, value: object) -> str:
    if _SECRET.search(key):
        return _HIDDEN
    text = json.dumps(value, default=str, ensure_ascii=False)
    if isinstance(value, Mapping) and _SECRET.search(text):
        return _HIDDEN
    return text if len(text) <= _LONGEST_VALUE else f"{text[:_LONGEST_VALUE]}..."
