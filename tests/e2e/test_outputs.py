"""Streams and files that take nothing, and the modes of the files that a run leaves."""

import json
import os
import stat
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.command_line import RUNNER, CommandLine, plain_environment
from tests.e2e.machines import a_willing_terraform

FULL = Path("/dev/full")
VALIDATE = ("--mode", "validate", "--quiet")
LEARNS_LABELLED_ROWS: dict[str, Any] = {
    "MLOPS_RETRAINING__ENABLED": "true",
    "MLOPS_MONITORING__DATA_CAPTURE_PERCENTAGE": "100",
}
REFUSED = ("--mode", "validate", "--to", "")
NO_ROOM = "No space left on device"
EVERYTHING = {
    *("results.env", "results.json", "run.log"),
    *("annotations.json", "junit.xml", "metrics.txt"),
}
# Closes a stream and becomes the command, which subprocess cannot.
CLOSING = {"stdout": 'exec "$@" >&-', "stderr": 'exec "$@" 2>&-', "both": 'exec "$@" >&- 2>&-'}

pytestmark = pytest.mark.skipif(not FULL.is_char_device(), reason="there is no /dev/full")


@dataclass(frozen=True, kw_only=True)
class Case:
    """A command, where its streams go, and the last line on stderr; all of them end with 2."""

    flags: tuple[str, ...]
    stdout: str = "pipe"
    stderr: str = "pipe"
    says: str = ""


CASES = {
    "help on a full device": Case(
        flags=("--help",), stdout="full", says=f"Error: stdout cannot be written: {NO_ROOM}."
    ),
    "help on a closed pipe": Case(
        flags=("--help",), stdout="broken", says="Error: stdout cannot be written: Broken pipe."
    ),
    "help on a closed stdout": Case(
        flags=("--help",),
        stdout="closed",
        says="Error: stdout cannot be written: Bad file descriptor.",
    ),
    "help on a closed stdout, for machines": Case(
        flags=("--log-format", "json", "--help"),
        stdout="closed",
        says='"message": "Error: stdout cannot be written: Bad file descriptor.',
    ),
    "a run whose stdout is full": Case(
        flags=VALIDATE, stdout="full", says=f"Error: stdout cannot be written: {NO_ROOM}."
    ),
    "a run whose stderr is full": Case(flags=VALIDATE[:2], stderr="full"),
    "a run whose second copy is a full device": Case(
        flags=(*VALIDATE, "--output-file", str(FULL)),
        says=f"Error: The results cannot be written to {FULL}: {NO_ROOM}.",
    ),
    "a refused command whose stderr is full": Case(flags=REFUSED, stderr="full"),
    "a refused command whose stderr is closed": Case(flags=REFUSED, stderr="closed"),
    "a refused command whose streams are both full": Case(
        flags=REFUSED, stdout="full", stderr="full"
    ),
    "a refused command whose streams are both closed": Case(
        flags=REFUSED, stdout="closed", stderr="closed"
    ),
    "an unknown flag whose stderr is full": Case(flags=("--nonsense",), stderr="full"),
    "an unknown flag whose stderr is a closed pipe": Case(flags=("--nonsense",), stderr="broken"),
}


@contextmanager
def opened(kind: str) -> Iterator[int]:
    """Yield what subprocess takes as a stream of this kind."""
    if kind in ("pipe", "closed"):
        yield subprocess.PIPE
        return
    if kind == "full":
        fd = os.open(FULL, os.O_WRONLY)
    else:
        read, fd = os.pipe()
        os.close(read)
    try:
        yield fd
    finally:
        os.close(fd)


def command_of(case: Case, folder: Path) -> list[str]:
    command = [*RUNNER, "--output-dir", str(folder / "out"), *case.flags]
    closed = [name for name in ("stdout", "stderr") if getattr(case, name) == "closed"]
    if not closed:
        return command
    return ["sh", "-c", CLOSING["both" if len(closed) > 1 else closed[0]], "sh", *command]


@pytest.mark.parametrize("name", CASES)
def test_output_that_nobody_takes_is_one_line_and_no_traceback(name: str, tmp_path: Path) -> None:
    case = CASES[name]
    with opened(case.stdout) as stdout, opened(case.stderr) as stderr:
        ended = subprocess.run(
            command_of(case, tmp_path),
            env={**plain_environment(), "PATH": a_willing_terraform(tmp_path / "programs")},
            stdout=stdout,
            stderr=stderr,
            timeout=120,
            check=False,
        )
    said = (ended.stderr or b"").decode().splitlines()
    assert ended.returncode == 2, said
    assert case.says in (said[-1] if said else "")
    assert len(said) == bool(case.says), said
    assert FULL.is_char_device()


def test_a_validation_asks_no_cloud_and_leaves_files_of_the_modes_that_its_user_wants(
    bare: CommandLine, tmp_path: Path
) -> None:
    """Not even where rows that were labelled since would be learnt."""
    before = os.umask(0o077)
    try:
        copy = tmp_path / "copy" / "results.json"
        outcome = bare.run(*VALIDATE, "--output-file", str(copy), **LEARNS_LABELLED_ROWS)
    finally:
        os.umask(before)
    assert outcome.exit_code == 0, outcome.stderr
    assert {each.name for each in outcome.folder.iterdir()} == EVERYTHING
    files = (copy, *outcome.folder.iterdir())
    assert {stat.S_IMODE(each.stat().st_mode) for each in files} == {0o600}
    folders = (copy.parent, outcome.folder)
    assert {stat.S_IMODE(each.stat().st_mode) for each in folders} == {0o700}
    assert not (tmp_path / "state").exists()


def test_without_a_named_folder_each_run_has_its_own_and_looking_leaves_the_latest(
    tmp_path: Path,
) -> None:
    def run(code: int, *flags: str) -> str:
        ended = subprocess.run(
            [*RUNNER, *flags],
            cwd=tmp_path,
            env={**plain_environment(), "AWS_ENDPOINT_URL": "http://127.0.0.1:9"},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert ended.returncode == code, ended.stderr
        return ended.stdout

    run(2, "--mode", "training", "--to", "previous")
    said = run(11, "--mode", "status")  # nobody answers
    out = tmp_path / "out"
    folders = [path for path in out.iterdir() if not path.is_symlink()]
    of_mode = {json.loads((path / "results.json").read_text())["mode"]: path for path in folders}
    refused, looked = of_mode["training"], of_mode["status"]
    assert {each.name for each in looked.iterdir()} == EVERYTHING
    assert f"Files: results.json, results.env, run.log in out/{looked.name}" in said
    assert (out / "latest").resolve() == refused
