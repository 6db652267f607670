"""What each root makes with local and with production's settings: each address, each name."""

import re
from collections.abc import Mapping
from itertools import combinations

import pytest

from tests.terraform.inventories import COMMAND, FOLDER, INVENTORIES, Planned, inventory, planned
from tests.terraform.offline import offline_terraform
from tests.terraform.root_settings import SETTINGS

pytestmark = pytest.mark.terraform

# What AWS tells resources of one type apart by, beside the names of what they belong to.
TELLS_APART = ("alarm_name", "bucket", "dashboard_name", "model_package_group_name", "name", "url")
BELONGS_TO = ("arn", "policy_name", "resource_id", "rule", "target_id")
NAMED_WITHIN_ITS_ROLE = "aws_iam_role_policy"


@pytest.fixture(scope="module")
def plans(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, list[Planned]]:
    return planned(offline_terraform(tmp_path_factory.mktemp("planned")), SETTINGS)


@pytest.mark.parametrize("name", INVENTORIES)
def test_root_makes_what_its_inventory_lists(plans: Mapping[str, list[Planned]], name: str) -> None:
    listed = (FOLDER / f"{name}.txt").read_text(encoding="utf-8")
    assert inventory(plans[name]) == listed, f"where that is wanted, run {COMMAND}"


def test_every_inventory_belongs_to_a_setting() -> None:
    assert sorted(path.stem for path in FOLDER.glob("*.txt")) == sorted(INVENTORIES)


@pytest.mark.parametrize("root", ["foundation", "serving"])
def test_no_name_of_one_environment_or_model_is_one_of_another(
    plans: Mapping[str, list[Planned]], root: str
) -> None:
    named = [names(plans[f"{root}.{setting}"]) for setting in SETTINGS[root]]
    assert all(named)
    assert [one & other for one, other in combinations(named, 2) if one & other] == []


def names(resources: list[Planned]) -> set[tuple[str, ...]]:
    """Return type and names of everything that has a name before it is made."""
    return {
        (kind(resource), *(resource.attributes.get(key, "") for key in (*TELLS_APART, *BELONGS_TO)))
        for resource in resources
        if any(key in resource.attributes for key in TELLS_APART)
        and kind(resource) != NAMED_WITHIN_ITS_ROLE
    }


def kind(resource: Planned) -> str:
    return re.sub(r"\[[^\]]*\]", "", resource.address).split(".")[-2]
