"""A run that is ended in the middle of a deployment, politely or not: the next one settles it."""

import signal

from tests.e2e.story import Story
from tests.emulated.embedded import eventually


def test_a_first_deployment_that_was_terminated_is_followed_by_one_that_works(
    story: Story, trained_job: str
) -> None:
    running = story.command.start("--mode", "deployment", "--training-job", trained_job)
    eventually(story.status, lambda status: status == "Creating", limit_s=120)
    running.process.send_signal(signal.SIGTERM)
    ended = running.ended()
    assert (ended.exit_code, ended.results["pipeline_status"]) == (143, "interrupted")

    after = story.deploy(trained_job)
    assert after.exit_code == 0
    assert story.serves(after.release)


def test_an_update_whose_run_was_killed_is_followed_by_one_that_works(
    story: Story, other_job: str
) -> None:
    running = story.command.start("--mode", "deployment", "--training-job", other_job)
    eventually(story.status, lambda status: status == "Updating", limit_s=120)
    running.process.kill()
    assert running.ended().exit_code == -signal.SIGKILL

    after = story.deploy(other_job)
    assert after.exit_code == 0
    assert story.serves(after.release)
