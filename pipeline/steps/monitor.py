"""Looks at a window of what the endpoint was asked and answered, and decides what follows."""

import logging
from datetime import timedelta

from pipeline.context import Workspace
from pipeline.core.errors import SomethingFound, UsageError
from pipeline.core.head import LedgerHead
from pipeline.core.monitoring import (
    LATENESS,
    TREND,
    Monitored,
    Window,
    found_of,
    found_something,
    last_complete,
    parse_window,
    trend_of,
    what_then,
)
from pipeline.core.records import Release
from pipeline.steps.ask_retraining import decide
from pipeline.steps.late_labels import earlier_releases
from pipeline.steps.windows import earlier_records, record_of

logger = logging.getLogger(__name__)


def monitor(workspace: Workspace, *, window: str | None) -> Monitored:
    """Judge a window, publish its figures, keep its verdict, and ask for a retraining if need be.

    The same window again is judged no second time. Raises UsageError where nothing is captured.
    """
    head = workspace.ledger.read().head
    release = monitored_release(workspace, head)
    chosen = _window(workspace, window)
    record = record_of(workspace, head, release, chosen)
    workspace.alarms.publish(workspace.context.endpoint, record.figures)
    before = earlier_releases(workspace, head, release, chosen)
    earlier = earlier_records(workspace, release, chosen, most=TREND - 1)
    choice, request_id = decide(workspace, release, (*earlier, record))
    logger.info(
        "window=%s rows=%d found=%s retraining=%s",
        chosen.name,
        record.drift.rows,
        found_of(record),
        choice.check.value,
    )
    return Monitored(
        record=record,
        earlier_releases=before,
        trend=trend_of((*earlier, record)),
        retraining=choice,
        request_id=request_id,
    )


def require_nothing_found(monitored: Monitored, *, asks_pipeline: bool) -> None:
    """Raise SomethingFound where a window showed drift, degradation or a fault of the data."""
    record = monitored.record
    if not found_something(record):
        return
    message = f"Window {record.window.name} of {record.endpoint}: {found_of(record)}."
    remedy = what_then(monitored, asks_pipeline=asks_pipeline)
    raise SomethingFound(message, remedy=remedy)


def monitored_release(workspace: Workspace, head: LedgerHead) -> Release:
    """Return the live release, of which something is captured. Raises UsageError."""
    endpoint = workspace.context.endpoint
    if head.live_release is None:
        message = f"Nothing is live on {endpoint}."
        raise UsageError(message, remedy="Deploy a release first: --mode full")
    release = workspace.ledger.release(head.live_release)
    if release.serving.data_capture is None:
        message = f"Nothing is captured of what {endpoint} is asked: there is nothing to look at."
        remedy = (
            "Set monitoring.data_capture_percentage to 100, or to the share that is enough, and "
            "deploy again: --mode full"
        )
        raise UsageError(message, remedy=remedy)
    return release


def _window(workspace: Workspace, window: str | None) -> Window:
    now = workspace.context.now()
    if window is not None:
        # The embedded AWS writes captured lines at once
        lateness = timedelta(0) if workspace.context.cloud.is_local else LATENESS
        return parse_window(window, now=now, lateness=lateness)
    return last_complete(now, hours=workspace.settings.drift.window_hours)
