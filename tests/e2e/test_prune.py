"""Releases that no rollback needs are removed, also by a run that was killed on its way."""

import signal

import pytest

from tests.e2e.story import BUCKET, Story
from tests.e2e.test_killed import kill_after, require_sound, retained

pytestmark = [pytest.mark.soak, pytest.mark.timeout(2400)]

# Lines on stderr after which a pruning is killed: while it plans, while it applies, near its end.
MOMENTS = (12, 30, 42, 55)


def models(story: Story) -> set[str]:
    listed = story.aws.sagemaker.list_models(NameContains=f"{story.endpoint}-r-", MaxResults=100)
    return {each["ModelName"].removeprefix(f"{story.endpoint}-") for each in listed["Models"]}


def test_what_was_rolled_back_is_pruned_and_the_next_plan_is_empty(
    story: Story, trained_job: str, other_job: str
) -> None:
    first = story.deploy(trained_job)
    second = story.deploy(other_job)
    assert story.run("--mode", "rollback", "--reason", "a story").exit_code == 0
    assert models(story) == {first.release, second.release}

    pruned = story.run("--mode", "prune")
    assert pruned.exit_code == 0, pruned.stderr
    assert f"Removed: {second.release}" in pruned.stdout
    assert models(story) == {first.release}
    record = f"releases/{story.endpoint}/{second.release}.json"
    assert story.aws.client("s3").head_object(Bucket=BUCKET, Key=record)["ContentLength"]
    assert "Nothing to do" in story.run("--mode", "prune").stdout
    require_sound(story)

    for moment in MOMENTS:
        a_killed_pruning_and_the_next(story, other_job, first.release, moment)


def a_killed_pruning_and_the_next(story: Story, job: str, kept: str, moment: int) -> None:
    """Deploy and leave another release, prune and die, prune again."""
    assert story.deploy(job, "--force").exit_code == 0
    assert story.run("--mode", "rollback", "--reason", "a story").exit_code == 0
    assert kill_after(story, moment, "--mode", "prune") in {-signal.SIGKILL, 0}
    again = story.run("--mode", "prune")
    assert again.exit_code == 0, again.stderr
    assert retained(story) == [kept]
    assert models(story) == {kept}
    assert story.serves(kept)
    require_sound(story)
