"""What checkov fails of a plan, beyond what the code itself excepts and what no plan can know yet.

checkov's own way from a plan back to the code goes by type and name alone, and takes a bucket of
one module for that of another. Here it goes by the module that the resource's address names.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from tests.support.project import PROJECT_ROOT

TERRAFORM = PROJECT_ROOT / "terraform"
_SKIP = re.compile(r"#checkov:skip=(\w+):")


def unexplained(
    root: str, plan: Mapping[str, Any], failed: Iterable[Mapping[str, Any]]
) -> Iterator[str]:
    """Yield the failed checks of a root's plan that nothing in its code excepts."""
    changes = {each["address"]: each["change"] for each in plan["resource_changes"]}
    for each in failed:
        address, check = each["resource"], each["check_id"]
        folder = _folder_of(address, root=root, plan=plan)
        if check not in _skips_in(folder) and not _is_unknown(changes[address], each):
            yield f"{check} {address}: {each['check_name']}"


def _folder_of(address: str, *, root: str, plan: Mapping[str, Any]) -> Path:
    """Return where the module of a resource lies: its source is relative to the module before."""
    folder, module = TERRAFORM / root, plan["configuration"]["root_module"]
    for name in re.findall(r"(?:^|\.)module\.(\w+)", address):
        call = module["module_calls"][name]
        folder, module = folder / call["source"], call["module"]
    return folder.resolve()


def _skips_in(folder: Path) -> set[str]:
    return {check for path in folder.glob("*.tf") for check in _SKIP.findall(path.read_text())}


def _is_unknown(change: Mapping[str, Any], failed: Mapping[str, Any]) -> bool:
    """Tell whether the check read what is only known after the apply, such as a key's ARN."""
    keys = {key.split("/")[0] for key in failed["check_result"].get("evaluated_keys", ())}
    return any(change["after_unknown"].get(key) is True for key in keys)
