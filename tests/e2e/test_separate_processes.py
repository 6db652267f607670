"""Training now, deployment later, tests tomorrow: one command per stage, through one cloud.

On a table of text labels, categorical columns and missing values, named only in a configuration.
"""

import pytest

from tests.e2e.command_line import RUNNER, WRAPPER, Outcome
from tests.e2e.story import BUCKET, Story
from tests.support.project import PROJECT_ROOT

OWN_DATA = ("--config-file", str(PROJECT_ROOT / "examples" / "mixed_config.json"))
# The model keeps its group, so that the foundation need not be changed for it.
ITS_GROUP = {"MODEL_NAME_PREFIX": "iris-classifier"}
INCOMPLETE_BIRD = (
    "colony,bill_length_mm,bill_depth_mm,flipper_length_mm,body_mass_g,sex\n,54.4,,223,4775,male\n"
)


def test_every_stage_can_be_a_process_of_its_own(story: Story) -> None:
    def run(*flags: str, program: tuple[str, ...] = RUNNER) -> Outcome:
        return story.run(*flags, *OWN_DATA, program=program, **ITS_GROUP)

    trained = run("--mode", "training", "--stop-after", "train")
    job = trained.variables["MLOPS_TRAINING_JOB"]
    assert trained.exit_code == 0
    assert "MLOPS_VERDICT" not in trained.variables
    assert story.packages_of(job) == []

    of_job = ("--training-job", job)
    evaluated = run("--mode", "evaluation", *of_job)
    assert (evaluated.exit_code, evaluated.variables["MLOPS_VERDICT"]) == (0, "deploy")
    assert story.packages_of(job) == []

    measured = evaluated.training["evaluation_results"]
    assert measured["labels"] == ["adelie-like", "chinstrap-like", "gentoo-like"]
    assert len(measured["confusion_matrix"]) == 3

    registered = run("--mode", "registration", *of_job, program=WRAPPER)
    assert (registered.exit_code, registered.training["approval_status"]) == (0, "Approved")
    assert story.packages_of(job) == ["Approved"]
    assert not story.has_endpoint()

    deployed = run("--deployment-only", *of_job, program=WRAPPER)
    assert deployed.exit_code == 0
    assert story.serves(deployed.release)
    assert story.packages_of(job) == ["Approved"]

    assert story.ask(INCOMPLETE_BIRD)["predictions"] == ["gentoo-like"]

    tested = run("--mode", "testing")
    assert (tested.exit_code, tested.release) == (0, deployed.release)
    assert tested.results["phases"]["testing"]["overall_status"] == "passed"

    seen = run("--mode", "status")
    assert seen.exit_code == 0
    ledger = seen.results["status"]["ledger"]
    assert [each["release_id"] for each in ledger["releases"] if each["live"]] == [deployed.release]
    assert ledger["release"]["decision"]["verdict"] == "deploy"
    assert ledger["last_events"][-1]["what"] == "deployed"
    assert deployed.release in seen.stdout

    told = run("--mode", "history")
    (event,) = told.results["history"]["events"]
    assert (event["what"], event["details"]["release"]) == ("deployed", deployed.release)
    (line,) = [line for line in told.stdout.splitlines() if "deployed by" in line]
    assert deployed.release in line


@pytest.mark.soak
def test_a_job_whose_run_died_while_it_trained_is_taken_up(story: Story) -> None:
    trained = story.run("--mode", "training", "--stop-after", "train")
    job = trained.variables["MLOPS_TRAINING_JOB"]
    record = f"jobs/{job}/training.json"
    story.aws.client("s3").delete_object(Bucket=BUCKET, Key=record)
    evaluated = story.run("--mode", "evaluation", "--training-job", job)
    assert (evaluated.exit_code, evaluated.variables["MLOPS_VERDICT"]) == (0, "deploy")
