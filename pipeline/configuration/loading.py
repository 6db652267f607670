"""Loads the configuration: defaults < file < environment < flags.

Reads the file and nothing else. Every problem is found at once and said in a line of its own.
"""

from collections.abc import Mapping
from pathlib import Path

from pydantic import ValidationError

from pipeline.configuration.problems import problems_of
from pipeline.configuration.rules import Loaded, broken_rules
from pipeline.configuration.sections import TrainingSettings
from pipeline.configuration.settings import DEFAULT_SOURCE, Settings
from pipeline.configuration.sources import (
    Layer,
    Sourced,
    environment_layer,
    file_layer,
    flag_layer,
    nested,
)
from pipeline.core.errors import ConfigError

PROJECT_ROOT = Path(__file__).resolve().parents[2]
SHIPPED_CONFIG = PROJECT_ROOT / "pipeline_config.json"


def load_settings(
    *, config_file: Path | None, environment: Mapping[str, str], flags: Mapping[str, object]
) -> Settings:
    """Load and check everything; without a file the shipped one is read.

    `flags` holds values by dotted key, None for what was not given. Relative paths in the file
    count from its folder, in variables from the working directory. Raises ConfigError.
    """
    path = (config_file or SHIPPED_CONFIG).absolute()
    from_file = file_layer(path)
    chosen = environment_layer(environment) | flag_layer(flags)
    merged = _with_paths(from_file | chosen, from_file, path.parent)
    loaded = Loaded(
        settings=_validated(merged),
        layer=merged,
        committed=from_file,
        backend_is_chosen="backend" in chosen or _is_own_choice(path, from_file),
        is_ci=is_in_ci(environment),
    )
    broken = broken_rules(loaded)
    if broken:
        raise ConfigError(broken)
    return loaded.settings


def is_in_ci(environment: Mapping[str, str]) -> bool:
    """Tell whether nobody watches this run: then what is left open is asked for, not guessed."""
    return environment.get("CI", "").lower() not in ("", "0", "false")


def _validated(merged: Layer) -> Settings:
    try:
        return Settings(**nested(merged))
    except ValidationError as refused:
        raise ConfigError(problems_of(refused, merged)) from None


def _is_own_choice(path: Path, from_file: Layer) -> bool:
    """Nobody chose the "local" that the shipped file came with."""
    backend = from_file.get("backend")
    if backend is None:
        return False
    return path.resolve() != SHIPPED_CONFIG or backend.value != "local"


def _with_paths(merged: Layer, from_file: Layer, folder: Path) -> Layer:
    """Make the paths absolute; by default modules lie beside the file, data in the project."""
    defaults = {
        "training.data": PROJECT_ROOT / TrainingSettings().data,
        "training.source_dir": folder,
        "training.requirements": None,
    }
    resolved = dict(merged)
    for key, default in defaults.items():
        given = merged.get(key)
        if given is None:
            if default is not None:
                resolved[key] = Sourced(value=str(default), source=DEFAULT_SOURCE)
        elif isinstance(given.value, str) and given.value and "://" not in given.value:
            base = folder if given is from_file.get(key) else Path.cwd()
            resolved[key] = Sourced(value=str(base / given.value), source=given.source)
    return resolved
