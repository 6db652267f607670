"""What parliament, a linter of policies that nobody here wrote, says about all of them.

A finding is mended, or accepted in a table of docs/security.md. No network and no credentials.
"""

import json
import re
import subprocess
from typing import Any

import pytest

from pipeline.gateways.state_bucket import state_bucket_policy
from tests.support.iam_documents import (
    Documents,
    module_of,
    modules_that_write_policies,
    shared_documents,
)
from tests.support.iam_roles import EXECUTION_ROLE, KEY
from tests.support.project import PROJECT_ROOT

pytestmark = pytest.mark.terraform

Finding = tuple[str, str, str]
ROW = r"^\| ([A-Z_]+) \| `(.+?)` \| `(\w+)` \| [^|]+ \| \w+ \|$"
STATE_BUCKET = "state_bucket"


@pytest.fixture(scope="module")
def documents(tmp_path_factory: pytest.TempPathFactory) -> Documents:
    bucket = state_bucket_policy("mlops-state-111122223333-us-east-1", "aws")
    return {**shared_documents(tmp_path_factory), STATE_BUCKET: json.dumps(bucket)}


@pytest.fixture(scope="module")
def findings(documents: Documents) -> set[Finding]:
    return {
        (each["id"], short(each["policy"]), each["statement"])
        for each in parliament({name: named(name, text) for name, text in documents.items()})
    }


def parliament(documents: Documents) -> list[dict[str, str]]:
    subprocess.run([str(PROJECT_ROOT / "script" / "bootstrap-tools")], check=True, timeout=600)
    program = PROJECT_ROOT / "tests" / "support" / "parliament_findings.py"
    completed = subprocess.run(
        [str(PROJECT_ROOT / ".venv-tools" / "bin" / "python"), "-W", "ignore", str(program)],
        input=json.dumps(documents),
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert completed.returncode == 0, completed.stderr
    found: list[dict[str, str]] = json.loads(completed.stdout)
    return found


def named(name: str, text: str) -> str:
    """Name what AWS takes for granted: a trust policy is about its role, a key's about its key."""
    document: dict[str, Any] = json.loads(text)
    statements = [{"Resource": EXECUTION_ROLE, **each} for each in document["Statement"]]
    if "aws_kms_key_policy" in name:
        statements = [{**each, "Resource": KEY} for each in statements]
    return json.dumps({**document, "Statement": statements})


def short(address: str) -> str:
    """Return the address without module., instance keys and the attribute's name."""
    plain = re.sub(r"\[.*?\]", "", address).removeprefix("module.")
    return plain.removesuffix(".policy").replace("data.", "")


def test_parliament_finds_nothing_but_what_is_accepted(findings: set[Finding]) -> None:
    document = (PROJECT_ROOT / "docs" / "security.md").read_text(encoding="utf-8")
    accepted = re.findall(ROW, document, re.MULTILINE)
    assert findings == set(accepted)
    assert len(accepted) == len(set(accepted))


def test_parliament_has_read_the_policies_of_every_module(documents: Documents) -> None:
    modules = {module_of(name) for name in documents if name != STATE_BUCKET}
    assert modules == modules_that_write_policies()


def test_parliament_would_find_a_wildcard() -> None:
    statement = {"Sid": "All", "Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    found = parliament({"bad": document})
    assert [(each["id"], each["statement"]) for each in found] == [("RESOURCE_STAR", "All")]
