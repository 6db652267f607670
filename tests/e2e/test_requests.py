"""What alarms ask a pipeline for, and what it finds to be nothing to do."""

from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import pytest

from tests.e2e.agreement import require_agreement
from tests.e2e.command_line import Outcome
from tests.e2e.moments import Moment, announced, arrived, called, killed_at, told
from tests.e2e.story import Story
from tests.e2e.three import Three

MOMENTS = (announced, called("UpdateEndpoint"), arrived, told("rolled back"))


def an_event(story: Story, **changed: str) -> dict[str, str]:
    """Return the variables with which a trigger starts a pipeline now."""
    return {
        "CI_PIPELINE_ID": "77",
        "MLOPS_REQUEST_CAUSE": f"{story.endpoint}/rollback",
        "MLOPS_REQUEST_ID": str(uuid4()),
        "MLOPS_REQUEST_TIME": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}",
        **changed,
    }


def nothing_done(outcome: Outcome) -> str:
    """Return why a request was not done."""
    assert outcome.exit_code == 0, outcome.stderr
    assert "deployment" not in outcome.results["phases"]
    (note,) = outcome.results["notes"]
    assert note.startswith("Nothing to do on ")
    return str(note)


def test_an_alarm_of_a_release_that_came_back_is_told_and_not_followed(serving: Story) -> None:
    event = an_event(serving)
    refused = serving.run("--mode", "rollback", **event)
    # A rollback, or the way back of a deployment that failed: which of them, other stories decide.
    assert "did not come by a deployment but by " in nothing_done(refused)
    told = serving.run("--mode", "history").results["history"]["events"][-1]
    assert told["what"] == "rollback not done"
    assert told["details"]["request"] == event["MLOPS_REQUEST_ID"]

    again = serving.run("--mode", "rollback", **event | {"CI_PIPELINE_ID": "78"})
    assert "was taken by run" in nothing_done(again)


def test_a_retraining_cannot_be_asked_for_where_nobody_would_hear_it(serving: Story) -> None:
    asked = serving.run("--mode", "retrain", "--reason", "a story")
    assert asked.exit_code == 2
    assert "asks no pipeline for a retraining" in asked.error
    assert "terraform/environments/local.tfvars" in asked.error


@pytest.mark.soak
@pytest.mark.parametrize("moment", MOMENTS)
def test_the_same_pipeline_completes_a_rollback_of_which_a_run_was_killed(
    three: Three, tmp_path: Path, moment: Moment
) -> None:
    three.write_slowly()
    three.aws.clear_requests()
    event = an_event(three)
    killed_at(three, moment, "--mode", "rollback", **event)
    three.aws.clear_faults()
    again = three.run("--mode", "rollback", **event)
    assert again.exit_code == 0, again.stderr
    require_agreement(three, tmp_path, serves=three.b, barred=(three.c,))
