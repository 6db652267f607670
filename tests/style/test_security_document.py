"""docs/security.md: what proves a control is there, by the name that the document gives it."""

import re

import pytest

from tests.support.project import PROJECT_ROOT

TERRAFORM = PROJECT_ROOT / "terraform"
ROW = re.compile(r"^\| \[([x ])\] \| (.+?) \| .*? \| .*? \| (.*) \|$", re.MULTILINE)
NEVER = {"aws_iam_access_key", "aws_iam_user", "aws_sagemaker_notebook_instance"}

CONTROLS = ROW.findall((PROJECT_ROOT / "docs" / "security.md").read_text(encoding="utf-8"))
PYTHON_TESTS = {
    name
    for path in (PROJECT_ROOT / "tests").rglob("test_*.py")
    for name in re.findall(r"^def (test_\w+)", path.read_text(encoding="utf-8"), re.MULTILINE)
}


@pytest.mark.parametrize("proof", [proof for _, _, proof in CONTROLS])
def test_what_proves_a_control_is_there(proof: str) -> None:
    pointers = re.findall(r"`(.+?)`", proof)
    assert pointers
    assert [each for each in pointers if not is_there(each)] == []


def is_there(pointer: str) -> bool:
    """A Python test, `directory: run` of its Terraform tests, or `file: text` in that file."""
    place, colon, what = pointer.partition(": ")
    if not colon:
        return pointer in PYTHON_TESTS
    if (TERRAFORM / place).is_dir():
        files = (TERRAFORM / place / "tests").glob("*.tftest.hcl")
        return any(f'run "{what}"' in path.read_text(encoding="utf-8") for path in files)
    return what in (TERRAFORM / place).read_text(encoding="utf-8")


def test_a_pointer_to_nothing_is_seen() -> None:
    assert not is_there("test_that_nobody_wrote")
    assert not is_there("modules/storage: run_that_nobody_wrote")
    assert not is_there("modules/storage/policy.tf: statement that nobody wrote")


def test_every_row_of_the_checklist_is_read() -> None:
    text = (PROJECT_ROOT / "docs" / "security.md").read_text(encoding="utf-8")
    assert len(CONTROLS) == len(re.findall(r"^\| \[", text, re.MULTILINE)) > 30


def test_terraform_makes_no_notebooks_users_or_access_keys() -> None:
    text = "".join(path.read_text(encoding="utf-8") for path in TERRAFORM.rglob("*.tf"))
    made = set(re.findall(r'^resource "(\w+)"', text, re.MULTILINE))
    assert made
    assert not made & NEVER
