"""What .gitlab-ci.yml holds, and which jobs each kind of pipeline has; nothing is run."""

import os
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]

from pipeline.configuration.settings import Settings
from pipeline.core.modes import Mode
from pipeline.steps.leased import MOVE_TIMEOUT_S
from tests.support.local_ci import LocalCi, linter
from tests.support.project import PROJECT_ROOT

FILES = (PROJECT_ROOT / ".gitlab-ci.yml", PROJECT_ROOT / "ci" / "pipeline.yml")
CHECKED = ["validate", "lint", "unit"]
MERGED = [*CHECKED, "plan-staging"]
TRAINED = [
    *(*MERGED, "train", "evaluate", "register"),
    *("deploy-staging", "test-staging", "rollback-staging", "settle-staging", "stop-staging"),
]
RELEASED = [
    *(*TRAINED, "apply-infrastructure", "pages"),
    *("plan-production", "deploy-production", "settle-production", "stop-production"),
]
GUIDE = PROJECT_ROOT / "docs" / "gitlab.md"
# GitLab's app/models/ci/resource_group.rb: these look at jobs that wait for the resource; the
# ordered ones also at jobs that are only created, and start nothing while such a one is first.
ORDERS_OF_WHAT_WAITS = {"unordered", "newest_ready_first"}
_RUN = re.compile(r"--mode ([a-z]+)")


