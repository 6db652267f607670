"""What is said of a training job that is named before a run has recorded it."""

from types import SimpleNamespace
from typing import TYPE_CHECKING, cast

import pytest

from pipeline.core import naming
from pipeline.core.errors import UsageError
from pipeline.gateways.sagemaker import JobOutcome
from pipeline.steps.recorded import require_recorded
from tests.fakes.boundary import NoFaults
from tests.fakes.store import Bucket, FakeStore

if TYPE_CHECKING:
    from pipeline.context import Workspace

JOB = "iris-classifier-20260102-120000"
TAKE_UP = f"--mode evaluation --training-job {JOB}"


def refused(state: str, *, is_ours: bool) -> UsageError:
    bucket = Bucket(name="b")
    if is_ours:
        bucket.write(naming.training_inputs_object(JOB), b"{}")
    seen = JobOutcome(name=JOB, description={"TrainingJobStatus": state})
    workspace = SimpleNamespace(
        store=FakeStore(bucket, NoFaults()),
        sagemaker=SimpleNamespace(find_training={JOB: seen}.get),
    )
    with pytest.raises(UsageError) as caught:
        require_recorded(cast("Workspace", workspace), JOB)
    return caught.value


def test_a_job_that_still_runs_is_said_to_run() -> None:
    error = refused("InProgress", is_ours=True)
    assert error.message == f"The training job {JOB} has not ended yet: it is InProgress."
    assert error.remedy.endswith(f": {TAKE_UP}")
    assert f"--mode logs --training-job {JOB} --follow\n" in error.remedy


@pytest.mark.parametrize("is_ours", [True, False])
def test_a_job_that_is_being_stopped_leaves_nothing_to_take_up(is_ours: bool) -> None:
    error = refused("Stopping", is_ours=is_ours)
    assert error.message == f"The training job {JOB} is being stopped and leaves no model."
    assert error.remedy == "Train again, or name a job that mode training finished."


def test_a_job_that_has_ended_is_taken_up() -> None:
    error = refused("Completed", is_ours=True)
    assert "has ended, but no run has recorded it yet" in error.message
    assert error.remedy.endswith(f": {TAKE_UP}")


@pytest.mark.parametrize("state", ["InProgress", "Completed"])
def test_somebody_elses_job_is_not_taken_up(state: str) -> None:
    error = refused(state, is_ours=False)
    assert "no run of this project recorded it" in error.message
    assert "evaluation" not in error.remedy


@pytest.mark.parametrize("is_ours", [True, False])
@pytest.mark.parametrize("state", ["Failed", "Stopped"])
def test_a_job_without_a_model_says_so(state: str, is_ours: bool) -> None:
    assert f"ended as {state} and has no model" in refused(state, is_ours=is_ours).message
