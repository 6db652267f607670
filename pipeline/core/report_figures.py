"""The figures of the report: what was measured on held-out rows, drawn and in words."""

from collections.abc import Iterator, Sequence
from itertools import pairwise

from pipeline.core.intervals import wilson
from pipeline.core.plots import CalibrationBin, Curve, Importance, Plots, Regression
from pipeline.core.records import Evaluation, ModelKind, Slice
from pipeline.core.report_parts import (
    Figure,
    Measure,
    Table,
    bars,
    chart,
    legible,
    matrix,
    number,
    scales,
    share,
)

MOST_CLASSES = 20
_MOST_CONFUSIONS = 30
_FEW_ROWS = 5
_MOST_SLICES = 40
_WHOLE = scales((0.0, 1.0), (0.0, 1.0))


def confusion(evaluation: Evaluation) -> Figure | None:
    """Return the matrix; of more than 20 classes nobody could read it."""
    counts, labels = evaluation.confusion_matrix, evaluation.labels
    if not 0 < len(labels) <= MOST_CLASSES:
        return None
    return Figure(
        id="confusion",
        title="Confusion matrix",
        finding=_most_confused(counts, labels),
        drawing=matrix(counts, labels),
        table=Table(
            header=("True class", *(f"Predicted {legible(label)}" for label in labels)),
            rows=tuple(
                (legible(label), *map(str, row)) for label, row in zip(labels, counts, strict=True)
            ),
        ),
    )


def confusions(evaluation: Evaluation) -> Table:
    """Return which classes are taken for which others, the most frequent first."""
    labels = evaluation.labels
    found = sorted(_mistakes(evaluation.confusion_matrix), reverse=True)[:_MOST_CONFUSIONS]
    rows = tuple(
        (legible(labels[line]), legible(labels[column]), str(count))
        for count, line, column in found
    )
    return Table(header=("True class", "Predicted", "Rows"), rows=rows)


def _mistakes(counts: Sequence[Sequence[int]]) -> Iterator[tuple[int, int, int]]:
    for line, row in enumerate(counts):
        for column, count in enumerate(row):
            if count and line != column:
                yield count, line, column


def _most_confused(counts: Sequence[Sequence[int]], labels: Sequence[str]) -> str:
    right, rows = sum(row[place] for place, row in enumerate(counts)), sum(map(sum, counts))
    said = f"{right} of {rows} held-out rows are right."
    worst = max(_mistakes(counts), default=None)
    if worst is None:
        return said
    count, line, column = worst
    times = "once" if count == 1 else f"{count} times"
    return f"{said} Most often {legible(labels[line], 60)} is taken for " + (
        f"{legible(labels[column], 60)}: {times}."
    )


def classes(evaluation: Evaluation) -> Figure | None:
    """Return the share of each class that is recognized; of many classes the worst."""
    measured = sorted(_recalls(evaluation), key=lambda each: each[2] / each[1])[:MOST_CLASSES]
    if not measured:
        return None
    intervals = [wilson(right, rows) for _, rows, right in measured]
    label, rows, right = measured[0]
    few = " It has few rows: the interval is wide." if rows < _FEW_ROWS else ""
    shown = [
        Measure(
            label=name,
            value=found / of,
            text=f"{found / of:.1%} of {of}",
            low=interval.low,
            high=interval.high,
        )
        for (name, of, found), interval in zip(measured, intervals, strict=True)
    ]
    return Figure(
        id="classes",
        title="Recall of each class",
        finding=f"{legible(label, 60)} is recognized least: {right} of {rows} rows.{few}",
        drawing=bars(shown, most=1.0),
        table=Table(
            header=("Class", "Rows", "Right", "Recall", "95 % interval"),
            rows=tuple(
                (
                    legible(name),
                    str(of),
                    str(found),
                    share(found / of),
                    f"{share(interval.low)} to {share(interval.high)}",
                )
                for (name, of, found), interval in zip(measured, intervals, strict=True)
            ),
        ),
    )


