"""An environment may ask for more instances than a configuration has: said before any training."""

from types import SimpleNamespace
from typing import Any

import pytest

from pipeline.core.errors import UsageError
from pipeline.steps.preflight import require_instances


def a_workspace(*, asked_for: int, configured: int) -> Any:
    deployment = SimpleNamespace(minimum_instance_count=configured)
    return SimpleNamespace(
        foundation=SimpleNamespace(minimum_instance_count=asked_for),
        settings=SimpleNamespace(deployment=deployment, environment="production"),
    )


def test_fewer_instances_than_the_environment_asks_for_are_refused() -> None:
    with pytest.raises(UsageError, match="the foundation of production asks for 2 or more"):
        require_instances(a_workspace(asked_for=2, configured=1))


@pytest.mark.parametrize("configured", [2, 3])
def test_as_many_instances_as_the_environment_asks_for_will_do(configured: int) -> None:
    require_instances(a_workspace(asked_for=2, configured=configured))
