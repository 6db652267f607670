"""One embedded AWS for all Terraform tests, and the serving root driven as the runner drives it."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.gateways import provider_mirror
from pipeline.gateways.aws import Cloud, local_cloud
from pipeline.gateways.terraform import Engine, find_engine
from tests.support.embedded_aws import embedded_aws

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
