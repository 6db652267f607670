"""Unit tests are pure: a socket connection or a child process is an error."""

import pytest


@pytest.fixture(autouse=True)
def pure(no_outside_world: None) -> None:
    """What makes it one is in emulator/tests/support/fixtures.py."""
