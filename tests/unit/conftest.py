"""Unit tests are pure: a socket connection or a child process is an error."""

import socket
import subprocess
from typing import NoReturn

import pytest


def _refuse(*_args: object, **_kwargs: object) -> NoReturn:
    message = "unit tests open no socket and start no process; move this test to tests/emulated"
    raise AssertionError(message)


@pytest.fixture(autouse=True)
def no_outside_world(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket.socket, "connect", _refuse)
    monkeypatch.setattr(socket.socket, "connect_ex", _refuse)
    monkeypatch.setattr(subprocess.Popen, "__init__", _refuse)
    # Else scikit-learn's boosting starts `lscpu` to count the cores
    monkeypatch.setenv("LOKY_MAX_CPU_COUNT", "1")
