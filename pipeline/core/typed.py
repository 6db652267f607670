"""The exact command that a person types after this run: for the same endpoint and place."""

import shlex
from collections.abc import Mapping

_PROGRAM = "./run_mlops_pipeline.sh"


def command_line(flags: Mapping[str, str | None], *, variables: Mapping[str, str]) -> str:
    """Return flags and variables as a shell reads them; flags without a value are left out."""
    given = [f"{name}={shlex.quote(value)}" for name, value in variables.items()]
    words = [f"{name} {shlex.quote(value)}" for name, value in flags.items() if value is not None]
    return " ".join([*given, _PROGRAM, *words])
