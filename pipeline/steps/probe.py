"""Tests an endpoint as its callers meet it: health, predictions, latency and throughput."""

import logging
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from time import monotonic

from pipeline import split
from pipeline.context import Workspace
from pipeline.core import predictions
from pipeline.core.metrics import latency_report
from pipeline.core.outcomes import LatencyReport, ProbeCase, ProbeReport
from pipeline.core.records import Release, TestLimits
from pipeline.gateways.runtime import Answer, EndpointClient
from pipeline.steps import recorded

logger = logging.getLogger(__name__)

_BATCH_ROWS = 100
# Half of what SageMaker takes: quotes, commas and column names come on top of the cells.
_BATCH_BYTES = 3 * 1024 * 1024
_WARM_UP_REQUESTS = 5


def probe(workspace: Workspace, rows: split.HeldOutRows, limits: TestLimits) -> ProbeReport:
    """Run every test against the endpoint, with rows that its model never saw."""
    client = _client(workspace)
    health = _health(client, rows)
    if not health.passed:
        return _reported(workspace, (health,))
    accuracy, right = _accuracy(client, rows, limits)
    load, latency = _load(workspace, client, rows, limits)
    return _reported(workspace, (health, right, *load), accuracy=accuracy, latency=latency)


def probe_health(workspace: Workspace, rows: split.HeldOutRows) -> ProbeReport:
    """Run the health test alone: a rollback must be quick, and has passed the rest before."""
    health = _health(_client(workspace), rows)
    return _reported(workspace, (health,))


def _client(workspace: Workspace) -> EndpointClient:
    return EndpointClient(
        workspace.context.cloud,
        workspace.context.endpoint,
        connections=workspace.settings.testing.concurrency,
    )


def held_out(workspace: Workspace, release: Release) -> split.HeldOutRows:
    """Return the rows to ask with. Read before a move: no move without a way to test it."""
    run = recorded.training_run(workspace, release.training_job)
    content = workspace.store.read_uri(f"{run.test_uri}test.csv")
    return split.held_out_rows(content, target=run.identity.target)


def _reported(
    workspace: Workspace,
    cases: tuple[ProbeCase, ...],
    *,
    accuracy: float | None = None,
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
        prediction_accuracy=accuracy,
        latency=latency,
    )


def _health(client: EndpointClient, rows: split.HeldOutRows) -> ProbeCase:
    """One row in, one label out."""
    started = monotonic()
    answer = client.ask(_request(rows, slice(0, 1)))
    labels = predictions.labels_of(answer.body) if answer.ok else ()
    if len(labels) == 1:
        detail = f"It answers one row with {labels[0]!r}."
    else:
        detail = f"It answers one row with HTTP {answer.status}: {answer.explanation()}"
    return ProbeCase(
        name="health", passed=len(labels) == 1, detail=detail, duration_s=monotonic() - started
    )


def _accuracy(
    client: EndpointClient, rows: split.HeldOutRows, limits: TestLimits
) -> tuple[float | None, ProbeCase]:
    """Compare the endpoint's answer to every held-out row with its label."""
    started = monotonic()
    limit = limits.minimum_prediction_accuracy
    predicted: list[str] = []
    for part in batches(rows.rows):
        answer = client.ask(_request(rows, part))
        if not answer.ok:
            detail = f"It answers held-out rows with HTTP {answer.status}: {answer.explanation()}"
            return None, _case("prediction_accuracy", detail, started, passed=False)
        predicted += map(split.plain_label, predictions.labels_of(answer.body))
    share = predictions.share_of_matches(predicted, rows.labels)
    detail = (
        f"Accuracy on {len(rows.labels)} held-out rows is {share:.4f}, at least {limit} is asked."
    )
    return share, _case("prediction_accuracy", detail, started, passed=share >= limit)


def batches(rows: Sequence[Sequence[str]]) -> Iterator[slice]:
    """Divide rows into requests that SageMaker takes: it refuses a body above 6 MiB."""
    start, size_bytes = 0, 0
    for position, row in enumerate(rows):
        row_bytes = sum(len(cell.encode()) for cell in row)
        is_full = position - start == _BATCH_ROWS or size_bytes + row_bytes > _BATCH_BYTES
        if is_full and position > start:
            yield slice(start, position)
            start, size_bytes = position, 0
        size_bytes += row_bytes
    yield slice(start, len(rows))


def _load(
    workspace: Workspace, client: EndpointClient, rows: split.HeldOutRows, limits: TestLimits
) -> tuple[tuple[ProbeCase, ...], LatencyReport]:
    """Ask for one row at a time from several threads, as callers do."""
    testing = workspace.settings.testing
    bodies = [_request(rows, slice(n, n + 1)) for n in range(len(rows.rows))]
    for body in bodies[:_WARM_UP_REQUESTS]:
        client.ask(body)
    started = monotonic()
    with ThreadPoolExecutor(testing.concurrency) as pool:
        asked = (bodies[n % len(bodies)] for n in range(testing.request_count))
        answers = list(pool.map(client.ask, asked))
    report = _measured(answers, duration_s=monotonic() - started)
    return load_cases(report, limits, started), report


def _measured(answers: list[Answer], *, duration_s: float) -> LatencyReport:
    return latency_report(
        [answer.latency_ms for answer in answers if answer.ok],
        request_count=len(answers),
        duration_s=duration_s,
    )


def load_cases(
    report: LatencyReport, limits: TestLimits, started: float
) -> tuple[ProbeCase, ProbeCase]:
    """Judge a measured run of requests that began at `started`."""
    success = (
        f"{report.success_rate:.2%} of {report.request_count} requests succeed, at least "
        f"{limits.minimum_success_rate:.2%} is asked."
    )
    latency = (
        f"The 95th percentile is {report.p95_ms:.1f} ms, at most "
        f"{limits.maximum_latency_p95_ms:.1f} ms is asked."
    )
    return (
        _case(
            "success_rate",
            success,
            started,
            passed=report.success_rate >= limits.minimum_success_rate,
        ),
        _case("latency", latency, started, passed=report.p95_ms <= limits.maximum_latency_p95_ms),
    )


def _case(name: str, detail: str, started: float, *, passed: bool) -> ProbeCase:
    return ProbeCase(name=name, passed=passed, detail=detail, duration_s=monotonic() - started)


def _request(rows: split.HeldOutRows, part: slice) -> bytes:
    """Return rows as CSV with their header: the names decide, not the order of the columns."""
    return split.write_csv(rows.columns, rows.rows[part])