def documents(path: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return header and body."""
    header, body = yaml.safe_load_all(path.read_text())
    return header, body


JOBS: dict[str, dict[str, Any]] = {
    name: job
    for name, job in documents(FILES[1])[1].items()
    if isinstance(job, dict) and {"script", "extends", "before_script"} & set(job)
}


@pytest.fixture(scope="module")
def ci(tmp_path_factory: pytest.TempPathFactory) -> LocalCi:
    return LocalCi(tmp_path_factory.mktemp("ci"))


@pytest.mark.parametrize(
    ("variables", "jobs"),
    [
        pytest.param({}, RELEASED, id="a push to the default branch"),
        pytest.param({"CI_COMMIT_BRANCH": "develop"}, TRAINED, id="a push to develop"),
        pytest.param({"CI_COMMIT_BRANCH": "feature"}, CHECKED, id="a push to another branch"),
        pytest.param({"CI_PIPELINE_SOURCE": "merge_request_event"}, MERGED, id="a merge request"),
        pytest.param(
            {"CI_PIPELINE_SOURCE": "schedule"},
            ["watch-staging", "watch-production"],
            id="a schedule",
        ),
        pytest.param(
            {"CI_PIPELINE_SOURCE": "schedule", "MODE": "full"}, ["asked"], id="a schedule to train"
        ),
        pytest.param({"CI_PIPELINE_SOURCE": "trigger"}, [], id="a trigger that asks for nothing"),
        pytest.param(
            {"CI_PIPELINE_SOURCE": "trigger", "MODE": "rollback"},
            ["asked"],
            id="an alarm's trigger",
        ),
        pytest.param({"CI_PIPELINE_SOURCE": "web"}, RELEASED, id="a person"),
    ],
)
def test_each_kind_of_pipeline_has_its_jobs(
    ci: LocalCi, variables: dict[str, str], jobs: list[str]
) -> None:
    assert sorted(ci.jobs(**variables)) == sorted(jobs)


def test_a_person_chooses_a_mode_by_inputs(ci: LocalCi) -> None:
    found = ci.jobs({"mode": "rollback", "reason": "5xx"}, CI_PIPELINE_SOURCE="web")
    assert list(found) == ["asked"]


def test_production_waits_for_a_person(ci: LocalCi) -> None:
    found = ci.jobs()
    manual = {name for name, job in found.items() if job["when"] == "manual"}
    assert manual == {
        *("apply-infrastructure", "deploy-production", "stop-staging", "stop-production")
    }
    failing = {name for name, job in found.items() if job["when"] == "on_failure"}
    assert failing == {"rollback-staging", "settle-staging", "settle-production"}


def needed(name: str) -> set[str]:
    """Return the jobs that GitLab waits for before this one."""
    needs = JOBS[name].get("needs", [])
    return {each if isinstance(each, str) else each["job"] for each in needs}


def left_out(ended: str) -> set[str]:
    """Return what GitLab skips where a job did not pass: what needs it, and what needs that."""
    out: set[str] = set()
    while more := {name for name in JOBS if needed(name) & {ended, *out}} - out:
        out |= more
    return out


def started_after(ended: str, status: str) -> set[str]:
    """Return the jobs for failures that GitLab starts once this one has ended so.

    lib/gitlab/ci/status/composite.rb: a job is skipped if a need did not run, and needs of which
    one was cancelled while none failed are cancelled. Ci::ProcessBuildService: `on_failure` starts
    after failed needs alone, and even `always` does not after cancelled ones.
    """
    if status != "failed":
        return set()
    out = {name for name in left_out(ended) if not starts_on_failure(name)}
    failing = {name for name in JOBS if starts_on_failure(name)}
    return {name for name in failing if ended in needed(name) and not needed(name) & out}


def starts_on_failure(name: str) -> bool:
    return any(rule.get("when") == "on_failure" for rule in JOBS[name].get("rules", []))


# A job that reached its time limit, or whose machine was lost for the third time, has failed
@pytest.mark.parametrize(
    ("ended", "status", "started"),
    [
        ("train", "failed", set()),
        ("evaluate", "failed", set()),
        ("deploy-staging", "failed", {"settle-staging"}),
        ("test-staging", "failed", {"rollback-staging"}),
        ("deploy-production", "failed", {"settle-production"}),
        ("deploy-staging", "canceled", set()),
        ("test-staging", "canceled", set()),
        ("deploy-production", "canceled", set()),
    ],
)
def test_what_fails_once_something_may_have_moved_starts_a_way_back_and_a_cancel_none(
    ended: str, status: str, started: set[str]
) -> None:
    assert started_after(ended, status) == started


def test_what_a_cancelled_deployment_needs_may_be_asked_for_and_is_documented() -> None:
    inputs = documents(FILES[0])[0]["spec"]["inputs"]
    assert Mode.SETTLE in inputs["mode"]["options"]
    cancelled = next(each for each in GUIDE.read_text().split("\n- ") if "cancelled" in each)
    assert "`mode` `settle`" in cancelled


@pytest.mark.parametrize(
    ("codes", "code"),
    [("0", 0), ("5", 5), ("7", 7), ("9 9 9 0", 0), ("9 5", 5), ("9 " * 21, 9)],
    ids=["nothing to do", "went back", "asks a person", "held by the dead", "then back", "held"],
)
def test_who_settles_waits_for_the_lease_of_a_machine_that_was_lost(
    tmp_path: Path, codes: str, code: int
) -> None:
    programs = {
        "run_mlops_pipeline.sh": 'read -r code rest <codes; echo "$rest" >codes; exit "$code"',
        "sleep": "exit 0",
    }
    for name, text in programs.items():
        (tmp_path / name).write_text(f"#!/bin/bash\n{text}\n")
        (tmp_path / name).chmod(0o755)
    (tmp_path / "codes").write_text(f"{codes}\n")
    (script,) = JOBS["settle-staging"]["script"]
    done = subprocess.run(
        ["bash", "-eo", "pipefail", "-c", f"PATH=$PWD:$PATH\nout=out\n{script}"],
        cwd=tmp_path,
        check=False,
        timeout=60,
    )
    assert done.returncode == code
    assert (tmp_path / "codes").read_text().strip() == ""
    assert JOBS["settle-production"]["script"] == [script]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_gitlab_s_schema_takes_it(path: Path, tmp_path: Path) -> None:
    body = tmp_path / "body.yml"
    body.write_text(path.read_text().partition("\n---\n")[2])
    check = (linter("check-jsonschema"), "--builtin-schema", "vendor.gitlab-ci", str(body))
    done = subprocess.run(check, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout


def test_yamllint_finds_nothing() -> None:
    rules = "{extends: default, rules: {line-length: {max: 120}, document-start: disable}}"
    command = (linter("yamllint"), "--strict", "-d", rules, *map(str, FILES))
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.stdout == ""


def scripts(job: dict[str, Any]) -> list[str]:
    """Return the shells of a job: what stands before and in its script is one."""
    before = job.get("before_script") or JOBS[".on-aws"]["before_script"]
    return ["\n".join([*before, *job.get("script", [])])]


@pytest.mark.parametrize("name", JOBS)
def test_shellcheck_finds_nothing_in_its_script(name: str) -> None:
    shellcheck = PROJECT_ROOT / ".venv" / "bin" / "shellcheck"
    for text in scripts(JOBS[name]):
        done = subprocess.run(
            # Variables come from GitLab; a shell of GitLab's runner stops at the first failure.
            [shellcheck, "--shell=bash", "--exclude=SC2154,SC2034", "-"],
            input=f"set -eo pipefail\n{text}\n",
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.stdout == ""


@pytest.mark.parametrize("name", JOBS)
def test_no_text_of_gitlab_stands_in_a_script(name: str) -> None:
    """An input or a variable reaches a shell as a variable between quotes, and in no other way."""
    for text in scripts(JOBS[name]):
        assert "$[[" not in text
        assert not re.search(r"\beval\b|\bsh -c|`", text)


def test_every_input_has_a_default_and_reaches_the_included_file() -> None:
    inputs = documents(FILES[0])[0]["spec"]["inputs"]
    assert set(inputs) == {"mode", "environment", "training_job", "to", "reason"}
    assert all("default" in each for each in inputs.values())
    passed = documents(FILES[0])[1]["include"][0]["inputs"]
    assert passed == {name: f"$[[ inputs.{name} ]]" for name in inputs}
    modes = set(inputs["mode"]["options"]) - {""}
    assert modes <= set(Mode)


def test_patterns_of_inputs_take_no_shell_s_signs() -> None:
    inputs = documents(FILES[0])[0]["spec"]["inputs"]
    for name in ("training_job", "to", "reason"):
        for hostile in ("$(id)", "`id`", "a\nb", "x" * 10_000, '"; id'):
            assert not re.fullmatch(inputs[name]["regex"], hostile), (name, hostile)
    assert re.fullmatch(inputs["reason"]["regex"], "5xx since 02:10, it's bad; look at (a)")


def test_every_mode_that_a_job_runs_is_built() -> None:
    named = {mode for job in JOBS.values() for text in scripts(job) for mode in _RUN.findall(text)}
    assert named <= set(Mode)


def seconds(timeout: str) -> int:
    number, unit = timeout.split()
    return int(number) * {"minutes": 60, "hour": 3600, "hours": 3600}[unit]


def test_jobs_last_longer_than_the_tool_s_own_limits() -> None:
    """The tool ends first, goes back and says why; a runner would only kill it."""
    settings = Settings()
    limits_s = {name: seconds(job["timeout"]) for name, job in JOBS.items() if "timeout" in job}
    there_and_back_s = 2 * MOVE_TIMEOUT_S
    assert limits_s["train"] > settings.training.max_runtime_s + 1800
    assert limits_s["evaluate"] > settings.evaluation.max_runtime_s + 1800
    moves = ("deploy-staging", "deploy-production", "rollback-staging")
    for name in (*moves, "settle-staging", "settle-production"):
        assert limits_s[name] > there_and_back_s
    trained_s = settings.training.max_runtime_s + settings.evaluation.max_runtime_s
    assert limits_s["asked"] > trained_s + there_and_back_s
    assert all("timeout" in job for name, job in JOBS.items() if "script" in job)


def test_what_moves_an_endpoint_is_alone_and_is_not_interrupted() -> None:
    for name, job in JOBS.items():
        if name.startswith(("deploy", "rollback", "settle")):
            assert "interruptible" not in job
            extended = job["extends"]
            bases = {extended} if isinstance(extended, str) else set(extended)
            assert bases & {".staging", ".production"}, name
    body = documents(FILES[1])[1]
    assert body["default"]["interruptible"] is False
    assert body[".staging"]["resource_group"] == "staging"
    assert body[".production"]["resource_group"] == "production"
    assert body["default"]["retry"]["when"] == [
        *("runner_system_failure", "stuck_or_timeout_failure", "scheduler_failure")
    ]


def waits_for_a_person(name: str) -> bool:
    """Tell whether a job stays created until somebody starts one that it needs."""
    needs = needed(name)
    return any(is_manual(each) or waits_for_a_person(each) for each in needs)


def is_manual(name: str) -> bool:
    return any(rule.get("when") == "manual" for rule in JOBS[name].get("rules", []))


def test_no_job_that_may_never_come_holds_up_a_resource_group() -> None:
    """A production pipeline that nobody released would stand before every later rollback."""
    alone = [name for name in JOBS if ".production" in JOBS[name].get("extends", "")]
    may_never_come = {name for name in alone if waits_for_a_person(name)}
    assert may_never_come == {"settle-production", "stop-production"}
    documented = set(re.findall(r"process_mode=(\w+)", GUIDE.read_text()))
    assert documented
    assert documented <= ORDERS_OF_WHAT_WAITS


def test_the_guide_names_each_job_that_may_not_start_as_whoever_merged() -> None:
    """EE's Ci::ProcessBuildService fails any other job of a protected environment at its start.

    It asks whether the pipeline's user may deploy there, whatever the job's `action` (GitLab's
    issue 437142). A manual job waits, and is asked for by who starts it.
    """
    guarded = {
        name
        for name, job in JOBS.items()
        if job.get("environment", {}).get("name") in ("production", "$MLOPS_ENVIRONMENT")
        and not is_manual(name)
    }
    assert guarded == {"plan-production", "settle-production", "watch-production", "asked"}
    steps = re.split(r"\n(?=\d+\. )", GUIDE.read_text())
    (protecting,) = (each for each in steps if "Protected environments* (Premium)" in each)
    assert guarded <= set(re.findall(r"`([a-z-]+)`", protecting))


def test_what_logs_in_has_an_environment_whose_variables_it_gets() -> None:
    """GitLab gives variables of an environment's scope only to jobs of that environment."""
    for name, job in JOBS.items():
        if "script" in job and "script/" not in str(job["script"]) and name != "validate":
            assert job["environment"]["name"] in ("staging", "production", "$MLOPS_ENVIRONMENT"), (
                name
            )


BOTH_ROLES = {"PLAN_ROLE_ARN": "arn:plan", "DEPLOY_ROLE_ARN": "arn:deploy"}


def logged_in(folder: Path, **variables: str) -> "subprocess.CompletedProcess[str]":
    """Run what stands before each job's script, then tell what it gives to the job."""
    (script,) = JOBS[".on-aws"]["before_script"]
    told = 'echo "$AWS_ROLE_ARN $MLOPS_BACKEND ${AWS_ID_TOKEN-gone} $AWS_ROLE_SESSION_NAME"'
    file = 'stat -c %a "$AWS_WEB_IDENTITY_TOKEN_FILE"; cat "$AWS_WEB_IDENTITY_TOKEN_FILE"'
    given = {"AWS_ID_TOKEN": "a token", "CI_JOB_ID": "17", "CI_JOB_NAME": "job", **variables}
    return subprocess.run(
        ["bash", "-eo", "pipefail", "-c", f"{script}\n{told}\n{file}"],
        cwd=folder,
        env={"PATH": os.environ["PATH"], "TMPDIR": str(folder), **given},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize(
    ("role", "variables", "assumed"),
    [
        ("plan", BOTH_ROLES, "arn:plan"),
        ("deploy", BOTH_ROLES, "arn:deploy"),
        ("infrastructure", BOTH_ROLES, "arn:deploy"),
        ("infrastructure", {**BOTH_ROLES, "INFRASTRUCTURE_ROLE_ARN": "arn:infra"}, "arn:infra"),
    ],
)
def test_a_job_assumes_the_role_it_needs_by_its_own_token_and_leaves_none(
    tmp_path: Path, role: str, variables: dict[str, str], assumed: str
) -> None:
    job = logged_in(tmp_path, ROLE=role, **variables)
    assert job.returncode == 0, job.stderr
    assert job.stdout == f"{assumed} aws gone gitlab-17\n600\na token"
    assert [each.name for each in tmp_path.iterdir()] == [".terraform-plugins"]


@pytest.mark.parametrize("role", ["plan", "deploy", "infrastructure"])
def test_a_job_that_is_not_given_its_role_takes_no_other(tmp_path: Path, role: str) -> None:
    other = "DEPLOY_ROLE_ARN" if role == "plan" else "PLAN_ROLE_ARN"
    job = logged_in(tmp_path, ROLE=role, **{other: "arn:other"})
    assert job.returncode == 2
    assert f"needs the variable of the {role} role" in job.stderr
    assert job.stdout == ""


def test_merge_requests_log_in_with_the_role_that_only_reads() -> None:
    roles = {
        name: job.get("variables", {}).get("ROLE", "deploy")
        for name, job in JOBS.items()
        if "ROLE" in str(job.get("variables")) or "extends" in job
    }
    assert [name for name, role in roles.items() if role == "plan"] == ["plan-staging"]
    assert JOBS[".on-aws"]["id_tokens"] == {"AWS_ID_TOKEN": {"aud": "$CI_SERVER_URL"}}
    infrastructure = {name for name, role in roles.items() if role == "infrastructure"}
    assert infrastructure == {"apply-infrastructure", "stop-staging", "stop-production"}


def test_stages_are_those_of_the_requirements_with_plan_test_and_watch() -> None:
    assert documents(FILES[1])[1]["stages"] == [
        *("validate", "plan", "train", "evaluate", "register", "deploy-staging", "test"),
        *("deploy-production", "rollback", "watch"),
    ]


def test_each_environment_has_its_tier_and_a_job_that_stops_it() -> None:
    for name in ("staging", "production"):
        environment = JOBS[f"deploy-{name}"]["environment"]
        assert environment["deployment_tier"] == environment["name"] == name
        stop = JOBS[environment["on_stop"]]
        assert stop["environment"] == {"name": name, "action": "stop"}


def test_caches_are_keyed_by_files_that_are_there() -> None:
    caches = documents(FILES[1])[1]["default"]["cache"]
    assert [each["paths"] for each in caches] == [[".venv"], [".terraform-plugins"]]
    for each in caches:
        assert all((PROJECT_ROOT / file).is_file() for file in each["key"]["files"])


def test_what_gitlab_reads_of_a_job_is_what_that_job_writes() -> None:
    written = {
        "annotations": "annotations.json",
        "codequality": "codequality.json",
        "dotenv": "results.env",
        "junit": "junit.xml",
        "metrics": "metrics.txt",
        "terraform": "terraform.json",
    }
    for name, job in JOBS.items():
        for kind, path in job.get("artifacts", {}).get("reports", {}).items():
            assert path == f"out/{name}/{written[kind]}"


def test_who_applies_a_plan_has_the_commits_that_say_which_is_older() -> None:
    """GitLab gives a job the newest 20 commits alone; which one is older they may not tell."""
    applying = [job for job in JOBS.values() if "--mode apply" in str(job.get("script"))]
    assert [job["variables"].get("GIT_DEPTH") for job in applying] == ["0"]


def test_the_gate_and_what_monitoring_finds_are_yellow_and_nothing_else_is() -> None:
    allowed = {name: job["allow_failure"] for name, job in JOBS.items() if "allow_failure" in job}
    gate = {"exit_codes": [3]}
    judged = ("evaluate", "deploy-staging", "test-staging", "plan-production", "deploy-production")
    assert allowed == {**dict.fromkeys(judged, gate), "asked": {"exit_codes": [3, 8]}}


def test_no_deprecated_word_and_no_long_lived_key_is_in_it() -> None:
    text = "".join(path.read_text() for path in FILES)
    assert not re.search(r"^ *(only|except):", text, re.MULTILINE)
    assert "AWS_ACCESS_KEY_ID" not in text
    assert "AWS_SECRET_ACCESS_KEY" not in text


def test_reports_are_shown_in_a_merge_request() -> None:
    """GitLab shows at most ten; none whose path has a variable, a pattern or a dot before it."""
    exposed = {
        name: job["artifacts"]
        for name, job in JOBS.items()
        if "expose_as" in job.get("artifacts", {})
    }
    assert {"evaluate", "deploy-staging", "test-staging", "deploy-production", "asked"} <= set(
        exposed
    )
    assert len(exposed) <= 10
    assert len({each["expose_as"] for each in exposed.values()}) == len(exposed)
    for name, each in exposed.items():
        assert re.fullmatch(r"[A-Za-z0-9 _-]{1,100}", each["expose_as"])
        assert not [path for path in each["paths"] if re.search(r"[$*?]|^\./", path)]
        wanted = "plan.html" if name.startswith("plan") else "report.html"
        assert each["paths"][0] == f"out/{name}/{wanted}"
        assert "out/" in each["paths"] or f"out/{name}/" in each["paths"]


@pytest.mark.parametrize(
    ("jobs", "newest"),
    [
        (["evaluate", "deploy-staging", "test-staging"], "test-staging"),
        (["evaluate", "deploy-staging"], "deploy-staging"),
        (["evaluate"], "evaluate"),
        ([], None),
    ],
    ids=["all ran", "no tests", "the gate held it", "nothing was trained"],
)
def test_the_pages_have_the_newest_report_in_front(
    tmp_path: Path, jobs: list[str], newest: str | None
) -> None:
    for name in jobs:
        folder = tmp_path / "out" / name
        folder.mkdir(parents=True)
        (folder / "report.html").write_text(name)
        (folder / "summary.md").write_text(name)
    public = tmp_path / "public" / "reports"
    public.parent.mkdir()
    script = JOBS["pages"]["script"][-1]
    subprocess.run(["bash", "-eo", "pipefail", "-c", script], cwd=tmp_path, check=True, timeout=60)
    index = (public / "index.html").read_text()
    for name in jobs:
        assert (public / name / "report.html").read_text() == name
        assert f'href="./{name}/summary.md"' in index
    assert (public / "report.html").exists() is (newest is not None) is ("=report.html" in index)
    if newest is not None:
        assert (public / "report.html").read_text() == newest
