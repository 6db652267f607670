"""The lock files: the same sums for all roots, with that of the package installed here."""

import base64
import hashlib
import re
from pathlib import Path

import pytest

from tests.terraform.offline import TERRAFORM, OfflineTerraform, offline_terraform

pytestmark = pytest.mark.terraform

ROOTS = sorted(
    path.parent
    for path in TERRAFORM.rglob("versions.tf")
    if "\nprovider " in "".join(each.read_text() for each in path.parent.glob("*.tf"))
)
# Linux, macOS, FreeBSD, OpenBSD and Windows on all processors that the provider is released for.
PLATFORMS = 14
LOCK_FILE = ".terraform.lock.hcl"
PACKAGE = "providers/registry.terraform.io/hashicorp/aws/*/*"


@pytest.fixture(scope="module")
def terraform(tmp_path_factory: pytest.TempPathFactory) -> OfflineTerraform:
    return offline_terraform(tmp_path_factory.mktemp("locks"))


def sums(kind: str) -> set[str]:
    """Return the sums of one kind: h1 of packages as they lie on a disk, zh of the archives."""
    text = (TERRAFORM / "serving" / LOCK_FILE).read_text(encoding="utf-8")
    return set(re.findall(rf'^    "({kind}:\S+)",$', text, re.MULTILINE))


def sum_of(package: Path) -> str:
    """Return what Terraform calls h1: the sum of the files' sums by name."""
    lines = []
    for path in sorted(each for each in package.rglob("*") if each.is_file()):
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        lines.append(f"{digest}  {path.relative_to(package).as_posix()}\n")
    return "h1:" + base64.b64encode(hashlib.sha256("".join(lines).encode()).digest()).decode()


@pytest.mark.parametrize("root", ROOTS, ids=lambda root: root.name)
def test_every_root_locks_the_same_packages(root: Path) -> None:
    assert (root / LOCK_FILE).read_bytes() == (TERRAFORM / "serving" / LOCK_FILE).read_bytes()


def test_every_platform_has_a_sum_of_its_package_and_of_its_archive() -> None:
    assert len(sums("h1")) == PLATFORMS
    assert len(sums("zh")) == PLATFORMS + 1  # and that of the release's manifest


def test_package_that_is_installed_here_has_its_sum_in_the_lock_file(
    terraform: OfflineTerraform,
) -> None:
    terraform.init("serving")
    (package,) = (terraform.tree.parent / "serving").glob(PACKAGE)
    installed = sum_of(package.resolve())
    assert installed in sums("h1")

    lock = terraform.tree / "serving" / LOCK_FILE
    lock.write_text(lock.read_text().replace(installed, "h1:" + "A" * 43 + "="))
    ended = terraform.ended(lock.parent, "other", "init", "-backend=false", "-lockfile=readonly")
    assert ended.exit_code == 1
    assert "checksums" in ended.stderr
