"""Settings for every test: how property tests run, and which tests share a worker."""

from pathlib import Path

import pytest
from hypothesis import settings

# Laws do not depend on how busy the machine is.
settings.register_profile("busy-machine", deadline=None)
settings.load_profile("busy-machine")

_TESTS = Path(__file__).parent
# An embedded AWS with a foundation takes half a minute to make: these share one.
_TOGETHER = ("e2e", "terraform")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        kind = item.path.relative_to(_TESTS).parts[0]
        if kind in _TOGETHER:
            item.add_marker(pytest.mark.xdist_group(kind))
