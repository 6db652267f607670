"""A cloud of moto's own services for the containers: S3, CloudWatch Logs, CloudWatch."""

import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from moto.server import ThreadedMotoServer

from emulator.cloud import Cloud
from emulator.faults import Faults
from emulator.tests.support.containers_world import World


@pytest.fixture(scope="session")
def moto_url() -> Iterator[str]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def world(moto_url: str, tmp_path: Path) -> World:
    cloud = Cloud(
        account_id="123456789012",
        endpoint_url=moto_url,
        state_dir=tmp_path / "state",
        faults=Faults(),
        time_scale=60.0,
    )
    world = World(cloud=cloud, bucket=f"bucket-{uuid.uuid4().hex[:12]}")
    world.s3().create_bucket(Bucket=world.bucket)
    return world
