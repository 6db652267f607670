"""Windows of captured traffic for tests: what they showed, without any traffic."""

from datetime import UTC, datetime, timedelta

from pipeline.core.drift import (
    Check,
    ColumnVerdict,
    DriftFigures,
    DriftVerdict,
    Finding,
    Violation,
)
from pipeline.core.monitoring import Limits, Monitored, Window, WindowRecord, trend_of
from pipeline.core.quality import QualityFigures, QualityVerdict
from pipeline.core.retraining import Cause, Choice
from pipeline.core.retraining import Check as Looked

NOON = datetime(2026, 1, 2, 12, 0, 0, tzinfo=UTC)
ENDPOINT = "iris-model-staging"
LIVE = "r-20260101-120000-aaaaaa"
# They come from a cause, or say that there was one.
_WITHOUT_CAUSE = (Looked.OFF, Looked.ROWS, Looked.DATA_QUALITY, Looked.CAUSE)


def a_window(start: datetime = NOON - timedelta(days=1), *, hours: int = 24) -> Window:
    return Window(start=start, end=start + timedelta(hours=hours))


def a_column(name: str, *, psi: float = 0.01, fault: str = "") -> ColumnVerdict:
    return ColumnVerdict(
        name=name,
        is_answer=False,
        rows=500,
        psi=psi,
        floor=0.05,
        distance=psi,
        drifted=psi > 0.2,
        warned=psi > 0.1,
        missing_share=0.0,
        baseline_missing_share=0.0,
        bins=(),
        violations=(_violation(name, fault),) if fault else (),
    )


def _violation(name: str, fault: str) -> Violation:
    return Violation(feature_name=name, check=Check.DATA_TYPE, description=fault)


def a_record(
    window: Window | None = None,
    *,
    release: str = LIVE,
    rows: int = 500,
    drifted: tuple[str, ...] = (),
    faults: tuple[str, ...] = (),
    degraded: tuple[str, ...] = (),
    endpoint: str = ENDPOINT,
) -> WindowRecord:
    """Return what a window showed; with no rows, that nobody can tell."""
    finding = Finding.DRIFTED if drifted else Finding.OK
    if faults:
        finding = Finding.DATA_QUALITY
    if not rows:
        finding = Finding.NOT_ENOUGH_ROWS
    columns = tuple(a_column(name, psi=0.5) for name in drifted)
    return WindowRecord(
        endpoint=endpoint,
        release_id=release,
        window=window or a_window(),
        cohort=None,
        baseline_sha256="0" * 64,
        job_name="iris-model-staging-watch-20260102-120000" if rows else None,
        run_id="one",
        judged_at=NOON,
        lines=rows,
        requests=rows,
        not_counted={},
        labelled_rows=0,
        limits=Limits(psi_threshold=0.2, minimum_row_count=200, minimum_accuracy=None),
        drift=DriftVerdict(
            finding=finding,
            rows=rows,
            columns=columns,
            violations=tuple(_violation("a", fault) for fault in faults),
            figures=DriftFigures(
                monitored_rows=rows,
                data_drift=(0.5 if drifted else 0.0) if rows else None,
                drifted_columns_share=0.0 if rows else None,
                missing_share_max=0.0 if rows else None,
            ),
        ),
        quality=QualityVerdict(
            rows=rows,
            labelled=rows if degraded else 0,
            is_final=True,
            degraded=bool(degraded),
            interval=None,
            difference=None,
            baseline_quality=0.95,
            errors={},
            reasons=degraded,
            figures=QualityFigures(
                model_quality=0.8 if degraded else None, label_coverage=None, estimated_quality=None
            ),
        ),
    )


def a_monitored(record: WindowRecord, check: Looked) -> Monitored:
    cause = None if check in _WITHOUT_CAUSE else Cause.DRIFT
    return Monitored(
        record=record,
        earlier_releases=(),
        trend=trend_of([record]),
        retraining=Choice(check=check, reason="a reason.", cause=cause),
        request_id="event-1" if check is Looked.ASKED else None,
    )
