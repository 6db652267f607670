"""What a run leaves: the documents' structure, GitLab's rules, plain text for people."""

import json
import math
import re
import sys
from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]

from pipeline.core.data_checks import CheckName, CheckOutcome, DataCheck
from pipeline.core.gate import accuracy_limits, decided, judge_one
from pipeline.core.gitlab_reports import results_env
from pipeline.core.outcomes import (
    DeploymentReport,
    DeploymentStatus,
    FailureReport,
    LatencyReport,
    ProbeCase,
    ProbeReport,
    RunReport,
    RunStatus,
)
from pipeline.core.records import (
    ApprovalStatus,
    CandidateScore,
    Decision,
    ModelChoice,
    ModelPackage,
    Verdict,
)
from pipeline.core.results import results_json
from pipeline.core.summary import summary_lines
from pipeline.steps.probe import latency_report
from pipeline.tabular.answers import percentile, sum_of_squares
from tests.style import results_schema
from tests.unit.core_builders import NOON, a_training_run, an_evaluation

VALIDATOR = Draft202012Validator(json.loads(results_schema.PLACE.read_text()))
RELEASE = "r-20260102-120000-aaaaaa"

CHOICE = ModelChoice(
    model="svc C=10",
    rows=75,
    candidates=(
        CandidateScore(name="random_forest", accuracy=0.96, folds=5),
        CandidateScore(name="svc C=10", accuracy=0.96, folds=5),
        CandidateScore(name="svc C=1", accuracy=0.92, folds=5),
        CandidateScore(name="k_neighbors n_neighbors=5", accuracy=0.8, folds=2),
    ),
)


def results_document(report: RunReport) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(results_json(report), parse_constant=pytest.fail)
    return document


def a_report(**changes: Any) -> RunReport:
    """A run that was started and did nothing yet."""
    report = RunReport(
        run_id="20260102-120000-abc",
        mode="full",
        status=RunStatus.SUCCESS,
        backend="local",
        account="000000000000",
        region="us-east-1",
        environment="staging",
        git_sha="0" * 40,
        config_digest="d" * 64,
        started_at=NOON,
        duration_s=245.67,
    )
    return replace(report, **changes)


def a_probe(**changes: Any) -> ProbeReport:
    probe = ProbeReport(
        endpoint_name="iris-model-staging",
        cases=(ProbeCase(name="health", passed=True, detail="It answers.", duration_s=0.1),),
        prediction_accuracy=1.0,
        latency=latency_report([20.0, 26.9], request_count=2, duration_s=0.5),
    )
    return replace(probe, **changes)


def a_deployment(**changes: Any) -> DeploymentReport:
    deployment = DeploymentReport(
        status=DeploymentStatus.SUCCESS,
        endpoint_name="iris-model-staging",
        release_id=RELEASE,
        duration_s=185.32,
    )
    return replace(deployment, **changes)


def a_full_report(**changes: Any) -> RunReport:
    report = a_report(
        training=a_training_run(),
        evaluation=an_evaluation(
            metrics={"accuracy": 0.9733, "cv_mean_accuracy": 0.9667, "f1": 0.9},
            choice=CHOICE,
        ),
        decision=decided(
            [judge_one("accuracy", 0.9733, limits=accuracy_limits(0.95, 0.9), rows=75)]
        ),
        package=ModelPackage(
            arn="arn:aws:sagemaker:us-east-1:000000000000:model-package/iris/1",
            version=1,
            approval_status=ApprovalStatus.APPROVED,
        ),
        deployment=a_deployment(),
        probe=a_probe(),
        release_id=RELEASE,
    )
    return replace(report, **changes)


