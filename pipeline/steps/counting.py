"""Counts captured requests of a release by a processing job, on the bins of its baseline."""

import hashlib
import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from pipeline.context import Workspace
from pipeline.core import jobs, naming
from pipeline.core.errors import JobFailed, UsageError
from pipeline.core.label_files import labels_prefix, since_hour
from pipeline.core.monitoring import Window
from pipeline.core.records import Release
from pipeline.core.window_counts import Baseline, WindowCounts, merged
from pipeline.gateways.sagemaker import NameTaken
from pipeline.material.reading import parse_table, write_csv
from pipeline.material.table import DataTable
from pipeline.steps.merge_rule import stored_merge_rule

logger = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class KnownBaseline:
    """The baseline of a release, with the digest of its file and the folder that it lies in."""

    baseline: Baseline
    sha256: str
    prefix: str


@dataclass(frozen=True, kw_only=True)
class Traffic:
    """The objects of a window: captured lines of it and of its cohorts, and labels since then."""

    window: Window
    cohorts: tuple[Window, ...]
    captured: tuple[str, ...]
    labels: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Counted:
    """What was counted of some traffic, by a job of this name; None where there was nothing."""

    traffic: Traffic
    job_name: str | None
    counts: WindowCounts


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


def count(
    workspace: Workspace, release: Release, known: KnownBaseline, traffic: Traffic
) -> Counted:
    """Count traffic of a release, and put its cohorts beside their labels. Raises JobFailed."""
    if not traffic.captured:
        return Counted(
            traffic=traffic, job_name=None, counts=known.baseline.empty_window(known.sha256)
        )
    job = _run(workspace, release, known, traffic)
    output = _output(workspace, release, traffic.window, job)
    return Counted(traffic=traffic, job_name=job, counts=_added(workspace, output))


def counted_before(
    workspace: Workspace, release: Release, known: KnownBaseline, window: Window, job: str | None
) -> WindowCounts:
    """Return what a job has counted. Raises JobFailed where that is gone."""
    if job is None:
        return known.baseline.empty_window(known.sha256)
    return _added(workspace, _output(workspace, release, window, job))


def traffic_of(
    workspace: Workspace, release: Release, window: Window, cohorts: tuple[Window, ...]
) -> Traffic:
    """Find what was captured of a window, and of its cohorts where anybody gave labels."""
    labels = labels_since(workspace, cohorts[0].start) if cohorts else ()
    cohorts = cohorts if labels else ()
    hours = {hour for each in (window, *cohorts) for hour in each.hours()}
    return Traffic(
        window=window,
        cohorts=cohorts,
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


def _run(workspace: Workspace, release: Release, known: KnownBaseline, traffic: Traffic) -> str:
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
    return jobs.MonitoringOrder(
        job_name=name,
        image_uri=release.serving.image_uri,
        machine=jobs.Machine(instance_type=drift.instance_type, max_runtime_s=drift.max_runtime_s),
        instance_count=drift.instance_count,
        volume_size_gb=drift.volume_size_gb,
        source_uri=store.uri(f"{naming.code_prefix(release.code_sha256)}src/"),
        capture_manifest_uri=_manifest(workspace, f"{output}capture.manifest", traffic.captured),
        baseline_uri=store.uri(known.prefix),
        output_uri=store.uri(f"{output}counts/"),
        start=traffic.window.start,
        end=traffic.window.end,
        labels_manifest_uri=labels or None,
        cohorts=[(each.start, each.end) for each in traffic.cohorts],
        merge_class=workspace.settings.retraining.merge_class,
        merge_uri=stored_merge_rule(workspace),
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


def keep_labelled(workspace: Workspace, release: Release, counted: Counted, *, most: int) -> int:
    """Put the labelled rows of the first cohorts where trainings read them; return how many.

    A cohort has one object, whatever machines counted it and however often: what came first stays.
    """
    if counted.job_name is None:
        return 0
    output = _output(workspace, release, counted.traffic.window, counted.job_name)
    kept = 0
    for number, cohort in enumerate(counted.traffic.cohorts[:most]):
        tables = list(_labelled_tables(workspace, f"{output}counts/labelled-{number}-"))
        if not tables:
            continue
        rows = [row for table in tables for row in table.rows]
        key = naming.learnt_object(workspace.context.endpoint, release.release_id, cohort.name)
        workspace.store.create_same(key, write_csv(tables[0].columns, rows))
        kept += len(rows)
    return kept


def _labelled_tables(workspace: Workspace, prefix: str) -> Iterator[DataTable]:
    """Return what each machine found; one that cannot be read is told, and stops nothing."""
    for key in workspace.store.keys(prefix):
        found = workspace.store.find(key)
        if found is None or found.body.count(b"\n") < 2:  # no more than a header
            continue
        try:
            yield parse_table(found.body, name=workspace.store.uri(key), separator=",")
        except UsageError as error:
            logger.warning("rows whose labels came are not learnt: %s", error.message)
