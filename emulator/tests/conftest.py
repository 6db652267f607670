"""The tests of the embedded AWS, which know nothing of what else may lie around it."""

import pytest

from emulator.tests.support import fixtures


def pytest_configure(config: pytest.Config) -> None:
    fixtures.offer(config)
