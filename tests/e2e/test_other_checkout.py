"""The whole project in a folder with spaces and other letters, started through a link."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from emulator.tests.support import embedded_aws
from tests.e2e.checkouts import a_checkout
from tests.e2e.command_line import CommandLine
from tests.e2e.story import PATIENT


@pytest.fixture(scope="module")
def link(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A link to the wrapper of a copy of this checkout, which shares its .venv."""
    folder = tmp_path_factory.mktemp("other")
    copy = a_checkout(folder / "a 'check' öut")
    found = folder / "a link"
    found.symlink_to(copy / "run_mlops_pipeline.sh")
    return found


@pytest.fixture
def elsewhere(tmp_path: Path) -> Iterator[CommandLine]:
    state = tmp_path / "stäte of mine"
    yield CommandLine(tmp_path, EMULATOR_STATE_DIR=str(state), **PATIENT)
    if state.exists():
        embedded_aws.stop(state)


def test_doctor_finds_all_that_it_needs_from_any_folder(link: Path, elsewhere: CommandLine) -> None:
    asked = elsewhere.run("--mode", "doctor", program=(str(link),), cwd=Path(os.sep))
    assert asked.exit_code == 0, asked.stdout
    assert not any(line.startswith("failed") for line in asked.results["listing"])


@pytest.mark.soak
def test_the_main_job_works_there_too(link: Path, elsewhere: CommandLine) -> None:
    done = elsewhere.run(program=(str(link),), cwd=Path(os.sep))
    assert (done.exit_code, done.results["summary"]["deployment_occurred"]) == (0, True)
