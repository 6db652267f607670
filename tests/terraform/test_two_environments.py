"""Two environments of two models each in one account, through the roots alone.

What one of them makes, changes or destroys is nobody else's: the plans of all others stay empty.
Minutes, so in script/soak; test_root_plans.py compares the names.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from pipeline.gateways.aws import Cloud
from pipeline.gateways.terraform import Engine
from tests.terraform.example_roots import named, store_model
from tests.terraform.resource_rows import QUESTIONS, held
from tests.terraform.root_settings import (
    ACCOUNT,
    FIRST,
    FOUNDATION,
    Values,
    everything_around,
    serving,
)
from tests.terraform.roots import Root

pytestmark = [
    pytest.mark.terraform,
    pytest.mark.emulated,
    pytest.mark.soak,
    pytest.mark.timeout(1800),
]

ENVIRONMENTS = ("production", "staging")
MODELS = ("iris", "prices")


@dataclass(kw_only=True)
class Account:
    """All roots of one account that are applied, by a name of their own, with their values."""

    cloud: Cloud
    engine: Engine
    environment: Mapping[str, str]
    folder: Path
    applied: dict[str, tuple[Root, Values]] = field(default_factory=dict)

    def apply(self, name: str, root: str, values: Values) -> None:
        folder = self.folder / name
        folder.mkdir()
        made = Root(root, self.engine, self.environment, folder)
        made.apply(values)
        self.applied[name] = (made, values)

    def add_environment(self, environment: str) -> None:
        groups = [f"trial-{environment}-{model}" for model in MODELS]
        values = FOUNDATION | {"environment": environment, "model_package_groups": groups}
        self.apply(environment, "foundation", values)
        for model in MODELS:
            self._add_endpoint(f"{model}-{environment}", model, environment)

    def _add_endpoint(self, endpoint: str, model: str, environment: str) -> None:
        """Serve with everything on around it, on what the foundation of the environment offers."""
        offered = self.applied[environment][0].terraform.outputs()
        values = serving(endpoint).tfvars()
        archive = store_model(self.cloud, offered["bucket"], f"artifacts/{model}/model.tar.gz")
        release = values["releases"][FIRST] | {
            "artifact_uri": archive,
            "execution_role_arn": offered["role_arn"],
            "kms_key_arn": offered["kms_key_arn"],
        }
        self.apply(endpoint, "serving", {**values, "releases": {FIRST: release}})
        around = everything_around(endpoint)
        alarms = {**around["alarms"], "rollback": {}}
        topics = {"topic_arns": offered["topic_arns"]}
        self.apply(f"around-{endpoint}", "surroundings", {**around, **topics, "alarms": alarms})

    def destroy_endpoint(self, endpoint: str) -> None:
        self.destroy(f"around-{endpoint}")
        self.destroy(endpoint)

    def destroy(self, name: str) -> None:
        root, values = self.applied.pop(name)
        root.destroy(values)

    def planned(self) -> dict[str, Any]:
        """Return what anybody would change, with the values before and after."""
        return {
            name: (planned, root.differences)
            for name, (root, values) in self.applied.items()
            if (planned := root.planned(values))
        }


@pytest.fixture
def account(
    cloud: Cloud, engine: Engine, terraform_environment: Mapping[str, str], tmp_path: Path
) -> Account:
    return Account(cloud=cloud, engine=engine, environment=terraform_environment, folder=tmp_path)


def test_nobody_touches_what_is_anothers(account: Account, cloud: Cloud) -> None:
    before = held(cloud, QUESTIONS), named(cloud)
    account.apply("account", "account", {"gitlab_url": ACCOUNT["gitlab_url"]})
    for environment in ENVIRONMENTS:
        account.add_environment(environment)
    assert account.planned() == {}

    account.destroy_endpoint("iris-staging")
    assert account.planned() == {}

    account.destroy_endpoint("prices-staging")
    account.destroy("staging")
    assert account.planned() == {}
    described = cloud.client("sagemaker").describe_endpoint(EndpointName="iris-production")
    assert described["EndpointStatus"] == "InService"

    for endpoint in ("iris-production", "prices-production"):
        account.destroy_endpoint(endpoint)
    for name in ("production", "account"):
        account.destroy(name)
    assert (held(cloud, QUESTIONS), named(cloud)) == before
