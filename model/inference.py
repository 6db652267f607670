"""Answers requests: the two functions that SageMaker's scikit-learn image looks for.

What the caller did wrong is answered with 400, 406 or 415 and a text that says which column or row;
what is raised is the model's own failure.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import joblib
import numpy as np
import sklearn

from model import vendor
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

# Classes whose `predict` is the first of the largest probabilities, read in scikit-learn 1.9. The
# others (linear models, boosting, naive Bayes, SVC) compare decisions, which may differ by rounding
# or altogether; a threshold differs on purpose. By name, for importing takes time.
_LIKELIEST = {
    "sklearn.calibration.CalibratedClassifierCV",
    "sklearn.ensemble._bagging.BaggingClassifier",
    "sklearn.ensemble._forest.ForestClassifier",
    "sklearn.ensemble._voting.VotingClassifier",
    "sklearn.semi_supervised._label_propagation.BaseLabelPropagation",
    "sklearn.tree._classes.BaseDecisionTree",
}
# The most frequent label of the neighbours; equal counts are equal shares, unequal weights are not.
_NEIGHBORS = "sklearn.neighbors._classification.KNeighborsClassifier"
# Those that give both to another one, after the same work.
_HANDS_ON: dict[str, Callable[[Any], Any]] = {
    "sklearn.model_selection._search.BaseSearchCV": lambda model: model.best_estimator_,
    "sklearn.pipeline.Pipeline": lambda model: model.steps[-1][1],
}


@dataclass(frozen=True, kw_only=True)
class Served:
    """A model with what it needs to know about its input."""

    model: Any
    manifest: Manifest


def model_fn(model_dir: str) -> Served:
    """Load an unpacked artifact."""
    directory = Path(model_dir)
    vendor.use(directory / "code")
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
    model = served.model
    if manifest.predicts_number or not hasattr(model, "predict_proba"):
        predictions = np.asarray(model.predict(X))
        return Predictions(predictions=predictions.tolist(), unknown_categories=unknown)
    labels = np.asarray(getattr(model, "classes_", manifest.labels))
    if names_the_likeliest(model):
        probabilities = model.predict_proba(X)
        predictions = labels.take(np.argmax(probabilities, axis=1))
    else:
        predictions = np.asarray(model.predict(X))
        probabilities = model.predict_proba(X)
    return Predictions(
        predictions=predictions.tolist(),
        labels=labels.tolist(),
        probabilities=np.asarray(probabilities, dtype=float).tolist(),
        unknown_categories=unknown,
    )


def names_the_likeliest(model: Any) -> bool:
    """Tell whether `predict` is sure to be the arg max of `predict_proba`, so that one will do.

    It is where scikit-learn's own code says so, untouched, and the model has one output. Whatever
    is not known here answers for itself.
    """
    definer = _definer(model, "predict")
    if definer in _HANDS_ON:
        handed_on = definer == _definer(model, "predict_proba")
        return handed_on and names_the_likeliest(_HANDS_ON[definer](model))
    if definer == _NEIGHBORS:
        return _is_scikit_learns(model) and model.weights == "uniform"
    return definer in _LIKELIEST and _is_scikit_learns(model)


def _is_scikit_learns(model: Any) -> bool:
    return _definer(model, "predict_proba").startswith("sklearn.") and (
        np.ndim(model.classes_) == 1 and not isinstance(model.classes_, list)
    )


def _definer(model: Any, method: str) -> str:
    """Return the class that defines the method, nothing where it is this object's own."""
    owners = [each for each in type(model).__mro__ if method in vars(each)]
    if not owners or method in getattr(model, "__dict__", {}):
        return ""
    return f"{owners[0].__module__}.{owners[0].__qualname__}"


def _refusal(refused: RequestError) -> "Response":
    """Return the error in the form of the image's own 4xx answers."""
    from werkzeug.wrappers import Response  # what Flask, the image's server, takes as it is

    content = {"error": type(refused).__name__, "error-message": str(refused)}
    return Response(json.dumps(content), status=refused.status, mimetype=JSON)
