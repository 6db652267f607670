"""The parts of the training script: hyperparameters, typing of the file, the artifact's content."""

import threading
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from model.manifest import Manifest, read_manifest, write_manifest
from model.specs import SpecError, load_function, load_training_class
from model.table import Table, read_table
from model.train import (
    DEFAULT_PIPELINE,
    copy_serving_code,
    describe,
    parse_options,
    read_hyperparameters,
    save_model,
    training_frame,
)
from pipeline.tabular.cells import Spelling
from pipeline.tabular.schema import Schema
from pipeline.training import TrainingPipeline
from tests.support.decided import decided
from tests.support.tables import a_mixed_csv


def a_manifest(table: Table, **settings: Any) -> Manifest:
    options = parse_options({"target": "verdict", "candidates": "logistic_regression", **settings})
    schema = decided(a_mixed_csv(), target="verdict").schema
    pipeline = TrainingPipeline(target="verdict", hyperparameters=options["hyperparameters"])
    trained = pipeline.train(training_frame(table, schema))
    return describe(trained, table, schema, options=options)


def test_hyperparameters_come_with_their_types() -> None:
    environment = {"SM_HPS": '{"target": "y", "depth": 3}'}
    assert read_hyperparameters(environment, ["--target", "x"]) == {"target": "y", "depth": 3}


def test_hyperparameters_come_from_the_arguments_without_a_toolkit() -> None:
    arguments = ["--target", "y", "--depth", "3", "-C", "0.5", "--name", "a b"]
    expected = {"target": "y", "depth": 3, "C": 0.5, "name": "a b"}
    assert read_hyperparameters({}, arguments) == expected


def test_arguments_that_are_no_pairs_are_refused() -> None:
    with pytest.raises(ValueError, match="pairs of --name value, got: --target"):
        read_hyperparameters({}, ["--target"])


def test_what_the_script_does_not_know_reaches_the_training_class() -> None:
    options = parse_options({"target": "y", "seed": "7", "cv_folds": 3, "depth": 2})
    assert options["hyperparameters"] == {"depth": 2}
    assert (options["seed"], options["cv_folds"]) == (7, 3)
    assert options["training_pipeline"] == DEFAULT_PIPELINE


def test_a_missing_target_is_refused() -> None:
    with pytest.raises(ValueError, match="`target` must name the column"):
        parse_options({})


def test_columns_are_typed_as_the_schema_says() -> None:
    schema = decided(a_mixed_csv(), target="verdict").schema
    frame = training_frame(read_table(a_mixed_csv()), schema)
    kinds = {column.name: column.kind for column in schema.columns}
    assert kinds == {"size": "numeric", "weight": "numeric", "colour": "categorical"}
    assert frame["size"].isna().any()
    assert set(frame["verdict"]) == {"good", "bad"}


def test_a_file_without_features_is_refused_by_the_model_not_by_chance() -> None:
    nothing = Schema(target="label", label_kind="text", columns=(), spelling=Spelling())
    frame = training_frame(read_table(b"label\na\nb\n"), nothing)
    with pytest.raises(TypeError, match="DataFrame with named columns"):
        TrainingPipeline(target="label").train(frame)


def test_a_manifest_survives_its_file(tmp_path: Path) -> None:
    manifest = a_manifest(read_table(a_mixed_csv()), code_sha256="c" * 64)
    write_manifest(manifest, tmp_path)
    assert read_manifest(tmp_path) == manifest


def test_a_manifest_says_where_the_model_comes_from() -> None:
    table = read_table(a_mixed_csv())
    manifest = a_manifest(table, seed=3)
    assert (manifest.data_sha256, manifest.rows, manifest.seed) == (table.sha256, 60, 3)
    assert manifest.labels == ("bad", "good")
    assert manifest.choice
    assert manifest.choice["rows"] == 60
    assert manifest.choice["model"] in {each["name"] for each in manifest.choice["candidates"]}
    assert manifest.libraries.keys() >= {"python", "scikit-learn", "numpy", "pandas"}


@pytest.mark.parametrize("text", ["", "[]", '{"format": 2}', '{"format": 1}', '{"format": 3}'])
def test_a_manifest_of_another_make_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "manifest.json").write_text(text)
    with pytest.raises(ValueError, match=r"no usable manifest\.json.*Train again"):
        read_manifest(tmp_path)


def local_model() -> object:
    class Local: ...

    return Local()


@pytest.mark.parametrize("model", [local_model(), lambda X: X, threading.Lock()])
def test_a_model_that_cannot_be_saved_is_refused(tmp_path: Path, model: object) -> None:
    with pytest.raises(TypeError, match=r"cannot be saved: .*top level of a module"):
        save_model(model, tmp_path)


def test_serving_code_leaves_the_other_entry_points_out(tmp_path: Path) -> None:
    monitoring = ("monitor.py", "model/monitoring/window.py")
    served = ("inference.py", "parts/train.py", "notes.txt")
    for name in ("train.py", "evaluate.py", *monitoring, *served):
        (tmp_path / "code" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "code" / name).write_text("")
    copy_serving_code(tmp_path / "code", tmp_path / "out")
    copied = {
        path.relative_to(tmp_path / "out").as_posix() for path in tmp_path.rglob("out/**/*.py")
    }
    assert copied == {"inference.py", "parts/train.py"}


def test_the_default_class_is_found() -> None:
    assert load_training_class(DEFAULT_PIPELINE) is TrainingPipeline


@pytest.mark.parametrize(
    ("spec", "text"),
    [
        ("pandas", "write `module:Name`"),
        (":Name", "write `module:Name`"),
        ("pandas:", "write `module:Name`"),
        ("nowhere.at.all:Name", "no module 'nowhere'"),
        ("pandas:DataFram", "Did you mean 'DataFrame'"),
        ("pandas:DataFrame", "no subclass of pipeline.training.TrainingPipeline"),
        ("pandas:concat", "no subclass of"),
    ],
)
def test_a_class_that_cannot_be_used_is_refused(spec: str, text: str) -> None:
    with pytest.raises(SpecError, match=text):
        load_training_class(spec)


def test_a_function_must_be_callable() -> None:
    assert load_function("pandas:concat") is pd.concat
    with pytest.raises(SpecError, match="'math:pi' is float, not a function"):
        load_function("math:pi")
