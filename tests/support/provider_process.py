"""One process of the AWS provider that many Terraform commands talk to.

Starting the provider, several times in each command and in each run of `terraform test`, is most of
what Terraform costs. It is the same program, in the way Terraform documents for its debugging:
developer.hashicorp.com/terraform/plugin/debugging. It works with the credentials and endpoints that
it was started with, and for one command at a time.
"""

import re
import shlex
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from pipeline.gateways.terraform import Engine, Terraform
from tests.support.project import PROJECT_ROOT

_PROGRAM = "providers/*/hashicorp/aws/*/*/terraform-provider-aws_*"
_SAYS = re.compile(r"TF_REATTACH_PROVIDERS='(.*)'")
_START_LIMIT_S = 60.0


@contextmanager
def provider_process(
    data_dir: Path, environment: Mapping[str, str], folder: Path
) -> Iterator[dict[str, str]]:
    """Start the provider that `terraform init` put into `data_dir`, end it afterwards.

    Yield the variables with which Terraform talks to it. What it says is in `folder`.
    """
    (program,) = data_dir.glob(_PROGRAM)
    said = folder / "provider.log"
    with said.open("wb") as log:
        process = subprocess.Popen(
            [str(program), "-debug"],
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    try:
        yield {"TF_REATTACH_PROVIDERS": _how_to_attach(process, said)}
    finally:
        process.terminate()
        process.wait(timeout=_START_LIMIT_S)


@contextmanager
def attached_program(
    engine: Engine, environment: Mapping[str, str], folder: Path
) -> Iterator[Path]:
    """Yield a folder whose `terraform` talks to a provider that is started once."""
    thrifty, root = {"GOGC": "400", **environment}, PROJECT_ROOT / "terraform" / "serving"
    Terraform(engine, root, data_dir=folder / "data", environment=environment).init(None)
    program = folder / "bin" / "terraform"
    program.parent.mkdir()
    with provider_process(folder / "data", thrifty, folder) as how:
        named = "".join(f"export {name}={shlex.quote(value)}\n" for name, value in how.items())
        program.write_text(f'#!/bin/sh\n{named}exec {shlex.join(engine.argv)} "$@"\n')
        program.chmod(0o755)
        yield program.parent


def _how_to_attach(process: subprocess.Popen[bytes], said: Path) -> str:
    deadline = time.monotonic() + _START_LIMIT_S
    while not (found := _SAYS.search(said.read_text(encoding="utf-8"))):
        alive = process.poll() is None and time.monotonic() < deadline
        assert alive, f"the provider does not start: {said.read_text(encoding='utf-8')}"
        time.sleep(0.02)
    return found[1]
