"""Managed spot training, checkpoints while a job runs, and faults that a test asks for."""

from typing import Any

import pytest

from emulator.tests.containers.test_jobs_hosts import a_job
from emulator.tests.support.containers_world import Description, World, wait_for

COUNTS = """
import os, pathlib, signal, sys, time
def say_goodbye(*_):
    print("asked to end", flush=True)
    sys.exit(0)
signal.signal(signal.SIGTERM, say_goodbye)
saved = pathlib.Path(sys.argv[1], "checkpoints", "epoch")
saved.parent.mkdir(exist_ok=True)
epoch = int(saved.read_text()) if saved.exists() else 0
print("begins at", epoch, flush=True)
while epoch < 2:
    epoch += 1
    saved.write_text(str(epoch))
    time.sleep(60 if epoch == 1 else 2)  # times are whole seconds: one alone could not be less
pathlib.Path(sys.argv[1], "model", "m").write_text(str(epoch))
"""
WAITS = "import time; time.sleep(60)"
SPOT = {
    "EnableManagedSpotTraining": True,
    "StoppingCondition": {"MaxRuntimeInSeconds": 60, "MaxWaitTimeInSeconds": 120},
}


def a_spot_job(world: World, script: str, **changes: Any) -> dict[str, Any]:
    checkpoints = {"S3Uri": f"s3://{world.bucket}/checkpoints"}
    resources = {"InstanceType": "ml.m5.large", "InstanceCount": 1}
    given = {"ResourceConfig": resources, "CheckpointConfig": checkpoints, **SPOT}
    return a_job(world, script, **{**given, **changes})


def suffer(world: World, fault: str, **members: Any) -> None:
    rule = {"job": world.name("job"), "fault": fault, "times": 1, **members}
    world.cloud.faults.add({"training": rule})


def interrupted(world: World, **changes: Any) -> Description:
    """Interrupt the job once its first checkpoint is in S3, and wait for its end."""
    running = world.start_training(a_spot_job(world, COUNTS, **changes))
    wait_for(lambda: world.keys("checkpoints/") == ["checkpoints/epoch"])
    suffer(world, "interrupt")
    running.join()
    return running


def test_an_interrupted_job_goes_on_from_its_checkpoints_and_is_billed_less(world: World) -> None:
    finished = interrupted(world)
    assert finished["TrainingJobStatus"] == "Completed"
    attempt = ["Starting", "Downloading", "Training"]
    statuses = [*attempt, "Interrupted", *attempt, "Uploading", "Completed"]
    assert finished.secondary_statuses() == statuses
    lines = world.log_lines("/aws/sagemaker/TrainingJobs", world.name("job"))
    assert sorted(lines) == ["asked to end", "begins at 0", "begins at 1"]
    assert 1 <= finished["BillableTimeInSeconds"] < finished["TrainingTimeInSeconds"]


@pytest.mark.soak
def test_a_spot_job_that_waits_too_long_is_stopped(world: World) -> None:
    world.cloud.faults.add({"training": {"fault": "interrupt"}})
    limits = {"MaxRuntimeInSeconds": 60, "MaxWaitTimeInSeconds": 1}
    finished = world.train(a_spot_job(world, WAITS, StoppingCondition=limits))
    assert finished["TrainingJobStatus"] == "Stopped"
    assert finished["SecondaryStatus"] == "MaxWaitTimeExceeded"


@pytest.mark.soak
def test_only_spot_instances_are_interrupted(world: World) -> None:
    suffer(world, "interrupt")
    job = a_job(world, "pass")
    assert "Interrupted" not in world.train(job).secondary_statuses()


@pytest.mark.parametrize(
    ("fault", "members", "reason"),
    [
        ("exit", {"exit_code": 9}, "AlgorithmError: , exit code: 9"),
        pytest.param(
            "out_of_memory",
            {},
            "ClientError: Please use an instance type with more memory",
            marks=pytest.mark.soak,
        ),
    ],
)
def test_a_container_can_be_made_to_die(
    world: World, fault: str, members: dict[str, Any], reason: str
) -> None:
    suffer(world, fault, after_s=0.1, **members)
    finished = world.train(a_job(world, WAITS))
    assert finished["TrainingJobStatus"] == "Failed"
    assert finished["FailureReason"].startswith(reason)


def test_the_disk_can_be_made_full_at_the_upload(world: World) -> None:
    suffer(world, "disk_full")
    finished = world.train(a_job(world, "pass"))
    reason = "ClientError: Artifact upload failed:Insufficient disk space"
    assert finished["FailureReason"] == reason
    assert finished.secondary_statuses()[-2:] == ["Uploading", "Failed"]
