"""Answers rows with an artifact's own code, in a process of its own.

Two artifacts have modules of the same names, and a process can import only one of each. So this is
started once for each artifact, imports nothing of the bundle that it lies in, and uses the two
functions that every artifact serves by. Usage: python replay.py UNPACKED_ARTIFACT
In: one JSON text per line, a CSV body with a header. Out: for each its list of predictions, or
{"error": "..."}.
"""

import importlib
import json
import os
import sys
from typing import Any

_CSV, _JSON = "text/csv", "application/json"


def predictions(inference: Any, served: Any, body: str) -> list[Any]:
    """Return an answer per row. Raises ValueError with what the code says of a body it refuses."""
    if hasattr(inference, "transform_fn"):
        answer = inference.transform_fn(served, body, _CSV, _JSON)
    else:
        predicted = inference.predict_fn(inference.input_fn(body, _CSV), served)
        answer = inference.output_fn(predicted, _JSON)
    if hasattr(answer, "get_data"):  # a response in place of a body and its type
        raise ValueError(answer.get_data(as_text=True))
    document = json.loads(answer[0] if isinstance(answer, tuple) else answer)
    found: list[Any] = document["predictions"]
    return found


def main() -> None:
    directory = sys.argv[1]
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what the model prints is no answer
    sys.path[0] = f"{directory}/code"
    try:
        inference = importlib.import_module("inference")
        served = inference.model_fn(directory)
    except Exception as error:
        print(json.dumps(_said(error)), file=answers, flush=True)
        return
    for line in sys.stdin:
        try:
            answer: Any = predictions(inference, served, json.loads(line))
        except Exception as error:
            answer = _said(error)
        print(json.dumps(answer), file=answers, flush=True)


def _said(error: Exception) -> dict[str, str]:
    return {"error": f"{type(error).__name__}: {error}"}


if __name__ == "__main__":
    main()
