"""AWS CLI version 1, as published, runs the whole life of a model by a shell script."""

import json
import os
import subprocess
from pathlib import Path

import pytest

from emulator.tests.support.embedded import REGION, unique
from emulator.tests.support.embedded_aws import ROOT
from emulator.tests.support.small_models import HYPERPARAMETERS, channels, source_archive

pytestmark = pytest.mark.emulated

_SCRIPTS = Path(__file__).parent / "aws_cli"
_EMULATOR = ROOT / "emulator"
_TOOLS = _EMULATOR / ".venv-tools" / "bin"


@pytest.fixture(scope="module")
def aws_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the CLI, installed unless it is there.

    Started by its interpreter: a script's first line bears no space in the path of the checkout.
    """
    bootstrap = [str(_EMULATOR / "script" / "bootstrap"), "requirements-tools.txt", ".venv-tools"]
    subprocess.run(bootstrap, check=True, timeout=300)
    aws = tmp_path_factory.mktemp("bin") / "aws"
    aws.write_text(f'#!/bin/sh\nexec "{_TOOLS}/python" "{_TOOLS}/aws" "$@"\n', encoding="utf-8")
    aws.chmod(0o755)
    return aws.parent


@pytest.fixture(scope="module")
def cli_environment(embedded_url: str, aws_folder: Path) -> dict[str, str]:
    """Nothing but the environment leads the CLI to our AWS."""
    own = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    return {
        **own,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ENDPOINT_URL": embedded_url,
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "NO_PROXY": "127.0.0.1",
        "PATH": f"{aws_folder}{os.pathsep}{os.environ['PATH']}",
    }


def facts(script: str, *arguments: str, environment: dict[str, str]) -> list[str]:
    """Run the script and return the lines of its stdout."""
    completed = subprocess.run(
        ["bash", str(_SCRIPTS / script), *arguments],
        env=environment,
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert completed.returncode == 0, completed.stderr
    return completed.stdout.splitlines()


def test_a_shell_script_makes_and_deletes_a_model(cli_environment: dict[str, str]) -> None:
    name = unique("cli")
    assert facts("life_of_a_document.sh", name, environment=cli_environment) == [
        "version: aws-cli/1",
        'environment: {"A":"1","B":"2"}',
        f"listed: {name}",
        "tags: owner\tme",
    ]


@pytest.mark.soak
def test_a_shell_script_leads_a_model_through_its_whole_life(
    cli_environment: dict[str, str], tmp_path: Path
) -> None:
    name = unique("cli")
    (tmp_path / "sourcedir.tar.gz").write_bytes(source_archive())
    (tmp_path / "channels.json").write_text(json.dumps(channels(name)))
    (tmp_path / "hyperparameters.json").write_text(json.dumps(HYPERPARAMETERS))
    script = ("life_of_a_model.sh", str(tmp_path), name)
    assert facts(*script, environment=cli_environment) == [
        f"make_bucket: {name}",
        f"artifact: s3://{name}/jobs/{name}/output/model.tar.gz",
        f"jobs: {name}",
        "content-type: text/plain; charset=utf-8",
        "answer: trained",
        f"serving: {name}-2",
        "packages: 1",
        "tags: owner\tme",
        "left: 0",
        "refusal: ValidationException",
    ]
