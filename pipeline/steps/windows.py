"""Judges what a window of captured traffic shows, and keeps it: it is counted once."""

import logging
from dataclasses import replace

from pipeline.context import Workspace
from pipeline.core import monitor_documents, naming
from pipeline.core.cohorts import counts_of
from pipeline.core.drift import DriftVerdict, judge_drift
from pipeline.core.errors import CorruptRecord, JobFailed
from pipeline.core.head import LedgerHead
from pipeline.core.monitoring import Limits, Window, WindowRecord, cohort_of
from pipeline.core.quality import judge_quality
from pipeline.core.records import Release
from pipeline.core.window_counts import WindowCounts
from pipeline.gateways.store import AlreadyExists
from pipeline.steps.baseline import drift_limits, text_of
from pipeline.steps.counting import (
    KnownBaseline,
    count,
    counted_before,
    keep_labelled,
    known_baseline,
    traffic_of,
)
from pipeline.steps.late_labels import judged_now, keep_cohort, pending_cohorts, quality_limits

logger = logging.getLogger(__name__)


def record_of(
    workspace: Workspace, head: LedgerHead, release: Release, window: Window
) -> WindowRecord:
    """Return what a window showed: as it was judged before, else count and judge it now.

    By other limits than the configuration's it is judged again, from the counts of then. That its
    cohort was judged is written down last: a run that is cut off is completed by the same command.
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
    record = WindowRecord.from_json(found.body, place=workspace.store.uri(key))
    return record if record.limits == _limits(workspace) else _again(workspace, release, record)


def _limits(workspace: Workspace) -> Limits:
    drift = workspace.settings.drift
    return Limits(
        psi_threshold=drift.psi_threshold,
        minimum_row_count=drift.minimum_row_count,
        minimum_accuracy=drift.minimum_accuracy,
    )


def _again(workspace: Workspace, release: Release, record: WindowRecord) -> WindowRecord:
    """Judge a window by the limits of now; where its counts are gone, those of then hold."""
    context, now = workspace.context, _limits(workspace)
    changed = ", ".join(
        f"drift.{name} {then} (now {vars(now)[name]})"
        for name, then in vars(record.limits).items()
        if vars(now)[name] != then
    )
    known, window = known_baseline(workspace, release), record.window
    try:
        counts = counted_before(workspace, release, known, window, record.job_name)
    except JobFailed:
        context.recorder.note(
            f"Window {window.name} stays as it was judged by {changed}: what was counted is gone."
        )
        return record
    context.recorder.note(f"Window {window.name} is judged again: before it was by {changed}.")
    cohort = record.cohort
    again = replace(
        record,
        limits=now,
        run_id=context.run_id,
        judged_at=context.now(),
        drift=_drift(workspace, release, window, known=known, counts=counts),
        quality=judge_quality(
            known.baseline,
            counts,
            counts_of(cohort, window, counts.quality) if cohort else None,
            quality_limits(workspace),
            is_final=record.quality.is_final,
        ),
    )
    judged = cohort_of(again)
    if judged is not None:  # before the verdict: that is what tells the next run to begin anew
        keep_cohort(workspace, judged, again=True)
    key = naming.verdict_object(record.endpoint, release.release_id, window.name)
    workspace.store.put(key, again.to_json().encode())
    return again


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
    counted = count(workspace, release, known, traffic_of(workspace, release, window, cohorts))
    counts = counted.counts
    chosen = judged_now(workspace, counted)
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
        limits=_limits(workspace),
        drift=_drift(workspace, release, window, known=known, counts=counts),
        quality=judge_quality(
            known.baseline,
            counts,
            chosen.counts,
            quality_limits(workspace),
            is_final=chosen.mature > 0,
        ),
    )


def _drift(
    workspace: Workspace,
    release: Release,
    window: Window,
    *,
    known: KnownBaseline,
    counts: WindowCounts,
) -> DriftVerdict:
    """Judge a window, and write what Studio and the SDK read of it."""
    limits = drift_limits(workspace)
    verdict = judge_drift(known.baseline, counts, limits)
    documents = {
        monitor_documents.STATISTICS: monitor_documents.statistics(known.baseline, counts),
        monitor_documents.CONSTRAINTS: monitor_documents.constraints(known.baseline, limits),
        monitor_documents.VIOLATIONS: monitor_documents.violations(verdict, limits),
    }
    place = naming.monitoring_prefix(workspace.context.endpoint, release.release_id)
    for name, document in documents.items():
        workspace.store.put(f"{place}{window.name}/{name}", text_of(document))
    return verdict
