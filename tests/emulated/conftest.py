"""One embedded AWS for all tests of a session, started by its own command."""

from collections.abc import Iterator

import pytest

from tests.emulated.embedded import Embedded
from tests.support.embedded_aws import embedded_aws


@pytest.fixture(scope="session")
def embedded_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    state_dir = tmp_path_factory.mktemp("embedded-aws")
    with embedded_aws(state_dir, EMULATOR_TIME_SCALE="30") as endpoint_url:
        yield endpoint_url


@pytest.fixture
def embedded(embedded_url: str) -> Iterator[Embedded]:
    """The shared server, with no fault rules before and after."""
    cloud = Embedded(url=embedded_url)
    cloud.clear_faults()
    yield cloud
    cloud.clear_faults()
