"""The endpoint's root is connected once in a run, beside the jobs where there are any."""

import os
import shutil
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from pipeline.configuration.settings import Settings
from pipeline.context import Context
from pipeline.gateways.aws import Cloud
from pipeline.gateways.state_bucket import ensure_state_bucket
from pipeline.recorder import Recorder

pytestmark = [pytest.mark.terraform, pytest.mark.emulated]

KEY = "serving/connecting.tfstate"
PROGRAM = """#!/bin/sh
echo "$1" >>"{calls}"
[ "$1" = init ] && rm "{once}" 2>/dev/null && exit 1
exec "{real}" "$@"
"""


@pytest.fixture
def context(cloud: Cloud, tmp_path: Path) -> Context:
    """A run whose Terraform writes down how it was started."""
    program = tmp_path / "bin" / "terraform"
    program.parent.mkdir()
    real, calls = shutil.which("terraform"), tmp_path / "calls"
    program.write_text(PROGRAM.format(calls=calls, once=tmp_path / "fails once", real=real))
    program.chmod(0o755)
    path = f"{program.parent}:{os.environ['PATH']}"
    made = Context(
        settings=Settings(),
        cloud=replace(cloud, inherited={**cloud.inherited, "PATH": path}),
        run_id="run",
        git_sha="0" * 40,
        work_dir=tmp_path,
        output_dir=tmp_path,
        recorder=Recorder(),
        now=lambda: datetime.now(UTC),
    )
    ensure_state_bucket(cloud, made.state_bucket)
    return made


def inits(context: Context) -> int:
    return (context.work_dir / "calls").read_text().split().count("init")


def test_a_root_that_is_connected_beside_the_jobs_is_not_connected_again(context: Context) -> None:
    with context.connecting("serving", state_key=KEY):
        first = context.terraform("serving", state_key=KEY)
        assert context.terraform("serving", state_key=KEY) is first
        assert first.addresses() == frozenset()
    assert inits(context) == 1


def test_a_root_whose_connection_failed_beside_the_jobs_is_connected_when_it_is_needed(
    context: Context,
) -> None:
    (context.work_dir / "fails once").touch()
    with context.connecting("serving", state_key=KEY):
        assert context.terraform("serving", state_key=KEY).addresses() == frozenset()
    assert inits(context) == 2
