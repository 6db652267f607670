"""Answers requests: the four functions SageMaker's inference toolkits look for.

`input_fn` only reads the body; columns and types come from the manifest, in `predict_fn`.
A request that cannot be answered raises `RequestError`, whose text says which column or row.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import sklearn

from model.manifest import Manifest, read_manifest
from model.payload import (
    Payload,
    Predictions,
    frame_for,
    read_payload,
    unknown_categories,
    write_answer,
)


@dataclass(frozen=True, kw_only=True)
class Served:
    """A model with what it needs to know about its input."""

    model: Any
    manifest: Manifest


def model_fn(model_dir: str) -> Served:
    """Load an unpacked artifact."""
    directory = Path(model_dir)
    manifest = read_manifest(directory)
    trained_with = manifest.libraries.get("scikit-learn")
    if trained_with != sklearn.__version__:
        print(f"warning: trained with scikit-learn {trained_with}, serving {sklearn.__version__}")
    return Served(model=joblib.load(directory / "model.joblib"), manifest=manifest)


def input_fn(body: str | bytes, content_type: str) -> Payload:
    return read_payload(body, content_type)


def predict_fn(payload: Payload, served: Served) -> Predictions:
    return predicted(payload, served)


def predicted(payload: Payload, served: Served) -> Predictions:
    manifest = served.manifest
    frame = frame_for(
        payload,
        columns=manifest.columns,
        spelling=manifest.spelling,
        left_out=manifest.left_out,
    )
    unknown = unknown_categories(frame, manifest.categories)
    if unknown:
        # A line that a metric filter counts: no answer of this image carries a header of our own
        print(f"unknown_categories={sum(unknown.values())} columns={','.join(unknown)}")
    X = frame[list(manifest.inputs)]
    predictions = np.asarray(served.model.predict(X)).tolist()
    if not hasattr(served.model, "predict_proba"):
        return Predictions(predictions=predictions, unknown_categories=unknown)
    labels = getattr(served.model, "classes_", manifest.labels)
    return Predictions(
        predictions=predictions,
        labels=np.asarray(labels).tolist(),
        probabilities=np.asarray(served.model.predict_proba(X), dtype=float).tolist(),
        unknown_categories=unknown,
    )


def output_fn(answer: Predictions, accept: str) -> tuple[str, str]:
    return write_answer(answer, accept)