def _recalls(evaluation: Evaluation) -> Iterator[tuple[str, int, int]]:
    pairs = zip(evaluation.labels, evaluation.confusion_matrix, strict=True)
    for place, (label, row) in enumerate(pairs):
        if sum(row):
            yield label, sum(row), row[place]


def slices(evaluation: Evaluation) -> Figure | None:
    """Return what was measured on parts of the rows, the worst first."""
    is_number = evaluation.kind is ModelKind.REGRESSION
    metric = "rmse" if is_number else "accuracy"
    found = [each for each in evaluation.slices if each.rows and metric in each.metrics]
    found.sort(key=lambda each: each.metrics[metric], reverse=is_number)
    if not found:
        return None
    worst, shown = found[0], found[:_MOST_SLICES]
    return Figure(
        id="slices",
        title="Parts of the rows",
        finding=f"Worst where {legible(worst.column, 60)} is {legible(worst.value, 60)}: {metric} "
        f"{number(worst.metrics[metric])} on {worst.rows} rows.",
        drawing=bars([_slice_bar(each, metric) for each in shown], most=None if is_number else 1.0),
        table=Table(
            header=("Column", "Part", "Rows", metric.capitalize()),
            rows=tuple(
                (
                    legible(each.column),
                    legible(each.value),
                    str(each.rows),
                    number(each.metrics[metric]),
                )
                for each in shown
            ),
        ),
    )


def _slice_bar(each: Slice, metric: str) -> Measure:
    value = each.metrics[metric]
    is_share = metric == "accuracy" and 0 <= value <= 1
    interval = wilson(value * each.rows, each.rows) if is_share else None
    return Measure(
        label=f"{legible(each.column, 11)} {legible(each.value, 12)}",
        value=value,
        text=f"{number(value)} of {each.rows}",
        low=interval.low if interval else None,
        high=interval.high if interval else None,
    )


def drawn_by_the_job(plots: Plots) -> Iterator[Figure]:
    """Yield what the evaluation job drew; what it could not is in its notes."""
    if plots.roc:
        yield _curves("roc", "ROC curve", plots.roc)
    if plots.precision_recall:
        yield _curves("precision-recall", "Precision and recall", plots.precision_recall)
    if plots.calibration:
        yield _calibration(plots.calibration, plots.calibration_of)
    if plots.regression:
        yield from _regression(plots.regression)
    if plots.importance and plots.importance.features:
        yield _importance(plots.importance)


def _curves(name: str, title: str, curves: Sequence[Curve]) -> Figure:
    is_roc = name == "roc"
    area = "area under the curve" if is_roc else "average precision"
    axes = ("False positive rate", "True positive rate") if is_roc else ("Recall", "Precision")
    worst = curves[0]
    least = "The smallest " if len(curves) > 1 else "The "
    return Figure(
        id=name,
        title=title,
        finding=f"{least}{area} is {number(worst.area)} ({legible(worst.label, 60)}, "
        f"{worst.rows} rows).",
        drawing=chart(
            [(each.label, each.points) for each in curves if each.points],
            x_label=axes[0],
            y_label=axes[1],
            axes=_WHOLE,
            reference=is_roc,
        ),
        table=Table(
            header=("Class against all others", "Rows", area.capitalize()),
            rows=tuple((legible(each.label), str(each.rows), number(each.area)) for each in curves),
        ),
    )


def _calibration(bins: Sequence[CalibrationBin], of: str | None) -> Figure:
    enough = [each for each in bins if each.rows >= _FEW_ROWS]
    worst = max(enough, key=lambda each: abs(each.claimed - each.seen / each.rows), default=None)
    finding = (
        f"Largest gap: where {share(worst.claimed)} was claimed on average, "
        f"{share(worst.seen / worst.rows)} of {worst.rows} rows came true."
        if worst
        else f"No bin has {_FEW_ROWS} rows: too few to tell."
    )
    whose = f"being {legible(of, 60)}" if of else "the predicted class"
    return Figure(
        id="calibration",
        title="Calibration",
        finding=finding,
        drawing=chart(
            [("", [(each.claimed, each.seen / each.rows) for each in bins])],
            x_label=f"Claimed probability of {whose}"[:48],
            y_label="Share that came true",
            axes=_WHOLE,
            reference=True,
        ),
        table=Table(
            header=("Claimed on average", "Rows", "Came true", "Share", "95 % interval"),
            rows=tuple(map(_calibration_row, bins)),
        ),
    )


