"""Training jobs: the container contract, fulfilled by real processes."""

import io
import json
import tarfile
from typing import Any

from emulator.tests.support.containers_world import Description, World, channel, tar_gz, wait_for

GROUP = "/aws/sagemaker/TrainingJobs"

SAVES_ENVIRONMENT = """
import json, os, pathlib, sys
model = pathlib.Path(os.environ["SM_MODEL_DIR"])
(model / "argv.json").write_text(json.dumps(sys.argv[1:]))
(model / "env.json").write_text(json.dumps(dict(os.environ)))
(model / "code").mkdir()
(model / "code" / "inference.py").write_text("x = 1")
pathlib.Path(os.environ["SM_OUTPUT_DATA_DIR"], "metrics.json").write_text("{}")
print("accuracy=0.5")
print("accuracy=0.75")
"""

WAITS = """
import os, pathlib, time
pathlib.Path(os.environ["SM_MODEL_DIR"], "partial.txt").write_text("partial")
print("waiting", flush=True)
time.sleep(60)
"""


def saved(world: World, running: Description, member: str) -> Any:
    uri = running["ModelArtifacts"]["S3ModelArtifacts"]
    key = uri.removeprefix(f"s3://{world.bucket}/")
    with tarfile.open(fileobj=io.BytesIO(world.get(key))) as archive:
        opened = archive.extractfile(member)
        assert opened is not None
        return json.load(opened)


def test_a_completed_job_passes_through_every_status(world: World) -> None:
    running = world.train(world.script_job(SAVES_ENVIRONMENT))
    assert running["TrainingJobStatus"] == "Completed"
    statuses = ["Starting", "Downloading", "Training", "Uploading", "Completed"]
    assert running.secondary_statuses() == statuses
    assert running["BillableTimeInSeconds"] == running["TrainingTimeInSeconds"] >= 1
    assert running["TrainingStartTime"] < running["TrainingEndTime"]


def test_only_a_job_that_fails_leaves_its_files_on_this_machine(world: World) -> None:
    jobs = world.cloud.state_dir / "jobs" / "us-east-1" / "training"
    completed = world.script_job("pass")
    world.train(completed)
    assert not (jobs / completed["TrainingJobName"]).exists()
    failed = world.script_job("raise SystemExit(1)")
    world.train(failed)
    assert (jobs / failed["TrainingJobName"] / "ml" / "output" / "failure").is_file()


def test_the_artifact_holds_the_model_directory_at_its_root(world: World) -> None:
    job = world.script_job(SAVES_ENVIRONMENT)
    running = world.train(job)
    output = f"jobs/{job['TrainingJobName']}/output"
    uri = f"s3://{world.bucket}/{output}/model.tar.gz"
    assert running["ModelArtifacts"] == {"S3ModelArtifacts": uri}
    names = ["argv.json", "code/inference.py", "env.json"]
    assert world.archive_names(f"{output}/model.tar.gz") == names
    assert world.archive_names(f"{output}/output.tar.gz") == ["metrics.json"]


def test_hyperparameters_reach_the_script_as_sorted_strings(world: World) -> None:
    given = {"n-estimators": "10", "C": "0.5", "name": '"it\'s"', "flag": "true", "raw": "a b"}
    running = world.train(world.script_job(SAVES_ENVIRONMENT, hyperparameters=given))
    expected = ["-C", "0.5", "--flag", "True", "--n-estimators", "10", "--name", "it's"]
    assert saved(world, running, "argv.json") == [*expected, "--raw", "a b"]


def test_the_script_sees_the_toolkits_variables_and_no_secret(
    world: World, monkeypatch: Any
) -> None:
    monkeypatch.setenv("SERVER_SECRET", "hidden")
    job = world.script_job(SAVES_ENVIRONMENT, Environment={"GIVEN": "/opt/ml/input/data"})
    environment = saved(world, world.train(job), "env.json")
    directory = world.cloud.state_dir / "jobs" / "us-east-1" / "training"
    base = str(directory / job["TrainingJobName"] / "ml")
    assert "SERVER_SECRET" not in environment
    assert environment["SM_CHANNEL_TRAIN"] == f"{base}/input/data/train"
    assert environment["SM_CHANNELS"] == '["code","train"]'
    assert environment["GIVEN"] == f"{base}/input/data"
    assert environment["TRAINING_JOB_NAME"] == job["TrainingJobName"]
    assert environment["AWS_REGION"] == "us-east-1"
    assert environment["AWS_ENDPOINT_URL"] == world.cloud.endpoint_url


def test_an_isolated_job_gets_no_way_to_aws(world: World) -> None:
    job = world.script_job(SAVES_ENVIRONMENT, EnableNetworkIsolation=True)
    environment = saved(world, world.train(job), "env.json")
    assert not {"AWS_ENDPOINT_URL", "AWS_ACCESS_KEY_ID"} & set(environment)
    assert environment["AWS_REGION"] == "us-east-1"


def test_metrics_are_read_from_the_log(world: World) -> None:
    job = world.script_job(SAVES_ENVIRONMENT)
    job["AlgorithmSpecification"]["MetricDefinitions"] = [
        {"Name": "validation:accuracy", "Regex": "accuracy=([0-9.]+)"}
    ]
    (metric,) = world.train(job)["FinalMetricDataList"]
    assert (metric["MetricName"], metric["Value"]) == ("validation:accuracy", 0.75)


