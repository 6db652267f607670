"""The whole way of a model through the containers: trained, measured and answering as processes."""

import hashlib
import json
import re
import tarfile
from pathlib import Path
from typing import Any

import pytest

from pipeline.material.dividing import held_out_rows
from tests.support.containers import ContainerError, Containers, a_schema, containers
from tests.support.decided import halves
from tests.support.project import PROJECT_ROOT
from tests.support.tables import a_mixed_csv

FAST: dict[str, Any] = {"candidates": "logistic_regression"}


@pytest.fixture(scope="module")
def iris(tmp_path_factory: pytest.TempPathFactory) -> tuple[Containers, str, bytes]:
    """Return containers in which the shipped data was trained on, the log, and the other half."""
    content = (PROJECT_ROOT / "data" / "iris.csv").read_bytes()
    divided = halves(content, target="species", seed=43)
    world = containers(tmp_path_factory.mktemp("iris"))
    log = world.train(
        divided.train.read(),
        schema=divided.schema_json,
        target="species",
        code_sha256=world.bundle.sha256,
    )
    return world, log, divided.test.read()


@pytest.fixture(scope="module")
def mixed(tmp_path_factory: pytest.TempPathFactory) -> Containers:
    world = containers(tmp_path_factory.mktemp("mixed"))
    world.train(a_mixed_csv(), target="verdict", **FAST)
    return world


def test_training_prints_metrics_that_a_metric_definition_finds(
    iris: tuple[Containers, str, bytes],
) -> None:
    found = re.findall(r"cv_mean_accuracy=([0-9.]+);", iris[1])
    assert len(found) == 1
    assert float(found[0]) > 0.9


def test_training_writes_the_artifact_and_its_metrics(iris: tuple[Containers, str, bytes]) -> None:
    world = iris[0]
    manifest = json.loads((world.model_dir / "manifest.json").read_text())
    assert manifest["labels"] == ["setosa", "versicolor", "virginica"]
    assert manifest["code_sha256"] == world.bundle.sha256
    assert {column["kind"] for column in manifest["columns"]} == {"numeric"}
    metrics = json.loads((world.root / "output" / "data" / "metrics.json").read_text())
    assert metrics["rows"] == 83
    assert metrics["cv_mean_accuracy"] == manifest["metrics"]["cv_mean_accuracy"]
    for candidate in manifest["choice"]["candidates"]:
        assert f"candidate {candidate['name']}: {candidate['accuracy']:.4f}" in iris[1]


def test_the_artifact_carries_what_serving_needs_and_nothing_else(
    iris: tuple[Containers, str, bytes],
) -> None:
    with tarfile.open(iris[0].archive) as tar:
        names = {member.name for member in tar if member.isfile()}
    assert {
        "model.joblib",
        "manifest.json",
        "code/inference.py",
        "code/pipeline/training.py",
    } <= names
    assert not names & {"code/train.py", "code/evaluate.py"}
    assert all(name.endswith((".py", ".json", ".joblib")) for name in names)


def test_evaluation_measures_the_named_bytes(iris: tuple[Containers, str, bytes]) -> None:
    world, _, test_csv = iris
    document = world.evaluate(test_csv, "--target", "species")
    assert document["artifact_sha256"] == hashlib.sha256(world.archive.read_bytes()).hexdigest()
    assert document["accuracy"] == document["metrics"]["accuracy"] >= 0.9
    assert [sum(row) for row in document["confusion_matrix"]] == [21, 22, 24]
    assert document["rows"] == 67
    manifest = json.loads((world.model_dir / "manifest.json").read_text())
    assert document["choice"] == manifest["choice"]


def test_the_endpoint_says_what_the_evaluation_measured(
    iris: tuple[Containers, str, bytes],
) -> None:
    world, _, test_csv = iris
    held_out = held_out_rows(test_csv, target="species")
    instances = [dict(zip(held_out.columns, row, strict=True)) for row in held_out.rows]
    [[body, _]] = world.invoke((json.dumps({"instances": instances}), "application/json", ""))
    predictions = json.loads(body)["predictions"]
    right = sum(a == b for a, b in zip(predictions, held_out.labels, strict=True))
    assert right / len(predictions) == pytest.approx(world.evaluate(test_csv)["accuracy"])


def test_text_labels_categories_and_gaps_go_all_the_way(mixed: Containers) -> None:
    document = mixed.evaluate(a_mixed_csv(seed=1))
    assert document["labels"] == ["bad", "good"]
    assert document["accuracy"] > 0.9


def test_requests_in_csv_and_json_are_answered_alike(mixed: Containers) -> None:
    rows = [["5.1", "0", "red"], ["", "", "violet"]]
    named = [dict(zip(("size", "weight", "colour"), row, strict=True)) for row in rows]
    text = "\n".join(",".join(row) for row in rows)
    json_answer, csv_answer = mixed.invoke(
        (json.dumps(named), "application/json", "application/json"), (text, "text/csv", "text/csv")
    )
    document = json.loads(json_answer[0])
    assert csv_answer == ["".join(f"{label}\n" for label in document["predictions"]), "text/csv"]
    assert document["labels"] == ["bad", "good"]
    assert document["unknown_categories"] == {"colour": 1}
    assert [round(sum(row), 6) for row in document["probabilities"]] == [1.0, 1.0]


def test_a_request_with_text_for_a_number_names_the_column(mixed: Containers) -> None:
    with pytest.raises(ContainerError, match="Column 'size', row 1: 'big' is not a finite number"):
        mixed.invoke(("big,0,red", "text/csv", ""))


@pytest.mark.parametrize(
    ("settings", "text"),
    [
        ({"target": "verdikt"}, "The rows were decided for 'verdict', not for 'verdikt'"),
        ({"target": "verdict", "training_pipeline": "nowhere:Class"}, "no module 'nowhere'"),
    ],
)
def test_training_that_cannot_start_says_why(
    tmp_path: Path, settings: dict[str, Any], text: str
) -> None:
    with pytest.raises(ContainerError, match=text):
        containers(tmp_path).train(
            a_mixed_csv(), schema=a_schema(a_mixed_csv(), target="verdict"), **settings
        )


def test_evaluation_that_fails_leaves_its_message(mixed: Containers) -> None:
    message = mixed.root / "output" / "message"
    with pytest.raises(ContainerError):
        mixed.evaluate(a_mixed_csv(), "--target", "size", "--message-file", str(message))
    assert message.read_text() == "ValueError: The model predicts 'verdict', not 'size'."
