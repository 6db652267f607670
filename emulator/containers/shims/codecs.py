"""The scikit-learn serving image's default request decoding and response encoding."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

JSON = "application/json"
CSV = "text/csv"
NPY = "application/x-npy"
# Requests of exactly these types reach the handlers as text, every other one as bytes.
TEXT_TYPES = (JSON, CSV)


class UnsupportedFormatError(Exception):
    """No default coding exists for a content type."""

    def __init__(self, content_type: str) -> None:
        super().__init__(
            f"Content type {content_type} is not supported by this framework. Implement input_fn "
            "to deserialize the request or output_fn to serialize the response."
        )


def decode(body: str | bytes, content_type: str) -> Any:
    """Turn a request into an array; text becomes float32, one CSV row becomes one dimension."""
    import numpy as np  # the image has it; a model with handlers of its own does not wait for it

    if content_type == JSON:
        return np.array(json.loads(body)).astype(np.float32)
    if content_type == CSV:
        rows = list(csv.reader(io.StringIO(str(body)), strict=True))
        return np.array(rows).squeeze().astype(np.float32)
    if content_type == NPY and isinstance(body, bytes):
        return np.load(io.BytesIO(body), allow_pickle=False)
    raise UnsupportedFormatError(content_type)


def encode(prediction: Any, accept: str) -> str | bytes:
    """Turn a prediction into a response of the accepted type."""
    import numpy as np

    if accept == JSON:
        return json.dumps(prediction, default=_listed)
    if accept == CSV:
        array = np.array(prediction)
        text = io.StringIO()
        rows = array.reshape(-1, 1) if array.ndim == 1 else array
        csv.writer(text, lineterminator="\n").writerows(rows)
        return text.getvalue()
    if accept == NPY:
        binary = io.BytesIO()
        np.save(binary, np.array(prediction), allow_pickle=False)
        return binary.getvalue()
    raise UnsupportedFormatError(accept)


def _listed(value: Any) -> Any:
    if hasattr(value, "tolist"):
        return value.tolist()
    text = f"{type(value).__name__} cannot become JSON"
    raise TypeError(text)
