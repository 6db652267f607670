"""Judges answers by the labels that came later: of the live release, and of those before it."""

import logging
from datetime import timedelta

from pipeline.context import Workspace
from pipeline.core import naming
from pipeline.core.cohorts import Chosen, choose, pending, served
from pipeline.core.errors import PipelineError
from pipeline.core.head import LedgerHead
from pipeline.core.monitoring import LONGEST, CohortRecord, Window, window_named
from pipeline.core.quality import QualityLimits, judge_quality
from pipeline.core.records import Release
from pipeline.gateways.store import AlreadyExists
from pipeline.steps.counting import Counted, count, keep_labelled, known_baseline, traffic_of

logger = logging.getLogger(__name__)


def label_delay(workspace: Workspace) -> timedelta:
    return timedelta(hours=workspace.settings.drift.label_delay_hours)


def quality_limits(workspace: Workspace) -> QualityLimits:
    return QualityLimits(minimum_accuracy=workspace.settings.drift.minimum_accuracy)


def pending_cohorts(
    workspace: Workspace, head: LedgerHead, release: Release, window: Window
) -> tuple[Window, ...]:
    """Return the oldest requests of a release that are still to be judged by their labels."""
    delay = label_delay(workspace)
    known = _judged_since(workspace, release.release_id, window.before(delay))
    return pending(window, delay=delay, stretches=served(head, release), judged=known)


def judged_now(workspace: Workspace, counted: Counted) -> Chosen:
    """Return what of the counted cohorts is judged now."""
    return choose(
        counted.traffic.cohorts,
        counted.counts.quality,
        now=workspace.context.now(),
        delay=label_delay(workspace),
    )


def keep_cohort(workspace: Workspace, record: CohortRecord, *, again: bool = False) -> None:
    """Write down that a cohort was judged: the first time counts, or the same counts `again`."""
    key = naming.cohort_object(record.endpoint, record.release_id, record.cohort.name)
    if again:
        workspace.store.put(key, record.to_json().encode())
        return
    try:
        workspace.store.create(key, record.to_json().encode())
    except AlreadyExists:
        logger.info("cohort %s of %s was judged before", record.cohort.name, record.release_id)


def earlier_releases(
    workspace: Workspace, head: LedgerHead, live: Release, window: Window
) -> tuple[CohortRecord, ...]:
    """Judge what releases that no longer serve were asked, when its labels have come.

    With the same window again, return what was judged then. What cannot be judged is told, and
    judged with a later window.
    """
    names = dict.fromkeys(each.release_id for each in head.lived)
    found: list[CohortRecord] = []
    for name in names:
        if name == live.release_id:
            continue
        try:
            found += _of_earlier(workspace, head, workspace.ledger.release(name), window)
        except PipelineError as error:
            note = f"Labels of earlier release {name} could not be judged: {error.message}"
            workspace.context.recorder.note(note)
    return tuple(found)


def _of_earlier(
    workspace: Workspace, head: LedgerHead, release: Release, window: Window
) -> list[CohortRecord]:
    before = _judged_with(workspace, release.release_id, window)
    cohorts = pending_cohorts(workspace, head, release, window)
    if before or not cohorts or release.serving.data_capture is None:
        return before
    record = _judged(workspace, release, window, cohorts)
    if record is None:
        return []
    keep_cohort(workspace, record)
    return [record]


def _judged(
    workspace: Workspace, release: Release, window: Window, cohorts: tuple[Window, ...]
) -> CohortRecord | None:
    """Count cohorts alone, and judge those whose turn it is; None for none, and without labels."""
    context = workspace.context
    span = Window(start=cohorts[0].start, end=cohorts[-1].end)
    traffic = traffic_of(workspace, release, span, cohorts)
    if not traffic.cohorts:
        return None
    known = known_baseline(workspace, release)
    counted = count(workspace, release, known, traffic)
    chosen = judged_now(workspace, counted)
    if chosen.cohort is None or not chosen.mature:
        return None
    return CohortRecord(
        endpoint=context.endpoint,
        release_id=release.release_id,
        window=window,
        cohort=chosen.cohort,
        job_name=counted.job_name,
        run_id=context.run_id,
        judged_at=context.now(),
        labelled_rows=keep_labelled(workspace, release, counted, most=chosen.mature),
        quality=judge_quality(
            known.baseline,
            counted.counts,
            chosen.counts,
            quality_limits(workspace),
            is_final=True,
        ),
    )


def _judged_since(workspace: Workspace, release: str, oldest: Window) -> list[Window]:
    """Return the cohorts that were judged; two long ones may begin before and reach into it."""
    prefix = naming.cohorts_prefix(workspace.context.endpoint, release)
    after = f"{prefix}{oldest.before(2 * LONGEST).name}"
    keys = workspace.store.keys(prefix, after=after)
    names = (key.removeprefix(prefix).removesuffix(".json") for key in keys)
    return [each for each in map(window_named, names) if each is not None]


def _judged_with(workspace: Workspace, release: str, window: Window) -> list[CohortRecord]:
    """Return what was judged with a window: no cohort that is older than its oldest."""
    oldest = window.before(label_delay(workspace))
    found = []
    for cohort in _judged_since(workspace, release, oldest):
        key = naming.cohort_object(workspace.context.endpoint, release, cohort.name)
        stored = workspace.store.find(key) if cohort.start >= oldest.start else None
        if stored is not None:
            found.append(CohortRecord.from_json(stored.body, place=workspace.store.uri(key)))
    return [each for each in found if each.window == window]
