"""What teams copy, run: .gitlab-ci.yml by gitlab-ci-local, on the embedded AWS.

Every job has a folder of its own and gets only what artifacts and dotenv hand on.
"""

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.e2e.agreement import require_agreement
from tests.e2e.alone import changes
from tests.e2e.story import PATIENT
from tests.e2e.three import STATES, THIRD, Three
from tests.support.gitlab_api import PROJECT, TOKEN, GitlabApi, a_gitlab_api
from tests.support.local_ci import LocalCi, Pipeline
from tests.support.project import PROJECT_ROOT

PRODUCTION = ("plan-production", "deploy-production")

pytestmark = [pytest.mark.soak, pytest.mark.timeout(2700)]


def ci_of(three: Three, folder: Path, **variables: str) -> LocalCi:
    """Return a project whose jobs find the AWS of the three where they look for one."""
    return LocalCi(
        folder,
        AWS_ENDPOINT_URL=three.aws.url,
        ENDPOINT_PREFIX=three.prefix,
        **{**PATIENT, **variables},
    )


def asked(ci: LocalCi, mode: str, pipeline: str = "1", **variables: str) -> Pipeline:
    """Run what a trigger starts."""
    return ci.run(
        "asked", CI_PIPELINE_SOURCE="trigger", CI_PIPELINE_ID=pipeline, MODE=mode, **variables
    )


def token_for(api: GitlabApi) -> dict[str, str]:
    return {"CI_API_V4_URL": api.url, "CI_PROJECT_ID": PROJECT, "GITLAB_TOKEN": TOKEN}


def test_a_fork_is_green_at_its_first_push_and_hands_its_cloud_from_job_to_job(
    tmp_path: Path,
) -> None:
    ci = LocalCi(tmp_path, **PATIENT)
    pipeline = ci.run("deploy-production plan-production")
    for job in (*("train", "evaluate", "register", "deploy-staging", "test-staging"), *PRODUCTION):
        assert pipeline.ended(job) == "PASS", f"{job}: {pipeline.log}"
    deployed = pipeline.results("deploy-staging")
    assert deployed["summary"]["deployment_occurred"]
    trained = pipeline.results("train")["phases"]["training"]["training_job_name"]
    assert deployed["phases"]["training"]["training_job_name"] == trained
    assert pipeline.results("test-staging")["summary"]["testing_passed"]
    promoted = pipeline.results("deploy-production")
    assert promoted["environment"] == "production"
    assert promoted["summary"]["endpoint_name"] == "iris-model-production"
    assert promoted["phases"]["training"]["training_job_name"] == trained
    assert not pipeline.results("plan-production")["summary"]["deployment_occurred"]


def test_a_merge_request_gets_one_note_with_its_plan_and_changes_nothing(
    three: Three, tmp_path: Path
) -> None:
    ci = ci_of(three, tmp_path)
    three.aws.clear_requests()
    with a_gitlab_api() as api:
        request = {"CI_PIPELINE_SOURCE": "merge_request_event", "CI_MERGE_REQUEST_IID": "7"}
        first = ci.run("plan-staging", **request, **token_for(api))
        again = ci.run("plan-staging", **request, **token_for(api))
        assert [each.ended("plan-staging") for each in (first, again)] == ["PASS"] * 2, again.log
        (note,) = api.texts("merge_requests/7/notes")
        api.status = 403
        refused = ci.run("plan-staging", **request, **token_for(api))
    assert note.startswith(f"<!-- mlops-plan:staging:{three.endpoint} -->")
    assert pipeline_digest(again) in note
    assert refused.ended("plan-staging") == "PASS"
    assert refused.log.count("GitLab was not told: GET merge_requests/7/notes: 403") == 1
    assert TOKEN not in first.log + again.log + refused.log + note
    left = {each.name for each in (again.artifacts / "plan-staging").rglob("*")}
    assert "plan.html" in left
    assert not any(name.startswith("plan.json") or name.endswith(".tfplan") for name in left)
    assert "plan" not in left
    assert changes(three) == []


