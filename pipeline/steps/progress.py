"""What a person who waits is told meanwhile: how far a job or a move of an endpoint has come.

It only looks. What it cannot see delays and fails nothing.
"""

import logging
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from typing import Any

from pipeline.context import Context, Workspace
from pipeline.core.head import Move
from pipeline.core.tail import milliseconds, tail_from, take, text_of
from pipeline.core.watching import move_text
from pipeline.gateways.logs import PROCESSING_LOGS, TRAINING_LOGS, Logs

logger = logging.getLogger(__name__)

_LOOK_EVERY_S = 5.0
# In one state: most last seconds or a few minutes, but for the training itself.
_USUAL_S = 120.0
_LAST_LINES = 3


class LastLines:
    """Shows the last lines of a container where one state lasts longer than usual."""

    def __init__(
        self,
        read: Callable[[], tuple[str, ...]],
        *,
        of: str,
        now: Callable[[], datetime],
        usual_s: float,
    ) -> None:
        self._read, self._of, self._now = read, of, now
        self._usual = timedelta(seconds=usual_s)
        self._state, self._since = "", now()

    def seen(self, state: str) -> None:
        now = self._now()
        if state != self._state:
            self._state, self._since = state, now
        elif now - self._since > self._usual:
            self._since = now
            for line in self._read():
                logger.info("%s | %s", self._of, line)


class JobProgress:
    """Follows one job by its descriptions: its state, and with --verbose its log."""

    def __init__(self, workspace: Workspace, name: str, *, kind: str) -> None:
        self._context = workspace.context
        self._logs = Logs(workspace.context.cloud)
        self._name, self._kind = name, kind
        self._group = TRAINING_LOGS if kind == "training" else PROCESSING_LOGS
        self._state = ""
        self._last_lines = _last_lines(
            self._context,
            lambda: self._logs.tail(self._group, f"{name}/", count=_LAST_LINES),
            of=name,
        )
        self._looked = self._context.now()
        self._tail = tail_from(self._looked - timedelta(minutes=1))

    def seen(self, description: Mapping[str, Any]) -> None:
        """Tell what is new in SageMaker's description of the job."""
        state = state_of(description)
        self._context.recorder.detail(state)
        if state != self._state:
            logger.info("%s job=%s is %s", self._kind, self._name, state)
            self._state = state
        if self._context.verbose:
            self._stream(is_last=state in ("Completed", "Failed", "Stopped"))
        else:
            self._last_lines.seen(state)

    def _stream(self, *, is_last: bool) -> None:
        now = self._context.now()
        pause = timedelta(seconds=self._context.paced(_LOOK_EVERY_S))
        if not is_last and now - self._looked < pause:
            return
        self._looked = now
        lines = self._logs.readable(self._group, f"{self._name}/", start_ms=self._tail.start_ms)
        self._tail, fresh = take(self._tail, lines, now_ms=milliseconds(now))
        for line in fresh:
            logger.debug("%s", text_of(line))


def state_of(description: Mapping[str, Any]) -> str:
    """Return a job's state in SageMaker's words, the finer one where there is one.

    SecondaryStatus and the message of its newest transition are those of a training job (API
    reference, DescribeTrainingJob); a processing job has none.
    """
    for name in ("SecondaryStatus", "ProcessingJobStatus", "TrainingJobStatus"):
        if description.get(name):
            return str(description[name])
    return ""


def of_move(workspace: Workspace, move: Move) -> AbstractContextManager[None]:
    """Tell beside what the block does how far the endpoint's move has come."""
    context, endpoint = workspace.context, workspace.context.endpoint
    last_lines = _last_lines(
        context,
        lambda: workspace.hosting.endpoint_log_tail(endpoint, count=_LAST_LINES),
        of=endpoint,
    )

    def look() -> tuple[str, str]:
        names = move.deployment_config.alarm_names
        seen = workspace.hosting.observe(endpoint)
        if seen.rollout is None or not seen.rollout.bake_ends_at:  # a bake lasts as long as it says
            last_lines.seen(seen.rollout.stage if seen.rollout else seen.status.value)
        ringing = workspace.alarms.ringing(names)
        return move_text(seen, ringing, watched=len(names), now=context.now())

    return context.recorder.beside(look, context.paced(_LOOK_EVERY_S))


def _last_lines(context: Context, read: Callable[[], tuple[str, ...]], *, of: str) -> LastLines:
    return LastLines(read, of=of, now=context.now, usual_s=context.paced(_USUAL_S))
