"""How far what a person waits for has come: of a job, and of a move of an endpoint."""

import logging
import threading
from dataclasses import replace
from datetime import timedelta

import pytest

from pipeline.core.outcomes import EndpointStatus, Rollout
from pipeline.core.watching import move_text
from pipeline.gateways.console import Progress
from pipeline.gateways.observations import rollout_of
from pipeline.steps.progress import LastLines, state_of
from tests.fakes.clock import Clock
from tests.unit.core_builders import NOON
from tests.unit.test_watching import moving


@pytest.mark.parametrize(
    ("description", "state"),
    [
        ({"TrainingJobStatus": "InProgress", "SecondaryStatus": "Downloading"}, "Downloading"),
        ({"TrainingJobStatus": "Completed", "SecondaryStatus": "Completed"}, "Completed"),
        ({"TrainingJobStatus": "InProgress"}, "InProgress"),
        ({"ProcessingJobStatus": "InProgress"}, "InProgress"),
        ({}, ""),
    ],
)
def test_a_job_is_in_the_finest_state_that_sagemaker_tells(
    description: dict[str, str], state: str
) -> None:
    assert state_of(description) == state


def test_a_move_tells_traffic_alarms_and_what_is_left_of_the_bake() -> None:
    stage, text = move_text(moving().endpoint, (), watched=3, now=NOON)
    assert stage == (
        "Baking, 50% of the traffic on the new fleet, 2 instances; none of 3 alarms rings"
    )
    assert text == f"{stage}, for 2 min 5 s, bake ends in 52 s"


def test_a_move_whose_alarm_rings_names_it() -> None:
    stage, _ = move_text(moving().endpoint, ("p95",), watched=3, now=NOON)
    assert stage.endswith("; in ALARM: p95")


def test_an_endpoint_of_which_sagemaker_shows_no_rollout_has_its_status() -> None:
    seen = replace(moving().endpoint, rollout=None, status=EndpointStatus.CREATING)
    assert move_text(seen, (), watched=0, now=NOON) == ("Creating", "Creating")


def pending(status: str, message: str = "", *, count: int = 4) -> dict[str, object]:
    state = {"Status": status, "StatusMessage": message, "StartTime": NOON}
    variant = {"VariantStatus": [state], "DesiredInstanceCount": count}
    return {"StartTime": NOON, "ProductionVariants": [variant]}


CANARY = (
    "Baking for 300 seconds (WaitIntervalInSeconds) with traffic enabled on canary capacity of 1 "
    "instance(s)."
)
FULL = (
    "Baking for 60 seconds (TerminationWaitInSeconds) with traffic enabled on full capacity of 4 "
    "instance(s)."
)


@pytest.mark.parametrize(
    ("summary", "share", "bake_s"),
    [
        (pending("Creating"), 0.0, None),
        (pending("ActivatingTraffic"), None, None),
        (pending("Baking", CANARY), 0.25, 300),
        (pending("Baking", FULL), 1.0, 60),
        (pending("Baking", "words that are not known"), None, None),
        (pending("Baking", CANARY, count=0), None, 300),
    ],
)
def test_shares_and_bakes_are_read_from_what_sagemaker_says(
    summary: dict[str, object], share: float | None, bake_s: float | None
) -> None:
    found = rollout_of(summary)
    assert found is not None
    assert found.share == share
    ends = None if bake_s is None else NOON + timedelta(seconds=bake_s)
    assert found.bake_ends_at == ends


def test_no_summary_is_no_rollout_and_an_empty_state_a_nameless_one() -> None:
    assert rollout_of({}) is None
    assert rollout_of({"EndpointConfigName": "c"}) == Rollout(stage="")


def test_a_stage_is_a_line_of_the_log_once(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "pipeline.gateways.console")
    stages = iter(["Creating", "Creating", "Baking", "Baking"])
    done = threading.Event()

    def look() -> tuple[str, str]:
        stage = next(stages, None)
        if stage is None:
            done.set()
            raise RuntimeError
        return stage, f"{stage}, 5 s left"

    with Progress().beside(look, 0.001):
        assert done.wait(10)
    assert caplog.messages == ["Creating", "Baking"]


def test_a_look_that_fails_ends_nothing_and_one_that_hangs_holds_nothing_up() -> None:
    hangs = threading.Event()

    def look() -> tuple[str, str]:
        hangs.wait(30)
        raise RuntimeError

    with Progress().beside(look, 0.001):
        pass
    hangs.set()


def test_what_stays_in_one_state_for_longer_than_usual_shows_the_last_lines_of_its_container(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO, "pipeline.steps.progress")
    clock = Clock(NOON)
    lines = LastLines(
        lambda: ("loading a model of 4 GB",), of="iris-staging", now=clock.now, usual_s=120
    )
    for state in ("Creating", "Creating", "Creating", "Creating", "Updating", "Updating"):
        lines.seen(state)
        clock.sleep(60)
    assert caplog.messages == ["iris-staging | loading a model of 4 GB"]