def pipeline_digest(pipeline: Pipeline) -> str:
    return str(pipeline.results("plan-staging")["plan_digest"])


def test_what_a_merge_request_reviewed_is_applied_by_hand_on_the_default_branch(
    three: Three, tmp_path: Path
) -> None:
    ci = ci_of(three, tmp_path).go_on_from(PROJECT_ROOT)
    ci.add("terraform/foundation/more.tf", 'resource "terraform_data" "more" { input = "more" }')
    reviewed = ci.run("plan-staging", CI_PIPELINE_SOURCE="merge_request_event")
    assert reviewed.ended("plan-staging") == "PASS", reviewed.log
    approved = {"MLOPS_APPROVED_PLAN_DIGEST": pipeline_digest(reviewed)}
    applied = ci.run("apply-infrastructure", **approved)
    assert applied.ended("apply-infrastructure") == "PASS", applied.log
    assert b'"name": "more"' in (three.text(STATES, "foundation/staging.tfstate") or b"")

    again = ci.run("apply-infrastructure", **approved)

    assert again.exit_code("apply-infrastructure") == 7, again.log
    require_agreement(three, tmp_path, serves=three.c)


def test_what_the_gate_holds_is_yellow_and_not_deployed(three: Three, tmp_path: Path) -> None:
    ci = ci_of(three, tmp_path, ACCURACY_THRESHOLD="0.999")
    pipeline = ci.run("deploy-staging")
    assert pipeline.ended("train") == "PASS"
    ended = (pipeline.ended("evaluate"), pipeline.ended("deploy-staging"))
    assert ended == ("WARN", "WARN"), pipeline.log
    assert three.serves(three.c)


def test_a_deployment_that_fails_goes_back_by_itself_and_once(three: Three, tmp_path: Path) -> None:
    ci = ci_of(three, tmp_path, MLOPS_TESTING__MAXIMUM_LATENCY_P95_MS="0.001")
    ci.without_allowed_failures()
    pipeline = ci.run("settle-staging rollback-staging test-staging pages")
    assert pipeline.ended("deploy-staging") == "FAIL"
    assert pipeline.exit_code("deploy-staging") == 5, pipeline.log
    failed = pipeline.results("deploy-staging")
    assert failed["error"]["code"] == "RolledBack"
    assert pipeline.ended("settle-staging") == "PASS", pipeline.log
    assert f"Nothing to do: {three.endpoint} serves {three.c}." in pipeline.log
    left_out = ("test-staging", "rollback-staging", "pages")
    assert [pipeline.ended(each) for each in left_out] == [""] * 3
    require_agreement(three, tmp_path, serves=three.c, barred=(failed["release_id"],))

    job = pipeline.results("train")["phases"]["training"]["training_job_name"]
    again = asked(ci, "deployment", RUN_TRAINING_JOB=job)

    assert again.exit_code("asked") == 7, again.log
    assert again.results("asked")["error"]["code"] == "Quarantined"
    assert f"quarantined as release {failed['release_id']}" in again.log
    require_agreement(three, tmp_path, serves=three.c, barred=(failed["release_id"],))


def test_tests_that_fail_after_a_deployment_start_the_way_back(
    three: Three, tmp_path: Path
) -> None:
    ci = ci_of(three, tmp_path).without_allowed_failures()
    testing = r"(?<=- )(?=\./run_mlops_pipeline\.sh --mode testing )"
    ci.change(testing, "MLOPS_TESTING__MAXIMUM_LATENCY_P95_MS=0.001 ")
    pipeline = ci.run("settle-staging rollback-staging")
    assert pipeline.ended("deploy-staging") == "PASS", pipeline.log
    assert pipeline.exit_code("test-staging") == 4
    assert pipeline.ended("rollback-staging") == "PASS", pipeline.log
    assert pipeline.ended("settle-staging") == ""
    left = pipeline.results("deploy-staging")["release_id"]
    back = pipeline.results("rollback-staging")["phases"]["deployment"]["deployment_results"]
    assert back["rolled_back_to"] == three.c
    require_agreement(three, tmp_path, serves=three.c, barred=(left,))


