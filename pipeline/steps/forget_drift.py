"""Tells the alarms that another release serves: what drifted before it is no drift of its own."""

import logging

from pipeline.context import Workspace
from pipeline.core.errors import PipelineError
from pipeline.core.outcomes import DeploymentStatus

logger = logging.getLogger(__name__)


def forget_drift(workspace: Workspace) -> None:
    """Publish no drift after a move, so that a later drift rings again. Fails no run.

    An alarm rings on transitions and keeps its state while nothing is measured: it would carry the
    drift of the release before over to this one, and never ring for it.
    """
    settings = workspace.settings
    report = workspace.context.recorder.part("deployment")
    has_moved = report is not None and report.status is DeploymentStatus.SUCCESS
    if not (has_moved and settings.drift.enabled and settings.monitoring.enabled):
        return
    try:
        workspace.alarms.publish(workspace.context.endpoint, {"DataDrift": 0.0})
    except PipelineError as error:
        logger.warning("the alarm on drift keeps its state: %s", error.message)
