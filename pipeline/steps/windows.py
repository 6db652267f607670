"""Judges what a window of captured traffic shows, once, and keeps it."""

import logging

from pipeline.context import Workspace
from pipeline.core import monitor_documents, naming
from pipeline.core.cohorts import choose
from pipeline.core.drift import DriftVerdict, judge_drift
from pipeline.core.errors import CorruptRecord
from pipeline.core.head import LedgerHead
from pipeline.core.monitoring import Window, WindowRecord, cohort_of
from pipeline.core.quality import judge_quality
from pipeline.core.records import Release
from pipeline.core.window_counts import WindowCounts
from pipeline.gateways.store import AlreadyExists
from pipeline.steps.baseline import drift_limits, text_of
from pipeline.steps.counting import KnownBaseline, count, keep_labelled, known_baseline
from pipeline.steps.late_labels import keep_cohort, label_delay, pending_cohorts, quality_limits

logger = logging.getLogger(__name__)


def record_of(
    workspace: Workspace, head: LedgerHead, release: Release, window: Window
) -> WindowRecord:
    """Return what a window showed: as it was judged before, else count and judge it now.

    That its cohort was judged is written down last: a run that is cut off is completed by the same
    command.
    """
    record = _kept(workspace, head, release, window)
    cohort = cohort_of(record)
    if cohort is not None:
        keep_cohort(workspace, cohort)
    return record


def _kept(workspace: Workspace, head: LedgerHead, release: Release, window: Window) -> WindowRecord:
    key = naming.verdict_object(workspace.context.endpoint, release.release_id, window.name)
    found = workspace.store.find(key)
    if found is None:
        record = _judged(workspace, head, release, window)
        try:
            workspace.store.create(key, record.to_json().encode())
        except AlreadyExists:
            found = workspace.store.find(key)
        else:
            return record
    if found is None:
        message = f"{workspace.store.uri(key)} was there, and is gone."
        raise CorruptRecord(message, remedy="Run the same command again.")
    logger.info("window %s of %s was judged before", window.name, release.release_id)
    return WindowRecord.from_json(found.body, place=workspace.store.uri(key))


def earlier_records(
    workspace: Workspace, release: Release, window: Window, *, most: int
) -> tuple[WindowRecord, ...]:
    """Return the last windows of a release that began before this one, oldest first."""
    prefix = naming.monitoring_prefix(workspace.context.endpoint, release.release_id)
    last = naming.verdict_object(workspace.context.endpoint, release.release_id, window.name)
    keys = [key for key in workspace.store.keys(prefix) if key.endswith("/verdict.json")]
    found = []
    for key in sorted(key for key in keys if key < last)[-most:]:
        stored = workspace.store.find(key)
        if stored is not None:
            found.append(WindowRecord.from_json(stored.body, place=workspace.store.uri(key)))
    return tuple(found)


def _judged(
    workspace: Workspace, head: LedgerHead, release: Release, window: Window
) -> WindowRecord:
    context = workspace.context
    known = known_baseline(workspace, release)
    cohorts = pending_cohorts(workspace, head, release, window)
    counted = count(workspace, release, known, window, cohorts)
    counts = counted.counts
    chosen = choose(
        counted.traffic.cohorts, counts.quality, now=context.now(), delay=label_delay(workspace)
    )
    verdict = judge_drift(known.baseline, counts, drift_limits(workspace))
    _write_documents(workspace, release, window, known=known, counts=counts, verdict=verdict)
    return WindowRecord(
        endpoint=context.endpoint,
        release_id=release.release_id,
        window=window,
        cohort=chosen.cohort,
        baseline_sha256=known.sha256,
        job_name=counted.job_name,
        run_id=context.run_id,
        judged_at=context.now(),
        lines=counts.lines,
        requests=counts.requests,
        not_counted=counts.not_counted,
        labelled_rows=keep_labelled(workspace, release, counted, most=chosen.mature),
        drift=verdict,
        quality=judge_quality(
            known.baseline,
            counts,
            chosen.counts,
            quality_limits(workspace),
            is_final=chosen.mature > 0,
        ),
    )


def _write_documents(
    workspace: Workspace,
    release: Release,
    window: Window,
    *,
    known: KnownBaseline,
    counts: WindowCounts,
    verdict: DriftVerdict,
) -> None:
    """Write what Studio and the SDK read of a window."""
    limits = drift_limits(workspace)
    documents = {
        monitor_documents.STATISTICS: monitor_documents.statistics(known.baseline, counts),
        monitor_documents.CONSTRAINTS: monitor_documents.constraints(known.baseline, limits),
        monitor_documents.VIOLATIONS: monitor_documents.violations(verdict, limits),
    }
    place = naming.monitoring_prefix(workspace.context.endpoint, release.release_id)
    for name, document in documents.items():
        workspace.store.put(f"{place}{window.name}/{name}", text_of(document))
