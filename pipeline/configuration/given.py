"""What flags and variables gave a run, for the commands that its user is told to type.

Read from the command line itself, so that also a refused configuration can say how to go on.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, get_args

from pydantic import SecretStr

from pipeline.configuration.layers import Layer, environment_layer, flag_layer, leaves
from pipeline.core.printed_commands import Given, Words
from pipeline.flags import CONFIG_FLAGS, flag_name
from pipeline.settings import FROM_ENVIRONMENT

# Always flags: one that was given wins over the variables that set the same.
_PLACE_FLAGS = {"environment": "--environment", "backend": "--backend", "aws_region": "--region"}
_PLACE_KEYS = ("endpoint_prefix", "model_name_prefix", "s3_bucket")
_NO_MATTER = ("log_level",)
_TAKES_NO_VALUE = {flag.names[0] for flag in CONFIG_FLAGS if flag.sets is not None}


def given(
    *,
    program: str,
    flags: Mapping[str, object],
    environment: Mapping[str, str],
    config_file: Path | None,
    endpoint_name: str | None,
) -> Given:
    """Return what to type again; `flags` holds the configuration's by dotted key. No secrets."""
    fields, layer = leaves(), environment_layer(environment) | flag_layer(flags)
    known = {
        key: each
        for key, each in layer.items()
        if key in fields and key not in _NO_MATTER and not _is_secret(fields[key].annotation)
    }
    named = {flag: str(known[key].value) for key, flag in _PLACE_FLAGS.items() if key in known}
    if config_file is not None:
        named = {"--config-file": str(config_file.absolute()), **named}
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