def _calibration_row(each: CalibrationBin) -> tuple[str, ...]:
    interval = wilson(each.seen, each.rows)
    few = " (few)" if each.rows < _FEW_ROWS else ""
    return (
        share(each.claimed),
        f"{each.rows}{few}",
        str(each.seen),
        share(each.seen / each.rows),
        f"{share(interval.low)} to {share(interval.high)}",
    )


def _importance(found: Importance) -> Figure:
    first = found.features[0]
    score = "accuracy" if found.score == "accuracy" else "R2"
    beside = f" {found.left_out} more features are not shown." if found.left_out else ""
    shown = [
        Measure(
            label=each.name,
            value=each.mean,
            text=f"{number(each.mean)} \N{PLUS-MINUS SIGN} {number(each.deviation)}",
            low=each.mean - each.deviation,
            high=each.mean + each.deviation,
        )
        for each in found.features
    ]
    return Figure(
        id="importance",
        title="What the model goes by",
        finding=f"{legible(first.name, 60)} matters most: {score} falls by {number(first.mean)} "
        f"where it is shuffled ({found.rows} rows).{beside}",
        drawing=bars(shown),
        table=Table(
            header=("Feature", f"{score.capitalize()} falls by", "Deviation", "Shuffled"),
            rows=tuple(
                (legible(each.name), number(each.mean), number(each.deviation), str(each.repeats))
                for each in found.features
            ),
        ),
    )


def _regression(found: Regression) -> Iterator[Figure]:
    actual, predicted = zip(*found.dots, strict=True)
    yield Figure(
        id="predicted",
        title="Predicted and actual",
        finding=f"{len(found.dots)} held-out rows; on the line a prediction is exact.",
        drawing=chart(
            [],
            x_label="Actual",
            y_label="Predicted",
            axes=scales(actual, predicted, same=True),
            dots=found.dots,
            reference=True,
        ),
        table=Table(
            header=("Actual", "Predicted"),
            rows=tuple((number(a), number(b)) for a, b in found.dots[:: len(found.dots) // 30 + 1]),
        ),
    )
    edges = list(pairwise(found.residual_edges))
    spans = [(*span, float(rows)) for span, rows in zip(edges, found.residual_counts, strict=True)]
    begin, end, rows = max(spans, key=lambda span: span[2])
    yield Figure(
        id="residuals",
        title="Residuals",
        finding=f"Most often predicted minus actual is from {number(begin)} to {number(end)}: "
        f"{rows:.0f} rows.",
        drawing=chart(
            [],
            x_label="Predicted minus actual",
            y_label="Rows",
            axes=scales(found.residual_edges, (0.0, rows)),
            columns=spans,
        ),
        table=Table(
            header=("From", "To", "Rows"),
            rows=tuple((number(a), number(b), f"{rows:.0f}") for a, b, rows in spans),
        ),
    )


def latencies(name: str, title: str, measured: Sequence[float], *, count: int) -> Figure:
    """Return how many of `count` answers took how long; `measured` are milliseconds, rising."""
    within = {
        of: measured[-(-len(measured) * of // 100) - 1] for of in (5, 25, 50, 75, 90, 95, 99, 100)
    }
    shares = (place / len(measured) for place in range(1, len(measured) + 1))
    return Figure(
        id=name,
        title=title,
        finding=f"Half of {count} answers come within {number(within[50])} ms, 95 % within "
        f"{number(within[95])} ms, the last after {number(within[100])} ms.",
        drawing=chart(
            [("", list(zip(measured, shares, strict=True)))],
            x_label="Milliseconds",
            y_label="Share answered",
            axes=scales((0.0, *measured), (0.0, 1.0)),
        ),
        table=Table(
            header=("Share answered", "Within ms"),
            rows=tuple((f"{of} %", number(most)) for of, most in within.items()),
        ),
    )
