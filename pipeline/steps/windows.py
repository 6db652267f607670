"""Counts a window of captured traffic by a processing job, and keeps what it showed."""

import hashlib
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice

from pipeline.context import Workspace
from pipeline.core import jobs, monitor_documents, naming
from pipeline.core.drift import DriftVerdict, judge_drift
from pipeline.core.errors import CorruptRecord, JobFailed, UsageError
from pipeline.core.label_files import labels_prefix, since_hour
from pipeline.core.monitoring import Window, WindowRecord
from pipeline.core.quality import QualityLimits, judge_quality
from pipeline.core.records import Release
from pipeline.core.window_counts import Baseline, WindowCounts, merged
from pipeline.gateways.sagemaker import NameTaken
from pipeline.gateways.store import AlreadyExists
from pipeline.material.reading import parse_table, write_csv
from pipeline.material.table import DataTable
from pipeline.steps.baseline import drift_limits, text_of

logger = logging.getLogger(__name__)

_LABELLED = "labelled-"


@dataclass(frozen=True, kw_only=True)
class KnownBaseline:
    """The baseline of a release, with the digest of its file and the folder that it lies in."""

    baseline: Baseline
    sha256: str
    prefix: str


@dataclass(frozen=True, kw_only=True)
class Traffic:
    """The objects of a window: captured lines of it and of its cohort, and labels since then."""

    window: Window
    cohort: Window | None
    captured: tuple[str, ...]
    labels: tuple[str, ...]


def record_of(workspace: Workspace, release: Release, window: Window) -> WindowRecord:
    """Return what a window showed: as it was judged before, else count and judge it now."""
    key = naming.verdict_object(workspace.context.endpoint, release.release_id, window.name)
    found = workspace.store.find(key)
    if found is None:
        record = _judged(workspace, release, window)
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


