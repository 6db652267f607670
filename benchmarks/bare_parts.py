"""Prints what the runner adds to its parts: `full` and `rollback` against a plain script.

Usage: python -m benchmarks.bare_parts [ROUNDS]
The plain script runs the training program, the evaluation program, and Terraform's plan and apply
of the same change, one after another, on the same embedded AWS; `terraform init` was done before.
Each round runs both, so a ratio compares what ran within the same minute.
"""

import json
import os
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.commands import emulator, run_pipeline
from pipeline.gateways import provider_mirror
from pipeline.gateways.aws import local_cloud
from pipeline.gateways.terraform import Terraform, find_engine
from pipeline.material.deciding import decide
from pipeline.material.dividing import Split, split
from pipeline.material.reading import parse_table
from pipeline.material.table import Choices
from tests.support.containers import Containers, cold, containers
from tests.support.project import PROJECT_ROOT

STATE_BUCKET = "mlops-state-000000000000-us-east-1"
BARE = "bare-endpoint"
# Of the runner's evaluation job, the plain script has the measuring alone: not the answers of the
# serving container, and not the comparison with the live model. It has no endpoint tests either.
_PHASES = ("training", "evaluation", "deployment", "testing")


def seconds_of(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def as_bare(variables: Mapping[str, Any]) -> dict[str, Any]:
    """Return a run's release variables with the name of the plain script's own endpoint."""
    text = json.dumps(variables)
    bare: dict[str, Any] = json.loads(text.replace(str(variables["endpoint_name"]), BARE))
    return bare


def shipped_split() -> Split:
    table = parse_table((PROJECT_ROOT / "data" / "iris.csv").read_bytes())
    return split(decide(table, Choices(target="species")), test_fraction=0.5, seed=43)


@dataclass(frozen=True, kw_only=True)
class PlainScript:
    """The parts without a runner: no checks, no ledger, no look at what was deployed."""

    folder: Path
    terraform: Terraform

    @property
    def _containers(self) -> Containers:
        return replace(containers(self.folder), process=cold)

    def train(self) -> None:
        divided = shipped_split()
        self._containers.train(divided.train.read(), schema=divided.schema_json, target="species")

    def evaluate(self) -> None:
        self._containers.evaluate(shipped_split().test.read())

    def deploy(self, variables: Mapping[str, Any]) -> None:
        file, plan = self.folder / "release.tfvars.json", self.folder / "plan"
        file.write_text(json.dumps(as_bare(variables)), encoding="utf-8")
        self.terraform.plan(var_files=[file], out=plan)
        applied = self.terraform.apply(plan)
        if applied.exit_code:
            raise SystemExit(applied.stderr)


def plain_script(folder: Path, endpoint_url: str) -> PlainScript:
    folder.mkdir()
    cloud = local_cloud(endpoint_url, region="us-east-1", environment=os.environ)
    mirror = provider_mirror.cli_environment(os.environ, home=Path.home(), folder=folder)
    environment = cloud.environment() | mirror
    engine = find_engine(search_path=os.environ.get("PATH"), environment=environment)
    root = PROJECT_ROOT / "terraform" / "serving"
    terraform = Terraform(engine, root, data_dir=folder / "data", environment=environment)
    place = {"bucket": STATE_BUCKET, "key": "bare.tfstate", "region": "us-east-1"}
    terraform.init({**place, "use_path_style": "true"})
    return PlainScript(folder=folder, terraform=terraform)


def round_of(folder: Path, environment: Mapping[str, str], script: PlainScript) -> dict[str, float]:
    """Run `full` and `rollback`, and after each the same parts without the runner."""

    def product(mode: str) -> float:
        return seconds_of(lambda: run_pipeline(mode, folder, environment))

    def change() -> dict[str, Any]:
        text = (folder / "release.tfvars.json").read_text(encoding="utf-8")
        variables: dict[str, Any] = json.loads(text)
        return variables

    full_s = product("full")
    results = json.loads((folder / "results.json").read_text(encoding="utf-8"))
    parts = {
        "bare training": seconds_of(script.train),
        "bare evaluation": seconds_of(script.evaluate),
        "bare plan + apply": seconds_of(lambda: script.deploy(change())),
    }
    bare_full_s = sum(parts.values())
    back_s = product("rollback")
    bare_back_s = seconds_of(lambda: script.deploy(change()))
    return {
        "full": full_s,
        **{f"  of it {name}": results["timings"][name] for name in _PHASES},
        **parts,
        "full / bare parts": full_s / bare_full_s,
        "rollback": back_s,
        "bare plan + apply back": bare_back_s,
        "rollback / bare": back_s / bare_back_s,
    }


def table(rounds: list[dict[str, float]]) -> str:
    rows = {name: median(each[name] for each in rounds) for name in rounds[0]}
    return "\n".join(f"{name:<24} {value:8.2f}" for name, value in rows.items())


@contextmanager
def a_cloud(folder: Path) -> Iterator[dict[str, str]]:
    """Yield the environment of an embedded AWS of this benchmark's own; stop it afterwards."""
    environment = {**os.environ, "EMULATOR_STATE_DIR": str(folder / "emulator")}
    environment.pop("AWS_ENDPOINT_URL", None)
    try:
        yield environment
    finally:
        emulator("stop", environment)


def main(rounds: str = "3") -> None:
    # So that a benchmark that is stopped also stops its embedded AWS.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    with tempfile.TemporaryDirectory(prefix="mlops-benchmark-") as name:
        folder = Path(name)
        with a_cloud(folder) as environment:
            print(f"server start: {seconds_of(lambda: emulator('start', environment)):.2f} s")
            endpoint_url = json.loads(emulator("status", environment))["endpoint_url"]
            run_pipeline("full", folder, environment)  # the foundation, and something to go back to
            script = plain_script(folder / "plain", endpoint_url)
            script.deploy(json.loads((folder / "release.tfvars.json").read_text(encoding="utf-8")))
            measured = [round_of(folder, environment, script) for _ in range(int(rounds))]
            print(f"{table(measured)}\nmedian of {len(measured)} rounds")


if __name__ == "__main__":
    main(*sys.argv[1:])
