"""A user's own class, model and metrics, through training, evaluation and serving."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.support.containers import ContainerError, Containers, containers
from tests.support.decided import halves
from tests.support.project import PROJECT_ROOT
from tests.support.tables import a_mixed_csv

FAST: dict[str, Any] = {"candidates": "logistic_regression"}
HEAD = "import numpy as np\nfrom pipeline.training import TrainingPipeline\n"
WORDY = f"""{HEAD}
class Wordy:
    def fit(self, X, y):
        self.bound = float(X["size"].median())

    def predict(self, X):
        return np.where(X["size"].fillna(0) > self.bound, "good", "bad")

class Mine(TrainingPipeline):
    def train_local_model(self, X_train, y_train):
        model = Wordy()
        model.fit(X_train, y_train)
        return model

    def evaluate_model(self, model, X_test, y_test):
        return {{**super().evaluate_model(model, X_test, y_test), "rows_seen": len(y_test)}}
"""


def with_code(tmp_path: Path, *specs: str, **sources: str) -> Containers:
    for name, source in sources.items():
        (tmp_path / f"{name}.py").write_text(source)
    return containers(tmp_path / "world", specs, source_dir=tmp_path)


def test_the_examples_of_the_document_work(tmp_path: Path) -> None:
    content = (PROJECT_ROOT / "data" / "iris.csv").read_bytes()
    divided = halves(content, target="species", seed=43)
    spec = "custom_training:CustomTrainingPipeline"
    metrics = "custom_evaluation:custom_evaluation"
    world = containers(tmp_path, (spec, metrics), source_dir=PROJECT_ROOT / "examples")
    world.train(
        divided.train.read(),
        schema=divided.schema_json,
        target="species",
        training_pipeline=spec,
        shrinkage=0.5,
    )
    document = world.evaluate(divided.test.read(), "--custom-metrics", metrics)
    assert document["metrics"].keys() >= {"f1_score", "precision", "recall", "cv_mean_accuracy"}
    assert document["metrics"]["f1_score"] >= 0.9
    [[body, _]] = world.invoke(("5.1,3.5,1.4,0.2", "text/csv", "application/json"))
    assert json.loads(body) == {"predictions": ["setosa"]}


def test_a_model_class_of_a_user_is_trained_measured_and_served(tmp_path: Path) -> None:
    world = with_code(tmp_path, "mine:Mine", mine=WORDY)
    world.train(a_mixed_csv(), target="verdict", training_pipeline="mine:Mine")
    document = world.evaluate(a_mixed_csv(seed=1))
    assert document["metrics"]["rows_seen"] == 60
    assert document["training_pipeline"] == "mine:Mine"
    answers = world.invoke(('{"size": 6, "weight": null, "colour": "red"}', "", ""))
    assert json.loads(answers[0][0])["predictions"] == ["good"]


def test_columns_that_prepare_data_drops_need_not_be_sent(tmp_path: Path) -> None:
    source = f"""{HEAD}
class Mine(TrainingPipeline):
    def prepare_data(self, frame):
        X, y = super().prepare_data(frame)
        return X[["size"]].assign(twice=X["size"] * 2).drop(columns="twice"), y
"""
    world = with_code(tmp_path, "mine:Mine", mine=source)
    world.train(a_mixed_csv(), target="verdict", training_pipeline="mine:Mine", **FAST)
    assert world.evaluate(a_mixed_csv(seed=1))["accuracy"] > 0.8
    assert json.loads(world.invoke(("5.0", "text/csv", ""))[0][0])["predictions"] == ["good"]


def test_columns_that_prepare_data_adds_are_announced(tmp_path: Path) -> None:
    source = f"""{HEAD}
class Mine(TrainingPipeline):
    def prepare_data(self, frame):
        X, y = super().prepare_data(frame)
        return X.assign(twice=X["size"] * 2), y
"""
    world = with_code(tmp_path, "mine:Mine", mine=source)
    log = world.train(a_mixed_csv(), target="verdict", training_pipeline="mine:Mine", **FAST)
    assert "prepare_data added twice; requests must carry them" in log


FAILING = f"""{HEAD}
class Mine(TrainingPipeline):
    def train_local_model(self, X_train, y_train):
        raise RuntimeError("the data are cursed")
"""


def test_a_training_that_fails_raises_what_happened(tmp_path: Path) -> None:
    world = with_code(tmp_path, "mine:Mine", mine=FAILING)
    with pytest.raises(ContainerError, match="RuntimeError: the data are cursed"):
        world.train(a_mixed_csv(), target="verdict", training_pipeline="mine:Mine")


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> Containers:
    world = containers(tmp_path_factory.mktemp("measured"))
    world.train(a_mixed_csv(), target="verdict", **FAST)
    return world


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("{'f1': 'high'}", "mine:metrics: metric 'f1' is str, not a number"),
        ("{'cv_mean_accuracy': 2.0}", "Metric 'cv_mean_accuracy' is measured as"),
        ("1 / 0", "ZeroDivisionError"),
    ],
)
def test_custom_metrics_that_are_no_metrics_are_refused(
    measured: Containers, tmp_path: Path, value: str, text: str
) -> None:
    source = f"def metrics(model, X_test, y_test):\n    return {value}\n"
    world = with_code(tmp_path, "mine:metrics", mine=source)
    with pytest.raises(ContainerError, match=text):
        measured.evaluate(a_mixed_csv(), "--custom-metrics", "mine:metrics", bundle=world.bundle)


def test_a_metric_that_is_not_finite_is_null(measured: Containers, tmp_path: Path) -> None:
    source = "def metrics(model, X_test, y_test):\n    return {'f1': float('nan')}\n"
    world = with_code(tmp_path, "mine:metrics", mine=source)
    arguments = ("--custom-metrics", "mine:metrics")
    document = measured.evaluate(a_mixed_csv(), *arguments, bundle=world.bundle)
    assert document["metrics"]["f1"] is None


def test_custom_metrics_that_changed_since_training_are_refused(tmp_path: Path) -> None:
    source = "def metrics(model, X_test, y_test):\n    return {'constant': 1.0}\n"
    world = with_code(tmp_path, "mine:metrics", mine=source)
    world.train(a_mixed_csv(), target="verdict", **FAST)
    changed = with_code(tmp_path, "mine:metrics", mine=source.replace("1.0", "0.5"))
    arguments = ("--custom-metrics", "mine:metrics")
    assert world.evaluate(a_mixed_csv(), *arguments)["metrics"]["constant"] == 1.0
    with pytest.raises(ContainerError, match=r"mine\.py is not the one this model was trained"):
        world.evaluate(a_mixed_csv(), *arguments, bundle=changed.bundle)
