"""The log of an endpoint, or of a training job and its evaluations, across all of their streams."""

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from pipeline.context import Workspace
from pipeline.core import naming
from pipeline.core.errors import PipelineError, UsageError
from pipeline.core.pace import PAUSE_S, next_pause_s
from pipeline.core.tail import (
    LogLine,
    Tail,
    json_of,
    milliseconds,
    moment,
    tail_from,
    take,
    text_of,
)
from pipeline.gateways.aws import is_throttled
from pipeline.gateways.logs import ENDPOINT_LOGS, PROCESSING_LOGS, TRAINING_LOGS, Logs

logger = logging.getLogger(__name__)

_SHOWN_OF_AN_ENDPOINT = timedelta(hours=1)
_FROM_THE_BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)
# After a job has ended: its last lines are still on their way.
_DRAIN_S = 15.0
# After a training has ended well: so long its run may take to begin the evaluation.
_EVALUATION_S = 120.0


@dataclass(frozen=True, kw_only=True)
class Source:
    """A log: groups with the beginning of their streams' names, and when it is over."""

    name: str
    streams: tuple[tuple[str, str], ...]
    since: datetime
    is_over: Callable[[], bool] = field(default=lambda: False)


def show_logs(workspace: Workspace, *, job: str | None, since: str | None, follow: bool) -> None:
    """Write lines as they are found, until nobody reads them any more."""
    context = workspace.context
    written = json_of if context.wants_json else text_of
    for line in logs(workspace, job=job, since=since, follow=follow):
        if not context.out(written(line)):
            return


def logs(
    workspace: Workspace, *, job: str | None, since: str | None, follow: bool
) -> Iterator[LogLine]:
    """Yield lines as they are found, each once; with `follow` also those that are still to come.

    A job's log is over a moment after the job, an endpoint's never.
    """
    source = _of_job(workspace, job) if job else _of_endpoint(workspace)
    begin = moment(since, workspace.context.now()) if since else source.since
    if follow:
        yield from _followed(workspace, source, tail_from(begin))
        return
    _, fresh = _look(workspace, source, tail_from(begin))
    if not fresh:
        logger.warning("%s has no log line since %s.", source.name, f"{begin:%Y-%m-%d %H:%M} UTC")
    yield from fresh


def _followed(workspace: Workspace, source: Source, tail: Tail) -> Iterator[LogLine]:
    context, pause_s = workspace.context, PAUSE_S
    over_since: datetime | None = None
    while True:
        throttled = False
        fresh: tuple[LogLine, ...] = ()
        is_over = over_since is not None or source.is_over()
        try:
            tail, fresh = _look(workspace, source, tail)
        except PipelineError as error:
            throttled = is_throttled(error)
            if not throttled:
                raise
            logger.warning("AWS asks for fewer calls; waiting longer between two looks.")
        yield from fresh
        if is_over and (over_since is None or fresh):
            over_since = context.now()
        if over_since and context.now() - over_since >= timedelta(seconds=context.paced(_DRAIN_S)):
            return
        pause_s = next_pause_s(pause_s, throttled=throttled)
        context.sleep(context.paced(pause_s))


def _look(workspace: Workspace, source: Source, tail: Tail) -> tuple[Tail, tuple[LogLine, ...]]:
    found = Logs(workspace.context.cloud)
    lines = [
        line
        for group, prefix in source.streams
        for line in found.lines(group, prefix, start_ms=tail.start_ms)
    ]
    return take(tail, lines, now_ms=milliseconds(workspace.context.now()))


def _of_endpoint(workspace: Workspace) -> Source:
    endpoint = workspace.context.endpoint
    return Source(
        name=f"Endpoint {endpoint}",
        streams=((f"{ENDPOINT_LOGS}{endpoint}", ""),),
        since=workspace.context.now() - _SHOWN_OF_AN_ENDPOINT,
    )


def _of_job(workspace: Workspace, job: str) -> Source:
    if workspace.sagemaker.find_training(job) is None:
        message = f"There is no training job {job}."
        raise UsageError(
            message, remedy="Name one that mode training printed, or look at another region."
        )
    return Source(
        name=f"The training job {job}",
        # The name of an evaluation begins with that of its job (naming.processing_job_name).
        streams=((TRAINING_LOGS, f"{job}/"), (PROCESSING_LOGS, f"{job}-evaluation")),
        since=_FROM_THE_BEGINNING,
        is_over=lambda: (
            not (workspace.sagemaker.is_at_work(job) or _may_be_evaluated(workspace, job))
        ),
    )


def _may_be_evaluated(workspace: Workspace, job: str) -> bool:
    """Tell whether a training that ended well just now has no evaluation yet."""
    found = workspace.sagemaker.find_training(job)
    if found is None or found.description["TrainingJobStatus"] != "Completed":
        return False
    if workspace.sagemaker.find_processing(naming.processing_job_name(job)) is not None:
        return False
    context = workspace.context
    ended: datetime = found.description["TrainingEndTime"]
    return context.now() - ended < timedelta(seconds=context.paced(_EVALUATION_S))
