"""One embedded AWS for all Terraform tests, and the serving root driven as the runner drives it."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from emulator.tests.support.embedded_aws import embedded_aws
from pipeline.gateways import provider_mirror
from pipeline.gateways.aws import Cloud, local_cloud
from pipeline.gateways.terraform import Engine, Terraform, find_engine
from tests.support.project import PROJECT_ROOT
from tests.support.provider_process import provider_process
from tests.terraform.offline import OfflineTerraform, offline_terraform
from tests.terraform.recorder import Recorder, recording

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
    with attached(engine, terraform_environment, tmp_path_factory.mktemp("provider")) as found:
        yield found


@pytest.fixture(scope="session")
def recorder(cloud: Cloud) -> Recorder:
    return Recorder(str(cloud.endpoint_url))


@pytest.fixture(scope="session")
def recorded_environment(
    engine: Engine,
    terraform_environment: dict[str, str],
    recorder: Recorder,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[dict[str, str]]:
    """The same, with a provider whose calls are written down."""
    folder = tmp_path_factory.mktemp("recorded")
    with (
        recording(recorder) as url,
        attached(engine, terraform_environment, folder, AWS_ENDPOINT_URL=url) as found,
    ):
        yield found


@contextmanager
def attached(
    engine: Engine, environment: Mapping[str, str], folder: Path, **of_provider: str
) -> Iterator[dict[str, str]]:
    """Start a provider; yield the environment in which Terraform talks to it."""
    root = PROJECT_ROOT / "terraform" / "serving"
    Terraform(engine, root, data_dir=folder / "data", environment=environment).init(None)
    thrifty = {"GOGC": "400", **environment}
    with provider_process(folder / "data", thrifty | of_provider, folder) as how:
        yield thrifty | how


@pytest.fixture(scope="session")
def offline(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OfflineTerraform]:
    """Terraform without AWS, on one copy of the tree, with one process of the provider."""
    terraform = offline_terraform(tmp_path_factory.mktemp("offline"))
    with terraform.attached():
        yield terraform
