"""One embedded AWS for all Terraform tests, and the serving root driven as the runner drives it."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.gateways import provider_mirror
from pipeline.gateways.aws import Cloud, local_cloud
from pipeline.gateways.terraform import Engine, Terraform, find_engine
from tests.support.embedded_aws import PROJECT_ROOT, embedded_aws
from tests.support.provider_process import provider_process
from tests.terraform.offline import OfflineTerraform, offline_terraform

REGION = "us-east-1"
STATE_BUCKET = "terraform-test-state"


@pytest.fixture(scope="session")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    with embedded_aws(tmp_path_factory.mktemp("emulator"), EMULATOR_TIME_SCALE="100") as url:
        found = local_cloud(url, region=REGION, environment=os.environ)
        found.client("s3").create_bucket(Bucket=STATE_BUCKET)
        yield found


@pytest.fixture(scope="session")
def terraform_environment(cloud: Cloud, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    folder = tmp_path_factory.mktemp("terraform-cli")
    mirror = provider_mirror.cli_environment(os.environ, home=Path.home(), folder=folder)
    return cloud.environment() | mirror


@pytest.fixture(scope="session")
def engine(terraform_environment: dict[str, str]) -> Engine:
    return find_engine(search_path=os.environ.get("PATH"), environment=terraform_environment)


@pytest.fixture(scope="session")
def attached_environment(
    engine: Engine, terraform_environment: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, str]]:
    """The same, with one process of the provider for all commands that nobody interrupts."""
    folder = tmp_path_factory.mktemp("provider")
    terraform = Terraform(
        engine,
        PROJECT_ROOT / "terraform" / "serving",
        data_dir=folder / "data",
        environment=terraform_environment,
    )
    terraform.init(None)
    environment = {"GOGC": "400", **terraform_environment}
    with provider_process(folder / "data", environment, folder) as how:
        yield environment | how


@pytest.fixture(scope="session")
def offline(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OfflineTerraform]:
    """Terraform without AWS, on one copy of the tree, with one process of the provider."""
    terraform = offline_terraform(tmp_path_factory.mktemp("offline"))
    with terraform.attached():
        yield terraform
