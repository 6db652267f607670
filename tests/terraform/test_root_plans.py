"""What each root makes with local and with production's settings, and what it refuses to plan."""

import re
from itertools import combinations

import pytest

from tests.terraform.offline import OfflineTerraform
from tests.terraform.root_plans import (
    COMMAND,
    FOLDER,
    INVENTORIES,
    Planned,
    Plans,
    assignments,
    inventory,
    plan_file,
    planned,
    readme_files,
    settings_files,
)
from tests.terraform.root_settings import (
    ACCOUNT,
    ALARMS,
    FIRST,
    FOUNDATION,
    GITLAB,
    PIPELINE,
    SCALING,
    SETTINGS,
    Values,
    everything_around,
    serving,
)

pytestmark = pytest.mark.terraform

# What AWS tells resources of one type apart by, beside the names of what they belong to.
TELLS_APART = ("alarm_name", "bucket", "dashboard_name", "model_package_group_name", "name", "url")
BELONGS_TO = ("arn", "policy_name", "resource_id", "rule", "target_id")
NAMED_WITHIN_ITS_ROLE = "aws_iam_role_policy"
SERVING = serving("iris-production").tfvars()
AROUND = everything_around("iris-production")
NIGHT = {"max_capacity": 1, "min_capacity": 1, "schedule": "cron(at night)"}
# A plan refuses together what does not hang together.
REFUSED: dict[str, Values] = {
    "account.bad": {**ACCOUNT, "budget": {"emails": ["nobody"], "limit_usd": 500}},
    "foundation.bad": {
        **FOUNDATION,
        "gitlab": {"deploy_branch": "*", "oidc_provider_arn": GITLAB, "project_path": "project"},
        "environment": "production-of-16",
        "key_deletion_window_days": 6,
        "network": {
            "availability_zones": ["ap-southeast-1a", "ap-southeast-1b"],
            "cidr_block": "10.0.0.0/8",
        },
        "project": "project-of-16-le",
        "region": "ap-southeast-1",
        "retraining": {"pipeline": PIPELINE, "schedules": {"night": {"expression": "at night"}}},
        "subscriptions": {"team": {"endpoint": "nobody", "protocol": "email"}},
    },
    "serving.empty": {**SERVING, "releases": {}},
    "serving.long": {**SERVING, "endpoint_name": "e" * 36},
    "serving.odd": {
        **SERVING,
        "deployment": {**SERVING["deployment"], "step_percentage": 60},
        "live_config": "gone-n1",
    },
    "serving.unknown": {
        **SERVING,
        "endpoint_configs": {"gone-n1": {"instance_count": 1, "release": "gone"}},
    },
    "surroundings.bad": {
        **AROUND,
        "instance_count": 0,
        "release_ids": ["two words"],
        "instance_type": "m5.large",
    },
    "surroundings.loud": {**AROUND, "alarms": {**ALARMS, "thresholds": {"error_rate": -0.01}}},
    "surroundings.odd": {
        **AROUND,
        "autoscaling": {**SCALING, "min_capacity": 7, "schedules": {"night": NIGHT}},
        "dashboard": {"releases": {FIRST: "yesterday"}},
    },
}
SENTENCES = (
    # account
    "The budget must name one to ten email addresses such as team@example.com.",
    # foundation
    "The subscriptions by email must have an address such as team@example.com as their endpoint.",
    "The schedules must have an expression cron(minute hour day-of-month month day-of-week year)",
    "With logs, the names of project, environment and region must have at most 43 characters",
    "The deploy branch must be the name of one branch",
    "The project path must be the full path of one GitLab project, for example group/project;",
    "The deletion window must be between 7 and 30 days",
    "The CIDR block must be an IPv4 range with a prefix of 16 to 24 bits",
    # serving
    "releases must hold at least one release.",
    f"live_config must be a key of endpoint_configs: {FIRST}-n2.",
    f"Each endpoint_configs entry must name a key of releases: {FIRST}.",
    "deployment.step_percentage must be 1 to 50 for canary, 10 to 50 for linear,",
    "endpoint_name and the key of an endpoint config together must be at most 62 characters:",
    # surroundings
    "instance_count must be a whole number of 1 or more.",
    "instance_type must be a SageMaker type, such as ml.m5.large.",
    "The release_ids must be letters, digits or inner hyphens.",
    "In autoscaling and its schedules, min_capacity must be at most max_capacity.",
    "In autoscaling.schedules, schedule must be cron(minute hour day-of-month month",
    "The thresholds must be 0 or more, or null to turn the alarm off.",
    "The times of releases must be in UTC",
)


@pytest.fixture(scope="module")
def plans(offline: OfflineTerraform) -> Plans:
    refused = {
        name: plan_file(name.split(".")[0], assignments(values), environment="production")
        for name, values in REFUSED.items()
    }
    return planned(offline, settings_files() | readme_files() | refused)


@pytest.mark.parametrize("name", INVENTORIES)
def test_root_makes_what_its_inventory_lists(plans: Plans, name: str) -> None:
    listed = (FOLDER / f"{name}.txt").read_text(encoding="utf-8")
    assert inventory(plans.created[name]) == listed, f"where that is wanted, run {COMMAND}"


def test_every_inventory_belongs_to_a_setting() -> None:
    assert sorted(path.stem for path in FOLDER.glob("*.txt")) == sorted(INVENTORIES)


@pytest.mark.parametrize("root", SETTINGS)
def test_root_plans_what_its_readme_says_to_set(plans: Plans, root: str) -> None:
    assert plans.created[f"{root}.readme"]


@pytest.mark.parametrize("root", ["foundation", "serving", "surroundings"])
def test_no_name_of_one_environment_or_model_is_one_of_another(plans: Plans, root: str) -> None:
    named = [names(plans.created[f"{root}.{setting}"]) for setting in SETTINGS[root]]
    assert sum(1 for each in named if each) >= 2  # nothing surrounds an endpoint locally
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


@pytest.mark.parametrize("sentence", SENTENCES)
def test_bad_input_is_refused_with_the_name_and_the_allowed_values(
    plans: Plans, sentence: str
) -> None:
    assert sentence in plans.refusals


def test_one_mistake_in_a_root_gets_one_sentence(plans: Plans) -> None:
    assert plans.created.keys().isdisjoint(REFUSED)
    assert plans.refusals.count("Error:") == len(SENTENCES)
