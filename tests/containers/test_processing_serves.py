"""A job starts the image's program `serve`, and the evaluation asks it as an endpoint is asked."""

import json
from typing import Any

import pytest

from emulator.tests.containers.conftest import moto_url, world
from emulator.tests.support.containers_world import World, processing_input, tar_gz
from pipeline.material.bundle import build_bundle
from pipeline.material.dividing import held_out_rows
from tests.support.containers import Containers, containers
from tests.support.project import PROJECT_ROOT
from tests.support.tables import a_mixed_csv

__all__ = ["moto_url", "world"]

OURS = {"SAGEMAKER_PROGRAM": "inference.py", "SAGEMAKER_SUBMIT_DIRECTORY": "/opt/ml/model/code"}
# Each in the place of the artifact's own code/inference.py
SERVES_WRONG = """
import inference_of_ours as ours
model_fn = ours.model_fn
def transform_fn(served, *request):
    served.model.predict = lambda X: ["bad"] * len(X)
    return ours.transform_fn(served, *request)
"""
CODES = {
    "cannot be imported": ("import nothing_of_this_name", "No module named 'nothing_of_this_name'"),
    "cannot load its model": (
        "def model_fn(d): raise RuntimeError('the lookup table is missing')\n"
        "def transform_fn(*a): pass",
        "the lookup table is missing",
    ),
    "raises": (
        "import inference_of_ours as ours\nmodel_fn = ours.model_fn\n"
        "def transform_fn(*a): raise ValueError('no such column')",
        "HTTP 500",
    ),
    "dies": (
        "import os, inference_of_ours as ours\nmodel_fn = ours.model_fn\n"
        "def transform_fn(*a): os._exit(3)",
        "/invocations was not answered",
    ),
    "answers something else": (
        "import inference_of_ours as ours\nmodel_fn = ours.model_fn\n"
        "def transform_fn(*a): return '[]', 'application/json'",
        "is not the JSON document",
    ),
    "answers too few": (
        "import inference_of_ours as ours\nmodel_fn = ours.model_fn\n"
        'def transform_fn(*a): return \'{"predictions": ["good"]}\', "application/json"',
        "rows are answered with 1 predictions",
    ),
}


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Containers:
    made = containers(tmp_path_factory.mktemp("mixed"))
    made.train(a_mixed_csv(), target="verdict", candidates="logistic_regression")
    return made


def evaluated(
    world: World, trained: Containers, inference: str | None = None, **job: Any
) -> dict[str, Any]:
    """Return evaluation.json of a job that evaluates and serves, with other code to serve by."""
    files = {
        path.relative_to(trained.model_dir).as_posix(): path.read_bytes()
        for path in trained.model_dir.rglob("*")
        if path.is_file()
    }
    if inference is not None:
        files["code/inference_of_ours.py"] = files["code/inference.py"]
        files["code/inference.py"] = inference.encode()
    request = world.processing_job("pass", **job)
    bundle = build_bundle(PROJECT_ROOT, source_dir=PROJECT_ROOT / "no user code")
    for name, content in bundle.files.items():
        world.put(f"src/{name}", content)
    test = world.put("test/test.csv", a_mixed_csv(seed=1)).removesuffix("test.csv")
    artifact = world.put("model/model.tar.gz", tar_gz(files)).removesuffix("model.tar.gz")
    request["ProcessingInputs"] = [
        processing_input("code", f"s3://{world.bucket}/src/"),
        processing_input("model", artifact),
        processing_input("test", test),
    ]
    (output,) = request["ProcessingOutputConfig"]["Outputs"]
    request["AppSpecification"]["ContainerEntrypoint"] = [
        "python3",
        "/opt/ml/processing/input/code/evaluate.py",
    ]
    request["AppSpecification"]["ContainerArguments"] = [
        *("--model-dir", "/opt/ml/processing/input/model"),
        *("--test-dir", "/opt/ml/processing/input/test"),
        *("--output-dir", output["S3Output"]["LocalPath"]),
        *("--serve-in", "/opt/ml/model"),
        *(part for name, value in OURS.items() for part in ("--serve-with", f"{name}={value}")),
    ]
    finished = world.evaluate(request)
    assert finished["ProcessingJobStatus"] == "Completed", finished
    found: dict[str, Any] = json.loads(world.get("evaluation/evaluation.json"))
    return found


def test_the_container_answers_the_held_out_rows_as_they_were_measured(
    world: World, trained: Containers
) -> None:
    isolated = {"EnableNetworkIsolation": True}
    document = evaluated(world, trained, NetworkConfig=isolated)
    serving, rows = document["serving"], held_out_rows(a_mixed_csv(seed=1), target="verdict")
    assert serving["failure"] is None
    assert serving["accuracy"] == pytest.approx(document["accuracy"])
    assert serving["rows"] == len(rows.labels) == document["rows"]
    assert 0 < serving["latency_p50_ms"] <= serving["latency_p95_ms"]
    assert serving["start_s"] > 0


def marked(case: str) -> Any:
    """In script/test one tells; what else there may be is asked of serving_check alone."""
    marks = () if case == "cannot load its model" else (pytest.mark.soak,)
    return pytest.param(case, marks=marks)


@pytest.mark.parametrize("case", [marked(case) for case in CODES])
def test_why_a_container_cannot_serve_is_in_the_evaluation(
    world: World, trained: Containers, case: str
) -> None:
    code, said = CODES[case]
    serving = evaluated(world, trained, code)["serving"]
    assert serving["accuracy"] is None
    assert said in serving["failure"]


def test_what_is_served_otherwise_than_measured_shows_in_its_accuracy(
    world: World, trained: Containers
) -> None:
    document = evaluated(world, trained, SERVES_WRONG)
    assert document["serving"]["failure"] is None
    assert document["serving"]["accuracy"] < 0.7 < document["accuracy"]
