"""The new release serves, and fails its tests: back by itself, or with the words that tell how."""

import shlex
from pathlib import Path

import pytest

from tests.e2e import user_code
from tests.e2e.callers import Callers
from tests.e2e.story import Story

IMPOSSIBLE = {"MLOPS_TESTING__MINIMUM_PREDICTION_ACCURACY": "1.0"}


@pytest.mark.soak
def test_without_an_earlier_release_the_run_says_that_nothing_good_serves(
    story: Story, trained_job: str
) -> None:
    failed = story.deploy(trained_job, **IMPOSSIBLE)
    assert failed.exit_code == 6
    assert failed.variables["MLOPS_TESTS"] == "failed"
    assert failed.results["summary"]["testing_passed"] is False
    assert "no earlier healthy release" in failed.error
    assert story.serves(failed.release)


def test_the_earlier_release_serves_again_by_itself_and_callers_see_nothing_of_it(
    serving: Story, other_job: str
) -> None:
    earlier = serving.serving_model()
    with Callers(serving) as callers:
        # A person went back from this one before: only --force deploys it again.
        failed = serving.deploy(other_job, "--force", **IMPOSSIBLE)
    assert callers.failures == []
    assert callers.count > 10
    assert failed.exit_code == 5
    done = failed.deployment["deployment_results"]
    assert done["status"] == "rolled_back"
    assert failed.results["summary"]["deployment_occurred"] is False
    assert serving.serves(done["rolled_back_to"])
    assert serving.serving_model() == earlier


@pytest.mark.soak
def test_with_rollback_switched_off_the_message_is_the_command_to_type(
    serving: Story, other_job: str, tmp_path: Path
) -> None:
    earlier = serving.serving_model()
    own = user_code.configured(tmp_path, rollback_on_failure=False)
    failed = serving.deploy(other_job, "--force", *own, **IMPOSSIBLE)
    assert failed.exit_code == 6
    assert serving.serves(failed.release)

    typed = failed.error.partition("To go back, type: ")[2]
    assert f"ENDPOINT_PREFIX={serving.prefix}" in shlex.split(typed)
    assert own[1] in shlex.split(typed)
    assert serving.command.typed(typed).exit_code == 0
    assert serving.serving_model() == earlier
