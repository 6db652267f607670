"""The summary of a run for people: a few plain lines, the backend first."""

import math
from collections.abc import Iterable, Iterator

from pipeline.core.audit import Deed, deeds
from pipeline.core.champion import is_comparable, paired
from pipeline.core.data_checks import CheckOutcome
from pipeline.core.document import Metrics
from pipeline.core.explained import gate_lines
from pipeline.core.listed import lines
from pipeline.core.measures import MAE, R2, RMSE
from pipeline.core.monitoring import lines_of
from pipeline.core.outcomes import (
    DeploymentReport,
    DeploymentStatus,
    EndpointStatus,
    History,
    LatencyReport,
    LedgerView,
    RetainedRelease,
    RunReport,
    Standing,
)
from pipeline.core.records import CandidateScore, Evaluation, ModelChoice, ModelKind
from pipeline.core.results import (
    accuracy_of,
    endpoint_of,
    has_deployed,
    interval_of,
    majority_class_accuracy,
)

_MOST_DATA_LINES = 10
_BACKENDS = {"local": "embedded AWS on this machine", "aws": "AWS"}


def summary_lines(report: RunReport, *, explain: bool = False) -> tuple[str, ...]:
    """Say what happened, with the numbers that decided it, and what to do when it failed.

    `explain` adds a line for each gate.
    """
    return (
        f"Backend: {report.backend} ({_BACKENDS.get(report.backend, 'unknown')}), "
        f"account {report.account or 'not asked'}, region {report.region}",
        f"Status: {report.status.upper()}",
        f"Duration: {report.duration_s:.2f} seconds",
        *_data_lines(report),
        *_training_lines(report),
        *(gate_lines(report.decision) if explain and report.decision else ()),
        *_deployment_lines(report),
        *_testing_lines(report),
        *(standing_lines(report.standing) if report.standing else ()),
        *(_history_lines(report.history) if report.history else ()),
        *(lines_of(report.monitored) if report.monitored else ()),
        *report.listing,
        *_listed_lines(report),
        *(f"Note: {note}" for note in report.notes),
        *_file_lines(report),
        *_failure_lines(report),
    )


def _data_lines(report: RunReport) -> Iterator[str]:
    yield from (f"Data: {warning}" for warning in report.data_warnings[:_MOST_DATA_LINES])
    more = len(report.data_warnings) - _MOST_DATA_LINES
    if more > 0:
        yield f"Data: {more} more warnings are in results.json"
    for check in report.data_checks:
        if check.outcome in (CheckOutcome.WARNED, CheckOutcome.REFUSED):
            yield f"Data Check {check.name} {check.outcome.value}: {check.sentence}"


def _training_lines(report: RunReport) -> Iterator[str]:
    if report.training is not None:
        yield f"Training Job: {report.training.job_name}"
    if report.evaluation is not None:
        yield from _quality_lines(report, report.evaluation)
        yield from _champion_lines(report.evaluation)
        yield from _model_lines(report, report.evaluation)
    if report.decision is not None:
        yield f"Decision: {report.decision.verdict}"
        yield from (f"  {reason}" for reason in report.decision.reasons)


def _champion_lines(evaluation: Evaluation) -> Iterator[str]:
    """Show both models side by side; beside them stands what the most common class reaches."""
    comparison = evaluation.comparison
    if comparison is None:
        return
    if not is_comparable(comparison):
        why = comparison.failure or "no rows that tell them apart"
        yield f"Champion: {comparison.release_id}, not compared: {why}"
        return
    found = paired(comparison)
    scores = found.challenger, found.champion
    ours, theirs = (f"R2 {each:.4f}" if comparison.errors else f"{each:.2%}" for each in scores)
    seen = f", {comparison.seen_rows} left out" if comparison.seen_rows else ""
    yield (
        f"Champion: {comparison.release_id} {theirs}, this model {ours} on the same "
        f"{comparison.rows} rows{seen}"
    )


def _quality_lines(report: RunReport, evaluation: Evaluation) -> Iterator[str]:
    if evaluation.kind is ModelKind.REGRESSION:
        yield f"Training Error: {_errors(evaluation.metrics)} on {evaluation.row_count} rows"
        yield f"By The Mean: {_errors(evaluation.baseline)} by always naming it"
        return
    accuracy = accuracy_of(report)
    yield f"Training Accuracy: {'none' if accuracy is None else f'{accuracy:.2%}'}"
    interval = interval_of(accuracy, evaluation.row_count)
    if interval is not None:
        yield (
            f"Accuracy Interval: {interval.low:.2%} to {interval.high:.2%} with 95 % confidence, "
            f"{interval.rows} held-out rows"
        )


def _errors(metrics: Metrics) -> str:
    named = {"RMSE": RMSE, "MAE": MAE, "R2": R2}
    return ", ".join(
        f"{word} {_short(metrics[name])}" for word, name in named.items() if name in metrics
    )


def _model_lines(report: RunReport, evaluation: Evaluation) -> Iterator[str]:
    baseline = majority_class_accuracy(evaluation)
    if math.isfinite(baseline):
        yield f"Most Common Class: {baseline:.2%} by always naming it"
    choice = evaluation.choice
    if choice is None:
        return
    yield (
        f"Model: {choice.model}, chosen by cross-validation on {choice.rows} training rows"
        f"{_before_threshold(report)}"
    )
    yield from (
        f"  {score.name}: {_score(score)} in {score.folds} folds"
        for score in _best_of_each_family(choice)
    )


