"""Which mirror is found on a machine, and which configuration Terraform is given for it."""

import json
import re
from pathlib import Path

import pytest

from pipeline.gateways.provider_mirror import (
    PROVIDER_VERSION,
    cli_environment,
    find_mirror,
    usual_prefixes,
)
from tests.support.provider_mirrors import HOST, TARGET, a_packed_mirror, an_unpacked_mirror


def chosen(home: Path, **environment: str) -> dict[str, str]:
    """Return the variables for a machine that can have a mirror only below `home`/opt."""
    return cli_environment(environment, home=home, folder=home / "run", prefixes=[home / "opt"])


def configuration(variables: dict[str, str]) -> str:
    return Path(variables["TF_CLI_CONFIG_FILE"]).read_text(encoding="utf-8")


def test_an_unpacked_mirror_is_found(tmp_path: Path) -> None:
    assert find_mirror([an_unpacked_mirror(tmp_path)]) == tmp_path


def test_a_packed_mirror_is_found(tmp_path: Path) -> None:
    assert find_mirror([a_packed_mirror(tmp_path)]) == tmp_path


@pytest.mark.parametrize("place", [".", "tf-plugins", "terraform/plugins"])
def test_a_mirror_is_found_up_to_two_folders_deep(tmp_path: Path, place: str) -> None:
    mirror = an_unpacked_mirror(tmp_path / place)
    assert find_mirror([tmp_path]) == mirror


def test_a_mirror_three_folders_deep_is_not_looked_for(tmp_path: Path) -> None:
    an_unpacked_mirror(tmp_path / "a" / "b" / "c")
    assert find_mirror([tmp_path]) is None


def test_the_nearest_mirror_wins(tmp_path: Path) -> None:
    near, far = an_unpacked_mirror(tmp_path / "near"), an_unpacked_mirror(tmp_path / "far")
    assert find_mirror([near, far]) == near


def test_another_version_of_the_provider_is_no_mirror(tmp_path: Path) -> None:
    an_unpacked_mirror(tmp_path, version="5.99.0")
    assert find_mirror([tmp_path]) is None


def test_a_provider_for_another_platform_is_no_mirror(tmp_path: Path) -> None:
    an_unpacked_mirror(tmp_path / "unpacked", target="plan9_mips")
    a_packed_mirror(tmp_path / "packed", target="plan9_mips")
    assert find_mirror([tmp_path]) is None


def test_a_mirror_without_the_program_itself_is_passed_over(tmp_path: Path) -> None:
    empty = tmp_path / "empty" / HOST / "hashicorp" / "aws" / PROVIDER_VERSION / TARGET
    empty.mkdir(parents=True)
    whole = an_unpacked_mirror(tmp_path / "whole")
    assert find_mirror([tmp_path / "empty", whole]) == whole


def test_a_mirror_behind_a_symbolic_link_is_found(tmp_path: Path) -> None:
    an_unpacked_mirror(tmp_path / "real")
    (tmp_path / "opt").mkdir()
    (tmp_path / "opt" / "plugins").symlink_to(tmp_path / "real")
    assert find_mirror([tmp_path / "opt"]) == tmp_path / "opt" / "plugins"


def test_loops_of_symbolic_links_end(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).symlink_to(tmp_path)
    (tmp_path / "itself").symlink_to(tmp_path / "itself")
    mirror = an_unpacked_mirror(tmp_path / "plugins")
    assert find_mirror([tmp_path / "plugins"]) == mirror
    assert find_mirror([tmp_path]) is not None


def test_an_unreadable_folder_hides_only_itself(tmp_path: Path) -> None:
    closed = an_unpacked_mirror(tmp_path / "closed")
    mirror = an_unpacked_mirror(tmp_path / "open")
    closed.chmod(0o000)
    found = find_mirror([tmp_path])
    closed.chmod(0o755)
    assert found in (mirror, closed)  # an administrator may read it all the same


def test_folders_that_are_files_or_not_there_are_passed_over(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    mirror = an_unpacked_mirror(tmp_path / "plugins")
    assert find_mirror([tmp_path / "file", tmp_path / "absent", mirror]) == mirror


def test_the_users_own_configuration_is_used(tmp_path: Path) -> None:
    own = tmp_path / "own.tfrc"
    own.touch()
    assert chosen(tmp_path, TF_CLI_CONFIG_FILE=str(own)) == {"TF_CLI_CONFIG_FILE": str(own)}


def test_a_relative_name_still_holds_in_terraforms_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "own.tfrc").touch()
    given = chosen(tmp_path, TF_CLI_CONFIG_FILE="own.tfrc")
    assert given == {"TF_CLI_CONFIG_FILE": str(tmp_path / "own.tfrc")}


def test_a_configuration_at_home_is_left_to_terraform(tmp_path: Path) -> None:
    (tmp_path / ".terraformrc").touch()
    an_unpacked_mirror(tmp_path / "opt")
    assert chosen(tmp_path, TF_CLI_CONFIG_FILE="/absent/terraform.rc") == {}


@pytest.mark.parametrize("named", [{}, {"TF_CLI_CONFIG_FILE": "/absent/terraform.rc"}])
def test_a_mirror_is_written_into_a_configuration(tmp_path: Path, named: dict[str, str]) -> None:
    mirror = an_unpacked_mirror(tmp_path / "opt")
    text = configuration(chosen(tmp_path, **named))
    assert f'path    = "{mirror}"' in text
    assert f'exclude = ["{HOST}/hashicorp/aws"]' in text


@pytest.mark.parametrize("name", ['q"uote', "sp ace", "back\\slash", "${x", "%{x}", "ä", "a\nb"])
def test_the_name_of_a_mirror_stays_one_text(tmp_path: Path, name: str) -> None:
    mirror = an_unpacked_mirror(tmp_path / "opt" / name)
    text = configuration(chosen(tmp_path))
    found = re.search(r"path    = (.*)", text)
    assert found is not None
    assert json.loads(found.group(1)) == str(mirror)
    assert "${" not in text


def test_a_mirror_is_looked_for_where_terraform_itself_looks(tmp_path: Path) -> None:
    mirror = an_unpacked_mirror(tmp_path / ".terraform.d" / "plugins")
    assert find_mirror(usual_prefixes(tmp_path)) == mirror


def test_without_a_mirror_what_comes_from_the_registry_is_kept(tmp_path: Path) -> None:
    cache = Path(chosen(tmp_path)["TF_PLUGIN_CACHE_DIR"])
    assert cache.is_dir()
    assert not any(cache.is_relative_to(prefix) for prefix in usual_prefixes(tmp_path))


def test_the_users_own_cache_is_used(tmp_path: Path) -> None:
    named = {"TF_PLUGIN_CACHE_DIR": str(tmp_path / "cache")}
    assert chosen(tmp_path, **named) == named


def test_a_home_that_cannot_be_written_gets_no_cache(tmp_path: Path) -> None:
    (tmp_path / ".cache").touch()
    assert chosen(tmp_path) == {}
