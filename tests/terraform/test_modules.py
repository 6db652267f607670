"""Every root and module on its own: format, validity, tests and README. No AWS, no credentials."""

import re
import shutil
from pathlib import Path

import pytest

from tests.terraform import refusals
from tests.terraform.example_roots import tfvars_of
from tests.terraform.offline import TERRAFORM, OfflineTerraform
from tests.terraform.readme_tables import declared, with_tables

pytestmark = pytest.mark.terraform

DIRECTORIES = sorted(str(p.parent.relative_to(TERRAFORM)) for p in TERRAFORM.rglob("versions.tf"))
MODULES = [name for name in DIRECTORIES if name.startswith("modules/")]
REFUSING = [name for name in DIRECTORIES if (TERRAFORM / name / refusals.FILE).exists()]
TESTED = [name for name in DIRECTORIES if list((TERRAFORM / name).glob("tests/*.tftest.hcl"))]
# Asked for only so that what does not fit together is refused.
GUARDS = {("modules/autoscaling", "var.instance_type")}
# Validations and preconditions are looked at in a plan, and not by `terraform validate`.
PLANNED = """
mock_provider "aws" {
  mock_data "aws_iam_policy_document" {
    defaults = { json = "{}" }
  }

  mock_data "aws_partition" {
    defaults = { partition = "aws", reverse_dns_prefix = "com.amazonaws" }
  }
}

run "planned" {
  command = plan
}
"""
EXCEPTION = r"#\s*checkov:skip=(\w+): ?(.*) \(owner: (\w+)\)"
SENTENCE = r'  description = ("[A-Z].*\."|<<-EOT\n    [A-Z][^$]*?\.\n  EOT)\n'


@pytest.fixture(scope="module")
def terraform(offline: OfflineTerraform) -> OfflineTerraform:
    return offline


def test_all_terraform_is_formatted(terraform: OfflineTerraform) -> None:
    terraform.run(".", "fmt", "-check", "-recursive", "-diff", "-no-color")


@pytest.mark.parametrize("directory", TESTED)
def test_own_tests_of_the_directory_pass(terraform: OfflineTerraform, directory: str) -> None:
    terraform.init(directory)
    paths = sorted((TERRAFORM / directory).glob("tests/*.tftest.hcl"))
    names = [f"tests/{path.name}" for path in paths]
    chosen = [f"-filter={name}" for name in names if name != refusals.FILE]
    assert " 0 failed" in terraform.run(directory, "test", "-no-color", *chosen)


@pytest.mark.parametrize("directory", REFUSING)
def test_refusals_of_the_directory_pass(
    terraform: OfflineTerraform, directory: str, tmp_path: Path
) -> None:
    folder = refusals.write_variables(TERRAFORM / directory, tmp_path / "variables")
    completed = terraform.ended(folder, "refusals", "test", "-no-color")
    assert " 0 failed" in completed.stdout, completed.stdout + completed.stderr


@pytest.mark.parametrize("directory", REFUSING)
def test_refusals_also_run_where_the_directory_makes_policies(directory: str) -> None:
    """By hand they meet the whole directory, and a mocked policy is no JSON unless it is said."""
    texts = (path.read_text() for path in (TERRAFORM / directory).glob("*.tf"))
    makes_policies = any('data "aws_iam_policy_document"' in text for text in texts)
    said = (
        'mock_data "aws_iam_policy_document"' in (TERRAFORM / directory / refusals.FILE).read_text()
    )
    assert said or not makes_policies


@pytest.mark.soak
@pytest.mark.parametrize("directory", REFUSING)
def test_every_validation_of_the_directory_has_a_refusal(
    terraform: OfflineTerraform, directory: str, tmp_path: Path
) -> None:
    folder = refusals.write_variables(TERRAFORM / directory, tmp_path / "variables")
    variables = folder / "variables.tf"
    for less in refusals.without_each_validation(variables.read_text()):
        variables.write_text(less)
        completed = terraform.ended(folder, "refusals", "test", "-no-color")
        assert completed.exit_code == 1, f"Nobody misses a validation of:\n{less}"


def test_every_directory_has_tests_of_its_own() -> None:
    assert TESTED == DIRECTORIES  # `terraform test` validates first


def test_entrance_leads_to_every_directory() -> None:
    links = re.findall(r"\]\(([\w/]+)/README\.md\)", (TERRAFORM / "README.md").read_text())
    assert sorted(set(links)) == DIRECTORIES


@pytest.mark.parametrize("directory", DIRECTORIES)
def test_variables_are_alphabetical_typed_and_described(directory: str) -> None:
    variables = declared("variable", directory)
    assert list(variables) == sorted(variables)
    for name, body in variables.items():
        assert re.match(SENTENCE + r"  type ", body), name


