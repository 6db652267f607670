"""Processing jobs: inputs, outputs, messages and ends."""

import json

from emulator.tests.support.containers_world import World, processing_input, tar_gz, wait_for

GROUP = "/aws/sagemaker/ProcessingJobs"

EVALUATES = """
import argparse, json, os, pathlib, tarfile
parser = argparse.ArgumentParser()
parser.add_argument("--model-dir", type=pathlib.Path)
parser.add_argument("--output-dir", type=pathlib.Path)
options = parser.parse_args()
with tarfile.open(options.model_dir / "model.tar.gz") as archive:
    names = archive.getnames()
config = json.loads(pathlib.Path(os.environ["CONFIG"]).read_text())
(options.output_dir / "reports").mkdir()
report = {"names": names, "job": config["ProcessingJobName"]}
(options.output_dir / "reports" / "evaluation.json").write_text(json.dumps(report))
pathlib.Path(os.environ["MESSAGE"]).write_text("measured")
print("done")
"""

SETS_PATHS = {
    "CONFIG": "/opt/ml/config/processingjobconfig.json",
    "MESSAGE": "/opt/ml/output/message",
}


def test_the_evaluation_of_an_artifact_is_uploaded_where_the_job_says(world: World) -> None:
    artifact = world.put("artifacts/model.tar.gz", tar_gz({"model.joblib": "x"}))
    job = world.processing_job(EVALUATES, Environment=SETS_PATHS)
    job["ProcessingInputs"].append(processing_input("model", artifact))
    arguments = job["AppSpecification"]["ContainerArguments"]
    arguments += ["--model-dir", "/opt/ml/processing/input/model"]
    finished = world.evaluate(job)
    report = json.loads(world.get("evaluation/reports/evaluation.json"))
    assert report == {"names": ["model.joblib"], "job": job["ProcessingJobName"]}
    assert (finished["ProcessingJobStatus"], finished["ExitMessage"]) == ("Completed", "measured")
    assert finished["ProcessingStartTime"] < finished["ProcessingEndTime"]
    assert world.log_lines(GROUP, f"{job['ProcessingJobName']}/algo-1-") == ["done"]


def test_a_failing_script_fails_the_job_with_its_message_and_log(world: World) -> None:
    script = (
        "import os, pathlib\n"
        "pathlib.Path(os.environ['MESSAGE']).write_text('no rows')\n"
        "raise ValueError('empty test set')\n"
    )
    job = world.processing_job(script, Environment=SETS_PATHS)
    finished = world.evaluate(job)
    assert finished["ProcessingJobStatus"] == "Failed"
    assert finished["FailureReason"] == "AlgorithmError: no rows, exit code: 1"
    assert finished["ExitMessage"] == "no rows"
    lines = world.log_lines(GROUP, job["ProcessingJobName"])
    assert lines[-1] == "ValueError: empty test set"


def test_a_job_beyond_its_maximum_runtime_is_stopped(world: World) -> None:
    limit = {"MaxRuntimeInSeconds": 1}
    job = world.processing_job("import time\ntime.sleep(60)", StoppingCondition=limit)
    assert world.evaluate(job)["ProcessingJobStatus"] == "Stopped"


def test_a_stopped_job_uploads_what_it_wrote(world: World) -> None:
    script = (
        "import pathlib, sys, time\n"
        "pathlib.Path(sys.argv[2], 'partial').touch()\n"
        "print('waiting', flush=True)\n"
        "time.sleep(60)\n"
    )
    job = world.processing_job(script)
    running = world.start_evaluation(job)
    wait_for(lambda: world.has_log_line("waiting", GROUP, job["ProcessingJobName"]))
    running.stop_and_join()
    assert running["ProcessingJobStatus"] == "Stopped"
    assert world.keys("evaluation/") == ["evaluation/partial"]


def test_a_missing_input_fails_before_the_container_starts(world: World) -> None:
    job = world.processing_job("pass")
    job["ProcessingInputs"].append(processing_input("model", f"s3://{world.bucket}/nothing"))
    reason = world.evaluate(job)["FailureReason"]
    assert reason.startswith("ClientError: Data download failed:No S3 objects found")
    assert "input data source model" in reason


def test_a_program_that_does_not_exist_fails_the_job(world: World) -> None:
    job = world.processing_job("pass")
    job["AppSpecification"]["ContainerEntrypoint"] = ["no-such-program"]
    finished = world.evaluate(job)
    assert finished["FailureReason"] == "AlgorithmError: , exit code: 127"
    lines = world.log_lines(GROUP, job["ProcessingJobName"])
    assert lines == ["no-such-program: No such file or directory"]


def test_a_continuous_output_reaches_s3_while_the_job_runs(world: World) -> None:
    script = (
        "import pathlib, sys, time\npathlib.Path(sys.argv[2], 'early').touch()\ntime.sleep(60)\n"
    )
    job = world.processing_job(script)
    (output,) = job["ProcessingOutputConfig"]["Outputs"]
    output["S3Output"]["S3UploadMode"] = "Continuous"
    running = world.start_evaluation(job)
    wait_for(lambda: world.keys("evaluation/") == ["evaluation/early"])
    running.stop_and_join()
