"""Bad input: one line that says what is wrong, its exit code, and nothing changed in AWS."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from pipeline.core import naming
from tests.e2e import user_code
from tests.e2e.command_line import CommandLine, Outcome
from tests.e2e.story import BUCKET, GROUP, PATIENT, Story
from tests.emulated.embedded import Embedded
from tests.support.embedded_aws import admin, embedded_aws

_READS = ("Get", "Head", "List", "Describe")
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


@pytest.fixture(scope="module")
def quiet(
    a_story: Callable[[str], Story], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Story]:
    """An embedded AWS that nobody else uses, and that offers the foundation of the shared one."""
    folder = tmp_path_factory.mktemp("quiet")
    with embedded_aws(folder / "state") as endpoint_url:
        aws = Embedded(url=endpoint_url)
        _offer_foundation(aws, like=a_story("foundation").aws)
        command = CommandLine(folder, EMULATOR_STATE_DIR=str(folder / "state"), **PATIENT)
        yield Story(aws=aws, prefix="iris-model", folder=folder, command=command)


def _offer_foundation(aws: Embedded, *, like: Embedded) -> None:
    name = naming.foundation_parameter_name("mlops", "staging")
    value = like.client("ssm").get_parameter(Name=name)["Parameter"]["Value"]
    aws.client("ssm").put_parameter(Name=name, Value=value, Type="String")
    aws.client("s3").create_bucket(Bucket=BUCKET)
    aws.sagemaker.create_model_package_group(ModelPackageGroupName=GROUP)


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


def test_a_training_script_that_raises_ends_the_run_with_its_message(
    quiet: Story, tmp_path: Path
) -> None:
    failed, changes = run_alone(quiet, *user_code.raises(tmp_path))
    assert failed.exit_code == 10
    assert "the sensors of March say nothing" in failed.error
    assert failed.training["pipeline_status"] == "failed"
    assert set(changes) - _A_JOBS_LOG == {"PutObject", "CreateTrainingJob"}


def run_alone(quiet: Story, *flags: str, **variables: str) -> tuple[Outcome, list[str]]:
    """Run and return also every call that could have changed something, as AWS saw them."""
    admin(quiet.aws.url, "requests", method="DELETE")
    outcome = quiet.run(*flags, **variables)
    actions = [str(each["action"]) for each in quiet.aws.requests()]
    return outcome, [action for action in actions if not action.startswith(_READS)]


def said(refused: Outcome) -> str:
    """Return the one line that says what is wrong; without a run it is all there is on stderr."""
    if (refused.folder / "results.json").exists():
        line = str(refused.results["error"]["message"])
    else:
        line = refused.stderr.strip()
    assert len(line.splitlines()) == 1, line
    return line
