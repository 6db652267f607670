"""Loads a configuration file that a test writes in one line."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from pipeline.configuration import loading
from pipeline.configuration.settings import Settings
from pipeline.core.errors import ConfigError

NIGHT = {
    "name": "night",
    "schedule": "cron(0 22 * * ? *)",
    "minimum_instance_count": 1,
    "maximum_instance_count": 2,
    "timezone": "Europe/Berlin",
}
Load = Callable[..., Settings]


@pytest.fixture
def load(tmp_path: Path) -> Load:
    """Load a user's own configuration file holding these keys."""

    def load_from(
        environment: Mapping[str, str] | None = None,
        flags: Mapping[str, object] | None = None,
        /,
        **keys: object,
    ) -> Settings:
        path = tmp_path / "my.json"
        path.write_text(json.dumps(keys))
        return loading.load_settings(
            config_file=path, environment=environment or {}, flags=flags or {}
        )

    return load_from


def problem_lines(refused: pytest.ExceptionInfo[ConfigError]) -> list[str]:
    assert refused.value.exit_code == 2
    return [problem.line for problem in refused.value.problems]
