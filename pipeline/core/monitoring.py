"""A window of captured traffic: when it was, what it showed, and where that is kept.

All windows are from a moment on, before another one. The traffic of a release is its own: what
answered before it, and after it, is in other windows.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from pipeline.core.document import Instant, Stored
from pipeline.core.drift import DriftVerdict, Finding
from pipeline.core.errors import UsageError
from pipeline.core.quality import QualityVerdict
from pipeline.core.retraining import Check, Choice, WindowFacts

# SageMaker writes captured lines minutes after the answers (developer guide, "Data capture")
LATENESS = timedelta(minutes=10)
_HOUR = timedelta(hours=1)
LONGEST = timedelta(hours=744)
_EARLIEST = datetime(2017, 1, 1, tzinfo=UTC)
# As far as a moment can be told with what comes after it
_LATEST = datetime(9999, 1, 1, tzinfo=UTC)
TREND = 30
_STAMP = "%Y%m%dT%H%M%SZ"
_AS_WRITTEN = "Write it as START/END, such as 2026-01-31T00:00Z/2026-02-01T00:00Z."


@dataclass(frozen=True, kw_only=True)
class Window:
    """From `start` on, before `end`. Its name sorts as its start does."""

    start: Instant
    end: Instant

    @property
    def name(self) -> str:
        return f"{_stamp(self.start)}-{_stamp(self.end)}"

    def before(self, delay: timedelta) -> "Window":
        """Return the window that lay so much earlier."""
        return self.after(-delay)

    def after(self, time: timedelta) -> "Window":
        """Return the window that lies so much later."""
        return Window(start=self.start + time, end=self.end + time)

    def hours(self) -> tuple[str, ...]:
        """Return the hours in which its lines are laid down: yyyy/mm/dd/hh.

        One more than it has a part of: a line lies where it was written, minutes after the answer.
        """
        hour = self.start.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
        found = []
        while hour < self.end + _HOUR:
            found.append(f"{hour:%Y/%m/%d/%H}")
            hour += _HOUR
        return tuple(found)


def _stamp(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime(_STAMP)


def window_named(name: str) -> Window | None:
    """Return the window of a name, None for what is no such name."""
    try:
        start, end = (
            datetime.strptime(each, _STAMP).replace(tzinfo=UTC) for each in name.split("-")
        )
    except ValueError:
        return None
    return Window(start=start, end=end)


def last_complete(now: datetime, *, hours: int) -> Window:
    """Return the newest window of this length whose captured lines have all come.

    Windows follow each other from 1970 on, so that those of a day begin at midnight UTC.
    """
    length = timedelta(hours=hours)
    epoch = datetime(1970, 1, 1, tzinfo=UTC)
    end = epoch + (now - LATENESS - epoch) // length * length
    return Window(start=end - length, end=end)


def parse_window(text: str, *, now: datetime, lateness: timedelta = LATENESS) -> Window:
    """Read START/END of a window whose captured lines have all come. Raises UsageError."""
    window = _written(text)
    why_not = _why_no_window(window)
    if why_not:
        message = f"--window {text} {why_not}."
        raise UsageError(message, remedy=_AS_WRITTEN)
    if window.end > now - lateness:
        why = (
            "is not over yet"
            if window.end > now
            else "is judged once, with all of its lines, and captured lines come up to "
            f"{lateness.total_seconds() / 60:g} minutes late"
        )
        message = f"--window {text} {why}: it is {_stamp(now)}."
        when = f"from {_stamp(window.end + lateness)} on" if window.end < _LATEST else "later"
        raise UsageError(message, remedy=f"Ask again {when}, or name an earlier one.")
    return window


def _written(text: str) -> Window:
    start, _, end = text.partition("/")
    try:
        ends = [datetime.fromisoformat(each) for each in (start, end)]
        has_zones = all(each.tzinfo is not None for each in ends)
        first, last = (each.astimezone(UTC) for each in ends)
    except (OverflowError, ValueError):
        has_zones = False
    if not has_zones:
        message = f"--window {text[:80]} is no window: two moments with their time zone."
        raise UsageError(message, remedy=_AS_WRITTEN)
    return Window(start=first, end=last)


def _why_no_window(window: Window) -> str:
    """Return what is wrong with a window whenever it is asked for; nothing for a sound one."""
    if window.start.microsecond or window.end.microsecond:
        return "has parts of seconds"
    if window.start >= window.end:
        return "does not end after it begins"
    if window.start < _EARLIEST:
        return f"begins before {_EARLIEST:%Y}, when no endpoint of SageMaker answered"
    if window.end - window.start > LONGEST:
        hours = LONGEST // _HOUR
        return f"is longer than {hours} hours, the most that drift.window_hours may be"
    return ""


@dataclass(frozen=True, kw_only=True)
class Limits(Stored):
    """What of the section `drift` of the configuration a window was judged by."""

    psi_threshold: float
    minimum_row_count: int
    minimum_accuracy: float | None


@dataclass(frozen=True, kw_only=True)
class WindowRecord(Stored):
    """What one window of one release showed: counted once, and kept.

    By other `limits` it is judged again, from the same counts. `job_name` is that of the job that
    counted, None where there was nothing to count. `lines` were captured, `not_counted` says why
    some of them count for nothing. `cohort` are the requests whose labels were counted; None where
    nobody ever gave labels, or where all were judged before. Their `labelled_rows` are learnt when
    they are judged: `quality.is_final`.
    """

    endpoint: str
    release_id: str
    window: Window
    cohort: Window | None
    baseline_sha256: str
    job_name: str | None
    run_id: str
    judged_at: Instant
    lines: int
    requests: int
    not_counted: Mapping[str, int]
    labelled_rows: int
    limits: Limits
    drift: DriftVerdict
    quality: QualityVerdict

    @property
    def figures(self) -> dict[str, float]:
        """What is published of it, by the names of the metrics."""
        return {**self.drift.figures.by_name(), **self.quality.figures.by_name()}

    @property
    def faults(self) -> tuple[str, ...]:
        """What is broken in the data, a sentence each."""
        return tuple(
            f"{each.feature_name or 'the rows'}: {each.description}"
            for each in self.drift.violations
        )

    @property
    def degraded(self) -> tuple[str, ...]:
        return self.quality.reasons if self.quality.degraded else ()

    @property
    def facts(self) -> WindowFacts:
        """What the decision on a retraining asks of it."""
        return WindowFacts(
            name=self.window.name,
            start=self.window.start,
            enough_rows=self.drift.finding is not Finding.NOT_ENOUGH_ROWS,
            faults=self.faults,
            drifted=self.drift.drifted,
            degraded=self.degraded,
        )


@dataclass(frozen=True, kw_only=True)
class CohortRecord(Stored):
    """What the labels of a cohort showed: the requests of one release in these hours. Judged once.

    It was counted with a `window`, which is one of the release that was live then.
    """

    endpoint: str
    release_id: str
    window: Window
    cohort: Window
    job_name: str | None
    run_id: str
    judged_at: Instant
    labelled_rows: int
    quality: QualityVerdict


def cohort_of(record: WindowRecord) -> CohortRecord | None:
    """Return what a window says of the cohort that was judged with it, None where none was."""
    if record.cohort is None or not record.quality.is_final:
        return None
    return CohortRecord(
        endpoint=record.endpoint,
        release_id=record.release_id,
        window=record.window,
        cohort=record.cohort,
        job_name=record.job_name,
        run_id=record.run_id,
        judged_at=record.judged_at,
        labelled_rows=record.labelled_rows,
        quality=record.quality,
    )


@dataclass(frozen=True, kw_only=True)
class TrendPoint:
    """One window in a row of them; figures that it did not have are None."""

    window: str
    rows: int
    finding: Finding
    data_drift: float | None
    model_quality: float | None
    estimated_quality: float | None


def trend_of(records: Sequence[WindowRecord]) -> tuple[TrendPoint, ...]:
    return tuple(
        TrendPoint(
            window=each.window.name,
            rows=each.drift.rows,
            finding=each.drift.finding,
            data_drift=each.drift.figures.data_drift,
            model_quality=each.quality.figures.model_quality,
            estimated_quality=each.quality.figures.estimated_quality,
        )
        for each in records[-TREND:]
    )


@dataclass(frozen=True, kw_only=True)
class Monitored:
    """What a run of mode monitor found, and what it made of it.

    `trend` are the last windows of the release, the newest one last. `earlier_releases` are what
    labels said of answers of releases that no longer serve: told, and nothing follows from it.
    `request_id` is that by which the pipeline was asked for a retraining; None where it was not.
    """

    record: WindowRecord
    earlier_releases: tuple[CohortRecord, ...]
    trend: tuple[TrendPoint, ...]
    retraining: Choice
    request_id: str | None = None


def lines_of(monitored: Monitored) -> tuple[str, ...]:
    """Return what a person reads of it."""
    record = monitored.record
    window = record.window
    told = [
        f"Window: {window.start:%Y-%m-%d %H:%M} to {window.end:%Y-%m-%d %H:%M} UTC of "
        f"{record.release_id}, {record.drift.rows} rows in {record.requests} requests",
        f"Found: {found_of(record)}",
    ]
    told += [f"  data: {fault}" for fault in record.faults]
    told += lines_of_labels(monitored)
    for column in record.drift.columns:
        if column.drifted or column.warned:
            word = "drifted" if column.drifted else "near"
            told.append(f"  {column.name}: {word}, PSI {column.psi or 0:.3g}")
    told += [f"  quality: {reason}" for reason in record.quality.reasons]
    shown = ", ".join(f"{name} {value:.4g}" for name, value in record.figures.items())
    told.append(f"Published: {shown}")
    asked = f" (request {monitored.request_id})" if monitored.request_id else ""
    word = "asked for" if monitored.retraining.is_asked else "not asked for"
    return (*told, f"Retraining: {word}: {monitored.retraining.reason}{asked}")


def lines_of_labels(monitored: Monitored) -> tuple[str, ...]:
    """Return how many labels have come, and what they say of releases that no longer serve."""
    record = monitored.record
    before = [_line_of_cohort(each) for each in monitored.earlier_releases]
    if record.cohort is None:
        return tuple(before)
    waits = "" if record.quality.is_final else "; more are waited for"
    return (f"{_coverage(record.cohort, record.quality)}{waits}", *before)


def _line_of_cohort(record: CohortRecord) -> str:
    quality = record.quality
    measured = quality.figures.model_quality
    told = "; ".join(quality.reasons) or (
        f"quality {measured:.4g}" if measured is not None else "nothing to judge by"
    )
    return f"{_coverage(record.cohort, quality)}, of earlier release {record.release_id}: {told}"


def _coverage(cohort: Window, quality: QualityVerdict) -> str:
    return (
        f"Labels: {quality.labelled} of {quality.rows} rows from {cohort.start:%Y-%m-%d %H:%M} to "
        f"{cohort.end:%Y-%m-%d %H:%M} UTC"
    )


def found_of(record: WindowRecord) -> str:
    """Return what a window showed, in a few words."""
    found = {
        Finding.NOT_ENOUGH_ROWS: "not enough rows",
        Finding.DATA_QUALITY: "the data is at fault",
        Finding.DRIFTED: "drift",
        Finding.OK: "no drift",
    }[record.drift.finding]
    return f"{found}; the model is degraded" if record.degraded else found


def found_something(record: WindowRecord) -> bool:
    return bool(record.faults or record.drift.drifted or record.degraded)


def what_then(monitored: Monitored, *, asks_pipeline: bool) -> str:
    """Return what to do about what a window showed, with a command for it.

    `asks_pipeline`: mode retrain finds a pipeline that does what it asks for.
    """
    record, choice = monitored.record, monitored.retraining
    if record.faults:
        return (
            f"Mend what sends these rows: {record.faults[0]}.\n"
            "Then, to look at the window that ends after that, type: --mode monitor"
        )
    if choice.check in (Check.ASKED, Check.CLAIMED):
        return "To see what becomes of the retraining, type: --mode history"
    why = f"No retraining was asked for: {choice.reason}"
    if choice.check is Check.UNHEARD and asks_pipeline:
        return f"{why}\nTo ask again, type: --mode monitor"
    if choice.check is Check.NOTHING_TO_LEARN:
        why += " Bring labels or newer data first."
    train = f'--mode retrain --reason "{found_of(record)}"' if asks_pipeline else "--mode full"
    return f"{why}\nTo train all the same, type: {train}"
