"""Runs the three entry points as SageMaker's containers would, each in a process of its own."""

import json
import os
import subprocess
import sys
import tarfile
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

from pipeline.material.bundle import Bundle, build_bundle
from pipeline.material.deciding import decide
from pipeline.material.reading import parse_table
from pipeline.material.table import Choices
from tests.support import warm
from tests.support.project import PROJECT_ROOT

SERVE = """
import json, sys
import inference
answers, sys.stdout = sys.stdout, sys.stderr  # what the model's code prints is its log
served = inference.model_fn(sys.argv[1])
for line in sys.stdin:
    body, content_type, accept = json.loads(line)
    answer = inference.transform_fn(served, body, content_type, accept)
    if not isinstance(answer, tuple):
        sys.exit(answer.get_data(True))
    print(json.dumps(answer), file=answers)
"""


class ContainerError(Exception):
    """A process that ended with another code than 0; the text is its stderr."""


def run(
    arguments: list[str],
    *,
    environment: Mapping[str, str],
    given: str = "",
    process: Callable[..., warm.Done] = warm.run,
) -> str:
    """Return stdout. The environment is nothing but `environment` and PATH: no project around."""
    done = process(arguments, environment={"PATH": os.environ["PATH"], **environment}, given=given)
    if done.returncode:
        raise ContainerError(done.stderr)
    return done.stdout


def cold(arguments: list[str], *, environment: Mapping[str, str], given: str) -> warm.Done:
    """Run as `warm.run` does, in a process that imports everything itself, as a container's."""
    done = subprocess.run(
        [sys.executable, *arguments],
        input=given,
        env=dict(environment),
        cwd="/",
        capture_output=True,
        text=True,
        check=False,
    )
    return warm.Done(returncode=done.returncode, stdout=done.stdout, stderr=done.stderr)


@dataclass(frozen=True, kw_only=True)
class Containers:
    """A folder in place of /opt/ml and a code bundle, both private to one test."""

    root: Path
    bundle: Bundle
    process: Callable[..., warm.Done] = warm.run

    @property
    def archive(self) -> Path:
        return self.root / "input" / "model" / "model.tar.gz"

    @property
    def model_dir(self) -> Path:
        return self.root / "model"

    def train(
        self, train_csv: bytes, *, schema: bytes | None = None, **hyperparameters: Any
    ) -> str:
        """Return the log; afterwards `archive` holds the artifact.

        Without a `schema` it is what the rows themselves are decided to be.
        """
        for name in ("train", "code", "model", "output", "input/model"):
            (self.root / name).mkdir(parents=True, exist_ok=True)
        (self.root / "train" / "train.csv").write_bytes(train_csv)
        schema = schema or a_schema(train_csv, target=hyperparameters["target"])
        (self.root / "train" / "schema.json").write_bytes(schema)
        with tarfile.open(fileobj=BytesIO(self.bundle.archive)) as tar:
            tar.extraction_filter = getattr(tarfile, "data_filter", None)  # see model/artifact.py
            tar.extractall(self.root / "code")
        environment = {
            "SM_CHANNEL_TRAIN": str(self.root / "train"),
            "SM_HPS": json.dumps(hyperparameters),
            "SM_MODEL_DIR": str(self.model_dir),
            "SM_OUTPUT_DATA_DIR": str(self.root / "output" / "data"),
        }
        program = [str(self.root / "code" / "train.py")]
        log = run(program, environment=environment, process=self.process)
        self.pack()
        return log

    def pack(self) -> None:
        """Make `archive` of what lies in `model_dir`."""
        with tarfile.open(self.archive, "w:gz") as tar:
            for path in sorted(self.model_dir.iterdir()):
                tar.add(path, arcname=path.name)

    def evaluate(
        self, test_csv: bytes, *arguments: str, bundle: Bundle | None = None
    ) -> dict[str, Any]:
        """Return evaluation.json."""
        source, test = self.root / "processing" / "code", self.root / "processing" / "test"
        for name, content in (bundle or self.bundle).files.items():
            (source / name).parent.mkdir(parents=True, exist_ok=True)
            (source / name).write_bytes(content)
        test.mkdir(parents=True, exist_ok=True)
        (test / "test.csv").write_bytes(test_csv)
        places = {"--model-dir": self.archive.parent, "--test-dir": test, "--output-dir": self.root}
        flags = [part for name, place in places.items() for part in (name, str(place))]
        program = [str(source / "evaluate.py"), *flags, *arguments]
        run(program, environment={}, process=self.process)
        document: dict[str, Any] = json.loads((self.root / "evaluation.json").read_text())
        return document

    def invoke(self, *requests: tuple[str, str, str]) -> list[list[str]]:
        """Return body and content type for each (body, content type, accept)."""
        lines = "\n".join(json.dumps(request) for request in requests)
        code = str(self.model_dir / "code")
        out = run(["-c", SERVE, str(self.model_dir)], environment={"PYTHONPATH": code}, given=lines)
        return [json.loads(line) for line in out.splitlines()]


def a_schema(content: bytes, *, target: str) -> bytes:
    return decide(parse_table(content), Choices(target=target)).schema.to_json().encode()


def containers(
    root: Path, specs: Iterable[str] = (), *, source_dir: Path | None = None
) -> Containers:
    bundle = build_bundle(PROJECT_ROOT, specs, source_dir=source_dir or root / "no user code")
    return Containers(root=root, bundle=bundle)
