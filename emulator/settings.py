"""The server's settings from EMULATOR_* variables: a default, a sensible value, or a refusal."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

# A year; waits much longer than that are more than the system's clocks can hold.
_MOST_S = 31_536_000.0
_MOST_SCALE = 1_000_000.0
_LEAST = 0.001


class BadSetting(Exception):
    """Which variable, what is wrong with it, and what is allowed."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """`time_scale` divides the waits that the emulator owns; `strict` checks all answers.

    `invocation_timeout_s` is how long InvokeEndpoint waits for a container.
    """

    invocation_timeout_s: float
    snapshot_interval_s: float
    strict: bool
    time_scale: float


def settings_from(environment: Mapping[str, str]) -> Settings:
    """Read the variables; one that is empty counts as not set."""
    return Settings(
        invocation_timeout_s=_number(
            environment, "EMULATOR_INVOCATION_TIMEOUT_S", default=60.0, most=_MOST_S
        ),
        snapshot_interval_s=_number(
            environment, "EMULATOR_SNAPSHOT_INTERVAL_S", default=60.0, most=_MOST_S
        ),
        strict=environment.get("EMULATOR_STRICT") == "1",
        time_scale=_number(environment, "EMULATOR_TIME_SCALE", default=1.0, most=_MOST_SCALE),
    )


def _number(environment: Mapping[str, str], name: str, *, default: float, most: float) -> float:
    text = environment.get(name, "").strip()
    if not text:
        return default
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not _LEAST <= value <= most:
        message = f"{name} is {text!r}; allowed is a number from {_LEAST:g} to {most:.0f}. "
        raise BadSetting(message + f"Correct it, or unset it for the default ({default:g}).")
    return value
