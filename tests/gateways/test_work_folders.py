"""Folders of runs: private, gone afterwards, and of the dead ones swept away by the next run."""

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from emulator.tests.support.embedded import eventually
from pipeline.core.errors import CloudUnusable
from pipeline.gateways.work_folders import is_in_use, work_folder
from tests.support.project import PROJECT_ROOT

# A run that has a program working in its folder, as Terraform does, until that is told to end.
RUN = """
import pathlib, sys
from pipeline.gateways import process
from pipeline.gateways.work_folders import work_folder

with work_folder() as work:
    print(work.path, flush=True)
    (work.path / "data").mkdir()
    process.run(
        [sys.executable, "-c", sys.argv[1]],
        cwd=work.path, environment={}, timeout_s=60, keep_open=[work.fd],
    )
"""
# Terraform, too, does not end at once with its run.
STUBBORN = """
import os, pathlib, signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
pathlib.Path("pid.new").write_text(str(os.getpid()))
pathlib.Path("pid.new").rename("pid")
time.sleep(60)
"""


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A temporary directory of this test's own."""
    folder = tmp_path / "tmp"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


@contextmanager
def a_run(temporary: Path) -> Iterator[tuple["subprocess.Popen[str]", Path]]:
    """Start a run in a process of its own; its folder has a program at work."""
    run = subprocess.Popen(
        [sys.executable, "-c", RUN, STUBBORN],
        cwd=PROJECT_ROOT,
        env={**os.environ, "TMPDIR": str(temporary)},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert run.stdout is not None
    path = Path(run.stdout.readline().strip())
    eventually((path / "pid").exists, bool)
    try:
        yield run, path
    finally:
        run.kill()
        run.communicate()


def a_sweep() -> None:
    with work_folder():
        pass


def test_a_folder_is_private_in_use_and_gone_afterwards(temporary: Path) -> None:
    with work_folder() as work:
        assert work.path.parent == temporary
        assert work.path.name.startswith("mlops-")
        assert work.path.stat().st_mode & 0o777 == 0o700
        assert is_in_use(str(work.path))
        (work.path / "terraform-serving" / "providers").mkdir(parents=True)
    assert not is_in_use(str(work.path))
    assert list(temporary.iterdir()) == []


def test_a_folder_is_gone_after_a_failure_too(temporary: Path) -> None:
    with pytest.raises(KeyboardInterrupt), work_folder():
        raise KeyboardInterrupt
    assert list(temporary.iterdir()) == []


def test_no_file_stays_open() -> None:
    with work_folder() as work:
        pass
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(work.fd)


def test_two_runs_leave_each_other_alone(temporary: Path) -> None:
    with work_folder() as first:
        with work_folder() as second:
            assert first.path.exists()
        assert not second.path.exists()
        assert list(temporary.iterdir()) == [first.path]


def test_the_folder_of_a_killed_run_is_swept_when_the_last_of_its_processes_is_gone(
    temporary: Path,
) -> None:
    with a_run(temporary) as (run, path):
        program = int((path / "pid").read_text())
        run.send_signal(signal.SIGKILL)
        run.wait()
        a_sweep()
        assert (path / "data").exists()
        assert is_in_use(str(path))
        os.kill(program, signal.SIGKILL)
        eventually(lambda: is_in_use(str(path)), lambda in_use: not in_use)
        a_sweep()
        assert not path.exists()


def test_a_sweep_that_was_cut_off_is_completed(temporary: Path) -> None:
    left = temporary / "mlops-left"
    left.mkdir()
    (left / "lock").touch()
    a_sweep()
    assert list(temporary.iterdir()) == []


def test_what_is_not_the_folder_of_a_run_is_left_alone(temporary: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    (elsewhere / "data").mkdir(parents=True)
    (elsewhere / "lock").touch()
    (temporary / "mlops-link").symlink_to(elsewhere)
    (temporary / "mlops-without-a-lock").mkdir()
    (temporary / "mlops-file").touch()
    (temporary / "other").mkdir()
    (temporary / "other" / "lock").touch()
    a_sweep()
    assert (elsewhere / "data").exists()
    assert {each.name for each in temporary.iterdir()} == {
        "mlops-file",
        "mlops-link",
        "mlops-without-a-lock",
        "other",
    }


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be somebody else")
def test_the_folder_of_another_user_is_left_alone(temporary: Path) -> None:
    folder = temporary / "mlops-theirs"
    folder.mkdir()
    (folder / "lock").touch()
    os.chown(folder, 12345, 12345)
    a_sweep()
    assert folder.exists()


@pytest.mark.parametrize("path", ["/absent/mlops-x", "/dev/null", ""])
def test_nobody_lives_where_there_is_no_folder(path: str) -> None:
    assert not is_in_use(path)


def test_a_machine_without_a_folder_for_temporary_files_is_told_of_and_no_bug(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", None)
    monkeypatch.setattr(tempfile, "_candidate_tempdir_list", lambda: ["/proc"])
    with (
        pytest.raises(CloudUnusable, match=r"'/proc'.*none of them can be written") as told,
        work_folder(),
    ):
        pass
    assert "TMPDIR" in told.value.remedy
