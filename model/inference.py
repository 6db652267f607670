"""Answers requests: the two functions that SageMaker's scikit-learn image looks for.

What the caller did wrong is answered with 400, 406 or 415 and a text that says which column or row;
what is raised is the model's own failure.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import joblib
import numpy as np
import sklearn

from model.errors import RequestError
from model.manifest import Manifest, read_manifest
from model.payload import (
    JSON,
    Payload,
    Predictions,
    frame_for,
    read_payload,
    unknown_categories,
    write_answer,
)

if TYPE_CHECKING:
    from werkzeug.wrappers import Response


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


def transform_fn(
    served: Served, body: str | bytes, content_type: str, accept: str
) -> "tuple[str, str] | Response":
    """Answer a request with a body and its content type, or with what it did wrong.

    One function in place of `input_fn`, `predict_fn` and `output_fn`: the scikit-learn image makes
    a 500 of whatever they raise, and alarms then blame the model. A response keeps its status
    (aws/sagemaker-scikit-learn-container issue 62; sagemaker-containers, `Transformer`).
    """
    try:
        answer = predicted(read_payload(body, content_type), served)
        return write_answer(answer, accept)
    except RequestError as refused:
        return _refusal(refused)


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


def _refusal(refused: RequestError) -> "Response":
    """Return the error in the form of the image's own 4xx answers."""
    from werkzeug.wrappers import Response  # what Flask, the image's server, takes as it is

    content = {"error": type(refused).__name__, "error-message": str(refused)}
    return Response(json.dumps(content), status=refused.status, mimetype=JSON)
