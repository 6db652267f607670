"""Trains a model inside a SageMaker training container (script mode).

In: one CSV file in `SM_CHANNEL_TRAIN`, hyperparameters in `SM_HPS` (else as `--name value`).
Out: model.joblib, manifest.json, baseline.json and code/ in `SM_MODEL_DIR`, metrics.json in
`SM_OUTPUT_DATA_DIR`, and one line `name=value;` per metric on stdout for the job's metric
definitions.
Follows "Train a Model with Amazon SageMaker" and the toolkit's environment variables.
"""

import json
import logging
import os
import shutil
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import joblib
import pandas as pd
from sklearn.base import BaseEstimator
from sklearn.model_selection import FixedThresholdClassifier
from sklearn.pipeline import Pipeline

from model import vendor
from model.manifest import Manifest, library_versions, write_manifest
from model.monitoring.baseline import Baseline, Request, Task, of_training, write_baseline
from model.specs import load_training_class
from model.table import Label, Table, labelled_frame, read_only_schema, read_only_table
from pipeline.tabular import dates
from pipeline.tabular.schema import Column, Schema
from pipeline.training import Trained, TrainingPipeline, is_numeric

DEFAULT_PIPELINE = "pipeline.training:TrainingPipeline"
# Hyperparameters this script reads itself; all others reach the training class
_OWN_NAMES = ("training_pipeline", "target", "seed", "cv_folds", "code_sha256")
# Entry points of other jobs: an endpoint never needs them
_NOT_SERVED = (
    *("train.py", "evaluate.py", "monitor.py"),
    *("model/judging.py", "model/measurement.py", "model/paired.py", "model/plots.py"),
    *("model/replay.py", "model/scores.py", "model/serving_check.py", "model/slices.py"),
    *("model/spool.py", "model/unseen.py"),
)
_NOT_SERVED_FOLDER = Path("model/monitoring")
# A column with more different texts than this keeps no list of them
_MOST_KNOWN_CATEGORIES = 10_000


def read_hyperparameters(environment: Mapping[str, str], argv: Sequence[str]) -> dict[str, Any]:
    """Return the user's hyperparameters with their JSON types."""
    if "SM_HPS" in environment:
        decoded: dict[str, Any] = json.loads(environment["SM_HPS"])
        return decoded
    if len(argv) % 2 or any(not name.startswith("-") for name in argv[::2]):
        message = f"Arguments must be pairs of --name value, got: {' '.join(argv)}"
        raise ValueError(message)
    return {
        name.lstrip("-"): _decoded(value) for name, value in zip(argv[::2], argv[1::2], strict=True)
    }


