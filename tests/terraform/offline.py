"""Terraform without AWS and credentials, on a copy of the tree."""

import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from pipeline.gateways import process, provider_mirror
from pipeline.gateways.terraform import Engine, find_engine
from tests.support.project import PROJECT_ROOT
from tests.support.provider_process import provider_process

TERRAFORM = PROJECT_ROOT / "terraform"
INHERITED = ("HOME", "PATH", "TMPDIR")


class OfflineTerraform:
    """Terraform on a copy of the tree, so that nothing is written into the checkout."""

    def __init__(self, engine: Engine, environment: Mapping[str, str], folder: Path) -> None:
        self._engine = engine
        self._environment = dict(environment)
        self._folder = folder
        self._initialised: set[str] = set()
        self.tree = Path(shutil.copytree(TERRAFORM, folder / "terraform", ignore=_written_by_runs))

    def run(self, directory: str, *arguments: str) -> str:
        """Run one command, return what it printed; fails the test unless it exits 0."""
        completed = self.ended(self.tree / directory, directory.replace("/", "-"), *arguments)
        assert completed.exit_code == 0, completed.stdout + completed.stderr
        return completed.stdout

    def ended(self, cwd: Path, data: str, *arguments: str) -> process.Completed:
        return process.run(
            [*self._engine.argv, *arguments],
            cwd=cwd,
            environment={
                **self._environment,
                "PYTHONPATH": str(PROJECT_ROOT),
                "TF_DATA_DIR": str(self._folder / data),
            },
            timeout_s=120,
        )

    @contextmanager
    def attached(self) -> Iterator[None]:
        """Let all commands talk to one process of the provider."""
        self.init("serving")
        with provider_process(self._folder / "serving", self._environment, self._folder) as how:
            self._environment |= how
            yield

    def init(self, directory: str) -> None:
        if directory not in self._initialised:
            self.run(directory, "init", "-backend=false", "-input=false", "-no-color")
            self._initialised.add(directory)


def _written_by_runs(_folder: str, names: list[str]) -> list[str]:
    return [name for name in names if name == ".terraform"]


def offline_terraform(folder: Path) -> OfflineTerraform:
    environment = {key: os.environ[key] for key in INHERITED if key in os.environ}
    # Collecting garbage less often spares a third of the processor time of `terraform test`.
    environment |= {"CHECKPOINT_DISABLE": "1", "GOGC": "400", "TF_IN_AUTOMATION": "1"}
    environment |= provider_mirror.cli_environment(os.environ, home=Path.home(), folder=folder)
    engine = find_engine(search_path=os.environ.get("PATH"), environment=environment)
    return OfflineTerraform(engine, environment, folder)
