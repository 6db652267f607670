"""The model card that goes with a package into the registry: SageMaker's own document, as JSON.

Made of the records that the gate judged, and of what the evaluation job drew. Sources: SageMaker
API reference, CreateModelPackage, ModelPackageModelCard (at most 100,000 characters); developer
guide, "Model cards"; the schema of `AWS::SageMaker::ModelCard`, whose limits are kept here.
What does not fit is left out, and the card says so.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from math import isfinite
from typing import Any

from pipeline.core.document import canonical_json
from pipeline.core.intervals import wilson
from pipeline.core.plots import Curve, Plots
from pipeline.core.records import Decision, Evaluation, ModelKind, TrainingRun, Verdict

LONGEST = 100_000
_MOST_CLASSES = 20
_MOST_METRICS = 50
_MOST_HYPERPARAMETERS = 100
_MOST_SLICES = 40
_NAME, _SHORT, _NOTE, _TEXT, _OBSERVATION = 255, 63, 1024, 2048, 2096
_CLIPPED = "\N{HORIZONTAL ELLIPSIS}"

Part = dict[str, Any]


def model_card(
    run: TrainingRun, evaluation: Evaluation, decision: Decision, plots: Plots | None
) -> str:
    """Return the content of the card, in one line. Drawings go first where it gets too long."""
    groups = [*_groups(evaluation), *(_drawn(plots) if plots else ())]
    left_out = list(_left_out(evaluation))
    while True:
        text = canonical_json(_content(run, evaluation, decision, groups, left_out))
        if len(text) <= LONGEST or not groups:
            return text
        left_out.append(f"{groups.pop()['name']} is left out: the card would be too long.")


def card_status(decision: Decision, *, is_approved: bool) -> str:
    """Return SageMaker's word for how far the model has come with the gate, or a person."""
    if is_approved:
        return "Approved"
    return {
        Verdict.DEPLOY: "Approved",
        Verdict.HOLD: "PendingReview",
        Verdict.KEEP: "PendingReview",
        Verdict.REJECT: "Draft",
    }[decision.verdict]


def _content(
    run: TrainingRun,
    evaluation: Evaluation,
    decision: Decision,
    groups: Sequence[Part],
    left_out: Sequence[str],
) -> Part:
    identity = run.identity
    told = f"Predicts {identity.target} from {len(identity.columns)} columns."
    return {
        "model_overview": {"model_artifact": [_cut(run.artifact_uri, _NOTE)]},
        "intended_uses": {"purpose_of_model": _cut(told, _TEXT), "risk_rating": "Unknown"},
        "training_details": _training(run, evaluation),
        "evaluation_details": [_evaluated(run, evaluation, decision, groups)],
        "additional_information": {
            "caveats_and_recommendations": _cut(
                " ".join(left_out) or "Nothing was left out.", _TEXT
            ),
            "custom_details": {
                "artifact_sha256": run.artifact_sha256,
                "code_sha256": run.code_sha256,
                "data_sha256": run.data_sha256,
                "training_job": run.job_name,
            },
        },
    }


def _training(run: TrainingRun, evaluation: Evaluation) -> Part:
    choice = evaluation.choice
    chosen = (
        f"{choice.model}, chosen among {len(choice.candidates)} candidates on {choice.rows} rows."
        if choice
        else "A model of the user's own make."
    )
    parameters = sorted(run.hyperparameters.items())[:_MOST_HYPERPARAMETERS]
    return {
        "training_observations": _cut(chosen, _NOTE),
        "training_job_details": {
            "training_arn": _cut(run.job_arn, _NOTE),
            "training_datasets": [_cut(run.train_uri, _NOTE)],
            "training_environment": {"container_image": [_cut(run.image_uri, _NOTE)]},
            "training_metrics": [
                {"name": _cut(name, _NAME), "value": value}
                for name, value in sorted(run.metrics.items())[:_MOST_METRICS]
                if isfinite(value)
            ],
            "hyper_parameters": [
                {"name": _cut(name, _NAME), "value": _cut(value, _NAME)}
                for name, value in parameters
            ],
        },
    }


