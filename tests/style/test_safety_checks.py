"""Each safety check has a quick test that falls where the check is removed (tests/mutants)."""

import subprocess
import sys

import pytest

from tests.mutants.checks import CHECKS, Check
from tests.support.project import PROJECT_ROOT

QUICK = (
    "truth: SageMaker says what serves, not Terraform",
    "fence: it is asked before the first write",
    "ledger: the head is replaced with If-Match",
    "lease: it is looked at before each apply",
    "reviewed plan: it is used once",
)


def broken(*names: str) -> str:
    """Return what the script prints, which must end well."""
    command = [sys.executable, "-m", "tests.mutants", *names]
    done = subprocess.run(command, cwd=PROJECT_ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    sys.stdout.write(done.stdout)
    return done.stdout


def test_there_are_29_checks_of_different_names() -> None:
    assert len({each.name for each in CHECKS}) == len(CHECKS) == 29


@pytest.mark.parametrize("check", CHECKS, ids=lambda each: each.name)
def test_each_check_can_be_removed_and_has_its_test(check: Check) -> None:
    compile(check.removed(), check.file, "exec")
    assert check.is_named


def test_the_checks_that_once_could_be_removed_unseen_are_seen() -> None:
    assert broken(*QUICK).endswith("5 of 5\n")


@pytest.mark.soak
def test_no_check_can_be_removed_unseen() -> None:
    assert broken().endswith("29 of 29\n")
