"""Data files decided, divided, trained on and asked, by the parts that the product uses."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from model.inference import Served, predicted
from model.manifest import Manifest
from model.payload import read_payload, write_answer
from model.table import read_table
from model.train import describe, parse_options, training_frame
from pipeline.material.deciding import Decided, decide
from pipeline.material.dividing import Split, split
from pipeline.material.reading import parse_table
from pipeline.material.table import Choices
from pipeline.training import TrainingPipeline

NAME = "birds.csv"


def decided(
    content: bytes,
    *,
    target: str = "kind",
    separator: str | None = None,
    encoding: str | None = None,
    **choices: Any,
) -> Decided:
    table = parse_table(content, name=NAME, separator=separator, encoding=encoding)
    return decide(table, Choices(target=target, **choices))


def halves(content: bytes, *, test_fraction: float = 0.5, seed: int = 0, **choices: Any) -> Split:
    return split(decided(content, **choices), test_fraction=test_fraction, seed=seed)


def kinds(content: bytes, **choices: Any) -> dict[str, str]:
    """Return the features that are used, each with its kind."""
    return {column.name: column.kind for column in decided(content, **choices).schema.columns}


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """A model as it is served, and its accuracy on the held-out half."""

    served: Served
    accuracy: float

    @property
    def manifest(self) -> Manifest:
        return self.served.manifest

    def ask(self, body: str | bytes, content_type: str) -> dict[str, Any]:
        answer, _ = write_answer(predicted(read_payload(body, content_type), self.served), "")
        document: dict[str, Any] = json.loads(answer)
        return document


def outcome(divided: Split, *, hyperparameters: Mapping[str, Any] | None = None) -> Outcome:
    """Train on one half and measure on the other, as the containers do."""
    given = {"target": divided.schema.target, "candidates": "logistic_regression"}
    options = parse_options({**given, "cv_folds": 2, **(hyperparameters or {})})
    table = read_table(divided.train.read())
    settings = {key: options[key] for key in ("target", "hyperparameters", "seed", "cv_folds")}
    pipeline = TrainingPipeline(**settings)
    pipeline.regression = divided.schema.label_kind == "number"
    trained = pipeline.train(training_frame(table, divided.schema))
    manifest = describe(trained, table, divided.schema, options=options)
    X, y = pipeline.prepared(training_frame(read_table(divided.test.read()), divided.schema))
    accuracy = float(np.mean(trained.model.predict(X) == y))
    return Outcome(served=Served(model=trained.model, manifest=manifest), accuracy=accuracy)
