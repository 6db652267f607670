"""Terraform dies alone, at any moment: the run tells the truth, and the same command ends it."""

from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from tests.e2e.agreement import require_agreement
from tests.e2e.command_line import Running
from tests.e2e.moments import called, terraform_of, wait_for
from tests.e2e.three import Three

SLOW = {"service": "sagemaker", "latency_ms": 1500}
Victim = Callable[[Running], psutil.Process]


def kill_terraform(three: Three, running: Running, after: str) -> None:
    three.aws.clear_requests()
    wait_for(three, running, called(after))
    terraform_of(running).kill()


@pytest.mark.soak
def test_before_sagemaker_was_asked_to_move_the_endpoint(three: Three, tmp_path: Path) -> None:
    three.aws.add_fault({**SLOW, "action": "CreateEndpointConfig"})
    running = three.begin_d()
    kill_terraform(three, running, "CreateModel")
    failed = running.ended()
    assert failed.exit_code == 5, failed.stdout
    assert f"Release {three.c} never stopped serving" in failed.error
    assert three.serves(three.c)

    three.aws.clear_faults()
    again = three.deploy_d()
    assert again.exit_code == 0, again.stdout
    require_agreement(three, tmp_path, serves=again.release)


@pytest.mark.soak
def test_after_sagemaker_was_asked_to_move_the_endpoint(three: Three, tmp_path: Path) -> None:
    running = three.begin_d()
    kill_terraform(three, running, "UpdateEndpoint")
    deployed = running.ended()
    assert deployed.exit_code == 0, deployed.stdout
    require_agreement(three, tmp_path, serves=deployed.release)

    again = three.deploy_d()
    assert again.exit_code == 0, again.stdout
    require_agreement(three, tmp_path, serves=deployed.release)


@pytest.mark.soak
def test_in_a_first_deployment(three: Three, tmp_path: Path) -> None:
    first = three.named("first")
    running = first.begin_d()
    kill_terraform(first, running, "CreateEndpoint")
    deployed = running.ended()
    assert deployed.exit_code == 0, deployed.stdout
    require_agreement(first, tmp_path, serves=deployed.release)

    again = first.deploy_d()
    assert again.exit_code == 0, again.stdout
    require_agreement(first, tmp_path, serves=deployed.release)


@pytest.mark.soak
def test_in_a_first_deployment_before_there_was_an_endpoint(three: Three, tmp_path: Path) -> None:
    first = three.named("first")
    first.aws.add_fault({**SLOW, "action": "CreateEndpointConfig"})
    running = first.begin_d()
    kill_terraform(first, running, "CreateModel")
    failed = running.ended()
    assert failed.exit_code == 6, failed.stdout
    assert not first.has_endpoint()

    first.aws.clear_faults()
    again = first.deploy_d()
    assert again.exit_code == 0, again.stdout
    require_agreement(first, tmp_path, serves=again.release)
