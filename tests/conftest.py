"""Settings for every test of the product, and in which order files go, the emulator's too."""

import pytest

from emulator.tests.support import fixtures
from tests.support.project import PROJECT_ROOT

_LONGEST_FIRST = (
    "e2e",
    "simulation",
    "terraform",
    "lint",
    "emulator",
    "gateways",
    "containers",
    "browser",
    "style",
    "unit",
)


def pytest_configure(config: pytest.Config) -> None:
    fixtures.offer(config)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Start with what takes longest. Files stay whole: what is in one shares its fixtures."""
    items.sort(key=lambda item: _LONGEST_FIRST.index(_kind(item)))


def _kind(item: pytest.Item) -> str:
    """Return the folder in `tests`, or what stands for it in `emulator/tests`."""
    project, *folders = item.path.relative_to(PROJECT_ROOT).parts
    if project == "tests":
        return folders[0]
    return "unit" if "unit" in folders else "emulator"
