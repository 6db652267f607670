"""Refused values in words: the key, the value, what is allowed, where it came from."""

import difflib
import json
import re
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from pipeline.configuration.layers import Layer, leaves
from pipeline.configuration.types import Allowed
from pipeline.core.errors import ConfigProblem
from pipeline.settings import DEFAULT_SOURCE, Settings

_HIDDEN = "(hidden)"

_SECRET = re.compile(r"webhook|token|secret|password|credential|access.?key|slack", re.IGNORECASE)
_LONGEST_VALUE = 120


def problem(key: str, value: object, *, allowed: str, source: str) -> ConfigProblem:
    """Make a problem fit for printing: secrets hidden, long values cut."""
    return ConfigProblem(key=key, value=_shown(key, value), allowed=allowed, source=source)


def problems_of(refused: ValidationError, layer: Layer) -> tuple[ConfigProblem, ...]:
    return tuple(
        _problem_of(error, layer)
        for error in refused.errors(include_url=False, include_context=False)
    )


def source_of(key: str, layer: Layer) -> str:
    """Where a key came from, or the object around it, or something in it."""
    around = key
    while around:
        if around in layer:
            return layer[around].source
        around = around.rpartition(".")[0]
    inside = (layer[each].source for each in layer if each.startswith(f"{key}."))
    return next(inside, DEFAULT_SOURCE)


def _problem_of(error: ErrorDetails, layer: Layer) -> ConfigProblem:
    path = tuple(part for part in error["loc"] if part != "[key]")
    key = ".".join(str(part) for part in path)
    if error["type"] == "extra_forbidden":
        allowed = _unknown(key)
    elif error["type"] == "missing":
        return problem(key, "", allowed="is missing", source=source_of(key, layer))
    else:
        words = _words(path)
        allowed = f"must be {words}" if words else error["msg"]
    return problem(key, error["input"], allowed=allowed, source=source_of(key, layer))


def _unknown(key: str) -> str:
    section, _, name = key.rpartition(".")
    everything = [*leaves(), *_sections(Settings)]
    siblings = [
        each.rpartition(".")[2] for each in everything if each.rpartition(".")[0] == section
    ]
    close = difflib.get_close_matches(name, siblings, n=1)
    if close:
        return f"unknown key, did you mean {f'{section}.' if section else ''}{close[0]}?"
    elsewhere = [each for each in everything if each.rpartition(".")[2] == name]
    elsewhere += difflib.get_close_matches(key, everything, n=1)
    if elsewhere:
        return f"unknown key, did you mean {elsewhere[0]}?"
    return f"unknown key; known are {', '.join(sorted(siblings))}" if siblings else "unknown key"


def _sections(model: type[BaseModel], prefix: str = "") -> list[str]:
    found = []
    for name, field in model.model_fields.items():
        inner = field.annotation
        if isinstance(inner, type) and issubclass(inner, BaseModel):
            found += [f"{prefix}{name}", *_sections(inner, f"{prefix}{name}.")]
    return found


def _words(path: tuple[str | int, ...]) -> str | None:
    """Find what the deepest field on this path allows."""
    model: type[BaseModel] | None = Settings
    words: str | None = None
    for part in path:
        field = model.model_fields.get(str(part)) if model else None
        if field is None:
            continue
        words = _allowed(field.annotation, tuple(field.metadata)) or "an object"
        model = _model_within(field.annotation)
    return words


def _model_within(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    inner = (_model_within(each) for each in getattr(annotation, "__args__", ()))
    return next((each for each in inner if each is not None), None)


def _allowed(annotation: Any, metadata: tuple[Any, ...]) -> str | None:
    """Find the words of `Allowed` beside a type, or inside an optional one."""
    for each in metadata:
        if isinstance(each, Allowed):
            return each.words
    inner = getattr(annotation, "__args__", ())
    found = (_allowed(each, getattr(each, "__metadata__", ())) for each in inner)
    return next((words for words in found if words is not None), None)


def _shown(key: str, value: object) -> str:
    if _SECRET.search(key):
        return _HIDDEN
    text = json.dumps(value, default=str, ensure_ascii=False)
    if isinstance(value, Mapping) and _SECRET.search(text):
        return _HIDDEN
    return text if len(text) <= _LONGEST_VALUE else f"{text[:_LONGEST_VALUE]}..."
