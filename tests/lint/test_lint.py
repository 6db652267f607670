"""What reads the code without running it: one test, so that it runs beside those that wait."""

import subprocess

import pytest

from tests.support.project import PROJECT_ROOT


@pytest.mark.timeout(900)
def test_linters_and_type_checker_find_nothing() -> None:
    ended = subprocess.run(
        [str(PROJECT_ROOT / "script" / "lint")],
        cwd=PROJECT_ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout
