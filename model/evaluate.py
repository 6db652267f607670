"""Measures a finished artifact on held-out rows inside a SageMaker processing container.

In: the unextracted model.tar.gz in `--model-dir`, one CSV file in `--test-dir`.
Out: evaluation.json in `--output-dir`; it carries the sha256 of exactly the bytes measured. Beside
it plots.json, for people: see plots; and baseline.json: the artifact's, with these rows and what
the model says to them.
A metric that is not finite is written as null: the gate refuses a missing value.
The model's code is the artifact's own; only custom metrics may come from beside this script.
With `--serve-in` the artifact is unpacked there and also asked as an endpoint will be: see
serving_check.
"""

import argparse
import json
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pandas as pd

from model import artifact, paired, plots, serving_check, slices, vendor
from model.judging import Judging
from model.manifest import Manifest, library_versions, read_manifest
from model.measurement import Measurement, Metrics, checked_metrics, merge_metrics
from model.specs import SpecError, is_own, load_function, load_training_class
from model.table import Label, Part, Table, labelled_frame, read_only_table
from model.unseen import Asked

SCHEMA_VERSION = 1
_MESSAGE_BYTES = 1_024


def parse_arguments(argv: Sequence[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    parser.add_argument("--model-dir", type=Path, required=True)
    parser.add_argument("--test-dir", type=Path, required=True)
    parser.add_argument("--output-dir", type=Path, required=True)
    parser.add_argument("--target", help="must be the target the model was trained for")
    parser.add_argument("--training-pipeline", help="module:Class; default: the artifact's")
    parser.add_argument("--slices", action="append", default=[], help="parts of a JSON list")
    parser.add_argument("--custom-metrics", help="module:function(model, X_test, y_test)")
    parser.add_argument("--champion-dir", type=Path, help="the live release's model.tar.gz")
    parser.add_argument("--champion-train-dir", type=Path, help="where the training rows differ")
    parser.add_argument("--train-dir", type=Path, help="this model's, where they differ")
    parser.add_argument("--serve-in", type=Path, help="where the image serves from")
    parser.add_argument("--serve-with", action="append", default=[], help="NAME=VALUE")
    parser.add_argument("--startup-timeout-s", type=float, default=300.0)
    parser.add_argument("--message-file", type=Path, help="where the text of a failure goes")
    return parser.parse_args(argv)


def held_out_frame(part: Part, manifest: Manifest) -> Any:
    """Return held-out rows typed as the training rows were, the target as the last column."""
    return labelled_frame(
        part,
        columns=manifest.source_columns,
        target=manifest.target,
        label_kind=manifest.label_kind,
        spelling=manifest.spelling,
    )


def _refuse_stale_metrics(spec: str, *, bundle: Path, served: Path) -> None:
    """Refuse custom metrics whose module differs from the artifact's copy of the same name.

    Only one of the two can be imported, and it is the artifact's, because its model may need it.
    """
    name = Path(*spec.partition(":")[0].split("."))
    for file in (name.with_suffix(".py"), name / "__init__.py"):
        mine, theirs = bundle / file, served / file
        if mine.is_file() and theirs.is_file() and mine.read_bytes() != theirs.read_bytes():
            message = (
                f"{file} is not the one this model was trained with. Train again, or put the "
                "custom metrics into a module of their own."
            )
            raise SpecError(message)


def check_request(arguments: argparse.Namespace, manifest: Manifest, *, served: Path) -> None:
    if arguments.target and arguments.target != manifest.target:
        message = f"The model predicts {manifest.target!r}, not {arguments.target!r}."
        raise ValueError(message)
    if arguments.custom_metrics:
        bundle = Path(__file__).resolve().parent
        _refuse_stale_metrics(arguments.custom_metrics, bundle=bundle, served=served)


def evaluate(arguments: argparse.Namespace) -> dict[str, Any]:
    """Return the evaluation document, with the document of the plots as `plots`."""
    with _unpacking_directory(arguments) as unpacked:
        sha256 = artifact.unpack(arguments.model_dir / artifact.FILE_NAME, unpacked)
        manifest = read_manifest(unpacked)
        check_request(arguments, manifest, served=unpacked / "code")
        table = read_only_table(arguments.test_dir)
        with _serving(arguments) as server:  # it loads while this measures
            measured = _measured(arguments, table, manifest, unpacked=unpacked)
            comparison = _compared(arguments, table, manifest, unpacked=unpacked)
            serving = server and serving_check.checked(
                server,
                serving_check.Truth(
                    table=table,
                    target=manifest.target,
                    spelling=manifest.spelling if manifest.predicts_number else None,
                    predicted=measured.predicted,
                ),
                timeout_s=arguments.startup_timeout_s,
            )
    checked = asdict(serving) if serving else None
    latencies = checked.pop("latencies_ms") if checked else ()
    shown = {**measured.plots, "artifact_sha256": sha256, "latencies_ms": latencies}
    return measured.document | {
        "artifact_sha256": sha256,
        "artifact_bytes": (arguments.model_dir / artifact.FILE_NAME).stat().st_size,
        "test_sha256": table.sha256,
        "custom_metrics": arguments.custom_metrics,
        "serving": checked,
        "plots": shown,
        "comparison": asdict(comparison) if comparison else None,
    }


@contextmanager
def _unpacking_directory(arguments: argparse.Namespace) -> Iterator[Path]:
    """Where the image serves from, where it is to serve; else a directory of its own."""
    if arguments.serve_in is None:
        with tempfile.TemporaryDirectory() as name:
            yield Path(name)
        return
    arguments.serve_in.mkdir(parents=True, exist_ok=True)
    yield arguments.serve_in


def _serving(
    arguments: argparse.Namespace,
) -> AbstractContextManager[serving_check.Server | serving_check.CannotServe | None]:
    if arguments.serve_in is None:
        return nullcontext()
    return serving_check.started(dict(pair.split("=", 1) for pair in arguments.serve_with))


@dataclass(frozen=True, kw_only=True)
class _Measured:
    """`predicted` are the answers row by row; None where they are to other rows than the file's."""

    document: dict[str, Any]
    predicted: Iterator[Label] | None
    plots: dict[str, Any]


def _measured(
    arguments: argparse.Namespace, table: Table, manifest: Manifest, *, unpacked: Path
) -> _Measured:
    """Load the model here and measure it on the prepared rows."""
    sys.path.insert(0, str(unpacked / "code"))
    vendor.use(unpacked / "code")
    pipeline = load_training_class(arguments.training_pipeline or manifest.training_pipeline)(
        target=manifest.target, hyperparameters=manifest.hyperparameters, seed=manifest.seed
    )
    pipeline.regression = manifest.predicts_number
    model = joblib.load(unpacked / "model.joblib")
    own = _own_metrics(arguments, pipeline)
    judging = Judging(
        model,
        manifest,
        unpacked=unpacked,
        asked=slices.read_asked("".join(arguments.slices) or "[]"),
        keeps_rows=bool(own),
    )
    given = kept = 0
    for part in table.parts():
        frame = held_out_frame(part, manifest)
        X, y = pipeline.prepared(frame)
        judging.add(X, y, frame=frame)
        given, kept = given + len(part.rows), kept + len(y)
    judging.leave_baseline(arguments.output_dir)
    measurement = judging.measurement()
    metrics: Metrics = {**measurement.measured, **manifest.metrics}
    for source, measure in own.items():
        metrics = merge_metrics(
            metrics, checked_metrics(measure(model, *judging.rows), source=source)
        )
    # A user's own ROC area say is another one on purpose
    document = describe(measurement, {**judging.likely(), **metrics}, manifest)
    return _Measured(
        document=document | {"slices": judging.slices()},
        predicted=judging.answers() if given == kept else None,
        plots=judging.plots(),
    )


def _own_metrics(
    arguments: argparse.Namespace, pipeline: Any
) -> dict[str, Callable[[Any, pd.DataFrame, np.ndarray], object]]:
    """Return a user's own functions of model and rows, by where they come from."""
    own = {}
    # The base class's own finds what is measured here anyway
    if is_own(pipeline, "evaluate_model"):
        own["evaluate_model"] = pipeline.evaluate_model
    if arguments.custom_metrics:
        own[arguments.custom_metrics] = load_function(arguments.custom_metrics)
    return own


def _compared(
    arguments: argparse.Namespace, table: Table, manifest: Manifest, *, unpacked: Path
) -> paired.Comparison | None:
    if arguments.champion_dir is None:
        return None
    asked = Asked(
        champion_dir=arguments.champion_dir,
        challenger=unpacked,
        champion_train_dir=arguments.champion_train_dir,
        challenger_train_dir=arguments.train_dir,
    )
    return paired.compared(asked, table, manifest)


def describe(measurement: Measurement, metrics: Metrics, manifest: Manifest) -> dict[str, Any]:
    described = asdict(measurement)
    del described["measured"]
    return {
        "schema_version": SCHEMA_VERSION,
        "target": manifest.target,
        **described,
        "accuracy": measurement.measured.get("accuracy"),
        "metrics": metrics,
        "cv_mean_accuracy": manifest.metrics.get("cv_mean_accuracy"),
        "choice": manifest.choice,
        "training_pipeline": manifest.training_pipeline,
        "libraries": library_versions(),
    }


def _write_document(document: dict[str, Any], path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps(document, indent=2, allow_nan=False)
    path.write_text(f"{text}\n", encoding="utf-8")


def main(argv: Sequence[str] | None = None) -> None:
    arguments = parse_arguments(argv)
    try:
        document = evaluate(arguments)
    except Exception as error:
        if arguments.message_file:
            text = f"{type(error).__name__}: {error}".encode()[:_MESSAGE_BYTES]
            arguments.message_file.parent.mkdir(parents=True, exist_ok=True)
            arguments.message_file.write_bytes(text)
        raise
    _write_document(document.pop("plots"), arguments.output_dir / plots.FILE_NAME)
    _write_document(document, arguments.output_dir / "evaluation.json")
    for name, value in document["metrics"].items():
        print(f"{name}={value};")


if __name__ == "__main__":
    main()
