"""What scanners that nobody here wrote say about the Terraform: checkov, on the code.

A finding is mended, or skipped beside its resource with id, reason and owner: test_modules.py sees
to that. No network and no credentials.
"""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.support.embedded_aws import PROJECT_ROOT

pytestmark = pytest.mark.terraform

TERRAFORM = PROJECT_ROOT / "terraform"


@pytest.fixture(scope="module")
def report() -> dict[str, Any]:
    """Return checkov's report on all roots and modules."""
    subprocess.run([str(PROJECT_ROOT / "script" / "bootstrap-tools")], check=True, timeout=600)
    checkov = [str(PROJECT_ROOT / ".venv-tools" / "bin" / "checkov"), "--skip-download"]
    completed = subprocess.run(
        [*checkov, "--directory", str(TERRAFORM), "--framework", "terraform", "--output", "json"],
        capture_output=True,
        text=True,
        timeout=300,
    )
    document: dict[str, Any] = json.loads(completed.stdout)
    return document


def test_checkov_finds_nothing(report: dict[str, Any]) -> None:
    failed = [
        f"{each['check_id']} {each['resource']}: {each['check_name']}"
        for each in report["results"]["failed_checks"]
    ]
    assert failed == []
    assert report["results"]["parsing_errors"] == []


def test_checkov_has_looked_at_what_matters(report: dict[str, Any]) -> None:
    passed = report["results"]["passed_checks"]
    seen = {Path(each["file_path"]).parent.as_posix() for each in passed}
    assert seen >= {f"/modules/{name}" for name in ("endpoint", "identity", "network", "storage")}
    assert len(passed) > 150
