"""Terraform finds everything as it left it after the embedded AWS was stopped and started."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from emulator.tests.support.restarts import Server
from pipeline.gateways import provider_mirror
from pipeline.gateways.aws import local_cloud
from pipeline.gateways.terraform import find_engine
from tests.terraform.conftest import REGION, STATE_BUCKET
from tests.terraform.roots import Root
from tests.terraform.test_foundation import foundation_values

pytestmark = [pytest.mark.terraform, pytest.mark.emulated]


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    server = Server(state_dir=tmp_path / "state")
    yield server
    server.command("stop")


@pytest.mark.soak
def test_a_plan_after_a_restart_changes_nothing(server: Server, tmp_path: Path) -> None:
    embedded, _ = server.start()
    embedded.client("s3").create_bucket(Bucket=STATE_BUCKET)
    cloud = local_cloud(embedded.url, region=REGION, environment=os.environ)
    mirror = provider_mirror.cli_environment(os.environ, home=Path.home(), folder=tmp_path)
    environment = cloud.environment() | mirror
    engine = find_engine(search_path=os.environ.get("PATH"), environment=environment)
    foundation = Root("foundation", engine, environment, tmp_path)
    foundation.apply(foundation_values())
    server.command("stop")
    _, started = server.start()
    assert started["restored"] == "yes"
    assert foundation.planned(foundation_values()) == {}
