"""What scanners that nobody here wrote say about the Terraform: checkov, on code and on plans.

A finding is mended, or skipped beside its resource with id, reason and owner: test_modules.py sees
to that. No network and no credentials.
"""

import json
import shutil
import subprocess
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pytest

from pipeline.gateways.terraform import Engine
from tests.support.project import PROJECT_ROOT
from tests.terraform.plan_scan import unexplained
from tests.terraform.root_settings import SETTINGS
from tests.terraform.roots import Root

pytestmark = [pytest.mark.terraform, pytest.mark.emulated]

TERRAFORM = PROJECT_ROOT / "terraform"
Document = Mapping[str, Any]


def checkov(*arguments: str) -> dict[str, Document]:
    """Return the results of each framework."""
    subprocess.run([str(PROJECT_ROOT / "script" / "bootstrap-tools")], check=True, timeout=600)
    tools = PROJECT_ROOT / ".venv-tools" / "bin"
    # By its interpreter: a script's first line bears no space in the path of the checkout.
    program = [str(tools / "python"), str(tools / "checkov"), "--skip-download"]
    completed = subprocess.run(
        [*program, "--output", "json", *arguments], capture_output=True, text=True, timeout=300
    )
    printed = json.loads(completed.stdout)
    reports = printed if isinstance(printed, list) else [printed]
    return {each["check_type"]: each["results"] for each in reports}


def production_plan(
    name: str, engine: Engine, environment: Mapping[str, str], folder: Path
) -> Document:
    """Return the plan of a root with production's settings, where nothing is yet."""
    thrifty = {"GOGC": "400", **environment}
    root = Root(name, engine, thrifty, folder, profile="production")
    files = root.variable_files(SETTINGS[name]["production"])
    assert root.terraform.plan(var_files=files, out=folder / "plan")
    return root.terraform.show(folder / "plan")


@pytest.fixture(scope="module")
def serving_plan(
    engine: Engine,
    terraform_environment: Mapping[str, str],
    tmp_path_factory: pytest.TempPathFactory,
) -> Document:
    folder = tmp_path_factory.mktemp("serving")
    return production_plan("serving", engine, terraform_environment, folder)


@pytest.fixture(scope="module")
def report(serving_plan: Document, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Document]:
    """Return checkov's report on all roots and modules and on the plan of serving."""
    folder = tmp_path_factory.mktemp("scanned") / "terraform"
    shutil.copytree(TERRAFORM, folder, ignore=shutil.ignore_patterns(".terraform"))
    (folder / "serving.json").write_text(json.dumps(serving_plan))
    frameworks = ("--framework", "terraform", "terraform_plan")
    return checkov("--directory", str(folder), *frameworks)


def said(failed: Iterable[Document]) -> list[str]:
    return [f"{each['check_id']} {each['resource']}: {each['check_name']}" for each in failed]


def test_checkov_finds_nothing_in_the_code(report: dict[str, Document]) -> None:
    assert said(report["terraform"]["failed_checks"]) == []
    assert report["terraform"]["parsing_errors"] == []


def test_checkov_has_looked_at_what_matters(report: dict[str, Document]) -> None:
    passed = report["terraform"]["passed_checks"]
    seen = {Path(each["file_path"]).parent.as_posix() for each in passed}
    assert seen >= {f"/modules/{name}" for name in ("endpoint", "identity", "network", "storage")}
    assert len(passed) > 150


def test_checkov_finds_nothing_in_the_plan_of_production_s_endpoint(
    report: dict[str, Document], serving_plan: Document
) -> None:
    results = report["terraform_plan"]
    assert list(unexplained("serving", serving_plan, results["failed_checks"])) == []
    assert {each["resource"].split(".")[-2] for each in results["passed_checks"]} >= {
        "aws_cloudwatch_metric_alarm",
        "aws_sagemaker_endpoint_configuration",
        "aws_sagemaker_model",
    }


@pytest.mark.soak
@pytest.mark.parametrize("name", ["account", "foundation", "surroundings"])
def test_checkov_finds_nothing_in_the_plan_of_a_production_root(
    name: str, engine: Engine, terraform_environment: Mapping[str, str], tmp_path: Path
) -> None:
    plan = production_plan(name, engine, terraform_environment, tmp_path)
    (tmp_path / "plan.json").write_text(json.dumps(plan))
    arguments = ("--file", str(tmp_path / "plan.json"), "--framework", "terraform_plan")
    results = checkov(*arguments)["terraform_plan"]
    assert list(unexplained(name, plan, results["failed_checks"])) == []
    assert len(results["passed_checks"]) > 20


def test_finding_of_a_plan_counts_unless_its_own_module_excepts_it(serving_plan: Document) -> None:
    address = next(
        each["address"]
        for each in serving_plan["resource_changes"]
        if each["type"] == "aws_sagemaker_model"
    )
    failed = [
        {
            "check_id": check,
            "check_name": "name",
            "check_result": {"evaluated_keys": ["tags"]},
            "resource": address,
        }
        for check in ("CKV_AWS_370", "CKV_AWS_18")
    ]
    found = list(unexplained("serving", serving_plan, failed))
    assert found == [f"CKV_AWS_18 {address}: name"]
