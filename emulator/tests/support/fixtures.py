"""What a test session shares that meets the embedded AWS: how it runs, and one server for all.

A conftest.py offers it to its session with `offer`. Where several do, as in a checkout that holds
more tests than these, there is still one server for each process that runs tests.
"""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from typing import NoReturn

import pytest
from hypothesis import settings

from emulator.tests.support.embedded import Embedded
from emulator.tests.support.embedded_aws import embedded_aws

_PLUGIN = "embedded-aws"


def offer(config: pytest.Config) -> None:
    """Make the fixtures of this module known to the session, once."""
    if config.pluginmanager.has_plugin(_PLUGIN):
        return
    config.pluginmanager.register(sys.modules[__name__], _PLUGIN)
    # Laws do not depend on how busy the machine is.
    settings.register_profile("busy-machine", deadline=None)
    settings.load_profile("busy-machine")
    # Whoever starts an embedded AWS: an answer that AWS could not give is a 500.
    os.environ["EMULATOR_STRICT"] = "1"
    # A shell's background job ignores SIGINT, and all that it starts: what tests interrupt would
    # go on.
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def embedded_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    state_dir = tmp_path_factory.mktemp("embedded-aws")
    with embedded_aws(state_dir, EMULATOR_TIME_SCALE="30") as endpoint_url:
        yield endpoint_url


@pytest.fixture
def embedded(embedded_url: str) -> Iterator[Embedded]:
    """The shared server, with no fault rules before and after."""
    cloud = Embedded(url=embedded_url)
    cloud.clear_faults()
    yield cloud
    cloud.clear_faults()


def _refuse(*_args: object, **_kwargs: object) -> NoReturn:
    message = "unit tests open no socket and start no process: this one belongs to another folder"
    raise AssertionError(message)


@pytest.fixture
def no_outside_world(monkeypatch: pytest.MonkeyPatch) -> None:
    """A socket connection or a child process is an error."""
    monkeypatch.setattr(socket.socket, "connect", _refuse)
    monkeypatch.setattr(socket.socket, "connect_ex", _refuse)
    monkeypatch.setattr(subprocess.Popen, "__init__", _refuse)
    # Else scikit-learn's boosting starts `lscpu` to count the cores
    monkeypatch.setenv("LOKY_MAX_CPU_COUNT", "1")