def test_a_rollback_by_hand_reaches_git(three: Three, tmp_path: Path) -> None:
    ci = ci_of(three, tmp_path)
    reason = "it's bad; see (5xx) & more | $HOME"
    with a_gitlab_api() as api:
        person = {"CI_PIPELINE_SOURCE": "web", **token_for(api)}
        back = ci.run("asked", {"mode": "rollback", "reason": reason}, **person)
        titles = api.texts("issues", "title")
    assert back.ended("asked") == "PASS", back.log
    assert three.serves(three.b)
    assert titles == [f"{three.endpoint} went back to {three.b}"]

    again = asked(ci, "deployment", RUN_TRAINING_JOB=three.job, **THIRD)

    assert again.ended("asked") == "FAIL"
    assert again.results("asked")["error"]["code"] == "Quarantined"
    job = r"https://gitlab\.example\.com/group/model/-/jobs/\d+"
    says = rf"as release {three.c} at .* UTC: Rolled back by .* \({job}\): it's bad; see \(5xx\)"
    assert re.search(says, again.log), again.log
    assert three.serves(three.b)


def test_an_alarm_s_event_that_comes_twice_is_done_once(three: Three, tmp_path: Path) -> None:
    ci = ci_of(three, tmp_path)
    event = {
        "MLOPS_ENVIRONMENT": "staging",
        "MLOPS_REQUEST_ID": "0b1f7f2e-0000-4000-8000-000000000000",
        "MLOPS_REQUEST_CAUSE": f"{three.endpoint}/rollback",
        "MLOPS_REQUEST_TIME": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        # The three were made once, perhaps long ago.
        "MLOPS_DEPLOYMENT__ROLLBACK_WINDOW_S": "86400",
    }
    first = asked(ci, "rollback", "77", **event)
    assert first.ended("asked") == "PASS", first.log
    assert three.serves(three.b)
    second = asked(ci, "rollback", "78", **event)
    assert second.ended("asked") == "PASS", second.log
    assert "was taken by run" in second.log
    assert three.serves(three.b)


def test_a_schedule_looks_at_each_environment_and_changes_nothing(
    three: Three, tmp_path: Path
) -> None:
    ci = ci_of(three, tmp_path)
    three.aws.clear_requests()
    pipeline = ci.run("watch-staging watch-production", CI_PIPELINE_SOURCE="schedule")
    assert pipeline.ended("watch-staging") == "PASS", pipeline.log
    assert pipeline.results("watch-staging")["summary"]["testing_passed"]
    assert {*changes(three)} == {"InvokeEndpoint"}
    assert pipeline.ended("watch-production") == "FAIL"
    assert "no foundation" in pipeline.log


@pytest.mark.parametrize(
    "name",
    [
        "$(touch hacked)",
        "`touch hacked`",
        '"; touch hacked; "',
        "'; touch hacked; '",
        "a\ntouch hacked\n",
        "x" * 10_000,
    ],
)
def test_hostile_names_reach_no_shell_and_break_no_artifact(tmp_path: Path, name: str) -> None:
    ci = LocalCi(tmp_path)
    texts = ("CI_COMMIT_BRANCH", "CI_COMMIT_MESSAGE", "CI_COMMIT_TITLE", "RUN_REASON", "RUN_TO")
    hostile = dict.fromkeys(texts, name)
    pipeline = asked(ci, "status", AWS_ENDPOINT_URL="http://127.0.0.1:9", **hostile)
    assert pipeline.ended("asked") == "FAIL"
    why = "does not belong to --mode status|has 10000 characters|holds characters that cannot be"
    assert re.search(f"--[a-z]+ ({why})", pipeline.log)
    assert not list(tmp_path.rglob("hacked"))
    assert pipeline.results("asked")["error"]["code"] == "UsageError"
