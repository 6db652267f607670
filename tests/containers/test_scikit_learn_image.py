"""What really serves in SageMaker's scikit-learn image, beside our stand-in, and with our model."""

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from emulator.containers.shims import codecs
from emulator.containers.shims.handlers import load
from tests.support.containers import Containers, containers
from tests.support.project import PROJECT_ROOT
from tests.support.tables import a_mixed_csv

Request = tuple[bytes, str, str]
Answer = tuple[int, str, bytes]

PROGRAM = PROJECT_ROOT / "tests" / "support" / "scikit_learn_image.py"
SOURCES = PROJECT_ROOT / ".venv-tools" / "image" / "src"
MODEL = """
import numpy as np

class Doubles:
    def predict(self, rows): return np.asarray(rows) * 2

def model_fn(model_dir): return Doubles()
"""
WAYS = {
    "defaults": "",
    "raises": "def transform_fn(*a): raise ValueError('no such column')",
    "raises_a_status": """
class Status(Exception): status_code = code = 400
def predict_fn(*a): raise Status('bad')""",
    "raises_in_input": "def input_fn(*a): raise ValueError('unreadable')",
    "raises_unsupported": """
class UnsupportedFormatError(Exception): pass
def input_fn(*a): raise UnsupportedFormatError('image/png')""",
    "raises_in_output": "def output_fn(*a): raise ValueError('unwritable')",
    "returns_a_pair": "def transform_fn(m, body, c, accept): return body, accept",
    "returns_more": "def transform_fn(m, body, c, accept): return body, 'text/plain', 400",
    "returns_text": "def transform_fn(m, body, c, accept): return 'text'",
    "returns_bytes": "def transform_fn(m, body, c, accept): return b'bytes'",
    "returns_a_dict": "def transform_fn(m, body, c, accept): return {'b': [1, 2], 'a': 'é'}",
    "returns_a_list": "def transform_fn(m, body, c, accept): return [1, {'a': 2}]",
    "returns_none": "def transform_fn(m, body, c, accept): pass",
    "returns_a_number": "def transform_fn(m, body, c, accept): return 7",
    "returns_flask": """
from flask import Response
def transform_fn(m, body, c, accept): return Response('bad row', 400, mimetype='text/plain')""",
    "returns_werkzeug": """
from werkzeug.wrappers import Response
def output_fn(prediction, accept): return Response('{}', 406, mimetype='application/json')""",
}
ROWS: tuple[Request, ...] = (
    (b"[[1, 2], [3, 4]]", "application/json", ""),
    (b"1,2\n3,4\n", "text/csv", "text/csv"),
    (b"1,2\n3,4\n", "text/csv", "*/*"),
    (b"[1]", "", "application/json"),
    (b"not JSON", "application/json", ""),
    (b"caf\xe9", "text/csv", "text/csv"),
    (b"caf\xe9", "text/csv; charset=latin-1", "text/csv"),
    (b"x", "image/png", ""),
    (b"[1]", "application/json", "image/png"),
)


def of_the_image(base: Path, code: Path, asked: dict[str, list[Request]]) -> list[list[Answer]]:
    """Ask the real stack in a process of its own; `base` stands for /opt/ml."""
    subprocess.run([str(PROJECT_ROOT / "script" / "bootstrap-tools")], check=True, timeout=600)
    document = [
        [name, [[body.decode("latin-1"), *types] for body, *types in requests]]
        for name, requests in asked.items()
    ]
    done = subprocess.run(
        [sys.executable, "-W", "ignore", str(PROGRAM), str(code)],
        env={
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(SOURCES),
            # Its generated code is older than the protobuf that is here.
            "PROTOCOL_BUFFERS_PYTHON_IMPLEMENTATION": "python",
            "SAGEMAKER_BASE_DIR": str(base),
        },
        cwd="/",
        input=json.dumps(document),
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return [
        [(status, kind, body.encode("latin-1")) for status, kind, body in answers]
        for answers in json.loads(done.stdout)
    ]


def of_the_stand_in(base: Path, module: Path, requests: list[Request]) -> list[Answer]:
    spec = importlib.util.spec_from_file_location(module.stem, module)
    assert spec is not None
    assert spec.loader is not None
    loaded = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(loaded)
    handlers = load(loaded, str(base / "model"))
    replies = [
        handlers.answer(
            body,
            content_type=content_type or codecs.JSON,
            accept=codecs.JSON if accept in ("", "*/*") else accept,
        )
        for body, content_type, accept in requests
    ]
    return [(reply.status, reply.content_type, reply.body) for reply in replies]


@pytest.fixture(scope="module")
def ways(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, list[Answer]]]:
    folder = tmp_path_factory.mktemp("ways")
    for name, source in WAYS.items():
        (folder / f"{name}.py").write_text(f"{MODEL}\n{source}\n", encoding="utf-8")
    answers = of_the_image(folder, folder, {name: list(ROWS) for name in WAYS})
    return folder, dict(zip(WAYS, answers, strict=True))


@pytest.mark.parametrize("way", WAYS)
def test_the_stand_in_answers_as_the_image_does(
    ways: tuple[Path, dict[str, list[Answer]]], way: str
) -> None:
    folder, answers = ways
    assert of_the_stand_in(folder, folder / f"{way}.py", list(ROWS)) == answers[way]


