"""Scaling, alarms, dashboard and a canary through the command line, and rollbacks under them."""

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from tests.e2e.by_hand import planned_changes
from tests.e2e.command_line import Outcome
from tests.e2e.story import BUCKET, Story
from tests.e2e.surrounded import ALL, EVERYTHING, NOTHING, SCALED, WATCHED, what_surrounds

StoryMaker = Callable[[str], Story]


def planned(outcome: Outcome) -> Mapping[str, int]:
    assert outcome.exit_code == 0, outcome.stderr + outcome.stdout
    counts: Mapping[str, int] = outcome.deployment["plan"]
    return counts


@pytest.mark.soak
def test_everything_stays_around_the_endpoint_while_releases_come_and_go(
    story: Story, trained_job: str, other_job: str, tmp_path: Path
) -> None:
    first = story.deploy(trained_job, **EVERYTHING)
    assert planned(first) == {"create": 7, "update": 0, "delete": 0}
    assert what_surrounds(story) == ALL

    second = story.deploy(other_job, **EVERYTHING)
    assert planned(second) == {"create": 5, "update": 1, "delete": 0}
    assert strategy(story) == "CANARY"
    assert story.serves(second.release)

    back = story.run("--mode", "rollback", "--reason", "a story")
    assert planned(back) == {"create": 0, "update": 1, "delete": 0}
    assert strategy(story) == "ALL_AT_ONCE"
    assert story.serves(first.release)
    assert what_surrounds(story) == ALL
    assert captured_at(story) == f"s3://{BUCKET}/capture/{story.endpoint}/{first.release}/"
    assert planned_changes(story, tmp_path) == []


def strategy(story: Story) -> str:
    policy = story.described()["LastDeploymentConfig"]["BlueGreenUpdatePolicy"]
    return str(policy["TrafficRoutingConfiguration"]["Type"])


def captured_at(story: Story) -> str:
    return str(story.described()["DataCaptureConfig"]["DestinationS3Uri"])


ONE_TO_FOUR = ALL | {"bounds": [(1, 4)]}
OTHER_TYPE = {"INSTANCE_TYPE": "ml.m5.4xlarge"}
# The endpoint alone; what counts the CPU of an instance follows by a plan of its own root.
TYPE_CHANGE = {"create": 0, "update": 1, "delete": 0}


@pytest.mark.soak
@pytest.mark.timeout(1800)
def test_another_instance_type_finds_scaling_on_again_forth_and_back(
    a_story: StoryMaker, trained_job: str, other_job: str
) -> None:
    story = a_story("other-type")
    watched = SCALED | WATCHED
    first = story.deploy(trained_job, **watched)
    assert first.exit_code == 0, first.stderr
    assert what_surrounds(story) == ONE_TO_FOUR

    forth = story.deploy(other_job, **watched, **OTHER_TYPE)
    assert planned(forth) == TYPE_CHANGE | {"create": 5}
    assert "scaling off for a move to ml.m5.4xlarge" in forth.stdout
    assert what_surrounds(story) == ONE_TO_FOUR

    back = story.run("--mode", "rollback")
    assert planned(back) == TYPE_CHANGE
    assert story.serves(first.release)
    assert what_surrounds(story) == ONE_TO_FOUR


@pytest.mark.soak
@pytest.mark.timeout(1800)
def test_settings_alone_change_what_surrounds_a_model_that_is_live(
    a_story: StoryMaker, trained_job: str
) -> None:
    story = a_story("settings-alone")
    plain = story.deploy(trained_job)
    assert what_surrounds(story) == NOTHING

    alarms = {"MLOPS_MONITORING__ENABLED": "true"}
    on = story.deploy(trained_job, **SCALED, **alarms)
    assert on.deployment["deployment_results"]["status"] == "nothing_to_do"
    assert what_surrounds(story) == ONE_TO_FOUR
    again = story.deploy(trained_job, **SCALED, **alarms)
    assert "Around the endpoint" not in again.stdout

    burstable = story.deploy(trained_job, **SCALED, **alarms, INSTANCE_TYPE="ml.t2.medium")
    assert burstable.exit_code == 0, burstable.stderr
    assert "Autoscaling stays off" in burstable.stdout
    assert what_surrounds(story)["bounds"] == []

    off = story.deploy(trained_job)
    assert story.serves(plain.release)
    assert off.exit_code == 0
    assert what_surrounds(story) == NOTHING


@pytest.mark.soak
@pytest.mark.timeout(1800)
def test_a_rollback_does_not_wait_for_what_somebody_broke_around_the_endpoint(
    a_story: StoryMaker, trained_job: str, other_job: str
) -> None:
    story = a_story("broken-around")
    for job in (trained_job, other_job):
        assert story.deploy(job, **SCALED, **WATCHED).exit_code == 0
    name = f"{story.endpoint}/latency_p95_ms"
    cloudwatch = story.aws.client("cloudwatch")
    cloudwatch.delete_alarms(AlarmNames=[f"{story.endpoint}/rollback"])
    cloudwatch.delete_alarms(AlarmNames=[name])

    back = story.run("--mode", "rollback")
    assert planned(back) == {"create": 0, "update": 1, "delete": 0}
    assert what_surrounds(story) == ONE_TO_FOUR


@pytest.mark.soak
@pytest.mark.timeout(1800)
def test_what_could_not_be_made_around_an_endpoint_is_made_by_the_next_run(
    a_story: StoryMaker, trained_job: str, other_job: str
) -> None:
    story = a_story("half-way")
    first = story.deploy(trained_job)
    denied = {"code": "AccessDeniedException", "message": "no", "status": 400}
    story.aws.add_fault(
        {"service": "application-autoscaling", "action": "PutScalingPolicy", "error": denied}
    )
    second = story.deploy(other_job, **SCALED, MLOPS_MONITORING__ENABLED="true")
    story.aws.clear_faults()
    assert second.exit_code == 11
    assert f"{second.release} serves, but scaling" in second.error
    assert second.deployment["deployment_results"]["status"] == "success"
    assert story.serves(second.release)

    back = story.run("--mode", "rollback")
    assert planned(back) == {"create": 0, "update": 1, "delete": 0}
    assert story.serves(first.release)
    assert what_surrounds(story) == ONE_TO_FOUR
