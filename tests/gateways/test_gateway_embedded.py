"""What is said when the embedded AWS does not start, by a stand-in that is its program."""

import os
import shlex
import sys
from pathlib import Path

import pytest

from pipeline.core.errors import CloudUnusable
from pipeline.gateways import embedded


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A checkout whose embedded AWS ends with an error, in a folder with a space."""
    folder = tmp_path / "a checkout"
    (folder / "emulator").mkdir(parents=True)
    (folder / "emulator" / "__main__.py").write_text("raise SystemExit('it broke')")
    (folder / "emulator" / "requirements.txt").write_text("pytest==0.0\n")
    return folder


def test_missing_packages_are_named_with_the_command_that_installs_them(project: Path) -> None:
    (project / "emulator" / "requirements.txt").write_text("pytest==0.0\nno-such-package==1.0\n")
    for call in (embedded.start, embedded.find):
        with pytest.raises(CloudUnusable) as refused:
            call(project, os.environ)
        assert refused.value.message.endswith(f"{sys.prefix} lacks no-such-package.")
        command = shlex.split(refused.value.remedy.removeprefix("Install them with: "))
        assert command[0] == sys.executable
        assert command[-2:] == ["-r", str(project / "requirements-local.txt")]


def test_any_other_failure_is_told_in_its_own_words(project: Path) -> None:
    with pytest.raises(CloudUnusable, match="does not start: it broke"):
        embedded.start(project, os.environ)
