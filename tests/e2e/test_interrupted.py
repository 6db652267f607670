"""A run that is ended in the middle of a deployment, politely or not: the next one settles it."""

import re
import signal

import pytest

from emulator.tests.support.embedded import eventually
from tests.e2e.story import Story


@pytest.mark.soak
def test_a_run_that_was_terminated_or_killed_is_followed_by_one_that_works(
    plain_story: Story, trained_job: str, other_job: str
) -> None:
    a_terminated_first_deployment_and_the_next(plain_story, trained_job)
    a_killed_update_and_the_next(plain_story, other_job)


def a_terminated_first_deployment_and_the_next(story: Story, trained_job: str) -> None:
    running = story.command.start("--mode", "deployment", "--training-job", trained_job)
    eventually(story.status, lambda status: status == "Creating", limit_s=120)
    running.process.send_signal(signal.SIGTERM)
    ended = running.ended()
    assert (ended.exit_code, ended.results["pipeline_status"]) == (143, "interrupted")

    after = story.deploy(trained_job)
    assert after.exit_code == 0
    assert story.serves(after.release)


def a_killed_update_and_the_next(story: Story, other_job: str) -> None:
    running = story.command.start("--mode", "deployment", "--training-job", other_job)
    eventually(story.status, lambda status: status == "Updating", limit_s=120)
    running.process.kill()
    assert running.ended().exit_code == -signal.SIGKILL
    doctor = "\n".join(story.run("--mode", "doctor").results["listing"])
    assert re.search(r"ok +lease: free: run .* is dead; the next run takes it over", doctor)
    assert re.search(r"warning +endpoint: a move of .* is under way, or its run died", doctor)

    after = story.deploy(other_job)
    assert after.exit_code == 0
    assert story.serves(after.release)


def test_a_training_that_was_cut_off_is_taken_up_by_the_command_that_is_printed(
    story: Story,
) -> None:
    running = story.command.start("--mode", "training")
    stderr = running.process.stderr
    assert stderr is not None
    waits = (re.search(r"training job=(\S+) is ", line) for line in stderr)
    job = next(found[1] for found in waits if found)
    running.process.send_signal(signal.SIGINT)
    ended = running.ended()
    assert ended.exit_code == 130
    [note] = ended.results["notes"]
    assert note.startswith(f"The training job {job} goes on. When it has ended, it is taken up by ")
    waiter = story.aws.client("sagemaker").get_waiter("training_job_completed_or_stopped")
    waiter.wait(TrainingJobName=job, WaiterConfig={"Delay": 1, "MaxAttempts": 120})
    looked = story.run("--mode", "deployment", "--training-job", job, "--dry-run")
    assert looked.exit_code == 2
    assert f"The training job {job} has ended, but no run has recorded it" in looked.stdout
    printed = note.rpartition(" taken up by ")[2]
    assert f"type: {printed}\n" in looked.stdout
    taken_up = story.command.typed(printed)
    assert taken_up.exit_code == 0, taken_up.stderr
    assert taken_up.job == job