def _decoded(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def training_frame(table: Table, schema: Schema) -> pd.DataFrame:
    """Return all columns typed, the target as the last one: no row is held as text."""
    parts = [
        labelled_frame(
            part,
            columns=schema.columns,
            target=schema.target,
            label_kind=schema.label_kind,
            spelling=schema.spelling,
        )
        for part in table.parts()
    ]
    return pd.concat(parts, ignore_index=True)


def request_columns(X: pd.DataFrame, source: Sequence[Column]) -> tuple[Column, ...]:
    """Return what a request must have for these inputs: a date, not the numbers made of it."""
    made_of = {
        part: column
        for column in source
        if column.kind == "date"
        for part in dates.part_names(column.name)
    }
    columns = [made_of.get(name) or _column_of(X, name) for name in X.columns]
    return tuple({column.name: column for column in columns}.values())


def _column_of(X: pd.DataFrame, name: Any) -> Column:
    return Column(name=str(name), kind="numeric" if is_numeric(X[name]) else "categorical")


def known_categories(X: pd.DataFrame) -> dict[str, tuple[str, ...]]:
    """Return the different texts of every input that is no number."""
    known = {
        str(name): tuple(sorted(map(str, X[name].dropna().unique())))
        for name in X.columns
        if not is_numeric(X[name])
    }
    return {name: texts for name, texts in known.items() if len(texts) <= _MOST_KNOWN_CATEGORIES}


def describe(
    trained: Trained, table: Table, schema: Schema, *, options: Mapping[str, Any]
) -> Manifest:
    """Return what the artifact says about its model."""
    X = trained.X
    return Manifest(
        target=schema.target,
        label_kind=schema.label_kind,
        labels=_labels(trained, schema),
        columns=request_columns(X, schema.columns),
        source_columns=schema.columns,
        inputs=tuple(map(str, X.columns)),
        left_out=schema.left_out,
        spelling=schema.spelling,
        categories=known_categories(X),
        training_pipeline=options["training_pipeline"],
        rows=len(X),
        seed=options["seed"],
        data_sha256=table.sha256,
        code_sha256=options.get("code_sha256"),
        hyperparameters=options["hyperparameters"],
        metrics={
            f"cv_mean_{trained.metric}": trained.cv_mean,
            f"cv_std_{trained.metric}": trained.cv_std,
        },
        choice=choice_of(trained),
        libraries=library_versions(),
    )


def _labels(trained: Trained, schema: Schema) -> tuple[Label, ...]:
    if schema.label_kind == "number":
        return ()
    return tuple(pd.unique(pd.Series(trained.y).sort_values()).tolist())


def baseline_of(trained: Trained, manifest: Manifest) -> Baseline:
    """Return what the rows that the model learns from look like, as a request would carry them."""
    request = Request(
        columns=manifest.columns,
        spelling=manifest.spelling,
        left_out=manifest.left_out,
        target=manifest.target,
    )
    task: Task = "regression" if manifest.predicts_number else "classification"
    return of_training(trained.X, request=request, task=task)


def choice_of(trained: Trained) -> dict[str, Any] | None:
    if trained.choice is None:
        return None
    return {
        "model": trained.choice.model,
        "rows": trained.choice.rows,
        "candidates": [asdict(score) for score in trained.choice.candidates],
    }


def save_model(model: Any, directory: Path) -> None:
    try:
        joblib.dump(model, directory / "model.joblib")
    except Exception as error:  # pickling runs the model's own code, which may raise anything
        message = (
            f"The model ({type(model).__name__}) cannot be saved: {error}. Define its class and "
            "functions at the top level of a module, and keep open files, locks and lambdas out."
        )
        raise TypeError(message) from error


def copy_serving_code(source: Path, destination: Path) -> None:
    """Copy every module of the bundle that an endpoint may import."""
    for file in sorted(source.rglob("*.py")):
        name = file.relative_to(source)
        if str(name) not in _NOT_SERVED and name.parent != _NOT_SERVED_FOLDER:
            (destination / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, destination / name)


def parse_options(hyperparameters: Mapping[str, Any]) -> dict[str, Any]:
    """Separate what this script needs from what the training class is given."""
    if not hyperparameters.get("target"):
        message = "The hyperparameter `target` must name the column to predict."
        raise ValueError(message)
    code_sha256 = hyperparameters.get("code_sha256")
    return {
        "target": str(hyperparameters["target"]),
        "training_pipeline": str(hyperparameters.get("training_pipeline") or DEFAULT_PIPELINE),
        "seed": int(hyperparameters.get("seed", 0)),
        "cv_folds": int(hyperparameters.get("cv_folds", 5)),
        "code_sha256": str(code_sha256) if code_sha256 else None,
        "hyperparameters": {k: v for k, v in hyperparameters.items() if k not in _OWN_NAMES},
    }


def _warn_of_derived_columns(manifest: Manifest) -> None:
    source = {column.name for column in manifest.source_columns}
    derived = [column.name for column in manifest.columns if column.name not in source]
    if derived:
        print(
            f"warning: prepare_data added {', '.join(derived)}; requests must carry them. "
            "Derive them inside the fitted model instead."
        )


def main() -> None:
    environment, code = os.environ, Path(__file__).resolve().parent
    options = parse_options(read_hyperparameters(environment, sys.argv[1:]))
    channel = Path(environment["SM_CHANNEL_TRAIN"])
    table, schema = read_only_table(channel), read_only_schema(channel)
    if schema.target != options["target"]:
        message = f"The rows were decided for {schema.target!r}, not for {options['target']!r}."
        raise ValueError(message)
    frame = training_frame(table, schema)
    model_dir = Path(environment["SM_MODEL_DIR"])
    for package in vendor.install(code / "wheels", model_dir / "code"):
        print(f"installed {package}")
    training_class = load_training_class(options["training_pipeline"])
    settings = {key: options[key] for key in ("target", "hyperparameters", "seed", "cv_folds")}
    pipeline: TrainingPipeline = training_class(**settings)
    pipeline.regression = schema.label_kind == "number"
    trained = pipeline.train(frame)
    manifest = describe(trained, table, schema, options=options)
    _warn_of_derived_columns(manifest)
    save_model(trained.model, model_dir)
    write_manifest(manifest, model_dir)
    write_baseline(baseline_of(trained, manifest), model_dir)
    copy_serving_code(code, model_dir / "code")
    report(trained, manifest, Path(environment["SM_OUTPUT_DATA_DIR"]))


def report(trained: Trained, manifest: Manifest, directory: Path) -> None:
    model = trained.model[-1] if isinstance(trained.model, Pipeline) else trained.model
    described = repr(model) if isinstance(model, BaseEstimator) else type(model).__name__
    print(f"model: {' '.join(described.split())}")
    if manifest.choice is not None:
        if isinstance(trained.model, FixedThresholdClassifier):
            print("candidates are compared by their likelier class, before the threshold")
        for each in manifest.choice["candidates"]:
            score = each["accuracy"] if each["r2"] is None else each["r2"]
            print(f"candidate {each['name']}: {score:.4f} in {each['folds']} folds")
    print(f"training_rows={manifest.rows};")
    for name, value in manifest.metrics.items():
        print(f"{name}={value:.4f};")
    directory.mkdir(parents=True, exist_ok=True)
    text = json.dumps({"rows": manifest.rows, **manifest.metrics}, indent=2)
    (directory / "metrics.json").write_text(f"{text}\n", encoding="utf-8")


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, stream=sys.stdout, format="%(message)s")
    main()
