"""Every policy document that Terraform's modules write, rendered without AWS.

The root tests/support/policies uses each module that writes one; a `terraform test` plans it and
tells the plan. A document of things that are yet to be made is read from its statements.
"""

import json
import shutil
from collections.abc import Mapping
from typing import Any

import pytest

from tests.e2e.shared import Shared
from tests.support.project import PROJECT_ROOT
from tests.terraform.offline import OfflineTerraform, offline_terraform

ROOT = PROJECT_ROOT / "tests" / "support" / "policies"
MODULES = PROJECT_ROOT / "terraform" / "modules"

Documents = Mapping[str, str]


def shared_documents(factory: pytest.TempPathFactory) -> Documents:
    """Return address -> JSON; of several workers one renders."""
    base = factory.getbasetemp()
    folder = base.parent if base.name.startswith("popen-") else base
    folder = folder / "policies"
    folder.mkdir(exist_ok=True)

    def made() -> Documents:
        return rendered(offline_terraform(factory.mktemp("policies")))

    return Shared(folder=folder).once("documents", made)


def rendered(terraform: OfflineTerraform) -> Documents:
    """Return address -> JSON of every policy document."""
    place_root(terraform)
    printed = terraform.run("policies", "test", "-test-directory=.", "-json", "-verbose")
    events = [json.loads(line) for line in printed.splitlines()]
    plan = next(each["test_plan"] for each in events if each["type"] == "test_plan")
    found: dict[str, str] = {}
    for change in plan["resource_changes"]:
        found |= _documents_of(change["address"], change["change"]["after"] or {})
    return found


def place_root(terraform: OfflineTerraform) -> None:
    """Put the root beside the modules that it names, ready for commands."""
    shutil.copytree(ROOT, terraform.tree / "policies", dirs_exist_ok=True)
    terraform.init("policies")


def modules_that_write_policies() -> set[str]:
    texts = {path: path.read_text() for path in MODULES.glob("*/*.tf")}
    return {path.parent.name for path, text in texts.items() if '"aws_iam_policy_document"' in text}


def module_of(address: str) -> str:
    return address.split(".")[1]


def _documents_of(address: str, values: Mapping[str, Any]) -> Documents:
    if ".data.aws_iam_policy_document." in address:
        return {address: _from_statements(values["statement"])}
    return {
        f"{address}.{name}": value
        for name, value in values.items()
        if isinstance(value, str) and '"Statement"' in value
    }


def _from_statements(blocks: list[dict[str, Any]]) -> str:
    """Write the blocks of aws_iam_policy_document as the provider does."""
    statements = [_statement(block) for block in blocks]
    return json.dumps({"Version": "2012-10-17", "Statement": statements})


def _statement(block: Mapping[str, Any]) -> dict[str, Any]:
    assert not block["not_actions"], "the evaluator knows no NotAction"
    statement = {
        "Sid": block["sid"],
        "Effect": block["effect"] or "Allow",
        "Action": block["actions"],
        "Resource": block["resources"],
    }
    for principal in block["principals"]:
        everyone = principal["type"] == "*"
        named = {principal["type"]: principal["identifiers"]}
        statement["Principal"] = "*" if everyone else {**statement.get("Principal", {}), **named}
    for condition in block["condition"]:
        operator = statement.setdefault("Condition", {}).setdefault(condition["test"], {})
        values = condition["values"]
        operator[condition["variable"]] = values[0] if len(values) == 1 else values
    return statement
