"""Models that are judged as the evaluation job judges them, and reports of runs of them."""

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from sklearn.datasets import load_breast_cancer, load_diabetes, load_digits, load_iris
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from model import plots as drawing
from model.measurement import Classes
from pipeline.core.gate import Limits, decided, judge_one
from pipeline.core.outcomes import (
    DeploymentReport,
    DeploymentStatus,
    ProbeCase,
    ProbeReport,
    RunReport,
    RunStatus,
    Shown,
)
from pipeline.core.plots import Plots
from pipeline.core.records import Decision, Evaluation, Slice
from pipeline.steps.probe import latency_report
from tests.unit.core_builders import NOON, a_release, a_training_run, an_evaluation

# Names as an attacker, a careless program or another language would have them.
HOSTILE = (
    "<script>alert(1)</script>",
    "\"' onload=alert(1) x='",
    "</svg></title><img src=https://example.com/x.png>",
    "{{ 7 * 7 }}{% raw %}",
    "\N{RIGHT-TO-LEFT OVERRIDE}evil\N{POP DIRECTIONAL ISOLATE}\N{NULL}",
    "\u05e9\u05dc\u05d5\u05dd \u0645\u0631\u062d\u0628\u0627",
    "long " * 400,
    "]]>--><!--",
)


def frame(loaded: Any) -> tuple[pd.DataFrame, np.ndarray]:
    columns = [str(name) for name in getattr(loaded, "feature_names", range(loaded.data.shape[1]))]
    return pd.DataFrame(loaded.data, columns=columns), np.asarray(loaded.target)


def named(y: np.ndarray, names: Sequence[object]) -> np.ndarray:
    return np.array([str(names[int(place)]) for place in y], dtype=object)


def classified(X: pd.DataFrame, y: np.ndarray, *, seed: int = 0) -> tuple[Evaluation, Plots]:
    """Train on half of the rows; return what the other half says."""
    train, test, y_train, y_test = train_test_split(
        X, y, test_size=0.5, random_state=seed, stratify=y
    )
    model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=300)).fit(train, y_train)
    predicted = np.asarray(model.predict(test))
    labels = tuple(model.classes_)
    classes = Classes(labels)
    classes.add(predicted, y_test)
    seen = classes.measurement()
    evaluation = an_evaluation(
        metrics={**seen.measured, "cv_mean_accuracy": seen.measured["accuracy"]},
        classification_report=seen.classification_report,
        confusion_matrix=tuple(map(tuple, seen.confusion_matrix)),
        labels=tuple(map(str, seen.labels)),
        row_count=seen.rows,
        slices=tuple(
            Slice(column=str(X.columns[0]), value=value, rows=rows, metrics={"accuracy": accuracy})
            for value, rows, accuracy in (("up to 2", 30, 0.9), (HOSTILE[0], 3, 1.0))
        ),
    )
    judged = drawing.Judged(
        model=model, X=test, y=y_test, predicted=predicted, labels=labels, seed=seed
    )
    return evaluation, plots_of(judged)


def plots_of(judged: drawing.Judged) -> Plots:
    """Return what the job would have written, as the runner reads it."""
    latencies = np.sort(np.random.default_rng(1).lognormal(1.0, 0.5, 50)).round(3).tolist()
    document = {**drawing.describe(judged), "artifact_sha256": "a" * 64, "latencies_ms": latencies}
    return Plots.from_json(json.dumps(document))


def predicted_number(X: pd.DataFrame, y: np.ndarray) -> Plots:
    train, test, y_train, y_test = train_test_split(X, y, test_size=0.5, random_state=0)
    model = LinearRegression().fit(train, y_train)
    return plots_of(
        drawing.Judged(
            model=model, X=test, y=y_test, predicted=model.predict(test), labels=(), seed=0
        )
    )


def iris() -> tuple[Evaluation, Plots]:
    loaded = load_iris()
    X, y = frame(loaded)
    return classified(X, named(y, loaded.target_names))


def breast_cancer() -> tuple[Evaluation, Plots]:
    loaded = load_breast_cancer()
    X, y = frame(loaded)
    return classified(X, named(y, loaded.target_names))


def digits() -> tuple[Evaluation, Plots]:
    X, y = frame(load_digits())
    return classified(X, named(y, range(10)))


def diabetes() -> Plots:
    return predicted_number(*frame(load_diabetes()))


def hostile() -> tuple[Evaluation, Plots]:
    """A table whose columns and classes have hostile names."""
    source = np.random.default_rng(3)
    y = source.integers(0, len(HOSTILE), 400)
    values = source.normal(size=(400, len(HOSTILE))) + 2 * np.eye(len(HOSTILE))[y]
    return classified(pd.DataFrame(values, columns=list(HOSTILE)), named(y, HOSTILE))


def a_decision() -> Decision:
    return decided(
        [
            judge_one("accuracy", 0.95, limits=Limits(minimum=0.8, threshold=0.9), rows=75),
            judge_one("f1", 0.85, limits=Limits(minimum=0.8, threshold=0.9)),
            judge_one("latency_p95_ms", 80.0, limits=Limits(maximum=50.0)),
        ]
    )


def a_full_run(evaluation: Evaluation, plots: Plots | None = None, **changes: Any) -> RunReport:
    """Return the report of a run that trained, deployed and tested this model."""
    latencies = np.random.default_rng(2).lognormal(1.2, 0.6, 200).tolist()
    report = RunReport(
        run_id="20260102-120000-ab12",
        mode="full",
        status=RunStatus.SUCCESS,
        git_sha="0" * 40,
        started_at=NOON,
        backend="local",
        account="000000000000",
        region="us-east-1",
        environment="staging",
        config_digest="e" * 64,
        duration_s=93.5,
        training=a_training_run(),
        evaluation=evaluation,
        decision=a_decision(),
        deployment=DeploymentReport(
            status=DeploymentStatus.SUCCESS,
            endpoint_name="iris-model-staging",
            release_id="r-20260102-120000-aaaaaa",
            duration_s=20.0,
        ),
        probe=ProbeReport(
            endpoint_name="iris-model-staging",
            cases=(
                ProbeCase(name="health", passed=True, detail="It answers.", duration_s=0.1),
                ProbeCase(name="latency", passed=False, detail="Too slow.", duration_s=0.1),
            ),
            prediction_accuracy=0.97,
            latency=latency_report(latencies, request_count=200, duration_s=3.0),
        ),
        release_id="r-20260102-120000-aaaaaa",
        data_warnings=("2 rows are there twice.",),
        notes=("Nobody was told.",),
        shown=Shown(
            plots=plots,
            release=a_release(evaluation=evaluation),
            commands=(
                ("To go back:", "./run_mlops_pipeline.sh --mode rollback --to r-20260101-1"),
            ),
        ),
    )
    return replace(report, **changes)
