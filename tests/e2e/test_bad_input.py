"""Bad input: one line that says what is wrong, its exit code, and nothing changed in AWS."""

from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.e2e import user_code
from tests.e2e.alone import run_alone, said
from tests.e2e.story import Story

_A_JOBS_LOG = {"CreateLogGroup", "CreateLogStream", "PutLogEvents"}
_JOB = "iris-classifier-20200101-000000"
_FOREIGN_ROLE = "arn:aws:iam::123456789012:role/SageMaker"


@dataclass(frozen=True, kw_only=True)
class Case:
    says: str
    flags: tuple[str, ...] = ()
    variables: dict[str, str] = field(default_factory=dict)


CASES = {
    "a threshold above one": Case(flags=("--accuracy-threshold", "1.5"), says="from 0 to 1"),
    "a minimum above the threshold": Case(
        flags=("--minimum-accuracy", "0.97"), says="above accuracy_threshold, which is 0.95"
    ),
    "a CSV that is not there": Case(
        variables={"MLOPS_TRAINING__DATA": "no/such.csv"}, says="no/such.csv cannot be read"
    ),
    "a CSV without the target": Case(
        variables={"MLOPS_TRAINING__TARGET": "specie"}, says="species"
    ),
    "an unknown training job to deploy": Case(
        flags=("--mode", "deployment", "--training-job", _JOB), says=f"no training job {_JOB}"
    ),
    "an unknown training job to approve": Case(
        flags=("--mode", "approve", "--reason", "why", "--training-job", _JOB),
        says=f"no training job {_JOB}",
    ),
    "an endpoint that does not exist": Case(
        flags=("--mode", "testing", "--endpoint-name", "nobody"), says="no endpoint nobody"
    ),
    "a rollback of an endpoint that does not exist": Case(
        flags=("--mode", "rollback", "--to", "r-20200101-000000-aaaaaa"),
        says="Nothing was ever deployed to iris-model-staging",
    ),
    "a role that is no ARN": Case(
        flags=("--role-arn", "arn:aws:iam::12345:role/x"), says="must be a role ARN such as"
    ),
    "a foreign role without a chosen backend": Case(
        flags=("--role-arn", _FOREIGN_ROLE),
        says="choose --backend aws to work there, or --backend local",
    ),
    "AWS that is this machine": Case(
        flags=("--backend", "aws"),
        variables={"AWS_ENDPOINT_URL": "http://127.0.0.1:9"},
        says="this machine",
    ),
    "a deployment in CI that names no job": Case(
        flags=("--mode", "deployment"),
        variables={"CI": "true", "MLOPS_BACKEND": "local"},
        says="needs --training-job in CI",
    ),
    "CI without a chosen backend": Case(variables={"CI": "true"}, says="MLOPS_BACKEND=aws"),
}


@pytest.mark.parametrize("name", CASES)
def test_bad_input_is_refused_before_anything_changes(quiet: Story, name: str) -> None:
    case = CASES[name]
    refused, changes = run_alone(quiet, *case.flags, **case.variables)
    assert refused.exit_code == 2
    assert case.says in said(refused)
    assert changes == []


def test_an_unknown_key_is_refused_with_the_nearest_one(quiet: Story, tmp_path: Path) -> None:
    flags = user_code.configured(tmp_path, accuracy_treshold=0.9)
    refused, changes = run_alone(quiet, *flags)
    assert refused.exit_code == 2
    assert "accuracy_treshold" in said(refused)
    assert "accuracy_threshold" in said(refused)
    assert changes == []


def test_data_of_one_class_only_is_refused(quiet: Story, tmp_path: Path) -> None:
    data = tmp_path / "one class.csv"
    data.write_text("length,species\n" + "".join(f"{n},setosa\n" for n in range(40)))
    refused, changes = run_alone(quiet, MLOPS_TRAINING__DATA=str(data))
    assert (refused.exit_code, changes) == (2, [])
    assert said(refused) == (
        "one class.csv (cells divided by a comma): the target 'species' has one class only, "
        "'setosa'."
    )


def test_a_training_script_that_raises_ends_the_run_with_its_message(
    quiet: Story, tmp_path: Path
) -> None:
    failed, changes = run_alone(quiet, *user_code.raises(tmp_path))
    assert failed.exit_code == 10
    assert "the sensors of March say nothing" in failed.error
    assert failed.training["pipeline_status"] == "failed"
    assert set(changes) - _A_JOBS_LOG == {"PutObject", "CreateTrainingJob"}

    (job,) = quiet.aws.sagemaker.list_training_jobs(StatusEquals="Failed", MaxResults=1)[
        "TrainingJobSummaries"
    ]
    name = job["TrainingJobName"]
    refused, changes = run_alone(quiet, "--mode", "deployment", "--training-job", name)
    assert (refused.exit_code, changes) == (2, [])
    assert f"{name} ended as Failed and has no model: " in said(refused)
    assert "the sensors of March say nothing" in said(refused)
