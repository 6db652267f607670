"""Tests an endpoint as its callers meet it: health, predictions, latency and throughput."""

import logging
import math
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from time import monotonic

from pipeline.context import Workspace
from pipeline.core.outcomes import LatencyReport, ProbeCase, ProbeReport
from pipeline.core.records import Release, TestLimits
from pipeline.core.report_parts import number
from pipeline.gateways.runtime import Answer
from pipeline.material.dividing import HeldOutRows, held_out_rows
from pipeline.material.reading import write_csv
from pipeline.steps import recorded
from pipeline.tabular import schema
from pipeline.tabular.answers import (
    number_of,
    percentile,
    root_mean_square_error,
    share_of_matches,
)
from pipeline.tabular.batches import batches
from pipeline.tabular.cells import label_of

logger = logging.getLogger(__name__)

_WARM_UP_REQUESTS = 5
# An error of nothing is one of decimal digits
_ROUNDING = 1e-9
# What is not the model's own (throttling, network) is asked again: about eight seconds in all.
_PAUSES_S = (0.25, 0.5, 1.0, 2.0, 4.0)
# Latencies that a drawing needs.
_MOST_SHOWN = 100
# Of the load's requests, how many must have reached the model for a verdict on it.
_LEAST_MEASURED = 0.5


def probe(workspace: Workspace, rows: HeldOutRows, limits: TestLimits) -> ProbeReport:
    """Run every test against the endpoint, with rows that its model never saw."""
    health = _health(workspace, rows)
    if not health.passed:
        return _reported(workspace, (health,))
    predicted = _predicted(workspace, rows, limits)
    load, latency = _load(workspace, rows, limits)
    return _reported(workspace, (health, predicted.case, *load), predicted, latency=latency)


def probe_answers(workspace: Workspace, release: Release) -> ProbeReport:
    """Show that an earlier release answers, and answers right: it has passed the rest before.

    What is right is what was asked of it when it was deployed, on the same rows; the limits of
    today may be those of another model.
    """
    rows = held_out(workspace, release)
    health = _health(workspace, rows)
    if not health.passed:
        return _reported(workspace, (health,))
    predicted = _predicted(workspace, rows, release.test_limits)
    return _reported(workspace, (health, predicted.case), predicted)


def _ask(workspace: Workspace, body: bytes) -> Answer:
    """Ask until the model itself has answered, or not at all."""
    answer = workspace.calls.ask(body)
    for pause_s in _PAUSES_S:
        if answer.is_of_the_model:
            break
        logger.warning("endpoint answers HTTP %d, not the model; asking again", answer.status)
        workspace.context.sleep(pause_s)
        answer = workspace.calls.ask(body)
    return answer


def held_out(workspace: Workspace, release: Release) -> HeldOutRows:
    """Return the rows to ask with. Read before a move: no move without a way to test it."""
    run = recorded.training_run(workspace, release.training_job)
    content = workspace.store.read_uri(f"{run.test_uri}test.csv")
    if not run.identity.predicts_number:
        return held_out_rows(content, target=run.identity.target)
    decided = schema.read_schema(
        workspace.store.read_uri(f"{run.train_uri}{schema.FILE_NAME}").decode()
    )
    return held_out_rows(content, target=run.identity.target, numbers=decided.spelling)


def _reported(
    workspace: Workspace,
    cases: tuple[ProbeCase, ...],
    predicted: "_Predicted | None" = None,
    *,
    latency: LatencyReport | None = None,
) -> ProbeReport:
    for case in cases:
        logger.log(
            logging.INFO if case.passed else logging.ERROR,
            "endpoint test name=%s passed=%s %s",
            case.name,
            str(case.passed).lower(),
            case.detail,
        )
    return ProbeReport(
        endpoint_name=workspace.context.endpoint,
        cases=cases,
        prediction_accuracy=predicted.accuracy if predicted else None,
        prediction_rmse=predicted.rmse if predicted else None,
        prediction_rows=predicted.rows if predicted else None,
        latency=latency,
    )


def _health(workspace: Workspace, rows: HeldOutRows) -> ProbeCase:
    """One row in, one label out."""
    started = monotonic()
    answer = _ask(workspace, _request(rows, slice(0, 1)))
    if len(answer.labels) == 1:
        detail = f"It answers one row with {answer.labels[0]!r}."
        return _case("health", detail, started, passed=True)
    detail = f"It answers one row with HTTP {answer.status}: {answer.explanation()}"
    case = _case("health", detail, started, passed=False)
    return replace(case, is_inconclusive=not answer.is_of_the_model)


@dataclass(frozen=True, kw_only=True)
class _Predicted:
    """The endpoint's answers to every held-out row against what is right; None was not measured."""

    case: ProbeCase
    accuracy: float | None = None
    rmse: float | None = None
    rows: int | None = None


def _predicted(workspace: Workspace, rows: HeldOutRows, limits: TestLimits) -> _Predicted:
    """Compare the endpoint's answer to every held-out row with its label, or with its number."""
    started = monotonic()
    name = "prediction_error" if rows.numbers else "prediction_accuracy"
    answers: list[str] = []
    for part in batches(rows.rows):
        answer = _ask(workspace, _request(rows, part))
        if not answer.ok:
            detail = f"It answers held-out rows with HTTP {answer.status}: {answer.explanation()}"
            case = _case(name, detail, started, passed=False)
            return _Predicted(case=replace(case, is_inconclusive=not answer.is_of_the_model))
        answers += map(label_of, answer.labels)
    judged = _judged_numbers if rows.numbers else _judged_labels
    return judged(answers, rows, limits, started)