@pytest.mark.parametrize("directory", DIRECTORIES)
def test_every_refusal_is_a_full_sentence(directory: str) -> None:
    for name, body in declared("variable", directory).items():
        for message in re.findall(r"error_message = (.*)", body):
            assert re.fullmatch(r'"[A-Za-z].* must .*\."', message), (name, message)


@pytest.mark.parametrize("directory", DIRECTORIES)
def test_outputs_are_alphabetical_and_described(directory: str) -> None:
    outputs = declared("output", directory)
    assert list(outputs) == sorted(outputs)
    for name, body in outputs.items():
        assert re.match(SENTENCE, body), name


@pytest.mark.parametrize("directory", DIRECTORIES)
def test_readme_has_the_tables_of_its_declarations(directory: str) -> None:
    found = (TERRAFORM / directory / "README.md").read_text()
    assert found == with_tables(directory), "Run .venv/bin/python -m tests.terraform.readme_tables"


def test_examples_of_all_module_readmes_can_be_planned_together(
    terraform: OfflineTerraform,
) -> None:
    examples = [example_of(directory) for directory in MODULES]
    folder = terraform.tree / "readmes"
    (folder / "tests").mkdir(parents=True)
    (folder / "main.tf").write_text("\n".join(examples))
    shutil.copy(TERRAFORM / MODULES[0] / "versions.tf", folder)  # names the provider to mock
    (folder / "tests" / "planned.tftest.hcl").write_text(PLANNED)
    assert all(re.search(r'^module "', example, re.MULTILINE) for example in examples)
    terraform.run("readmes", "fmt", "-check", "-diff", "-no-color")
    terraform.init("readmes")
    assert " 0 failed" in terraform.run("readmes", "test", "-no-color")


def example_of(directory: str) -> str:
    return tfvars_of((TERRAFORM / directory / "README.md").read_text())


@pytest.mark.parametrize("directory", ["account", "foundation"])
def test_examples_of_a_root_set_what_is_required(directory: str) -> None:
    variables = declared("variable", directory)
    readme = (TERRAFORM / directory / "README.md").read_text()
    examples = re.findall(r"^```hcl\n(.*?)^```$", readme, re.DOTALL | re.MULTILINE)
    names = set(re.findall(r"^(\w+)\s*=", "\n".join(examples), re.MULTILINE))
    required = {name for name, body in variables.items() if "\n  default " not in body}
    assert required <= names <= set(variables)


@pytest.mark.parametrize("directory", DIRECTORIES)
def test_nothing_is_declared_and_not_used(directory: str) -> None:
    text = "\n".join(path.read_text() for path in sorted((TERRAFORM / directory).glob("*.tf")))
    blocks = re.findall(r"^locals \{\n(.*?)^\}", text, re.DOTALL | re.MULTILINE)
    declarations = [
        *(f"var.{name}" for name in declared("variable", directory)),
        *(f"local.{name}" for each in blocks for name in re.findall(r"^  (\w+)\s+=", each, re.M)),
        *(f"data.{a}.{b}" for a, b in re.findall(r'^data "(\w+)" "(\w+)"', text, re.MULTILINE)),
    ]
    unused = {(directory, each) for each in declarations if not is_used(each, text)}
    assert unused <= GUARDS


def is_used(declaration: str, text: str) -> bool:
    """A variable that only its own validation reads is not used."""
    own = rf'^variable "{declaration.removeprefix("var.")}" \{{\n.*?^\}}\n'
    rest = re.sub(own, "", text, flags=re.DOTALL | re.MULTILINE)
    return re.search(rf"\b{declaration}\b", rest) is not None


def test_security_document_lists_every_exception() -> None:
    said = [
        f"| {control} | `{path.relative_to(TERRAFORM)}` | {reason} | {owner} |"
        for path in sorted(TERRAFORM.rglob("*.tf"))
        for control, reason, owner in re.findall(EXCEPTION, path.read_text())
    ]
    everywhere = "".join(path.read_text() for path in TERRAFORM.rglob("*.tf"))
    document = (TERRAFORM.parent / "docs" / "security.md").read_text()
    assert len(said) == everywhere.count("checkov:skip="), "an exception names no owner"
    assert re.findall(r"^\| CKV.*\|$", document, re.MULTILINE) == said


@pytest.mark.parametrize("environment", ["local", "production", "staging"])
def test_environment_sets_only_variables_that_the_foundation_has(environment: str) -> None:
    text = (TERRAFORM / "environments" / f"{environment}.tfvars").read_text()
    names = re.findall(r"^(\w+)\s*=", text, re.MULTILINE)
    assert names == sorted(names)
    assert set(names) <= set(declared("variable", "foundation"))


def test_production_keeps_its_data_and_rotates_its_key() -> None:
    text = (TERRAFORM / "environments" / "production.tfvars").read_text()
    settings = dict(re.findall(r"^(\w+)\s*= (\S+)$", text, re.MULTILINE))
    assert settings["bucket_force_destroy"] == "false"
    assert settings["key_rotation"] == "true"
