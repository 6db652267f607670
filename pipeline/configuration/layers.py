"""Where values come from: defaults < file < environment < flags, each as dotted keys.

A layer keeps values apart from their meaning; what is wrong with a value is said in `problems`.
"""

import json
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo

from pipeline.core.errors import ConfigError, ConfigProblem
from pipeline.flags import ENVIRONMENT_NAMES, flag_name
from pipeline.settings import FROM_ENVIRONMENT, Settings

_SECTION_VARIABLE = re.compile(r"MLOPS_([A-Z0-9]+(?:_[A-Z0-9]+)*__\w+)")
_TRUE, _FALSE = ("true", "1", "yes", "on"), ("false", "0", "no", "off")


@dataclass(frozen=True, kw_only=True)
class Sourced:
    """A value and the words for where it came from."""

    value: object
    source: str


Layer = dict[str, Sourced]


def leaves(model: type[BaseModel] = Settings, prefix: str = "") -> dict[str, FieldInfo]:
    """Every key that holds a value rather than a section, dotted."""
    found: dict[str, FieldInfo] = {}
    for name, field in model.model_fields.items():
        section = field.annotation
        if isinstance(section, type) and issubclass(section, BaseModel):
            found |= leaves(section, f"{prefix}{name}.")
        else:
            found[f"{prefix}{name}"] = field
    return found


def file_layer(path: Path) -> Layer:
    document = _read_object(path)
    known = leaves()
    dotted = tuple(_dotted_problem(key, path) for key in _dotted(document, known))
    if dotted:
        raise ConfigError(dotted)
    return {key: Sourced(value=value, source=str(path)) for key, value in _flatten(document, known)}


def environment_layer(environment: Mapping[str, str]) -> Layer:
    """Take the names in `flags` and MLOPS_<SECTION>__<KEY>; an empty value counts as not set."""
    known, layer = leaves(), {}
    for key, names in ENVIRONMENT_NAMES.items():
        name = next((each for each in names if environment.get(each)), None)
        if name is not None:
            layer[key] = _from_text(environment[name], known[key], source=FROM_ENVIRONMENT + name)
    for name, text in sorted(environment.items()):
        match = _SECTION_VARIABLE.fullmatch(name)
        if match and text:
            key = match[1].lower().replace("__", ".")
            layer[key] = _from_text(text, known.get(key), source=FROM_ENVIRONMENT + name)
    return layer


def flag_layer(flags: Mapping[str, object]) -> Layer:
    """Take values by dotted key; None is a flag that was not given."""
    known = leaves()
    return {
        key: _from_text(value, known.get(key), source=f"flag {flag_name(key, value)}")
        for key, value in flags.items()
        if value is not None
    }


def nested(layer: Layer) -> dict[str, Any]:
    """Turn dotted keys into the objects they name; a value in a section's place wins."""
    document: dict[str, Any] = {}
    for key in sorted(layer):
        *sections, name = key.split(".")
        place: Any = document
        for section in sections:
            place = place.setdefault(section, {}) if isinstance(place, dict) else None
        if isinstance(place, dict):
            place[name] = layer[key].value
    return document


def _flatten(
    document: Mapping[str, object], known: Mapping[str, FieldInfo], prefix: str = ""
) -> Iterator[tuple[str, object]]:
    for name, value in document.items():
        key = f"{prefix}{name}"
        is_section = any(each.startswith(f"{key}.") for each in known)
        if is_section and isinstance(value, Mapping):
            yield from _flatten(value, known, f"{key}.")
        else:
            yield key, value


def _dotted(document: Mapping[str, object], known: Mapping[str, FieldInfo]) -> Iterator[str]:
    """Yield keys that name a place in a section by a dot: only objects do that in a file."""
    for name, value in document.items():
        if "." in name:
            yield name
            continue
        start = f"{name}."
        inside = {key.removeprefix(start): known[key] for key in known if key.startswith(start)}
        if inside and isinstance(value, Mapping):
            yield from (start + each for each in _dotted(value, inside))


def _dotted_problem(key: str, path: Path) -> ConfigProblem:
    section, _, name = key.rpartition(".")
    allowed = f'a key in a file holds no dot; write "{name}" into the object "{section}"'
    return ConfigProblem(key=key, value="...", allowed=allowed, source=str(path))


def _from_text(value: object, field: FieldInfo | None, *, source: str) -> Sourced:
    """Read text as the field's kind of value; what cannot be read so stays text, to be refused."""
    if isinstance(value, str) and field is not None:
        value = _parsed(value.strip(), tuple(_kinds(field.annotation)))
    return Sourced(value=value, source=source)


def _parsed(text: str, kinds: tuple[object, ...]) -> object:
    if tuple in kinds and not text.startswith("["):
        return [part.strip() for part in text.split(",") if part.strip()]
    if bool in kinds and text.lower() in (*_TRUE, *_FALSE):
        return text.lower() in _TRUE
    if str in kinds or bool in kinds:
        return text
    try:
        return _json(text)
    except ValueError:
        return text


def _kinds(annotation: object) -> Iterator[object]:
    """Every kind of value an annotation takes; text in any of its forms is `str`."""
    origin = get_origin(annotation)
    if origin is Annotated:
        yield from _kinds(get_args(annotation)[0])
    elif origin in (Union, UnionType):
        for each in get_args(annotation):
            yield from _kinds(each)
    elif (
        origin is Literal
        or annotation is SecretStr
        or (isinstance(annotation, type) and issubclass(annotation, str))
    ):
        yield str
    else:
        yield origin or annotation


def _read_object(path: Path) -> Mapping[str, object]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as unreadable:
        reason = getattr(unreadable, "strerror", None) or "it is not UTF-8 text"
        raise _file_error(path, f"cannot be read: {reason}") from unreadable
    try:
        document = _json(text)
    except ValueError as invalid:
        raise _file_error(path, f"is not valid JSON: {invalid}") from invalid
    if not isinstance(document, dict):
        raise _file_error(path, "must hold one JSON object")
    return document


def _file_error(path: Path, problem: str) -> ConfigError:
    file = ConfigProblem(
        key="config file", value=str(path), allowed=problem, source="flag --config-file"
    )
    return ConfigError((file,))


def _json(text: str) -> object:
    """Read JSON more strictly than Python does. Raises ValueError."""
    try:
        return json.loads(
            text, object_pairs_hook=_unique, parse_constant=_no_constant, parse_float=_finite
        )
    except RecursionError as error:
        message = "it is nested too deeply"
        raise ValueError(message) from error


def _finite(digits: str) -> float:
    number = float(digits)
    if math.isinf(number):
        message = f"{digits} is too large a number"
        raise ValueError(message)
    return number


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    mapping: dict[str, object] = {}
    for key, value in pairs:
        if key in mapping:
            message = f"the key {key!r} appears twice"
            raise ValueError(message)
        mapping[key] = value
    return mapping


def _no_constant(name: str) -> object:
    message = f"{name} is not a JSON value"
    raise ValueError(message)
