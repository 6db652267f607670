"""What each root would make, planned with a mock provider: no AWS, no credentials.

`python -m tests.terraform.root_plans` writes tests/terraform/inventories/*.txt anew.
"""

import json
import re
import shutil
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.support.project import PROJECT_ROOT
from tests.terraform.offline import TERRAFORM, OfflineTerraform, offline_terraform
from tests.terraform.root_settings import SETTINGS

COMMAND = ".venv/bin/python -m tests.terraform.root_plans"
FOLDER = PROJECT_ROOT / "tests" / "terraform" / "inventories"
INVENTORIES = [f"{root}.{setting}" for root in SETTINGS for setting in ("local", "production")]
LOCK_FILE = ".terraform.lock.hcl"

_BLOCK = re.DOTALL | re.MULTILINE
_ATTRIBUTE = re.compile(r'^      \+ (\w+) += "(.*)"$', re.MULTILINE)
_CREATED = re.compile(r"^  # (\S[^\n]*) will be created\n(.*?)^    }$", _BLOCK)
_FILE = re.compile(r"^tests/(\S+)\.tftest\.hcl\.\.\. in progress$", re.MULTILINE)
_PASSED = 'run "planned"... pass'


@dataclass(frozen=True, kw_only=True)
class Planned:
    """A resource that a plan creates, with those attributes that are texts known beforehand."""

    address: str
    attributes: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class Plans:
    """What was planned, by name; what was refused, as one text without line breaks."""

    created: Mapping[str, list[Planned]]
    refusals: str


def settings_files() -> dict[str, str]:
    """Return a test of each root with each of its settings, by ROOT.SETTING."""
    return {
        f"{root}.{setting}": plan_file(root, assignments(values), environment=setting)
        for root, settings in SETTINGS.items()
        for setting, values in settings.items()
    }


def readme_files() -> dict[str, str]:
    """Return a test of what each root's README says to set, by ROOT.readme."""
    return {f"{root}.readme": _plan_of_readme(root) for root in SETTINGS}


def _plan_of_readme(root: str) -> str:
    readme = (TERRAFORM / root / "README.md").read_text(encoding="utf-8")
    blocks = [json.loads(block) for block in re.findall(r"^```json\n(.*?)^```$", readme, _BLOCK)]
    text = [assignments(block) for block in blocks]
    text += re.findall(r"^```hcl\n(.*?)^```$", readme, _BLOCK)
    return plan_file(root, "\n".join(text), environment="staging")


def assignments(values: Mapping[str, Any]) -> str:
    return "\n".join(f"{name} = {json.dumps(value)}" for name, value in values.items())


def planned(terraform: OfflineTerraform, files: Mapping[str, str]) -> Plans:
    """Plan all files in one process: each start of Terraform and its provider costs seconds."""
    for each in terraform.tree.glob("*/imports.tf"):
        each.unlink()  # a test plans a root as a module, and only a root may import
    tests = terraform.tree.parent / "planned" / "tests"
    tests.mkdir(parents=True)
    shutil.copy(TERRAFORM / "serving" / LOCK_FILE, tests.parent)
    (tests.parent / "main.tf").write_text("terraform {}\n")  # init does nothing in an empty folder
    for name, text in files.items():
        (tests / f"{name}.tftest.hcl").write_text(text)
    made = terraform.ended(tests.parent, "plans", "init", "-backend=false", "-no-color")
    assert made.exit_code == 0, made.stderr
    ended = terraform.ended(tests.parent, "plans", "test", "-verbose", "-no-color")
    said = _FILE.split(ended.stdout)[1:]
    created = {
        name: [
            Planned(address=address, attributes=dict(_ATTRIBUTE.findall(body)))
            for address, body in _CREATED.findall(text)
        ]
        for name, text in zip(said[::2], said[1::2], strict=True)
        if _PASSED in text
    }
    return Plans(created=created, refusals=" ".join(ended.stderr.split()))


def plan_file(root: str, given: str, *, environment: str) -> str:
    """Return a test of one plan; what a file of an environment says is below what is given."""
    mocks = (TERRAFORM / root / "tests" / f"{root}.tftest.hcl").read_text(encoding="utf-8")
    settings = TERRAFORM / "environments" / f"{environment}.tfvars"
    below = settings.read_text(encoding="utf-8") if root == "foundation" else ""
    return (
        mocks.split("\nvariables {")[0] + f"\nvariables {{\n{below}}}\n\n"
        'run "planned" {\n  command = plan\n\n'
        f'  module {{\n    source = "../terraform/{root}"\n  }}\n\n'
        f"  variables {{\n{given}\n  }}\n}}\n"
    )


def inventory(resources: list[Planned]) -> str:
    return "".join(f"{each}\n" for each in sorted(resource.address for resource in resources))


def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        terraform = offline_terraform(Path(folder))
        with terraform.attached():
            plans = planned(terraform, settings_files())
    for name in INVENTORIES:
        found = plans.created[name]
        path = FOLDER / f"{name}.txt"
        path.write_text(inventory(found), encoding="utf-8")
        sys.stdout.write(f"{path.relative_to(PROJECT_ROOT)}: {len(found)}\n")


if __name__ == "__main__":
    main()
