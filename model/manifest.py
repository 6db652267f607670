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

from model.table import Label
from pipeline.tabular.cells import Spelling
from pipeline.tabular.schema import Column, LabelKind, read_spelling, spelling_document

FILE_NAME = "manifest.json"
FORMAT = 2


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """`source_columns` are those of the training file, `columns` those a request must have.

    They differ only when `prepare_data` adds or drops columns. `inputs` are what the model
    itself is given, where dates have become numbers; `categories` are the texts it knows, by input.
    `choice` says what the default training compared: the `model` that won, on how many `rows`, and
    the `candidates`, best first, each with its `name`, its `accuracy` (0..1) and in how many
    `folds`; None for a model of another make. A model that predicts a number has no `labels`, and
    `r2` in the place of `accuracy`.
    """

    target: str
    label_kind: LabelKind
    labels: tuple[Label, ...]
    columns: tuple[Column, ...]
    source_columns: tuple[Column, ...]
    inputs: tuple[str, ...]
    spelling: Spelling
    training_pipeline: str
    rows: int
    seed: int
    data_sha256: str
    left_out: tuple[str, ...] = ()
    categories: dict[str, tuple[str, ...]] = field(default_factory=dict)
    code_sha256: str | None = None
    hyperparameters: dict[str, Any] = field(default_factory=dict)
    metrics: dict[str, float] = field(default_factory=dict)
    choice: dict[str, Any] | None = None
    libraries: dict[str, str] = field(default_factory=dict)
    format: int = FORMAT

    @property
    def predicts_number(self) -> bool:
        return self.label_kind == "number"


def library_versions() -> dict[str, str]:
    return {
        "python": platform.python_version(),
        "scikit-learn": sklearn.__version__,
        "numpy": np.__version__,
        "pandas": pd.__version__,
        "joblib": joblib.__version__,
    }


def write_manifest(manifest: Manifest, directory: Path) -> None:
    document = asdict(manifest) | {"spelling": spelling_document(manifest.spelling)}
    text = json.dumps(document, indent=2, allow_nan=False)
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
        tuples = {key: tuple(document[key]) for key in ("labels", "inputs", "left_out")}
        categories = {name: tuple(texts) for name, texts in document["categories"].items()}
        spelling = read_spelling(document["spelling"])
        read = {**columns, **tuples, "categories": categories, "spelling": spelling}
        return Manifest(**{**document, **read})
    except (OSError, ValueError, KeyError, TypeError) as error:
        message = f"The artifact has no usable {FILE_NAME}: {error}. Train again with this code."
        raise ValueError(message) from error
