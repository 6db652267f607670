"""Settings for every test: how property tests run, and in which order files do."""

import os
import signal
from pathlib import Path

import pytest
from hypothesis import settings

# Laws do not depend on how busy the machine is.
settings.register_profile("busy-machine", deadline=None)
settings.load_profile("busy-machine")

# Whoever starts an embedded AWS: an answer that AWS could not give is a 500.
os.environ["EMULATOR_STRICT"] = "1"

# A shell's background job ignores SIGINT, and all that it starts: what tests interrupt would go on.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

_TESTS = Path(__file__).parent
_LONGEST_FIRST = ("e2e", "simulation", "terraform", "emulated", "unit", "style")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Start with what takes longest. Files stay whole: what is in one shares its fixtures."""
    items.sort(key=lambda item: _LONGEST_FIRST.index(_kind(item)))


def _kind(item: pytest.Item) -> str:
    return item.path.relative_to(_TESTS).parts[0]