def _evaluated(
    run: TrainingRun, evaluation: Evaluation, decision: Decision, groups: Sequence[Part]
) -> Part:
    reasons = " ".join(decision.reasons)
    return {
        "name": "Held-out rows",
        "evaluation_observation": _cut(f"{decision.verdict.value}: {reasons}", _OBSERVATION),
        "datasets": [_cut(run.test_uri, _NOTE)],
        "metadata": {
            "processing_job": _cut(evaluation.processing_job, _NOTE),
            "rows": str(evaluation.row_count),
        },
        "metric_groups": list(groups),
    }


def _groups(evaluation: Evaluation) -> Iterator[Part]:
    yield _group("Metrics", _metrics(evaluation))
    if evaluation.baseline:
        constant = sorted(evaluation.baseline.items())
        yield _group(
            "A constant answer", (_number(*each) for each in constant if isfinite(each[1]))
        )
    labels, counts = evaluation.labels, evaluation.confusion_matrix
    if 0 < len(labels) <= _MOST_CLASSES:
        names = [_cut(label, _SHORT) for label in labels]
        matrix = {
            "name": "Confusion matrix",
            "type": "matrix",
            "value": [list(row) for row in counts],
            "notes": "Rows are true classes, columns predicted ones.",
            "x_axis_name": names,
            "y_axis_name": names,
        }
        yield _group("Confusion matrix", [matrix])
    if evaluation.slices:
        yield _group("Parts of the rows", _slices(evaluation))


def _metrics(evaluation: Evaluation) -> Iterator[Part]:
    rows = evaluation.row_count
    for name, value in sorted(evaluation.metrics.items()):
        if not isfinite(value):
            continue
        part = _number(name, value)
        if name == "accuracy" and rows and 0 <= value <= 1:
            interval = wilson(value * rows, rows)
            said = f"95 % interval {interval.low:.4g} to {interval.high:.4g} on {rows} rows"
            part["notes"] = said
        yield part


def _slices(evaluation: Evaluation) -> Iterator[Part]:
    metric = "rmse" if evaluation.kind is ModelKind.REGRESSION else "accuracy"
    for each in evaluation.slices[:_MOST_SLICES]:
        value = each.metrics.get(metric)
        if value is not None and isfinite(value):
            part = _number(f"{metric} of {each.column} {each.value}", value)
            yield {**part, "notes": f"{each.rows} rows"}


def _drawn(plots: Plots) -> Iterator[Part]:
    if plots.importance and plots.importance.features:
        features = plots.importance.features
        bar_chart = {
            "name": f"{plots.importance.score} falls by, where a feature is shuffled",
            "type": "bar_chart",
            "value": [each.mean for each in features],
            "x_axis_name": [_cut(each.name, _SHORT) for each in features],
            "y_axis_name": plots.importance.score,
        }
        yield _group("Importance", [bar_chart])
    for title, curves, x, y in (
        ("ROC", plots.roc, "False positive rate", "True positive rate"),
        ("Precision and recall", plots.precision_recall, "Recall", "Precision"),
    ):
        graphs = [_graph(curve, x, y) for curve in curves if curve.points]
        if graphs:
            yield _group(title, graphs)


def _graph(curve: Curve, x: str, y: str) -> Part:
    return {
        "name": _cut(curve.label or "(empty)", _NAME),
        "type": "linear_graph",
        "value": [list(point) for point in curve.points],
        "notes": f"Area {curve.area:.4g}, {curve.rows} rows",
        "x_axis_name": x,
        "y_axis_name": y,
    }


def _left_out(evaluation: Evaluation) -> Iterator[str]:
    if len(evaluation.labels) > _MOST_CLASSES:
        yield (
            f"The confusion matrix is left out: a card has room for {_MOST_CLASSES} classes, not "
            f"for {len(evaluation.labels)}."
        )
    missing = [name for name, value in sorted(evaluation.metrics.items()) if not isfinite(value)]
    if missing:
        yield f"Not finite, so left out: {', '.join(missing)[:200]}."


def _group(name: str, parts: Iterable[Mapping[str, Any]]) -> Part:
    return {"name": name, "metric_data": list(parts)[:_MOST_METRICS]}


def _number(name: str, value: float) -> Part:
    return {"name": _cut(name, _NAME), "type": "number", "value": value}


def _cut(text: str, most: int) -> str:
    """Return a text that fits, without what a JSON document cannot carry."""
    whole = text.encode("utf-8", "replace").decode("utf-8")
    return whole if len(whole) <= most else f"{whole[: most - 1]}{_CLIPPED}"
