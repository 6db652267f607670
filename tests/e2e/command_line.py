"""The command line as its users meet it: a process, its exit code, its output and its files."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import jsonschema  # type: ignore[import-untyped]

from pipeline.configuration.flags import ENVIRONMENT_NAMES
from tests.support.gitlab_rules import gitlab_reads_dotenv, gitlab_reads_metrics
from tests.support.project import PROJECT_ROOT

RUNNER = (sys.executable, str(PROJECT_ROOT / "run_pipeline.py"))
WRAPPER = (str(PROJECT_ROOT / "run_mlops_pipeline.sh"),)

_SCHEMA = json.loads((PROJECT_ROOT / "docs" / "results.schema.json").read_text())
_CONFIGURES = {name for names in ENVIRONMENT_NAMES.values() for name in names}
_LEFT_OUT = re.compile(r"(CI|AWS|GITLAB|MLOPS|EMULATOR)(_.*)?")
_LIMIT_S = 400.0


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """A command that has ended. `results` has passed the schema, `variables` GitLab's rules."""

    exit_code: int
    stdout: str
    stderr: str
    folder: Path

    def __post_init__(self) -> None:
        if (self.folder / "results.json").exists():
            jsonschema.validate(self.results, _SCHEMA)
            assert self.variables
            ElementTree.parse(self.folder / "junit.xml")
            assert dict(gitlab_reads_metrics((self.folder / "metrics.txt").read_text())) is not None

    @cached_property
    def results(self) -> Mapping[str, Any]:
        document: Mapping[str, Any] = json.loads((self.folder / "results.json").read_text())
        return document

    @cached_property
    def variables(self) -> Mapping[str, str]:
        variables = gitlab_reads_dotenv((self.folder / "results.env").read_bytes(), most=15)
        assert not any("$" in value for value in variables.values())  # GitLab would expand it
        return variables

    @property
    def deployment(self) -> Mapping[str, Any]:
        phase: Mapping[str, Any] = self.results["phases"]["deployment"]
        return phase

    @property
    def training(self) -> Mapping[str, Any]:
        phase: Mapping[str, Any] = self.results["phases"]["training"]
        return phase

    @property
    def job(self) -> str:
        return str(self.training["training_job_name"])

    @property
    def release(self) -> str:
        return str(self.results["release_id"])

    @property
    def error(self) -> str:
        """What the run says went wrong, and what it says to do."""
        error = self.results["error"]
        return f"{error['message']}\n{error['remedy']}"


class Running:
    """A command that may still run."""

    def __init__(self, process: subprocess.Popen[str], folder: Path) -> None:
        self.process = process
        self._folder = folder

    def ended(self) -> Outcome:
        """Wait for the end; a command that hangs is killed and fails the story."""
        try:
            stdout, stderr = self.process.communicate(timeout=_LIMIT_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.communicate()
            raise
        return Outcome(
            exit_code=self.process.returncode, stdout=stdout, stderr=stderr, folder=self._folder
        )


class CommandLine:
    """Starts commands, each with its own output folder and none of this shell's settings."""

    def __init__(self, folder: Path, **variables: str) -> None:
        self._folder = folder
        self._variables = {"EMULATOR_STRICT": "1", **variables}
        self._count = 0

    def run(
        self,
        *flags: str,
        program: tuple[str, ...] = RUNNER,
        cwd: Path | None = None,
        **variables: str,
    ) -> Outcome:
        return self.start(*flags, program=program, cwd=cwd, **variables).ended()

    def typed(self, line: str) -> Outcome:
        """Give a shell exactly the line that a run has printed; only where results go is added."""
        return self.run(program=("bash", "-c", f'{line} "$@"', "bash"))

    def start(
        self,
        *flags: str,
        program: tuple[str, ...] = RUNNER,
        cwd: Path | None = None,
        **variables: str,
    ) -> Running:
        self._count += 1
        output = self._folder / f"out {self._count}"
        process = subprocess.Popen(
            [*program, "--output-dir", str(output), *flags],
            cwd=cwd or self._folder,
            env={**plain_environment(), **self._variables, **variables},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        return Running(process, output)


def plain_environment() -> dict[str, str]:
    """Return this process's environment without anything that configures a run."""
    return {
        name: value
        for name, value in os.environ.items()
        if name not in _CONFIGURES and not _LEFT_OUT.fullmatch(name)
    }