FAILURE = FailureReport(code="JobFailed", message="Job x failed.", remedy="Read y.", exit_code=10)
REPORTS = {
    "nothing": a_report(),
    "full": a_full_report(),
    "held": a_full_report(
        status=RunStatus.STOPPED,
        decision=Decision(verdict=Verdict.HOLD, reasons=("between.",)),
        deployment=None,
        probe=None,
        failure=FAILURE,
    ),
    "training failed": a_report(status=RunStatus.FAILED, failure=FAILURE, failed_phase="training"),
    "rolled back": a_full_report(
        status=RunStatus.FAILED,
        deployment=a_deployment(status=DeploymentStatus.ROLLED_BACK, rolled_back_to="r-0"),
        failure=FAILURE,
        failed_phase="deployment",
    ),
    "tests failed": a_report(
        mode="testing",
        probe=a_probe(
            cases=(ProbeCase(name="health", passed=False, detail="HTTP 500.", duration_s=0.1),),
            latency=latency_report([], request_count=10, duration_s=1),
        ),
        failure=FAILURE,
        failed_phase="testing",
    ),
    "not a number": a_full_report(evaluation=an_evaluation(metrics={"accuracy": math.nan})),
}


@pytest.mark.parametrize("name", REPORTS)
def test_every_outcome_keeps_to_the_schema(name: str) -> None:
    VALIDATOR.validate(results_document(REPORTS[name]))


def test_the_schema_is_that_of_what_is_written() -> None:
    assert results_schema.PLACE.read_text() == results_schema.generated(), (
        "python -m tests.style.results_schema writes it anew"
    )


def test_a_full_run_has_the_structure_of_the_document() -> None:
    document = results_document(a_full_report())
    assert document["pipeline_status"] == "success"
    assert document["total_duration_seconds"] == 245.67
    assert document["summary"] == {
        "training_accuracy": 0.9733,
        "deployment_occurred": True,
        "endpoint_name": "iris-model-staging",
        "testing_passed": True,
    }
    results = document["phases"]["training"]["evaluation_results"]
    assert (results["accuracy"], results["cv_mean_accuracy"]) == (0.9733, 0.9667)
    assert results["confusion_matrix"] == [[25, 0], [1, 24]]
    assert results["custom_metrics"] == {"f1": 0.9}
    deployment = document["phases"]["deployment"]
    assert deployment["pipeline_status"] == deployment["deployment_results"]["status"] == "success"
    assert deployment["deployment_results"]["deployment_duration"] == 185.32
    testing = document["phases"]["testing"]
    assert testing["overall_status"] == "passed"
    assert testing["test_summary"]["avg_latency_ms"] == pytest.approx(23.45)
    assert testing["test_summary"]["performance_success_rate"] == 1.0
    assert "error" not in document


def test_phases_that_did_not_run_are_absent() -> None:
    assert results_document(a_report())["phases"] == {}
    held = results_document(REPORTS["held"])
    assert list(held["phases"]) == ["training"]
    assert held["summary"]["deployment_occurred"] is False


def test_a_failure_says_which_phase_it_ended() -> None:
    document = results_document(REPORTS["training failed"])
    assert document["phases"] == {"training": {"pipeline_status": "failed"}}
    assert document["error"] == {
        "code": "JobFailed",
        "message": "Job x failed.",
        "remedy": "Read y.",
    }


def test_a_rolled_back_deployment_did_not_occur() -> None:
    document = results_document(REPORTS["rolled back"])
    assert document["summary"]["deployment_occurred"] is False
    assert document["phases"]["deployment"]["deployment_results"]["rolled_back_to"] == "r-0"


def test_the_dotenv_file_has_the_keys_of_the_contract() -> None:
    lines = dict(line.split("=", 1) for line in results_env(a_full_report()).splitlines())
    assert lines == {
        "MLOPS_RUN_ID": "20260102-120000-abc",
        "MLOPS_STATUS": "success",
        "MLOPS_TRAINING_JOB": "iris-classifier-20260102-120000",
        "MLOPS_ACCURACY": "0.9733",
        "MLOPS_VERDICT": "deploy",
        "MLOPS_MODEL_PACKAGE_ARN": "arn:aws:sagemaker:us-east-1:000000000000:model-package/iris/1",
        "MLOPS_RELEASE_ID": RELEASE,
        "MLOPS_ENDPOINT": "iris-model-staging",
        "MLOPS_DEPLOYED": "true",
        "MLOPS_TESTS": "passed",
    }


