"""Settings for every test: how property tests run, and which tests share a worker."""

from pathlib import Path

import pytest
from hypothesis import settings

# Laws do not depend on how busy the machine is.
settings.register_profile("busy-machine", deadline=None)
settings.load_profile("busy-machine")

_TESTS = Path(__file__).parent
_LONGEST_FIRST = ("e2e", "terraform", "emulated", "unit", "style")


@pytest.hookimpl(tryfirst=True)  # pytest-xdist looks at the groups in the same hook
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Start with what takes longest; give what shares an embedded AWS to one worker."""
    items.sort(key=lambda item: _LONGEST_FIRST.index(_kind(item)))
    for item in items:
        if _kind(item) == "terraform":
            item.add_marker(pytest.mark.xdist_group(item.path.stem))


def _kind(item: pytest.Item) -> str:
    return item.path.relative_to(_TESTS).parts[0]
