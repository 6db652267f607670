"""What a person who waits is told meanwhile: how far a job or a move of an endpoint has come.

It only looks. What it cannot see delays and fails nothing.
"""

import logging
from collections.abc import Mapping
from contextlib import AbstractContextManager
from datetime import timedelta
from typing import Any

from pipeline.context import Workspace
from pipeline.core.head import Move
from pipeline.core.tail import milliseconds, tail_from, take, text_of
from pipeline.core.watching import move_text
from pipeline.gateways.logs import PROCESSING_LOGS, TRAINING_LOGS, Logs

logger = logging.getLogger(__name__)

_LOOK_EVERY_S = 5.0
# In one state: most last seconds or a few minutes, but for the training itself.
_USUAL_S = 120.0
_LAST_LINES = 3


class JobProgress:
    """Follows one job by its descriptions: its state, and with --verbose its log.

    A job that stays in one state for longer than usual shows the last lines of its container.
    """

    def __init__(self, workspace: Workspace, name: str, *, kind: str) -> None:
        self._context = workspace.context
        self._logs = Logs(workspace.context.cloud)
        self._name, self._kind = name, kind
        self._group = TRAINING_LOGS if kind == "training" else PROCESSING_LOGS
        self._said = ""
        self._since = self._looked = workspace.context.now()
        self._tail = tail_from(workspace.context.now() - timedelta(minutes=1))

    def seen(self, description: Mapping[str, Any]) -> None:
        """Tell what is new in SageMaker's description of the job."""
        state = state_of(description)
        self._context.recorder.detail(state)
        now = self._context.now()
        if state != self._said:
            logger.info("%s job=%s is %s", self._kind, self._name, state)
            self._said, self._since = state, now
        if self._context.verbose:
            self._stream(is_last=state in ("Completed", "Failed", "Stopped"))
        elif now - self._since > timedelta(seconds=self._context.paced(_USUAL_S)):
            self._since = now
            for line in self._logs.tail(self._group, f"{self._name}/", count=_LAST_LINES):
                logger.info("%s | %s", self._name, line)

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
    context = workspace.context

    def look() -> tuple[str, str]:
        names = move.deployment_config.alarm_names
        seen = workspace.hosting.observe(context.endpoint)
        ringing = workspace.alarms.ringing(names)
        return move_text(seen, ringing, watched=len(names), now=context.now())

    return context.recorder.beside(look, context.paced(_LOOK_EVERY_S))
