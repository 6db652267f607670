"""Files that a job cannot take or leave fail it in words, never by what broke inside."""

import pytest

from emulator.tests.support.containers_world import World

pytestmark = pytest.mark.emulated

REMOVES_ITS_MODEL_DIRECTORY = """
import os, shutil
shutil.rmtree(os.environ["SM_MODEL_DIR"])
"""
LINKS_IN_A_CIRCLE = """
import os
os.symlink(os.environ["SM_MODEL_DIR"], os.environ["SM_MODEL_DIR"] + "/loop")
"""


def test_a_script_that_removes_the_model_directory_leaves_an_empty_model(world: World) -> None:
    job = world.script_job(REMOVES_ITS_MODEL_DIRECTORY)
    assert world.train(job)["TrainingJobStatus"] == "Completed"
    assert world.archive_names(f"jobs/{job['TrainingJobName']}/output/model.tar.gz") == []


def test_links_in_a_circle_are_the_scripts_fault(world: World) -> None:
    reason = world.train(world.script_job(LINKS_IN_A_CIRCLE))["FailureReason"]
    assert reason.startswith("ClientError: Artifact upload failed:")
    assert str(world.cloud.state_dir) not in reason


def test_two_keys_that_cannot_both_be_files_are_named(world: World) -> None:
    job = world.script_job("pass")
    prefix = f"clash-{job['TrainingJobName']}"
    for key in ("a", "a/b"):
        uri = world.put(f"{prefix}/{key}", "1")
    (channel,) = (each for each in job["InputDataConfig"] if each["ChannelName"] == "train")
    channel["DataSource"]["S3DataSource"]["S3Uri"] = uri.removesuffix("/a/b") + "/"
    reason = world.train(job)["FailureReason"]
    assert reason == "ClientError: Data download failed:a: File exists"


def test_a_hyperparameter_that_no_process_can_be_given_is_said(world: World) -> None:
    job = world.script_job("pass")
    job["HyperParameters"]["nul"] = "a\0b"
    assert "The script cannot be started: " in world.train(job)["FailureReason"]
