"""A first deployment whose container cannot start: its own last words, and the way on."""

import pytest

from tests.e2e.story import Story


@pytest.mark.soak
def test_a_first_deployment_that_fails_shows_the_containers_words_and_can_be_followed(
    story: Story, unloadable_job: str, trained_job: str
) -> None:
    failed = story.deploy(unloadable_job)
    assert failed.exit_code == 6
    assert failed.deployment["deployment_results"]["status"] == "failed"
    assert "the lookup table is not on this machine" in failed.error
    assert f"/aws/sagemaker/Endpoints/{story.endpoint}" in failed.error
    assert story.status() == "Failed"

    good = story.deploy(trained_job)
    assert good.exit_code == 0
    assert story.serves(good.release)
    assert story.ask()["predictions"] == ["virginica", "setosa"]