def _judged_labels(
    answers: Sequence[str], rows: HeldOutRows, limits: TestLimits, started: float
) -> _Predicted:
    limit, count = limits.minimum_prediction_accuracy, len(rows.labels)
    share = share_of_matches(answers, rows.labels)
    detail = f"Accuracy on {count} held-out rows is {share:.4f}, at least {limit} is asked."
    case = _case("prediction_accuracy", detail, started, passed=share >= limit)
    return _Predicted(case=case, accuracy=share, rows=count)


def _judged_numbers(
    answers: Sequence[str], rows: HeldOutRows, limits: TestLimits, started: float
) -> _Predicted:
    limit, count = limits.maximum_prediction_rmse, len(rows.numbers)
    rmse = root_mean_square_error(list(map(number_of, answers)), rows.numbers)
    if not math.isfinite(rmse):
        detail = (
            f"It does not answer each of {count} held-out rows with a finite number, or some are "
            "too far off to be measured."
        )
        case = _case("prediction_error", detail, started, passed=False)
        return _Predicted(case=case, rows=count)
    asked = "and no limit is known" if limit is None else f"at most {limit:.6g} is asked"
    detail = f"The error (RMSE) on {count} held-out rows is {rmse:.6g}, {asked}."
    passed = limit is not None and rmse <= limit + _ROUNDING
    case = _case("prediction_error", detail, started, passed=passed)
    return _Predicted(case=case, rmse=rmse, rows=count)


def _load(
    workspace: Workspace, rows: HeldOutRows, limits: TestLimits
) -> tuple[tuple[ProbeCase, ...], LatencyReport]:
    """Ask for one row at a time from several threads, as callers do."""
    testing, ask = workspace.settings.testing, workspace.calls.ask
    most = max(testing.request_count, _WARM_UP_REQUESTS)
    bodies = [one_row(rows, number) for number in range(min(most, len(rows.rows)))]
    for body in bodies[:_WARM_UP_REQUESTS]:
        ask(body)
    started = monotonic()
    asked = [bodies[n % len(bodies)] for n in range(testing.request_count)]
    with ThreadPoolExecutor(testing.concurrency) as pool:
        answers = list(pool.map(ask, asked))
    of_the_model = [answer for answer in answers if answer.is_of_the_model]
    report = latency_report(
        [answer.latency_ms for answer in of_the_model if answer.ok],
        request_count=len(of_the_model),
        duration_s=monotonic() - started,
    )
    cases = load_cases(report, limits, started)
    if len(of_the_model) < _LEAST_MEASURED * len(answers):
        cases = tuple(_not_measured(each, answers) for each in cases)
    return cases, report


def _not_measured(case: ProbeCase, answers: list[Answer]) -> ProbeCase:
    """Say what was in the way, not what the few answers look like."""
    other = [answer for answer in answers if not answer.is_of_the_model]
    detail = (
        f"Too few requests reached the model to measure its {case.name.replace('_', ' ')}: "
        f"{len(answers) - len(other)} of {len(answers)}; the last other answer is HTTP "
        f"{other[-1].status}: {other[-1].explanation()}"
    )
    return replace(case, detail=detail, passed=False, is_inconclusive=True)


def latency_report(
    latencies_ms: Sequence[float], *, request_count: int, duration_s: float
) -> LatencyReport:
    """Sum up a run of requests; `latencies_ms` are those of the successful ones.

    Throughput counts successful requests per second. Without any, latencies are NaN.
    """
    succeeded = len(latencies_ms)
    return LatencyReport(
        request_count=request_count,
        success_rate=succeeded / request_count if request_count else 0.0,
        throughput_rps=succeeded / duration_s if duration_s > 0 else 0.0,
        avg_ms=math.fsum(latencies_ms) / succeeded if succeeded else math.nan,
        p50_ms=percentile(latencies_ms, 50),
        p95_ms=percentile(latencies_ms, 95),
        p99_ms=percentile(latencies_ms, 99),
        shown_ms=_thinned(sorted(latencies_ms)),
    )


def _thinned(ordered: Sequence[float]) -> tuple[float, ...]:
    """Return every sample of a few, every hundredth part of many."""
    last = len(ordered) - 1
    if last < _MOST_SHOWN:
        return tuple(ordered)
    return tuple(ordered[last * place // (_MOST_SHOWN - 1)] for place in range(_MOST_SHOWN))


def load_cases(report: LatencyReport, limits: TestLimits, started: float) -> tuple[ProbeCase, ...]:
    """Judge a measured run of requests that began at `started`."""
    success = (
        f"{report.success_rate:.2%} of {report.request_count} requests succeed, at least "
        f"{limits.minimum_success_rate:.2%} is asked."
    )
    p95_ms, most_ms = report.p95_ms, limits.maximum_latency_p95_ms
    # Four digits, or all where what misses the limit would look like it.
    looks_alike = number(p95_ms) == number(most_ms) and p95_ms != most_ms
    latency = (
        f"The 95th percentile is {repr(p95_ms) if looks_alike else number(p95_ms)} ms, "
        f"at most {number(most_ms)} ms is asked."
    )
    return (
        _case(
            "success_rate",
            success,
            started,
            passed=report.success_rate >= limits.minimum_success_rate,
        ),
        _case("latency", latency, started, passed=p95_ms <= most_ms),
    )


def _case(name: str, detail: str, started: float, *, passed: bool) -> ProbeCase:
    return ProbeCase(name=name, passed=passed, detail=detail, duration_s=monotonic() - started)


def one_row(rows: HeldOutRows, number: int) -> bytes:
    """Return the request for one row alone."""
    return _request(rows, slice(number, number + 1))


def _request(rows: HeldOutRows, part: slice) -> bytes:
    """Return rows as CSV with their header: the names decide, not the order of the columns."""
    return write_csv(rows.columns, rows.rows[part])
