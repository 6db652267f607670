"""Two models one after the other through one endpoint, then back: the main job and its undo."""

import json
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.e2e.by_hand import planned_changes
from tests.e2e.conftest import WEBHOOK
from tests.e2e.story import BUCKET, GROUP, Seen, Story


def test_the_first_run_trains_judges_registers_deploys_and_tests(first_full: Seen) -> None:
    results = first_full.outcome.results
    assert results["pipeline_status"] == "success"
    assert results["summary"]["deployment_occurred"] is True
    assert results["summary"]["testing_passed"] is True
    assert results["decision"]["verdict"] == "deploy"
    assert first_full.outcome.deployment["plan"] == {"create": 7, "update": 0, "delete": 0}


def test_results_env_names_what_later_jobs_need(first_full: Seen) -> None:
    variables = first_full.outcome.variables
    assert variables["MLOPS_STATUS"] == "success"
    assert variables["MLOPS_TRAINING_JOB"] == first_full.outcome.job
    assert variables["MLOPS_RELEASE_ID"] == first_full.outcome.release
    assert variables["MLOPS_ENDPOINT"] == "promoted-staging"
    assert (variables["MLOPS_DEPLOYED"], variables["MLOPS_TESTS"]) == ("true", "passed")


def test_two_releases_go_through_one_endpoint(first_full: Seen, second_full: Seen) -> None:
    for key in ("EndpointArn", "CreationTime"):
        assert first_full.endpoint[key] == second_full.endpoint[key]
    assert first_full.outcome.release != second_full.outcome.release


def test_each_run_leaves_its_own_release_answering(first_full: Seen, second_full: Seen) -> None:
    assert first_full.model == f"promoted-staging-{first_full.outcome.release}"
    assert second_full.model == f"promoted-staging-{second_full.outcome.release}"
    assert second_full.answer != first_full.answer


def test_what_was_measured_is_what_is_deployed(promoted: Story, first_full: Seen) -> None:
    sagemaker, s3 = promoted.aws.sagemaker, promoted.aws.client("s3")
    url = sagemaker.describe_model(ModelName=first_full.model)["PrimaryContainer"]["ModelDataUrl"]
    evaluation = json.load(
        s3.get_object(Bucket=BUCKET, Key=f"jobs/{first_full.outcome.job}/evaluation.json")["Body"]
    )
    assert urlsplit(url).path == f"/artifacts/sha256/{evaluation['artifact_sha256']}/model.tar.gz"


def test_every_trained_model_is_registered_as_approved(
    promoted: Story, first_full: Seen, second_full: Seen
) -> None:
    for seen in (first_full, second_full):
        assert GROUP in seen.outcome.variables["MLOPS_MODEL_PACKAGE_ARN"]
        assert promoted.packages_of(seen.outcome.job) == ["Approved"]


def test_going_back_is_one_change_in_place(went_back: Seen) -> None:
    assert went_back.outcome.deployment["plan"] == {"create": 0, "update": 1, "delete": 0}


def test_going_back_makes_the_first_release_answer_again(first_full: Seen, went_back: Seen) -> None:
    assert went_back.outcome.release == first_full.outcome.release
    assert went_back.model == first_full.model
    assert went_back.answer == first_full.answer
    assert went_back.endpoint["CreationTime"] == first_full.endpoint["CreationTime"]


def test_a_plan_right_after_going_back_is_empty(serving: Story, tmp_path: Path) -> None:
    assert planned_changes(serving, tmp_path) == []


def test_stdout_is_exactly_one_json_document_when_asked_for(first_full: Seen) -> None:
    printed, written = json.loads(first_full.outcome.stdout), {**first_full.outcome.results}
    # Messages are sent when that is printed and the lease given back.
    told = [(each["event"], each["channel"]) for each in printed.pop("notifications")]
    assert told == [(each["event"], each["channel"]) for each in written.pop("notifications")]
    assert printed == written


def test_a_channel_that_is_down_is_told_of_beside_a_run_that_went_well(first_full: Seen) -> None:
    told = {each["channel"]: each for each in first_full.outcome.results["notifications"]}
    assert {each["event"] for each in told.values()} == {"deployed"}
    assert (told["sns"]["state"], told["sns"]["error"]) == ("sent", None)
    assert (told["slack"]["state"], told["slack"]["tries"]) == ("pending", 3)
    assert told["slack"]["error"] == "Connection refused."
    assert first_full.outcome.exit_code == 0


@pytest.mark.parametrize("where", ["files", "stdout", "stderr"])
def test_the_webhook_is_never_written_down(first_full: Seen, where: str) -> None:
    outcome = first_full.outcome
    files = [path.read_text() for path in outcome.folder.iterdir()]
    texts = {"files": files, "stdout": [outcome.stdout], "stderr": [outcome.stderr]}[where]
    assert texts
    assert not any(WEBHOOK in text or "not-for-any-log" in text for text in texts)
