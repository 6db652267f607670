"""What the report shows of a run of mode monitor: what was found, each column, the last windows."""

from collections.abc import Iterator

from pipeline.core.drift import ColumnVerdict
from pipeline.core.monitoring import Monitored, TrendPoint, found_of, lines_of_labels
from pipeline.core.report_parts import (
    Figure,
    Measure,
    Section,
    Table,
    bars,
    chart,
    legible,
    number,
    scales,
    share,
)

_MOST_COLUMNS = 30
_MOST_BINS = 20


def sections(monitored: Monitored) -> Iterator[Section]:
    record, choice = monitored.record, monitored.retraining
    window = record.window
    yield Section(
        title="The window",
        lines=(
            f"{found_of(record).capitalize()}.",
            *map(legible, record.faults),
            *record.degraded,
            *map(legible, lines_of_labels(monitored)),
        ),
        facts=(
            ("From", f"{window.start:%Y-%m-%d %H:%M:%S} UTC"),
            ("Until", f"{window.end:%Y-%m-%d %H:%M:%S} UTC"),
            ("Release", record.release_id),
            ("Requests", str(record.requests)),
            ("Rows", str(record.drift.rows)),
            *((name, number(value)) for name, value in sorted(record.figures.items())),
            *((f"Not counted: {why}", str(count)) for why, count in _left_out(monitored)),
        ),
    )
    yield Section(
        title="Retraining",
        lines=(f"{'Asked for' if choice.is_asked else 'Not asked for'}: {legible(choice.reason)}",),
    )
    figures = [each for each in (_columns(monitored), *_bins(monitored), _trend(monitored)) if each]
    yield Section(title="Columns and windows", figures=tuple(figures))


def _left_out(monitored: Monitored) -> list[tuple[str, int]]:
    return [(why, count) for why, count in sorted(monitored.record.not_counted.items()) if count]


def _columns(monitored: Monitored) -> Figure | None:
    measured = [each for each in monitored.record.drift.columns if each.psi is not None]
    measured.sort(key=lambda each: (not each.is_answer, -(each.psi or 0)))
    if not measured:
        return None
    worst = max(measured, key=lambda each: each.psi or 0)
    return Figure(
        id="drift",
        title="How far each column is from its baseline",
        finding=f"{legible(worst.name, 60)} is farthest: PSI {number(worst.psi)}, of which chance "
        f"alone may show {number(worst.floor)}.",
        drawing=bars([_bar(each) for each in measured[:_MOST_COLUMNS]]),
        table=Table(
            header=("Column", "PSI", "By chance", "Distance", "Missing", "In the baseline"),
            rows=tuple(_row(each) for each in measured),
            marks=tuple("failed" if each.drifted else "passed" for each in measured),
        ),
    )


def _bar(column: ColumnVerdict) -> Measure:
    word = "drifted" if column.drifted else "near" if column.warned else ""
    return Measure(
        label=legible(column.name), value=column.psi or 0, text=f"{number(column.psi)} {word}"
    )


def _row(column: ColumnVerdict) -> tuple[str, ...]:
    return (
        legible(column.name),
        number(column.psi),
        number(column.floor),
        number(column.distance),
        share(column.missing_share),
        share(column.baseline_missing_share),
    )


def _bins(monitored: Monitored) -> Iterator[Figure]:
    """Show of each column that drifted where its rows are now, beside where they were."""
    for place, column in enumerate(each for each in monitored.record.drift.columns if each.drifted):
        shown = column.bins[:_MOST_BINS]
        moved = max(shown, key=lambda each: abs(each.share - each.baseline_share))
        yield Figure(
            id=f"bins-{place}",
            title=f"Where the rows of {legible(column.name, 60)} are now",
            finding=f"{legible(moved.name, 60)} has {share(moved.share)} of the rows, "
            f"{share(moved.baseline_share)} in the baseline.",
            drawing=bars(
                [
                    Measure(
                        label=legible(each.name),
                        value=each.share,
                        text=f"{each.share:.1%}, was {each.baseline_share:.1%}",
                    )
                    for each in shown
                ],
                most=1.0,
            ),
            table=Table(
                header=("Bin", "Now", "In the baseline"),
                rows=tuple(
                    (legible(each.name), share(each.share), share(each.baseline_share))
                    for each in column.bins
                ),
            ),
        )


def _trend(monitored: Monitored) -> Figure | None:
    points = monitored.trend
    if len(points) < 2:
        return None
    lines = [(label, _line(points, name)) for label, name in _TRENDS.items()]
    drawn = [(label, line) for label, line in lines if line]
    values = [y for _, line in drawn for _, y in line]
    return Figure(
        id="trend",
        title=f"The last {len(points)} windows",
        finding=f"The newest is {points[-1].finding.value.replace('_', ' ')}; of all, "
        f"{sum(each.finding.value == 'drifted' for each in points)} drifted.",
        drawing=chart(
            drawn,
            x_label="Windows ago",
            y_label="Figure",
            axes=scales((1.0 - len(points), 0.0), (0.0, *values)),
        ),
        table=Table(
            header=("Window", "Rows", "Found", *_TRENDS),
            rows=tuple(
                (
                    each.window,
                    str(each.rows),
                    each.finding.value,
                    *(number(getattr(each, name)) for name in _TRENDS.values()),
                )
                for each in reversed(points)
            ),
        ),
    )


_TRENDS = {
    "Drift": "data_drift",
    "Quality": "model_quality",
    "Estimated quality": "estimated_quality",
}


def _line(points: tuple[TrendPoint, ...], name: str) -> list[tuple[float, float]]:
    found = ((place + 1.0 - len(points), getattr(each, name)) for place, each in enumerate(points))
    return [(x, y) for x, y in found if y is not None]
