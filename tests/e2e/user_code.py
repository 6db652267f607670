"""Training code with something wrong with it, each beside a configuration that names it."""

import json
from pathlib import Path

from tests.support.project import PROJECT_ROOT

_UNLOADABLE = """
import os

from pipeline.training import TrainingPipeline

EVERYWHERE = {everywhere}


class Unloadable:
    def __init__(self, model):
        self.model = model

    def predict(self, X):
        return self.model.predict(X)

    def __setstate__(self, state):
        serves = os.environ.get("SAGEMAKER_PROGRAM") == "inference.py"
        if serves and (EVERYWHERE or "SAGEMAKER_BIND_TO_PORT" not in os.environ):
            raise RuntimeError("the lookup table is not on this machine")
        self.__dict__.update(state)


class OwnPipeline(TrainingPipeline):
    def train_local_model(self, X_train, y_train):
        return Unloadable(super().train_local_model(X_train, y_train))
"""
_RAISES = """
from pipeline.training import TrainingPipeline


class OwnPipeline(TrainingPipeline):
    def train_local_model(self, X_train, y_train):
        raise ValueError("the sensors of March say nothing")
"""
_SPOILED = """
from sklearn.linear_model import LogisticRegression

from pipeline.training import TrainingPipeline


class Spoiled:
    def __init__(self, model, below):
        self.model, self.below = model, below

    def predict(self, X):
        answers = self.model.predict(X)
        answers[(X["sepal_length"] < self.below).to_numpy()] = "virginica"
        return answers


class OwnPipeline(TrainingPipeline):
    def train_local_model(self, X_train, y_train):
        model = LogisticRegression(max_iter=1000).fit(X_train, y_train)
        return Spoiled(model, self.hyperparameters["below"])
"""


def unloadable(folder: Path) -> tuple[str, str]:
    """Return the flags for a model that serves in the evaluation job, and on no endpoint.

    The job's container is given a port, that of an endpoint in the embedded AWS is not.
    """
    return _written(folder / "unloadable", _UNLOADABLE.replace("{everywhere}", "False"))


def unservable(folder: Path) -> tuple[str, str]:
    """Return the flags for a model that trains and can be measured, but not be loaded to serve."""
    return _written(folder / "unservable", _UNLOADABLE.replace("{everywhere}", "True"))


def raises(folder: Path) -> tuple[str, str]:
    """Return the flags for a training script that ends in an exception."""
    return _written(folder / "raises", _RAISES)


def spoiled(folder: Path) -> tuple[str, str]:
    """Return the flags for a model that is wrong about small flowers.

    The smaller the hyperparameter `below`, the fewer: of the rows held out that it would get right,
    none below 4.0, two below 4.6, ten below 5.1.
    """
    return _written(folder / "spoiled", _SPOILED)


def configured(folder: Path, **values: object) -> tuple[str, str]:
    """Return the flags for a configuration of these values."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "config.json"
    path.write_text(json.dumps({"backend": "local", **values}))
    return ("--config-file", str(path))


def _written(folder: Path, code: str) -> tuple[str, str]:
    training = {
        "data": str(PROJECT_ROOT / "data" / "iris.csv"),
        "training_pipeline": "own_training:OwnPipeline",
    }
    flags = configured(folder, training=training)
    (folder / "own_training.py").write_text(code)
    return flags