@given(st.text(), st.text(), st.floats())
def test_any_dotenv_file_obeys_gitlab(name: str, release: str, accuracy: float) -> None:
    text = results_env(
        a_full_report(
            run_id=name,
            release_id=release,
            plan_digest=name,
            training=a_training_run(job_name=name * 50),
            evaluation=an_evaluation(metrics={"accuracy": accuracy}),
        )
    )
    lines = text.split("\n")[:-1]
    assert text.endswith("\n")
    assert len(text.encode()) < 5 * 1024
    assert len(lines) <= 15
    for line in lines:
        assert re.fullmatch(r"[A-Z_]{1,255}=[^$\s][^$\r\n]*", line)


@pytest.mark.parametrize(
    ("percent", "expected"), [(50, 5.0), (95, 10.0), (90, 9.0), (99, 10.0), (1, 1.0), (100, 10.0)]
)
def test_a_percentile_is_a_sample_by_nearest_rank(percent: float, expected: float) -> None:
    assert percentile([float(n) for n in range(10, 0, -1)], percent) == expected


@given(st.lists(st.floats(0, 1e6), min_size=1), st.floats(0.01, 100))
def test_a_percentile_covers_its_share_and_no_more(samples: list[float], percent: float) -> None:
    found = percentile(samples, percent)
    covered = sum(sample <= found for sample in samples)
    below = sum(sample < found for sample in samples)
    assert found in samples
    assert covered / len(samples) >= percent / 100 - 1e-9
    assert below / len(samples) < percent / 100


@given(st.lists(st.floats(allow_nan=False)))
def test_squares_have_a_sum_however_large_they_are(errors: list[float]) -> None:
    squares = [error * error for error in errors]
    found = sum_of_squares(errors)
    if math.isinf(found):
        assert math.isinf(max(squares)) or sum(map(Fraction, squares)) > sys.float_info.max
    else:
        assert found == float(sum(map(Fraction, squares)))


def test_the_sum_of_squares_of_what_is_no_number_is_none() -> None:
    assert math.isnan(sum_of_squares([1.0, math.nan, math.inf]))


def test_no_samples_have_no_percentile() -> None:
    assert math.isnan(percentile([], 50))
    with pytest.raises(ValueError, match="at most 100"):
        percentile([1.0], 101)


def test_failed_requests_count_for_the_rate_but_not_for_the_latency() -> None:
    found = latency_report([10.0, 30.0], request_count=4, duration_s=2.0)
    assert found == LatencyReport(
        request_count=4,
        success_rate=0.5,
        throughput_rps=1.0,
        avg_ms=20.0,
        p50_ms=10.0,
        p95_ms=30.0,
        p99_ms=30.0,
        shown_ms=(10.0, 30.0),
    )


def test_of_very_many_latencies_a_hundred_are_shown_with_both_ends() -> None:
    measured = [float(number) for number in range(5_000)]
    shown = latency_report(measured[::-1], request_count=5_000, duration_s=1.0).shown_ms
    assert len(shown) == 100
    assert (shown[0], shown[-1]) == (0.0, 4_999.0)
    assert list(shown) == sorted(shown)


def test_what_was_found_in_the_data_is_in_document_and_summary() -> None:
    report = a_report(data_warnings=tuple(f"birds.csv, column {n}: text." for n in range(12)))
    document = results_document(report)
    VALIDATOR.validate(document)
    assert document["data_warnings"] == list(report.data_warnings)
    lines = [line for line in summary_lines(report) if line.startswith("Data: ")]
    assert lines[0] == "Data: birds.csv, column 0: text."
    assert lines[10:] == ["Data: 2 more warnings are in results.json"]


