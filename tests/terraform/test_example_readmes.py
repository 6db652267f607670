"""What the README of each of terraform/examples tells its reader to write is what gets tested."""

import textwrap
from pathlib import Path

import pytest

from tests.terraform.example_roots import TERRAFORM, tfvars_of

EXAMPLES = sorted(path.parent for path in (TERRAFORM / "examples").glob("*/README.md"))


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.name)
@pytest.mark.parametrize("name", ["example", "refusals"])
def test_terraform_tests_start_from_the_tfvars_of_the_readme(example: Path, name: str) -> None:
    readme = tfvars_of((example / "README.md").read_text(encoding="utf-8"))
    tests = (example / "tests" / f"{name}.tftest.hcl").read_text(encoding="utf-8")
    assert f"\nvariables {{\n{textwrap.indent(readme, '  ')}}}\n" in tests


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.name)
def test_example_is_made_of_the_modules_alone(example: Path) -> None:
    text = "".join(path.read_text(encoding="utf-8") for path in sorted(example.glob("*.tf")))
    assert 'source = "../../modules/' in text or 'source   = "../../modules/' in text
    assert '\nresource "' not in text
