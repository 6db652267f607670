"""One provider version, one lowest Terraform: said in several places, the same in all of them."""

import re
from pathlib import Path

import pytest

from pipeline.core.images import VERSION as IMAGE_VERSION
from pipeline.gateways.provider_mirror import PROVIDER_VERSION
from pipeline.gateways.terraform import MINIMUM_VERSION
from tests.support.project import PROJECT_ROOT

TERRAFORM = PROJECT_ROOT / "terraform"
ROOTS = ("account", "foundation", "serving", "surroundings")
MODULES = sorted(path.name for path in (TERRAFORM / "modules").iterdir() if path.is_dir())
# What people run it on: Linux and macOS, on Intel and on ARM.
PLATFORMS = 4


def lock_file(root: str) -> str:
    return (TERRAFORM / root / ".terraform.lock.hcl").read_text(encoding="utf-8")


def versions(folder: Path) -> str:
    return (folder / "versions.tf").read_text(encoding="utf-8")


def only(pattern: str, text: str) -> str:
    found = re.findall(pattern, text, flags=re.MULTILINE)
    assert len(found) == 1, f"{pattern} is there {len(found)} times"
    return str(found[0])


def test_every_root_is_checked_here() -> None:
    assert tuple(sorted(path.parent.name for path in TERRAFORM.glob("*/versions.tf"))) == ROOTS


@pytest.mark.parametrize("root", ROOTS)
def test_the_lock_file_holds_the_version_that_mirrors_are_searched_for(root: str) -> None:
    assert only(r'^provider "(.*)" {', lock_file(root)).endswith("/hashicorp/aws")
    assert only(r'^  version     = "(.*)"', lock_file(root)) == PROVIDER_VERSION
    assert only(r'^  constraints = "(.*)"', lock_file(root)) == PROVIDER_VERSION


@pytest.mark.parametrize("root", ROOTS)
def test_the_root_asks_for_exactly_the_locked_version(root: str) -> None:
    asked = only(r'^ +version = "(.*)"', versions(TERRAFORM / root))
    assert asked == PROVIDER_VERSION


@pytest.mark.parametrize("root", ROOTS)
def test_the_lock_file_knows_the_provider_of_every_platform(root: str) -> None:
    assert len(set(re.findall(r'"h1:.*"', lock_file(root)))) >= PLATFORMS
    assert lock_file(root) == lock_file(ROOTS[0])


@pytest.mark.parametrize("module", MODULES)
def test_a_module_asks_for_no_later_version_and_for_none_that_is_not_known(module: str) -> None:
    asked = only(r'^ +version = "(.*)"', versions(TERRAFORM / "modules" / module))
    assert asked == f">= {PROVIDER_VERSION}, < 7.0.0"


@pytest.mark.parametrize("folder", [*ROOTS, *(f"modules/{module}" for module in MODULES)])
def test_the_lowest_terraform_is_the_one_that_the_runner_accepts(folder: str) -> None:
    lowest = only(r'required_version = ">= (\d+\.\d+)(?:\.0)?"', versions(TERRAFORM / folder))
    assert lowest == ".".join(map(str, MINIMUM_VERSION))


def test_the_image_has_the_scikit_learn_that_is_installed_here() -> None:
    pinned = only(
        r"^scikit-learn==(.*)$", (PROJECT_ROOT / "requirements.txt").read_text(encoding="utf-8")
    )
    assert pinned == IMAGE_VERSION.replace("-", ".")
