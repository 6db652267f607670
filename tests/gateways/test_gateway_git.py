"""Which of two commits came first, by a real repository."""

import subprocess
from pathlib import Path

import pytest

from pipeline.gateways import git


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    run(tmp_path, "init", "--quiet", "--initial-branch", "main")
    return tmp_path


def run(folder: Path, *words: str) -> str:
    who = ("-c", "user.name=ann", "-c", "user.email=ann@example.com")
    done = subprocess.run(
        ["git", *who, *words], cwd=folder, check=True, capture_output=True, text=True
    )
    return done.stdout.strip()


def commit(folder: Path, subject: str) -> str:
    run(folder, "commit", "--quiet", "--allow-empty", "--message", subject)
    return run(folder, "rev-parse", "HEAD")


def test_an_ancestor_is_older_and_nothing_else(repository: Path) -> None:
    first, second = commit(repository, "one"), commit(repository, "two")
    run(repository, "checkout", "--quiet", "-b", "aside", first)
    beside = commit(repository, "three")
    assert git.is_older(repository, first, than=second) is True
    assert git.is_older(repository, second, than=first) is False
    assert git.is_older(repository, second, than=second) is False
    assert git.is_older(repository, beside, than=second) is False


def test_what_git_does_not_know_it_does_not_compare(repository: Path, tmp_path: Path) -> None:
    known = commit(repository, "one")
    assert git.is_older(repository, known, than="f" * 40) is None
    assert git.is_older(repository, "--all", than=known) is None
    assert git.is_older(tmp_path / "..", known, than="f" * 40) is None
