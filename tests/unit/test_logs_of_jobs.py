"""When the log of a training job is over: with its evaluation, if one may still begin."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, cast

import pytest

from pipeline.gateways.sagemaker import JobOutcome, SageMaker
from pipeline.steps.logs import _of_job

if TYPE_CHECKING:
    from pipeline.context import Workspace

NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, kw_only=True)
class _Jobs:
    """A training that ended so long ago, and the status of its evaluation if there is one."""

    training: str
    ended: timedelta
    evaluation: str | None

    def find_training(self, name: str) -> JobOutcome:
        when = {"TrainingEndTime": NOON - self.ended} if self.training != "InProgress" else {}
        return JobOutcome(name=name, description={"TrainingJobStatus": self.training, **when})

    def find_processing(self, name: str) -> JobOutcome | None:
        if self.evaluation is None or name != "job-evaluation":
            return None
        return JobOutcome(name=name, description={"ProcessingJobStatus": self.evaluation})

    def is_at_work(self, name: str) -> bool:
        return SageMaker.is_at_work(cast("Any", self), name)


@dataclass(frozen=True, kw_only=True)
class _Context:
    def now(self) -> datetime:
        return NOON

    def paced(self, pause_s: float) -> float:
        return pause_s


@dataclass(frozen=True, kw_only=True)
class _Here:
    """As much of a workspace as is asked."""

    sagemaker: _Jobs
    context: _Context = field(default_factory=_Context)


# training, how long ago it ended, evaluation: whether the log is over
CASES: dict[str, tuple[str, timedelta, str | None, bool]] = {
    "it is at work": ("InProgress", MINUTE, None, False),
    "it has ended just now": ("Completed", MINUTE / 2, None, False),
    "it has ended long ago, and nobody measured it": ("Completed", 60 * MINUTE, None, True),
    "it failed: nobody measures it": ("Failed", MINUTE / 2, None, True),
    "it was stopped": ("Stopped", MINUTE / 2, None, True),
    "it is measured": ("Completed", 60 * MINUTE, "InProgress", False),
    "it was measured": ("Completed", MINUTE / 2, "Completed", True),
    "the evaluation failed": ("Completed", MINUTE / 2, "Failed", True),
}


@pytest.mark.parametrize("case", CASES)
def test_a_job_s_log_is_over_with_its_evaluation(case: str) -> None:
    training, ended, evaluation, over = CASES[case]
    jobs = _Jobs(training=training, ended=ended, evaluation=evaluation)
    source = _of_job(cast("Workspace", _Here(sagemaker=jobs)), "job")
    assert source.is_over() is over
