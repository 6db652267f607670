"""The summary of a run for people: a few plain lines, the backend first."""

import math
from collections.abc import Iterable, Iterator

from pipeline.core.outcomes import DeploymentReport, DeploymentStatus, LatencyReport, RunReport
from pipeline.core.records import CandidateScore, Evaluation, ModelChoice
from pipeline.core.results import (
    accuracy_of,
    endpoint_of,
    has_deployed,
    majority_class_accuracy,
)

_MOST_DATA_LINES = 10
_BACKENDS = {"local": "embedded AWS on this machine", "aws": "AWS"}


def summary_lines(report: RunReport) -> tuple[str, ...]:
    """Say what happened, with the numbers that decided it, and what to do when it failed."""
    return (
        f"Backend: {report.backend} ({_BACKENDS.get(report.backend, 'unknown')}), "
        f"account {report.account or 'not asked'}, region {report.region}",
        f"Status: {report.status.upper()}",
        f"Duration: {report.duration_s:.2f} seconds",
        *_data_lines(report),
        *_training_lines(report),
        *_deployment_lines(report),
        *_testing_lines(report),
        *report.listing,
        *(f"Note: {note}" for note in report.notes),
        *_failure_lines(report),
    )


def _data_lines(report: RunReport) -> Iterator[str]:
    yield from (f"Data: {warning}" for warning in report.data_warnings[:_MOST_DATA_LINES])
    more = len(report.data_warnings) - _MOST_DATA_LINES
    if more > 0:
        yield f"Data: {more} more warnings are in results.json"


def _training_lines(report: RunReport) -> Iterator[str]:
    if report.training is not None:
        yield f"Training Job: {report.training.job_name}"
    if report.evaluation is not None:
        accuracy = accuracy_of(report)
        yield f"Training Accuracy: {'none' if accuracy is None else f'{accuracy:.2%}'}"
        yield from _model_lines(report.evaluation)
    if report.decision is not None:
        yield f"Decision: {report.decision.verdict}"
        yield from (f"  {reason}" for reason in report.decision.reasons)


def _model_lines(evaluation: Evaluation) -> Iterator[str]:
    baseline = majority_class_accuracy(evaluation)
    if math.isfinite(baseline):
        yield f"Most Common Class: {baseline:.2%} by always naming it"
    choice = evaluation.choice
    if choice is None:
        return
    yield f"Model: {choice.model}, chosen by cross-validation on {choice.rows} training rows"
    yield from (
        f"  {score.name}: {score.accuracy:.2%} in {score.folds} folds"
        for score in _best_of_each_family(choice)
    )


def _best_of_each_family(choice: ModelChoice) -> Iterable[CandidateScore]:
    """A family is what stands before the setting in a candidate's name; the winner's is first."""
    best: dict[str, CandidateScore] = {}
    for score in sorted(choice.candidates, key=lambda score: score.name != choice.model):
        best.setdefault(score.name.partition(" ")[0], score)
    return best.values()


def _deployment_lines(report: RunReport) -> Iterator[str]:
    deployment = report.deployment
    if deployment is None and report.training is None:
        return
    yield f"Deployment Occurred: {'Yes' if has_deployed(report) else 'No'}"
    if deployment is not None:
        yield f"Deployment: {_deployment(deployment)}"
        yield f"Endpoint: {deployment.endpoint_name}"


def _deployment(deployment: DeploymentReport) -> str:
    release = deployment.release_id
    match deployment.status:
        case DeploymentStatus.SUCCESS:
            back = "went back, " if deployment.rolled_back_to else ""
            return f"{back}{release} is serving after {deployment.duration_s:.2f} seconds"
        case DeploymentStatus.NOTHING_TO_DO:
            return f"{release} is serving already, nothing to do"
        case DeploymentStatus.ROLLED_BACK:
            return f"{release} failed, {deployment.rolled_back_to} is serving again"
        case DeploymentStatus.FAILED:
            return f"{release} failed"


def _testing_lines(report: RunReport) -> Iterator[str]:
    probe = report.probe
    if probe is None:
        return
    if report.deployment is None:
        yield f"Endpoint: {endpoint_of(report)}"
    yield f"Testing: {'Passed' if probe.passed else 'Failed'}"
    yield from (f"  {case.name}: {case.detail}" for case in probe.failed_cases)
    if probe.prediction_accuracy is not None:
        yield f"Prediction Accuracy: {probe.prediction_accuracy:.2%}"
    if probe.latency is not None:
        yield _latency_line(probe.latency)


def _latency_line(latency: LatencyReport) -> str:
    if latency.success_rate == 0:
        return f"Latency: none of {latency.request_count} requests succeeded"
    return (
        f"Latency: avg {latency.avg_ms:.1f} ms, p50 {latency.p50_ms:.1f} ms, "
        f"p95 {latency.p95_ms:.1f} ms, p99 {latency.p99_ms:.1f} ms; "
        f"{latency.success_rate:.2%} of {latency.request_count} requests succeeded, "
        f"{latency.throughput_rps:.1f} per second"
    )


def _failure_lines(report: RunReport) -> Iterator[str]:
    if report.failure is not None:
        yield f"Error: {report.failure.message}"
        yield f"What to do: {report.failure.remedy}"