def test_the_image_loses_the_status_of_an_exception_and_keeps_that_of_a_response(
    ways: tuple[Path, dict[str, list[Answer]]],
) -> None:
    statuses = {way: {status for status, *_ in answers} for way, answers in ways[1].items()}
    raising = [way for way in WAYS if way.startswith("raises")]
    assert all(statuses[way] <= {200, 500} for way in (*raising, "defaults"))
    assert statuses["returns_flask"] == {400}
    assert 406 in statuses["returns_werkzeug"]


JSON, CSV = codecs.JSON, codecs.CSV
ROW = b'[{"size": 5.1, "weight": 0, "colour": "red"}]'
REFUSED: tuple[tuple[int, Request], ...] = (
    (415, (ROW, "text/plain", JSON)),
    (415, (ROW, "application/x-npy", JSON)),
    (415, (ROW, "multipart/form-data; boundary=x", JSON)),
    (415, (ROW, "json", JSON)),
    (406, (ROW, JSON, "image/png")),
    (406, (ROW, JSON, "text/html, application/xml;q=0.9")),
    (406, (ROW, JSON, "json")),
    (400, (b"", JSON, JSON)),
    (400, (b"", CSV, JSON)),
    (400, (b"no JSON", JSON, JSON)),
    (400, (b"5.1,0,red", JSON, JSON)),
    (400, (ROW, CSV, JSON)),
    (400, (b"[]", JSON, JSON)),
    (400, (b"[null]", JSON, JSON)),
    (400, (b'"text"', JSON, JSON)),
    (400, (b"7", JSON, JSON)),
    (400, (b'{"instances": 7}', JSON, JSON)),
    (400, (b'[{"size": 5.1, "weight": 0}]', JSON, JSON)),
    (400, (b'[{"size": "big", "weight": 0, "colour": "red"}]', JSON, JSON)),
    (400, (b'[{"size": true, "weight": 0, "colour": "red"}]', JSON, JSON)),
    (400, (b'[{"size": Infinity, "weight": 0, "colour": "red"}]', JSON, JSON)),
    (400, (b'[{"size": 1e999, "weight": 0, "colour": "red"}]', JSON, JSON)),
    (400, (b'[{"size": [1], "weight": 0, "colour": "red"}]', JSON, JSON)),
    (400, (b'[{"size": 1, "weight": 0, "colour": {"a": 1}}]', JSON, JSON)),
    (400, (b"[" + b"9" * 5000 + b"]", JSON, JSON)),
    (400, (b"[" * 100_000, JSON, JSON)),
    (400, (b"[[5.1, 0]]", JSON, JSON)),
    (400, (b"5.1,0\n", CSV, JSON)),
    (400, (b"5.1,0,red,good\n", CSV, JSON)),
    (400, (b"5.1,0,red\n5.1,0\n", CSV, JSON)),
    (400, (b"size,weight,shade\n5.1,0,red\n", CSV, JSON)),
    (400, (b"size,weight,colour\n", "text/csv; header=present", JSON)),
    (400, (b'5.1,0,"red', CSV, JSON)),
    (400, (b"5.1,0," + b"r" * 200_000, CSV, JSON)),
    (400, (b"5.1,0,gr\xfcn\n", CSV, JSON)),
    (400, (b"5.1,0,gr\xfcn\n", "text/csv; charset=latin-1", JSON)),
    (400, (b'[{"size": 1, "weight": 0, "colour": "gr\xfcn"}]', JSON, JSON)),
)


# Our own module, but that its model fails
BROKEN = """
import inference

model_fn = inference.model_fn

def transform_fn(served, *request):
    served.model.predict = None
    return inference.transform_fn(served, *request)
"""


@pytest.fixture(scope="module")
def our_model(tmp_path_factory: pytest.TempPathFactory) -> tuple[Containers, list[list[Answer]]]:
    """Return it trained, its answers to a right request and to REFUSED, and a broken one's."""
    world = containers(tmp_path_factory.mktemp("mixed"))
    world.train(a_mixed_csv(), target="verdict", candidates="logistic_regression")
    code = world.model_dir / "code"
    (code / "broken.py").write_text(BROKEN, encoding="utf-8")
    right: Request = (ROW, JSON, JSON)
    requests = [right, *(request for _, request in REFUSED)]
    return world, of_the_image(world.root, code, {"inference": requests, "broken": [right]})


def test_our_model_refuses_with_the_status_that_says_what_the_caller_did_wrong(
    our_model: tuple[Containers, list[list[Answer]]],
) -> None:
    world, [[right, *answers], _] = our_model
    assert (right[0], json.loads(right[2])["predictions"]) == (200, ["good"])
    found = [(status, request) for (status, *_), (_, request) in zip(answers, REFUSED, strict=True)]
    assert found == list(REFUSED)
    assert all(json.loads(body)["error-message"] for _, _, body in answers)
    requests = [request for _, request in REFUSED]
    assert (
        of_the_stand_in(world.root, world.model_dir / "code" / "inference.py", requests) == answers
    )


def test_our_model_takes_its_own_failure_upon_itself(
    our_model: tuple[Containers, list[list[Answer]]],
) -> None:
    _, [_, [(status, _, _)]] = our_model
    assert status == 500
