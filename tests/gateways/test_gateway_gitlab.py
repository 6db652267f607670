"""What GitLab is told, over real HTTP, and how it may refuse."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.gateways.gitlab import Gitlab, NotTold, gitlab_of
from pipeline.reports import tell_gitlab
from tests.support.gitlab_api import PROJECT, TOKEN, GitlabApi, a_gitlab_api
from tests.unit.test_results import a_report

NOTES = "merge_requests/7/notes"
PLAN = "<!-- mlops-plan:staging -->\n\n# Plan"


@pytest.fixture
def api() -> Iterator[GitlabApi]:
    with a_gitlab_api() as api:
        yield api


@pytest.fixture
def gitlab(api: GitlabApi) -> Gitlab:
    found = gitlab_of(job(api))
    assert found
    return found


def job(api: GitlabApi) -> dict[str, str]:
    return {"CI_API_V4_URL": api.url, "CI_PROJECT_ID": PROJECT, "GITLAB_TOKEN": TOKEN}


def test_a_note_is_written_once_and_then_edited_in_place(api: GitlabApi, gitlab: Gitlab) -> None:
    for text in ("somebody's words", *(f"a note {number}" for number in range(100))):
        api.answer("POST", f"/api/v4/projects/{PROJECT}/{NOTES}", {}, {"body": text})
    gitlab.put_note("7", PLAN)
    gitlab.put_note("7", f"{PLAN} again")
    gitlab.put_note("7", "<!-- mlops-plan:production -->\n\nanother")

    texts = api.texts(NOTES)
    assert texts[0] == "somebody's words"
    assert texts[-2:] == [f"{PLAN} again", "<!-- mlops-plan:production -->\n\nanother"]
    assert len(texts) == 103
    path = f"/api/v4/projects/{PROJECT}/{NOTES}"
    writes = [each for each in api.asked if each[0] != "GET"]
    assert writes == [("POST", path), ("PUT", f"{path}/201"), ("POST", path)]
    assert api.tokens == {TOKEN}


def test_an_issue_is_opened_once(api: GitlabApi, gitlab: Gitlab) -> None:
    for _ in range(2):
        gitlab.open_issue("iris-model-staging went back", "why")
    gitlab.open_issue("iris-model-staging went back again", "why")
    assert api.texts("issues", "title") == [
        "iris-model-staging went back",
        "iris-model-staging went back again",
    ]
    assert api.texts("issues", "description") == ["why", "why"]


@pytest.mark.parametrize(
    ("status", "says"),
    [
        (401, "401, the token is not valid"),
        (403, "403, the token lacks the scope api"),
        (404, "404, there is no such project"),
        (409, "409, GitLab says that this conflicts"),
        (429, "429, GitLab asks to be called less often"),
        (500, "500, GitLab failed"),
        (418, "418, GitLab refused it"),
    ],
)
def test_a_refusal_says_what_it_means(
    api: GitlabApi, gitlab: Gitlab, status: int, says: str
) -> None:
    api.status = status
    with pytest.raises(NotTold) as told:
        gitlab.put_note("7", PLAN)
    assert says in str(told.value)
    assert str(told.value).startswith(f"GET {NOTES}: ")
    assert TOKEN not in str(told.value)
    assert len(api.asked) == 1


def test_a_redirect_is_not_followed_with_the_token(api: GitlabApi, gitlab: Gitlab) -> None:
    with a_gitlab_api() as elsewhere:
        api.status, api.location = 302, f"{elsewhere.url}/projects/{PROJECT}/{NOTES}"
        with pytest.raises(NotTold, match="a redirect, which is not followed"):
            gitlab.put_note("7", PLAN)
        assert elsewhere.asked == []


def test_who_does_not_answer_is_waited_for_no_longer_than_the_limit(
    api: GitlabApi, gitlab: Gitlab
) -> None:
    api.silent = True
    with pytest.raises(NotTold, match="no answer: TimeoutError"):
        replace(gitlab, timeout_s=0.3).put_note("7", PLAN)


@pytest.mark.parametrize("body", [b"<html>", b'{"a": 1}', b"\xff"])
def test_an_answer_of_something_else_is_no_answer(
    api: GitlabApi, gitlab: Gitlab, body: bytes
) -> None:
    api.body = body
    with pytest.raises(NotTold, match=r"no JSON|no list"):
        gitlab.open_issue("title", "why")


def test_who_is_not_there_is_told_of(gitlab: Gitlab) -> None:
    absent = replace(gitlab, api_url="http://127.0.0.1:9/api/v4")
    with pytest.raises(NotTold, match="no answer: URLError"):
        absent.open_issue("title", "why")


@pytest.mark.parametrize("name", ["CI_API_V4_URL", "CI_PROJECT_ID", "GITLAB_TOKEN"])
def test_nothing_is_told_outside_of_a_job_or_without_a_token(api: GitlabApi, name: str) -> None:
    assert gitlab_of({**job(api), name: ""}) is None
    assert gitlab_of({**job(api), "CI_API_V4_URL": "http://gitlab.example.com/api/v4"}) is None


def test_the_token_is_in_no_representation(gitlab: Gitlab) -> None:
    assert TOKEN not in repr(gitlab)


@pytest.mark.parametrize("status", [200, 302, 401, 403, 404, 409, 429, 500])
def test_whatever_gitlab_answers_the_run_goes_on_and_says_it_once(
    api: GitlabApi, tmp_path: Path, caplog: pytest.LogCaptureFixture, status: int
) -> None:
    (tmp_path / "plan.md").write_text(PLAN)
    report = replace(a_report(), mode="plan")
    api.status = status
    tell_gitlab(report, tmp_path, {**job(api), "CI_MERGE_REQUEST_IID": "7"})
    assert len(caplog.records) == (status != 200)
    assert TOKEN not in caplog.text
    assert api.texts(NOTES) == ([PLAN] if status == 200 else [])


def test_without_a_merge_request_or_a_token_a_plan_is_told_to_nobody(
    api: GitlabApi, tmp_path: Path
) -> None:
    (tmp_path / "plan.md").write_text(PLAN)
    report = replace(a_report(), mode="plan")
    tell_gitlab(report, tmp_path, job(api))
    tell_gitlab(report, tmp_path, {**job(api), "CI_MERGE_REQUEST_IID": "7", "GITLAB_TOKEN": ""})
    assert api.asked == []
