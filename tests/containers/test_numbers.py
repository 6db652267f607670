"""A model of a number through the containers, and a model of two classes with its slices."""

import json
import math
from typing import Any

import numpy as np
import pytest

from pipeline.material.dividing import held_out_rows
from tests.support.containers import Containers, containers
from tests.support.decided import decided, halves
from tests.support.project import PROJECT_ROOT
from tests.support.tables import a_mixed_csv

FAST: dict[str, Any] = {"candidates": "ridge"}
SLICES = json.dumps([{"column": "body_mass_index", "bins": [25, 30]}, {"column": "sex"}])


@pytest.fixture(scope="module")
def number(tmp_path_factory: pytest.TempPathFactory) -> tuple[Containers, str, dict[str, Any]]:
    """Return containers in which a number was learned, the log, and the evaluation."""
    content = (PROJECT_ROOT / "data" / "diabetes.csv").read_bytes()
    divided = halves(content, target="progression", seed=3)
    world = containers(tmp_path_factory.mktemp("number"))
    log = world.train(
        divided.train.read(), schema=divided.schema_json, target="progression", **FAST
    )
    half = len(SLICES) // 2
    document = world.evaluate(
        divided.test.read(), "--slices", SLICES[:half], "--slices", SLICES[half:]
    )
    rows = held_out_rows(divided.test.read(), target="progression", numbers=divided.schema.spelling)
    (answer,) = world.invoke(
        (json.dumps({"instances": [list(row) for row in rows.rows]}), "application/json", "")
    )
    document["answers"] = json.loads(answer[0])
    document["right"] = rows.numbers
    return world, log, document


def test_a_number_is_trained_on_and_says_r2(number: tuple[Containers, str, Any]) -> None:
    manifest = json.loads((number[0].model_dir / "manifest.json").read_text())
    assert (manifest["label_kind"], manifest["labels"]) == ("number", [])
    assert manifest["metrics"].keys() == {"cv_mean_r2", "cv_std_r2"}
    assert f"cv_mean_r2={manifest['metrics']['cv_mean_r2']:.4f};" in number[1]


def test_its_evaluation_holds_errors_and_what_the_mean_reaches(
    number: tuple[Containers, str, Any],
) -> None:
    document = number[2]
    assert (document["kind"], document["accuracy"], document["labels"]) == ("regression", None, [])
    assert document["metrics"]["rmse"] < document["baseline"]["rmse"]
    assert document["baseline"]["r2"] == 0
    assert document["artifact_bytes"] == number[0].archive.stat().st_size


def test_what_is_served_is_what_was_measured(number: tuple[Containers, str, Any]) -> None:
    document = number[2]
    predicted, right = document["answers"]["predictions"], document["right"]
    assert document["answers"].keys() == {"predictions"}
    rmse = math.sqrt(np.mean(np.square(np.subtract(predicted, right))))
    assert rmse == pytest.approx(document["metrics"]["rmse"], rel=1e-9)


def test_its_slices_are_measured_apart(number: tuple[Containers, str, Any]) -> None:
    parts = {f"{part['column']} {part['value']}": part for part in number[2]["slices"]}
    mass = [name for name in parts if name.startswith("body_mass_index")]
    assert mass == [
        *("body_mass_index is below 25", "body_mass_index is 25 to below 30"),
        "body_mass_index is 30 or more",
    ]
    assert sum(parts[name]["rows"] for name in mass) == number[2]["rows"]
    assert all(part["metrics"].keys() >= {"rmse", "mae"} for part in parts.values())


def test_two_classes_tell_what_their_probabilities_say(tmp_path: Any) -> None:
    content = a_mixed_csv()
    world = containers(tmp_path)
    world.train(content, target="verdict", candidates="logistic_regression")
    document = world.evaluate(content)
    assert document["kind"] == "binary"
    names = {"log_loss", "brier_score", "roc_auc", "pr_auc", "expected_calibration_error"}
    assert document["metrics"].keys() >= names | {"accuracy", "cv_mean_accuracy"}
    counts = [sum(row) for row in document["confusion_matrix"]]
    assert document["baseline"] == {"accuracy": max(counts) / sum(counts)}
    assert len(decided(content, target="verdict").labels.classes) == 2
