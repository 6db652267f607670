"""Run one processing job to its end and report every change of its description."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Mapping

    from emulator.cloud import Cloud


def run_processing_job(
    job: Mapping[str, Any],
    *,
    cloud: Cloud,
    region: str,
    update: Callable[[Mapping[str, Any]], None],
    stop: threading.Event,
) -> None:
    """Block until the job is Completed, Failed or Stopped; never raise, never leave it InProgress.

    `job` is the CreateProcessingJob request plus ProcessingJobArn. `update` gets the fields of
    DescribeProcessingJob that changed (times as aware datetimes, lists always whole).
    `stop` is set by StopProcessingJob.
    """
    raise NotImplementedError
