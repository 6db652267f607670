"""sagemaker-core's resources TrainingJob, ModelPackage and Endpoint, unpatched."""

import json
import os
import subprocess
import sys
from typing import Any

import pytest

from emulator.tests.support.embedded import REGION, Embedded, unique
from emulator.tests.support.embedded_aws import ROOT
from emulator.tests.support.small_models import a_code_bucket

pytestmark = [pytest.mark.emulated, pytest.mark.soak]


@pytest.fixture(scope="module")
def seen(embedded_url: str) -> dict[str, Any]:
    """What a program of its own saw, that finds our AWS by its environment alone."""
    bucket, name = a_code_bucket(Embedded(url=embedded_url)), unique("core")
    own = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    completed = subprocess.run(
        [sys.executable, "-m", "emulator.tests.support.sagemaker_core_story", bucket, name],
        cwd=ROOT,
        env={
            **own,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_DEFAULT_REGION": REGION,
            "AWS_ENDPOINT_URL": embedded_url,
            "NO_PROXY": "127.0.0.1",
        },
        capture_output=True,
        text=True,
        timeout=400,
    )
    assert completed.returncode == 0, completed.stderr[-4000:]
    story: dict[str, Any] = json.loads(completed.stdout.splitlines()[-1])
    return {**story, "name": name}


def test_a_training_job_is_created_waited_for_refreshed_and_listed(seen: dict[str, Any]) -> None:
    assert seen["training"] == {
        "status": "Completed",
        "got": True,
        "refreshed": "Completed",
        "listed": [seen["name"]],
        "artifact": f"jobs/{seen['name']}/output/model.tar.gz",
    }


def test_model_packages_are_created_approved_and_listed(seen: dict[str, Any]) -> None:
    assert seen["registering"] == {"approval": "Approved", "versions": [1, 2]}


def test_an_endpoint_is_created_invoked_updated_and_deleted(seen: dict[str, Any]) -> None:
    name = seen["name"]
    assert seen["serving"] == {"answer": "trained", "config": f"{name}-2", "listed": [name]}
    assert seen["deleting"] == {"left": 0}
