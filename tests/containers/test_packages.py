"""Packages of the user's own: fetched as wheels, trained with, measured with and served with."""

import json
import os
import zipfile
from pathlib import Path

import pytest

from pipeline.core.errors import UsageError
from pipeline.gateways import wheels
from pipeline.material.bundle import build_bundle
from tests.support.containers import ContainerError, Containers
from tests.support.decided import halves
from tests.support.project import PROJECT_ROOT
from tests.support.tables import a_mixed_csv

CODE = """
import numpy as np
from house_thresholds import BOUND
from pipeline.training import TrainingPipeline

class Wordy:
    def predict(self, X):
        from house_thresholds import BOUND as bound
        return np.where(X["size"].fillna(0) > bound, "good", "bad")

class Mine(TrainingPipeline):
    def train_local_model(self, X_train, y_train):
        return Wordy()
"""


def a_wheel(folder: Path, name: str, source: str, *, tag: str = "py3-none-any") -> Path:
    """Write a wheel of one module (packaging.python.org, binary distribution format)."""
    folder.mkdir(parents=True, exist_ok=True)
    info = f"{name}-1.0.dist-info"
    files = {
        f"{name}.py": source,
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n",
        f"{info}/WHEEL": f"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: {tag}\n",
    }
    record = "".join(f"{each},,\n" for each in (*files, f"{info}/RECORD"))
    path = folder / f"{name}-1.0-{tag}.whl"
    with zipfile.ZipFile(path, "w") as wheel:
        for each, content in {**files, f"{info}/RECORD": record}.items():
            wheel.writestr(each, content)
    return path


def fetched(folder: Path, text: str, *, is_local: bool = True) -> dict[str, bytes]:
    """Fetch from a folder alone, by the pip configuration of a user without a network."""
    requirements = folder / "needs.txt"
    requirements.write_text(text)
    configured = {
        "HOME": str(folder),
        "PATH": os.environ["PATH"],
        "PIP_NO_INDEX": "1",
        "PIP_FIND_LINKS": str(folder / "index"),
    }
    return wheels.fetch(requirements, is_local=is_local, environment=configured)


def world_with(folder: Path, found: dict[str, bytes]) -> Containers:
    (folder / "mine.py").write_text(CODE)
    bundle = build_bundle(PROJECT_ROOT, ["mine:Mine"], source_dir=folder, wheels=found)
    return Containers(root=folder / "world", bundle=bundle)


def test_a_package_is_trained_measured_and_served_with_and_installed_nowhere_else(
    tmp_path: Path,
) -> None:
    a_wheel(tmp_path / "index", "house_thresholds", "BOUND = 3.0\n")
    found = fetched(tmp_path, "house_thresholds==1.0\n")
    world = world_with(tmp_path, found)
    log = world.train(a_mixed_csv(), target="verdict", training_pipeline="mine:Mine")
    assert "installed house_thresholds-1.0-py3-none-any.whl" in log
    assert (world.model_dir / "code" / "vendor" / "house_thresholds.py").is_file()
    assert world.evaluate(a_mixed_csv(seed=1))["rows"] == 60
    [[body, _]] = world.invoke(('{"size": 6, "weight": null, "colour": "red"}', "", ""))
    assert json.loads(body)["predictions"] == ["good"]
    with pytest.raises(ModuleNotFoundError):
        __import__("house_thresholds")


def test_without_its_package_a_class_cannot_be_trained_and_says_which(tmp_path: Path) -> None:
    world = world_with(tmp_path, {})
    with pytest.raises(ContainerError, match="no module 'house_thresholds'"):
        world.train(a_mixed_csv(), target="verdict", training_pipeline="mine:Mine")


@pytest.mark.parametrize("is_local", [True, False])
def test_what_the_image_has_does_not_travel(tmp_path: Path, *, is_local: bool) -> None:
    a_wheel(tmp_path / "index", "house_thresholds", "")
    a_wheel(tmp_path / "index", "six", "")
    assert set(fetched(tmp_path, "house_thresholds\n", is_local=is_local)) == {
        "house_thresholds-1.0-py3-none-any.whl"
    }


@pytest.mark.parametrize("is_local", [True, False])
def test_the_wheels_are_those_of_where_they_are_installed(
    tmp_path: Path, *, is_local: bool
) -> None:
    """SageMaker's image is Linux on x86_64 whatever the machine is; a wheel for it is found."""
    a_wheel(tmp_path / "index", "house_thresholds", "", tag="cp312-cp312-manylinux_2_28_x86_64")
    if not is_local:
        assert fetched(tmp_path, "house_thresholds\n", is_local=False)
        return
    a_wheel(tmp_path / "index", "house_thresholds", "", tag="cp39-cp39-win_amd64")
    (tmp_path / "index" / "house_thresholds-1.0-cp312-cp312-manylinux_2_28_x86_64.whl").unlink()
    with pytest.raises(UsageError, match="for this machine"):
        fetched(tmp_path, "house_thresholds\n")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("no_such_package==1.0\n", "No matching distribution"),
        ("numpy==1.0\n", "numpy==1.0"),
        ("not a requirement !\n", "Invalid requirement"),
    ],
)
def test_what_cannot_be_fetched_is_refused_with_the_words_of_pip(
    tmp_path: Path, text: str, problem: str
) -> None:
    (tmp_path / "index").mkdir()
    with pytest.raises(UsageError, match=problem) as refused:
        fetched(tmp_path, text)
    assert refused.value.code == "PackagesRefused"


def test_a_list_that_is_not_there_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"no file .*needs\.txt"):
        wheels.fetch(tmp_path / "needs.txt", is_local=True, environment={})


def test_the_bytes_of_a_package_are_part_of_the_identity_of_the_code(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(CODE)

    def digest(found: dict[str, bytes] | None) -> str:
        return build_bundle(PROJECT_ROOT, ["mine:Mine"], source_dir=tmp_path, wheels=found).sha256

    digests = [digest(found) for found in (None, {"a.whl": b"1"}, {"a.whl": b"2"}, {"b.whl": b"1"})]
    assert len(set(digests)) == 4
    assert digest({"a.whl": b"1"}) == digests[1]
    assert digest({}) == digests[0]


@pytest.mark.soak
def test_the_example_with_gradient_boosting_works(tmp_path: Path) -> None:
    """Asks a package index, as the user's pip is configured to."""
    examples = PROJECT_ROOT / "examples"
    found = wheels.fetch(
        examples / "boosted_requirements.txt", is_local=True, environment=dict(os.environ)
    )
    spec = "boosted_training:BoostedTrainingPipeline"
    bundle = build_bundle(PROJECT_ROOT, [spec], source_dir=examples, wheels=found)
    world = Containers(root=tmp_path, bundle=bundle)
    content = (PROJECT_ROOT / "data" / "breast_cancer.csv").read_bytes()
    divided = halves(content, target="diagnosis", seed=3)
    world.train(
        divided.train.read(), schema=divided.schema_json, target="diagnosis", training_pipeline=spec
    )
    assert world.evaluate(divided.test.read())["accuracy"] >= 0.9
