"""Where values come from: file, environment and flags, each a layer of dotted keys.

A layer keeps values apart from their meaning; what is wrong with a value is said in `problems`.
`given` turns layers back into what a person types.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo

from pipeline.configuration.flags import CONFIG_FLAGS, ENVIRONMENT_NAMES, flag_name
from pipeline.configuration.settings import FROM_ENVIRONMENT, Settings
from pipeline.core.document import strict_json
from pipeline.core.errors import ConfigError, ConfigProblem
from pipeline.core.printed_commands import Given, Words

_SECTION_VARIABLE = re.compile(r"MLOPS_([A-Z0-9]+(?:_[A-Z0-9]+)*__\w+)")
_BOOLEANS = dict.fromkeys(("true", "1", "yes", "on"), True)
_BOOLEANS |= dict.fromkeys(("false", "0", "no", "off"), False)
# Always flags: one that was given wins over the variables that set the same.
_PLACE_FLAGS = {"environment": "--environment", "backend": "--backend", "aws_region": "--region"}
_PLACE_KEYS = ("endpoint_prefix", "model_name_prefix", "s3_bucket")
_NO_MATTER = ("log_level",)
_TAKES_NO_VALUE = {flag.names[0] for flag in CONFIG_FLAGS if flag.sets is not None}


@dataclass(frozen=True, kw_only=True)
class Sourced:
    """A value and the words for where it came from."""

    value: object
    source: str


Layer = dict[str, Sourced]


def section_of(field: FieldInfo) -> type[BaseModel] | None:
    """Return the model of a field that is a section of its own, not a value."""
    model = field.annotation
    return model if isinstance(model, type) and issubclass(model, BaseModel) else None


def keys(model: type[BaseModel] = Settings, prefix: str = "") -> dict[str, FieldInfo]:
    """Every key, dotted, the sections too."""
    found: dict[str, FieldInfo] = {}
    for name, field in model.model_fields.items():
        found[f"{prefix}{name}"] = field
        if section := section_of(field):
            found |= keys(section, f"{prefix}{name}.")
    return found


def leaves() -> dict[str, FieldInfo]:
    """Every key that holds a value rather than a section, dotted."""
    return {key: field for key, field in keys().items() if section_of(field) is None}


def file_layer(path: Path) -> Layer:
    sections = {tuple(key.split(".")) for key, field in keys().items() if section_of(field)}
    values = dict(_paths(_read_object(path), sections))
    dotted = tuple(
        _dotted(".".join(names), path) for names in values if any("." in each for each in names)
    )
    if dotted:
        raise ConfigError(dotted)
    return {".".join(names): Sourced(value=values[names], source=str(path)) for names in values}


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


def given(
    *,
    program: str,
    flags: Mapping[str, object],
    environment: Mapping[str, str],
    config_file: Path | None,
    endpoint_name: str | None,
) -> Given:
    """Return what to type again; `flags` holds the configuration's by dotted key. No secrets.

    Read from the command line itself, so that also a refused configuration can say how to go on.
    """
    fields, layer = leaves(), environment_layer(environment) | flag_layer(flags)
    known = {
        key: each
        for key, each in layer.items()
        if key in fields and key not in _NO_MATTER and not _is_secret(fields[key].annotation)
    }
    named = {flag: str(known[key].value) for key, flag in _PLACE_FLAGS.items() if key in known}
    if config_file is not None:
        named = {"--config-file": str(config_file), **named}
    if endpoint_name is not None:
        named["--endpoint-name"] = endpoint_name
    place = {key: known[key] for key in _PLACE_KEYS if key in known}
    apart = (*_PLACE_FLAGS, *_PLACE_KEYS)
    choices = {key: each for key, each in known.items() if key not in apart}
    return Given(
        program=program,
        place=Words(flags=named, variables=_variables(place, environment)),
        choices=Words(flags=_flags(choices, flags), variables=_variables(choices, environment)),
    )


def _variables(layer: Layer, environment: Mapping[str, str]) -> dict[str, str]:
    """Return the variables as they were written: a value was read, and may be an object by now."""
    names = (each.source.removeprefix(FROM_ENVIRONMENT) for each in layer.values())
    return {name: environment[name] for name in names if name in environment}


def _flags(layer: Layer, flags: Mapping[str, object]) -> dict[str, str | None]:
    names = {key: flag_name(key, flags[key]) for key in layer if flags.get(key) is not None}
    return {
        name: None if name in _TAKES_NO_VALUE else str(flags[key]) for key, name in names.items()
    }


def _is_secret(annotation: Any) -> bool:
    return annotation is SecretStr or any(map(_is_secret, get_args(annotation)))


def _paths(
    document: Mapping[str, object], sections: set[tuple[str, ...]], around: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], object]]:
    """Yield every value of a file with the names that lead to it; only sections are entered."""
    for name, value in document.items():
        names = (*around, name)
        if names in sections and isinstance(value, Mapping):
            yield from _paths(value, sections, names)
        else:
            yield names, value


def _dotted(key: str, path: Path) -> ConfigProblem:
    """Refuse a key that names a place in a section by a dot: only objects do that in a file."""
    section, _, name = key.rpartition(".")
    allowed = f'a key in a file holds no dot; write "{name}" into the object "{section}"'
    return ConfigProblem(key=key, value="...", allowed=allowed, source=str(path))


def _from_text(value: object, field: FieldInfo | None, *, source: str) -> Sourced:
    """Read text as the field's kind of value; what cannot be read so stays text, to be refused."""
    if isinstance(value, str) and field is not None:
        value = _parsed(value.strip(), set(_kinds(field.annotation)))
    return Sourced(value=value, source=source)


def _parsed(text: str, kinds: set[object]) -> object:
    if tuple in kinds and not text.startswith("["):
        return [part.strip() for part in text.split(",") if part.strip()]
    if bool in kinds:
        return _BOOLEANS.get(text.lower(), text)
    if str in kinds:
        return text
    try:
        return strict_json(text)
    except ValueError:
        return text


def _kinds(annotation: object) -> Iterator[object]:
    """Every kind of value an annotation takes; text in any of its forms is `str`."""
    origin, inner = get_origin(annotation), get_args(annotation)
    if origin in (Annotated, Union, UnionType):
        for each in inner[:1] if origin is Annotated else inner:
            yield from _kinds(each)
    elif origin is Literal or annotation is SecretStr:
        yield str
    else:
        kind = origin or annotation
        yield str if isinstance(kind, type) and issubclass(kind, str) else kind


def _read_object(path: Path) -> Mapping[str, object]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as unreadable:
        reason = getattr(unreadable, "strerror", None) or "it is not UTF-8 text"
        raise _file_error(path, f"cannot be read: {reason}") from unreadable
    try:
        document = strict_json(text)
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