def test_what_the_checks_of_the_data_found_is_in_document_and_summary() -> None:
    outcomes = {
        CheckName.CONSTANT: CheckOutcome.PASSED,
        CheckName.DUPLICATES: CheckOutcome.WARNED,
        CheckName.LEAK: CheckOutcome.REFUSED,
    }
    checks = tuple(
        DataCheck(name=name, outcome=outcome, columns=("x",), sentence="What it is.")
        for name, outcome in outcomes.items()
    )
    report = a_report(data_checks=checks)
    document = results_document(report)
    VALIDATOR.validate(document)
    assert document["data_checks"][2] == {
        "name": "leak",
        "outcome": "refused",
        "columns": ["x"],
        "sentence": "What it is.",
    }
    assert [line for line in summary_lines(report) if line.startswith("Data Check")] == [
        "Data Check duplicates warned: What it is.",
        "Data Check leak refused: What it is.",
    ]


def test_the_summary_names_the_backend_first_and_the_facts_of_the_document() -> None:
    lines = summary_lines(a_full_report(notes=("drift: not yet.",)))
    assert lines[0] == (
        "Backend: local (embedded AWS on this machine), account 000000000000, region us-east-1"
    )
    for fact in (
        "Status: SUCCESS",
        "Duration: 245.67 seconds",
        "Training Accuracy: 97.33%",
        "Deployment Occurred: Yes",
        "Endpoint: iris-model-staging",
        "Testing: Passed",
        "Note: drift: not yet.",
    ):
        assert fact in lines


def test_the_summary_names_the_chosen_model_first_and_what_it_beat() -> None:
    lines = summary_lines(a_full_report())
    start = lines.index("Most Common Class: 50.00% by always naming it")
    assert lines[start + 1 : start + 5] == (
        "Model: svc C=10, chosen by cross-validation on 75 training rows",
        "  svc C=10: 96.00% in 5 folds",
        "  random_forest: 96.00% in 5 folds",
        "  k_neighbors n_neighbors=5: 80.00% in 2 folds",
    )


def test_scores_that_know_nothing_of_the_threshold_say_so() -> None:
    run = a_training_run(hyperparameters={"decision_threshold": "0.2"})
    [line] = [each for each in summary_lines(a_full_report(training=run)) if "Model:" in each]
    assert line == (
        "Model: svc C=10, chosen by cross-validation on 75 training rows, each by its likelier "
        "class, before decision_threshold 0.2"
    )


def test_a_model_of_the_users_own_make_has_a_baseline_and_no_candidates() -> None:
    report = a_full_report(evaluation=an_evaluation(confusion_matrix=((30, 0), (1, 19))))
    results = results_document(report)["phases"]["training"]["evaluation_results"]
    assert (results["majority_class_accuracy"], results["model_choice"]) == (0.6, None)
    assert not any(line.startswith("Model:") for line in summary_lines(report))


def test_the_results_have_every_candidate_with_its_score() -> None:
    training = results_document(a_full_report())["phases"]["training"]
    choice = training["evaluation_results"]["model_choice"]
    assert (choice["model"], choice["rows"]) == ("svc C=10", 75)
    assert [score["name"] for score in choice["candidates"]] == [
        score.name for score in CHOICE.candidates
    ]


def test_the_summary_of_a_failure_ends_with_what_to_do() -> None:
    lines = summary_lines(REPORTS["rolled back"])
    assert f"Deployment: {RELEASE} failed, r-0 is serving again" in lines
    assert lines[-2:] == ("Error: Job x failed.", "What to do: Read y.")


def test_the_summary_names_the_failing_tests_only() -> None:
    lines = summary_lines(REPORTS["tests failed"])
    assert "Testing: Failed" in lines
    assert "  health: HTTP 500." in lines


@pytest.mark.parametrize("name", REPORTS)
def test_every_outcome_has_a_plain_summary(name: str) -> None:
    lines = summary_lines(REPORTS[name])
    assert all(line.isascii() and "\n" not in line and "nan" not in line for line in lines)
