"""What an artifact says about its model: columns, labels, origin. Training writes it."""

import json
import platform
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pandas as pd
import sklearn

from model.table import Column, Label, LabelKind

FILE_NAME = "manifest.json"
FORMAT = 1


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """`source_columns` are those of the training file, `columns` those a request must have.

    They differ only when `prepare_data` adds or drops columns. `choice` says what the default
    training compared: the `model` that won, on how many `rows`, and the `candidates`, best first,
    each with its `name`, its `accuracy` (0..1) and in how many `folds`; None for a model of another
    make.
    """

    target: str
    label_kind: LabelKind
    labels: tuple[Label, ...]
    columns: tuple[Column, ...]
    source_columns: tuple[Column, ...]
    training_pipeline: str
    rows: int
    seed: int
    data_sha256: str
    code_sha256: str | None = None
    hyperparameters: dict[str, Any] = field(default_factory=dict)
    metrics: dict[str, float] = field(default_factory=dict)
    choice: dict[str, Any] | None = None
    libraries: dict[str, str] = field(default_factory=dict)
    format: int = FORMAT


def library_versions() -> dict[str, str]:
    return {
        "python": platform.python_version(),
        "scikit-learn": sklearn.__version__,
        "numpy": np.__version__,
        "pandas": pd.__version__,
        "joblib": joblib.__version__,
    }


def write_manifest(manifest: Manifest, directory: Path) -> None:
    text = json.dumps(asdict(manifest), indent=2, allow_nan=False)
    (directory / FILE_NAME).write_text(f"{text}\n", encoding="utf-8")


def read_manifest(directory: Path) -> Manifest:
    """Return the manifest of an unpacked artifact; ValueError when it is none of ours."""
    path = directory / FILE_NAME
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        if document["format"] != FORMAT:
            message = f"format {document['format']}, this code reads format {FORMAT}"
            raise ValueError(message)
        columns = {
            key: tuple(Column(**column) for column in document[key])
            for key in ("columns", "source_columns")
        }
        return Manifest(**{**document, **columns, "labels": tuple(document["labels"])})
    except (OSError, ValueError, KeyError, TypeError) as error:
        message = f"The artifact has no usable {FILE_NAME}: {error}. Train again with this code."
        raise ValueError(message) from error
