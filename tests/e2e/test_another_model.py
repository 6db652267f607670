"""One endpoint serves one model: a job of another one is refused, and the refusal helps."""

from dataclasses import replace
from typing import Any

import pytest

from pipeline.core import naming
from pipeline.core.records import TrainingRun
from tests.e2e.command_line import Outcome
from tests.e2e.story import BUCKET, Story
from tests.support.project import PROJECT_ROOT

WINE = {
    "MODEL_NAME_PREFIX": "wine-classifier",
    "MLOPS_TRAINING__DATA": str(PROJECT_ROOT / "data" / "wine.csv"),
    "MLOPS_TRAINING__TARGET": "cultivar",
}


JOB = "wine-classifier-20260102-120000"


@pytest.fixture
def wine_job(serving: Story, trained_job: str) -> str:
    """A job of another model, as its training would have recorded it (the soak trains it)."""
    s3 = serving.aws.client("s3")
    found = s3.get_object(Bucket=BUCKET, Key=naming.training_run_object(trained_job))
    run = TrainingRun.from_json(found["Body"].read())
    wine = replace(run.identity, name="wine-classifier", target="cultivar", labels=("1", "2", "3"))
    record = replace(run, job_name=JOB, identity=wine).to_json()
    s3.put_object(Bucket=BUCKET, Key=naming.training_run_object(JOB), Body=record.encode())
    return JOB


def seen(story: Story) -> tuple[Any, ...]:
    """Return what a deployment would change: the ledger, the endpoint, and its config."""
    key = f"ledger/{story.endpoint}.json"
    head = story.aws.client("s3").head_object(Bucket=BUCKET, Key=key)
    described = story.described()
    return head["ETag"], described["EndpointConfigName"], described["LastModifiedTime"]


def typed_of(refused: Outcome) -> str:
    return refused.error.rpartition("type: ")[2]


def test_a_job_of_another_model_is_refused_and_the_endpoint_is_left_alone(
    serving: Story, wine_job: str
) -> None:
    before = seen(serving)
    refused = serving.deploy(wine_job)
    assert (refused.exit_code, refused.results["error"]["code"]) == (2, "AnotherModel")
    assert "is of the model wine-classifier" in refused.error
    assert seen(serving) == before

    # What it says to type leads on: this job was only trained, and that is what is said next.
    led_on = serving.command.typed(typed_of(refused))
    assert led_on.exit_code == 2
    assert f"{wine_job} has no evaluation" in led_on.error
    assert seen(serving) == before


def test_a_job_is_refused_under_another_name_and_taken_as_the_refusal_says(
    serving: Story, trained_job: str
) -> None:
    refused = serving.deploy(trained_job, MODEL_NAME_PREFIX="wine-classifier")
    assert refused.exit_code == 2
    done = serving.command.typed(typed_of(refused))
    assert done.exit_code == 0, done.stderr
    assert done.deployment["deployment_results"]["status"] == "nothing_to_do"


def test_a_training_that_the_endpoint_would_never_take_is_not_begun(serving: Story) -> None:
    before = seen(serving)
    table = {name: text for name, text in WINE.items() if name != "MODEL_NAME_PREFIX"}
    refused = serving.run("--mode", "full", **table)
    assert (refused.exit_code, refused.results["error"]["code"]) == (2, "AnotherModel")
    assert "Its target column is 'cultivar', not 'species'." in refused.error
    assert "training" not in refused.results["timings"]
    assert seen(serving) == before


def test_another_endpoint_is_tested_by_its_own_limits(serving: Story) -> None:
    strict = {"MLOPS_TESTING__MINIMUM_PREDICTION_ACCURACY": "1.0", "MODEL_NAME_PREFIX": "other"}
    named = ("--mode", "testing", "--endpoint-name", serving.endpoint)
    passed = serving.run(*named, ENDPOINT_PREFIX="other", **strict)
    assert passed.exit_code == 0, passed.stdout
    assert any("those of release r-" in note for note in passed.results["notes"])

    failed = serving.run(*named, **strict)
    assert failed.exit_code == 4
    assert "by the limits of this configuration" in failed.error


@pytest.mark.soak
def test_the_other_model_gets_an_endpoint_of_its_own(serving: Story, story: Story) -> None:
    trained = story.run("--mode", "training", **WINE)
    assert trained.exit_code == 0, trained.stderr
    refused = serving.deploy(trained.job)
    assert refused.exit_code == 2
    deployed = serving.command.typed(typed_of(refused))
    assert deployed.exit_code == 0, deployed.stderr
    assert deployed.results["summary"]["endpoint_name"] == "wine-classifier-staging"
    assert deployed.results["phases"]["testing"]["overall_status"] == "passed"