def test_the_output_of_the_script_is_in_cloudwatch_logs(world: World) -> None:
    job = world.script_job(SAVES_ENVIRONMENT)
    world.train(job)
    lines = world.log_lines(GROUP, f"{job['TrainingJobName']}/algo-1-")
    assert lines[:2] == ["accuracy=0.5", "accuracy=0.75"]


def test_the_exception_of_the_script_is_the_failure_reason(world: World) -> None:
    job = world.script_job("raise ValueError('bad target')")
    running = world.train(job)
    assert running["TrainingJobStatus"] == running["SecondaryStatus"] == "Failed"
    reason = running["FailureReason"]
    assert reason.startswith("AlgorithmError: ExecuteUserScriptError:\nExitCode 1\n")
    assert 'ErrorMessage "ValueError: bad target"' in reason
    assert reason.endswith(", exit code: 1")
    lines = world.log_lines(GROUP, job["TrainingJobName"])
    assert "ValueError: bad target" in lines


def test_a_failure_reason_fits_into_1024_characters(world: World) -> None:
    reason = world.train(world.script_job("raise ValueError('x' * 5000)"))["FailureReason"]
    assert len(reason) <= 1024
    assert reason.endswith("exit code: 1")


def test_a_stopped_job_keeps_what_the_model_directory_holds(world: World) -> None:
    job = world.script_job(WAITS)
    running = world.start_training(job)
    group, prefix = GROUP, job["TrainingJobName"]
    wait_for(lambda: world.has_log_line("waiting", group, prefix))
    running.stop_and_join()
    assert running["TrainingJobStatus"] == running["SecondaryStatus"] == "Stopped"
    assert "Stopping" in running.secondary_statuses()
    key = f"jobs/{job['TrainingJobName']}/output/model.tar.gz"
    assert world.archive_names(key) == ["partial.txt"]


def test_a_job_that_ignores_sigterm_is_killed_after_the_grace_time(world: World) -> None:
    script = "import signal\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\n" + WAITS
    job = world.script_job(script, StoppingCondition={"MaxRuntimeInSeconds": 5})
    running = world.train(job)
    assert running["TrainingJobStatus"] == "Stopped"
    assert running["SecondaryStatus"] == "MaxRuntimeExceeded"
    key = f"jobs/{job['TrainingJobName']}/output/model.tar.gz"
    assert world.archive_names(key) == ["partial.txt"]


def test_a_channel_without_objects_fails_the_download(world: World) -> None:
    empty = channel("train", f"s3://{world.bucket}/nothing")
    running = world.train(world.script_job("pass", InputDataConfig=[empty]))
    assert running["FailureReason"].startswith("ClientError: Data download failed:No S3 objects")
    assert running.secondary_statuses()[-2:] == ["Downloading", "Failed"]


def test_an_image_of_another_scikit_learn_fails_the_job(world: World) -> None:
    image = "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-scikit-learn:1.2-1-cpu-py3"
    job = world.script_job("pass", AlgorithmSpecification={"TrainingImage": image})
    assert "pins scikit-learn 1.2.1" in world.train(job)["FailureReason"]


def test_an_unexpected_error_of_the_emulator_fails_the_job(world: World) -> None:
    job = world.script_job("pass")
    del job["ResourceConfig"]
    running = world.train(job)
    assert running["TrainingJobStatus"] == "Failed"
    assert running["FailureReason"].startswith("InternalServerError: KeyError")


def test_a_source_archive_with_a_link_is_refused(world: World) -> None:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        link = tarfile.TarInfo("train.py")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(link)
    job = world.script_job("pass")
    world.put("code/sourcedir.tar.gz", buffer.getvalue())
    assert "'train.py' is a link" in world.train(job)["FailureReason"]


def test_requirements_that_are_not_installed_fail_the_job(world: World) -> None:
    files = {"train.py": "pass", "requirements.txt": "scikit-learn\nsurely-not-installed==1\n"}
    job = world.script_job("pass")
    world.put("code/sourcedir.tar.gz", tar_gz(files))
    reason = world.train(job)["FailureReason"]
    assert "installs nothing" in reason
    assert "surely-not-installed" in reason


def test_requirements_that_are_installed_are_accepted(world: World) -> None:
    files = {"train.py": "import sklearn", "requirements.txt": "scikit-learn>=1\n"}
    job = world.script_job("pass")
    world.put("code/sourcedir.tar.gz", tar_gz(files))
    assert world.train(job)["TrainingJobStatus"] == "Completed"


def test_checkpoints_travel_in_both_directions(world: World) -> None:
    script = (
        "import os, pathlib\n"
        "where = pathlib.Path(os.environ['CHECKPOINTS'])\n"
        "(where / 'new').write_text((where / 'old').read_text() + '+1')\n"
    )
    uri = world.put("checkpoints/old", "epoch").removesuffix("/old")
    job = world.script_job(
        script,
        CheckpointConfig={"S3Uri": uri},
        Environment={"CHECKPOINTS": "/opt/ml/checkpoints"},
    )
    assert world.train(job)["TrainingJobStatus"] == "Completed"
    assert world.get("checkpoints/new") == b"epoch+1"
