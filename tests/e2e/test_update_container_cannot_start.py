"""An update whose container cannot start: who served goes on serving, and the bad one is barred."""

import pytest

from tests.e2e.callers import Callers
from tests.e2e.story import Story


@pytest.mark.soak
def test_an_update_that_fails_leaves_the_old_release_serving_and_is_barred(
    serving: Story, unloadable_job: str
) -> None:
    before = serving.described()
    with Callers(serving) as callers:
        failed = serving.deploy(unloadable_job)
    assert failed.exit_code == 5
    assert failed.deployment["deployment_results"]["status"] == "rolled_back"
    assert "the lookup table is not on this machine" in failed.error
    assert serving.described()["EndpointConfigName"] == before["EndpointConfigName"]
    assert serving.status() == "InService"
    assert callers.failures == []
    assert callers.count > 10

    after = serving.described()
    refused = serving.deploy(unloadable_job)
    assert refused.exit_code == 7
    assert "quarantined" in refused.error
    assert serving.described()["LastModifiedTime"] == after["LastModifiedTime"]