def _judged(workspace: Workspace, release: Release, window: Window) -> WindowRecord:
    drift = workspace.settings.drift
    known = known_baseline(workspace, release)
    traffic = _traffic(workspace, release, window)
    job, counts, labelled = None, known.baseline.empty_window(known.sha256), 0
    if traffic.captured:
        job = _count(workspace, release, known, traffic)
        output = _output(workspace, release, window, job)
        counts = _added(workspace, output)
        if traffic.cohort is not None:
            labelled = keep_labelled(workspace, release, traffic.cohort, output)
    limits = drift_limits(workspace)
    verdict = judge_drift(known.baseline, counts, limits)
    _write_documents(workspace, release, window, known=known, counts=counts, verdict=verdict)
    return WindowRecord(
        endpoint=workspace.context.endpoint,
        release_id=release.release_id,
        window=window,
        cohort=traffic.cohort,
        baseline_sha256=known.sha256,
        job_name=job,
        run_id=workspace.context.run_id,
        judged_at=workspace.context.now(),
        lines=counts.lines,
        requests=counts.requests,
        not_counted=counts.not_counted,
        labelled_rows=labelled,
        drift=verdict,
        quality=judge_quality(
            known.baseline,
            counts,
            QualityLimits(minimum_accuracy=drift.minimum_accuracy),
            delay_is_over=True,
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


def known_baseline(workspace: Workspace, release: Release) -> KnownBaseline:
    """Return the baseline that was made with a release. Raises UsageError without one."""
    prefix = naming.baseline_prefix(release.release_id)
    key = f"{prefix}baseline.json"
    found = workspace.store.find(key)
    if found is None:
        message = (
            f"Release {release.release_id} has no baseline ({workspace.store.uri(key)}): it was "
            "made before there were any."
        )
        raise UsageError(message, remedy="Train and deploy again: --mode full")
    return KnownBaseline(
        baseline=Baseline.from_json(found.body, place=workspace.store.uri(key)),
        sha256=hashlib.sha256(found.body).hexdigest(),
        prefix=prefix,
    )


def _traffic(workspace: Workspace, release: Release, window: Window) -> Traffic:
    before = window.before(timedelta(hours=workspace.settings.drift.label_delay_hours))
    labels = labels_since(workspace, before.start)
    cohort = before if labels else None
    hours = {*window.hours(), *(cohort.hours() if cohort else ())}
    return Traffic(
        window=window,
        cohort=cohort,
        captured=_captured(workspace, release, hours),
        labels=labels,
    )


def labels_since(workspace: Workspace, moment: datetime) -> tuple[str, ...]:
    """Return the labels that came since a moment: a request's come no sooner than the request.

    Where none came, one object of earlier ones: that there are labels at all makes a cohort.
    """
    store, place = workspace.store, labels_prefix(workspace.context.endpoint)
    after = since_hour(workspace.context.endpoint, moment)
    found = tuple(filter(_is_lines, store.keys(place, after=after)))
    return found or tuple(islice(filter(_is_lines, store.keys(place)), 1))


def _is_lines(key: str) -> bool:
    return key.endswith(".jsonl")


def _captured(workspace: Workspace, release: Release, hours: set[str]) -> tuple[str, ...]:
    """Return the captured objects of these hours, listed by day: a window may have many hours."""
    place = _captured_in(workspace, release)
    days = sorted({hour.rpartition("/")[0] for hour in hours})
    return tuple(
        key
        for day in days
        for key in workspace.store.keys(f"{place}{day}/")
        if key.endswith(".jsonl") and key.removeprefix(place).rpartition("/")[0] in hours
    )


def _captured_in(workspace: Workspace, release: Release) -> str:
    """Return the prefix below which SageMaker puts what a release was asked, by hour."""
    capture = release.serving.data_capture
    own = capture.destination_uri.removeprefix(workspace.store.uri("")) if capture else ""
    return f"{own.rstrip('/')}/{workspace.context.endpoint}/{naming.VARIANT_NAME}/"


def _count(workspace: Workspace, release: Release, known: KnownBaseline, traffic: Traffic) -> str:
    """Run the job that counts; return its name. Raises JobFailed."""
    drift, store = workspace.settings.drift, workspace.store
    name = _start(workspace, release, known, traffic)
    workspace.sagemaker.wait_for_processing(
        name, timeout_s=drift.max_runtime_s + jobs.START_TIMEOUT_S
    )
    logger.info("monitoring job=%s files=%d bucket=%s", name, len(traffic.captured), store.bucket)
    return name


def _start(workspace: Workspace, release: Release, known: KnownBaseline, traffic: Traffic) -> str:
    endpoint, started = workspace.context.endpoint, workspace.context.now()
    for attempt in range(1, naming.MOST_ATTEMPTS + 1):
        name = naming.monitoring_job_name(endpoint, started, attempt=attempt)
        order = _order(workspace, release, known, traffic, name=name)
        request = jobs.monitoring_request(order, workspace.foundation, tags=workspace.tags)
        try:
            workspace.sagemaker.start_processing(request)
        except NameTaken:
            continue
        return name
    message = f"All names of {started:%Y%m%d-%H%M%S} are taken."
    raise UsageError(message, remedy="Run the same command again.")


def _order(
    workspace: Workspace,
    release: Release,
    known: KnownBaseline,
    traffic: Traffic,
    *,
    name: str,
) -> jobs.MonitoringOrder:
    drift, store = workspace.settings.drift, workspace.store
    output = _output(workspace, release, traffic.window, name)
    labels = traffic.labels and _manifest(workspace, f"{output}labels.manifest", traffic.labels)
    cohort = traffic.cohort
    return jobs.MonitoringOrder(
        job_name=name,
        image_uri=release.serving.image_uri,
        machine=jobs.Machine(instance_type=drift.instance_type, max_runtime_s=drift.max_runtime_s),
        instance_count=min(drift.instance_count, len(traffic.captured)),
        source_uri=store.uri(f"{naming.code_prefix(release.code_sha256)}src/"),
        capture_manifest_uri=_manifest(workspace, f"{output}capture.manifest", traffic.captured),
        baseline_uri=store.uri(known.prefix),
        output_uri=store.uri(f"{output}counts/"),
        start=traffic.window.start,
        end=traffic.window.end,
        labels_manifest_uri=labels or None,
        cohort_start=cohort.start if cohort else None,
        cohort_end=cohort.end if cohort else None,
    )


def _manifest(workspace: Workspace, key: str, objects: Sequence[str]) -> str:
    workspace.store.put(key, jobs.manifest(workspace.store.uri(""), objects))
    return workspace.store.uri(key)


def _output(workspace: Workspace, release: Release, window: Window, job: str) -> str:
    prefix = naming.monitoring_prefix(workspace.context.endpoint, release.release_id)
    return f"{prefix}{window.name}/{job}/"


def _added(workspace: Workspace, output: str) -> WindowCounts:
    """Add what all machines counted. Raises JobFailed where none of them left anything."""
    keys = list(workspace.store.keys(f"{output}counts/partial-"))
    partials = [
        WindowCounts.from_json(found.body, place=workspace.store.uri(key))
        for key in keys
        if (found := workspace.store.find(key)) is not None
    ]
    if not partials:
        message = f"The job that counted left nothing below {workspace.store.uri(output)}."
        raise JobFailed(message, remedy="Run the same command again; its log may say more.")
    return merged(partials)


def keep_labelled(workspace: Workspace, release: Release, cohort: Window, output: str) -> int:
    """Put the rows whose labels came where trainings read them; return how many they are.

    A cohort has one object, whatever machines counted it and however often: what came first stays.
    """
    tables = _labelled_tables(workspace, output)
    if not tables:
        return 0
    rows = [row for table in tables for row in table.rows]
    key = naming.learnt_object(workspace.context.endpoint, release.release_id, cohort.name)
    workspace.store.create_same(key, write_csv(tables[0].columns, rows))
    return len(rows)


def _labelled_tables(workspace: Workspace, output: str) -> list[DataTable]:
    """Return what each machine found; one that cannot be read is told, and stops nothing."""
    tables = []
    for key in workspace.store.keys(f"{output}counts/{_LABELLED}"):
        found = workspace.store.find(key)
        if found is None or found.body.count(b"\n") < 2:  # no more than a header
            continue
        try:
            tables.append(parse_table(found.body, name=workspace.store.uri(key), separator=","))
        except UsageError as error:
            logger.warning("rows whose labels came are not learnt: %s", error.message)
    return tables