def _before_threshold(report: RunReport) -> str:
    """Say what the scores of the candidates are where the winner alone got a threshold."""
    given = report.training.hyperparameters if report.training else {}
    if "decision_threshold" not in given:
        return ""
    return f", each by its likelier class, before decision_threshold {given['decision_threshold']}"


def _score(score: CandidateScore) -> str:
    if score.accuracy is not None:
        return f"{score.accuracy:.2%}"
    return "none" if score.r2 is None else f"R2 {score.r2:.4f}"


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
    if probe.prediction_rmse is not None:
        yield f"Prediction Error: RMSE {_short(probe.prediction_rmse)}"
    if probe.prediction_accuracy is not None:
        yield f"Prediction Accuracy: {probe.prediction_accuracy:.2%}"
    if probe.latency is not None:
        yield _latency_line(probe.latency)


def _latency_line(latency: LatencyReport) -> str:
    if latency.success_rate == 0:
        return f"Latency: none of {latency.request_count} requests succeeded"
    return (
        f"Latency: avg {_short(latency.avg_ms)} ms, p50 {_short(latency.p50_ms)} ms, "
        f"p95 {_short(latency.p95_ms)} ms, p99 {_short(latency.p99_ms)} ms; "
        f"{latency.success_rate:.2%} of {latency.request_count} requests succeeded, "
        f"{_short(latency.throughput_rps)} per second"
    )


def _short(number: float) -> str:
    """Return four digits, and all of a whole number that has more."""
    return f"{number:.4g}" if abs(number) < 9999.5 else f"{number:.0f}"


def _file_lines(report: RunReport) -> Iterator[str]:
    if report.links:
        folder, _, _ = next(iter(report.links.values())).rpartition("/")
        yield f"Files: {', '.join(report.links)} in {folder}"


def _listed_lines(report: RunReport) -> Iterable[str]:
    return () if report.endpoints is None else lines(report.endpoints, now=report.started_at)


def _failure_lines(report: RunReport) -> Iterator[str]:
    if report.failure is not None:
        yield f"Error: {report.failure.message}"
        yield f"What to do: {report.failure.remedy}"


def standing_lines(standing: Standing) -> Iterator[str]:
    yield from _endpoint_lines(standing)
    if standing.ledger_error is not None:
        yield f"Ledger: cannot be read: {standing.ledger_error}"
    view, owner = standing.ledger, standing.at_work
    if view is None:
        return
    yield from ledger_lines(view)
    if owner is not None and not view.unknown:
        yield f"At work: run {owner.run_id} of {owner.who} on {owner.host}, process {owner.pid}"
    if view.around or view.around_due:
        due = " (not applied yet)" if view.around_due else ""
        yield f"Around the endpoint: {', '.join(view.around) or 'nothing'}{due}"
    yield f"Retained releases: {len(view.releases)}"
    yield from (f"  {each.release_id} ({_marks(each)})" for each in view.releases)
    for barred in view.quarantined:
        first_line = barred.reason.splitlines()[0] if barred.reason else ""
        since = f"{barred.when:%Y-%m-%d %H:%M} UTC"
        yield f"Quarantined: {barred.release_id} since {since}: {first_line}"


def _endpoint_lines(standing: Standing) -> Iterator[str]:
    seen = standing.endpoint
    if seen.status is EndpointStatus.ABSENT:
        yield f"Endpoint {seen.name}: there is none"
        return
    yield f"Endpoint {seen.name}: {seen.status.value}, serves {seen.config_name}"
    if seen.pending_config:
        yield f"  under way to {seen.pending_config}"
    if seen.failure_reason:
        yield f"  {seen.failure_reason}"
    yield f"  instances: {seen.current_count} of {seen.desired_count}"
    if standing.ringing_alarms:
        yield f"  in ALARM: {', '.join(standing.ringing_alarms)}"


def ledger_lines(view: LedgerView) -> Iterator[str]:
    """Yield what the ledger says, and whether SageMaker says otherwise."""
    if view.move:
        state = "serves and is not proved yet" if view.move.has_arrived else "was begun"
        yield f"Ledger: {view.move.kind.value} to {view.move.target}: {state}"
    yield f"Ledger: {view.live or 'nothing'} is live"
    if view.contradicted:
        why = ": the ledger is lost, or the endpoint is not ours" if view.live is None else ""
        yield f"  SageMaker says otherwise{why}"


def _marks(release: RetainedRelease) -> str:
    marks = {
        "live": release.live,
        "quarantined": release.quarantined,
        "healthy": release.healthy,
        "never healthy": not release.healthy,
    }
    return ", ".join(mark for mark, applies in marks.items() if applies)


def _history_lines(history: History) -> Iterator[str]:
    if not history.events:
        yield f"Nothing was ever done to {history.endpoint}."
    yield from map(_deed_line, deeds(history))
    if history.first_broken is not None:
        yield f"The record is not whole: line {history.first_broken} is missing or was changed."


def _deed_line(deed: Deed) -> str:
    details = " ".join(f"{name}={_one_line(value)}" for name, value in deed.details.items())
    when = f"{deed.when:%Y-%m-%d %H:%M:%S} UTC"
    return f"{deed.number or '-':>4} {when} {deed.what} by {deed.who} {details}"


def _one_line(text: str) -> str:
    folded = " ".join(text.split())
    return f'"{folded}"' if " " in folded else folded
