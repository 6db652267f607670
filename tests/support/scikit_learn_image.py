"""Answers requests by what serves in SageMaker's scikit-learn image, without nginx and gunicorn.

Run with the sources of sagemaker-containers on the path. Argument: the folder with the inference
modules, whose model is in `model` of SAGEMAKER_BASE_DIR. stdin: a list of module names with their
requests, each [body, content type, accept]; stdout: for each module a list of [status, content
type, body]. Bodies are bytes as Latin-1.
"""

import collections
import collections.abc
import importlib
import json
import sys
from types import ModuleType
from typing import Any

import numpy as np

# The image's Dockerfile does the same (aws/deep-learning-containers, docker/sklearn/1.9-0).
collections.Mapping = collections.abc.Mapping  # type: ignore[attr-defined]

from sagemaker_containers import (  # type: ignore[import-not-found] # noqa: E402
    _encoders,
    _transformer,
    _worker,
)


def _default_input_fn(body: Any, content_type: str) -> Any:
    array = _encoders.decode(body, content_type)
    return array.astype(np.float32) if isinstance(body, str) else array


def _default_output_fn(prediction: Any, accept: str) -> Any:
    return _worker.Response(_encoders.encode(prediction, accept), mimetype=accept)


def _transformer_of(module: ModuleType) -> Any:
    """Do as `_user_module_transformer` in aws/sagemaker-scikit-learn-container does."""
    if hasattr(module, "transform_fn"):
        return _transformer.Transformer(model_fn=module.model_fn, transform_fn=module.transform_fn)
    return _transformer.Transformer(
        model_fn=module.model_fn,
        input_fn=getattr(module, "input_fn", _default_input_fn),
        predict_fn=getattr(module, "predict_fn", lambda data, model: model.predict(data)),
        output_fn=getattr(module, "output_fn", _default_output_fn),
    )


def _answers(name: str, requests: list[list[str]]) -> list[list[object]]:
    transformer = _transformer_of(importlib.import_module(name))
    transformer.initialize()
    client = _worker.Worker(transform_fn=transformer.transform, module_name=name).test_client()
    answers = []
    for body, content_type, accept in requests:
        headers = {"Content-Type": content_type, "Accept": accept}
        given = {name: value for name, value in headers.items() if value}
        answer = client.post("/invocations", data=body.encode("latin-1"), headers=given)
        answers.append([answer.status_code, answer.content_type, answer.data.decode("latin-1")])
    return answers


if __name__ == "__main__":
    sys.path.insert(0, sys.argv[1])
    json.dump([_answers(name, requests) for name, requests in json.load(sys.stdin)], sys.stdout)
