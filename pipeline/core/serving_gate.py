"""The gate of a candidate: its numbers against their limits, and what its container answered.

A model that cannot serve, or that serves other answers than those it was judged by, is `reject`:
no traffic shall find that out.
"""

from collections.abc import Iterator, Mapping

from pipeline.core import measures
from pipeline.core.champion import Champion, judged_against
from pipeline.core.gate import GatePolicy, Limits, SliceLimits, decided, judge_one
from pipeline.core.intervals import wilson
from pipeline.core.measures import ACCURACY, R2, RMSE, SKEW
from pipeline.core.records import (
    Decision,
    Evaluation,
    GateOutcome,
    ModelKind,
    Outcome,
    ServingCheck,
    Slice,
)

# Two ways to divide the same whole numbers
_ALIKE = 1e-9
_SERVING = "accuracy_as_served"
# Of a model that predicts a number, unless the configuration has a gate of its own: it explains
# half of what differs between the rows
_REGRESSION = Limits(minimum=0.5)
# One answer in a thousand may differ: a tie that is broken another way in a batch of another size
_SKEW = Limits(maximum=0.001)
_MB = 1e6


def judge_candidate(
    evaluation: Evaluation, policy: GatePolicy, champion: Champion | None = None
) -> Decision:
    """Judge the numbers and the slices; reject where the container does not answer as measured.

    What passes is judged against the `champion`, the release that is live, if any.
    """
    outcomes = (
        *_judged_numbers(evaluation, policy),
        *_judged_slices(evaluation, policy),
        *_judged_serving(evaluation, policy),
        *judged_against(evaluation, champion, policy.champion),
    )
    return decided(outcomes, dry_run=policy.dry_run)


def limits_by_name(kind: ModelKind | None, policy: GatePolicy) -> Mapping[str, Limits]:
    """Return what a model of this kind is judged by, without slices and what is always asked.

    None where the kind is not known yet. Accuracy is for classes; a regression without any limit
    on its quality is judged by R2.
    """
    if kind is not ModelKind.REGRESSION:
        return {ACCURACY: policy.thresholds, **dict(sorted(policy.gates.items()))}
    own = dict(sorted(policy.gates.items()))
    return own if own.keys() - measures.OPERATIONAL else {R2: _REGRESSION, **own}


def numbers_of(evaluation: Evaluation) -> dict[str, float | None]:
    """Return everything that a gate may ask for by its name."""
    check, size = evaluation.serving, evaluation.artifact_bytes
    found: dict[str, float | None] = {
        measures.ROWS: evaluation.row_count,
        measures.ARTIFACT_MB: None if size is None else size / _MB,
        measures.START_S: check.start_s if check else None,
        measures.LATENCY_P50_MS: check.latency_p50_ms if check else None,
        measures.LATENCY_P95_MS: check.latency_p95_ms if check else None,
        SKEW: _skew(check) if check else None,
    }
    return {**evaluation.metrics, **found}


def _skew(check: ServingCheck) -> float | None:
    return None if check.differing is None else check.differing / check.rows


def _judged_numbers(evaluation: Evaluation, policy: GatePolicy) -> Iterator[GateOutcome]:
    numbers = numbers_of(evaluation)
    for name, limits in limits_by_name(evaluation.kind, policy).items():
        if name != SKEW:
            yield judge_one(name, numbers.get(name), limits=limits, rows=evaluation.row_count)


def _judged_slices(evaluation: Evaluation, policy: GatePolicy) -> Iterator[GateOutcome]:
    for asked in policy.slices:
        found = [each for each in evaluation.slices if each.column == asked.column]
        if asked.limits is not None and not found:
            job = evaluation.training_job
            reason = (
                f"{asked.column} was not looked at by slices; evaluate it again: --mode evaluation "
                f"--training-job {job}."
            )
            yield GateOutcome(name=asked.column, outcome=Outcome.FAILED, reason=reason)
        for each in found:
            if asked.limits is not None:
                yield _judged_slice(each, asked, asked.limits, kind=evaluation.kind)


def _judged_slice(
    part: Slice, asked: SliceLimits, limits: Limits, *, kind: ModelKind
) -> GateOutcome:
    metric = asked.metric or (RMSE if kind is ModelKind.REGRESSION else ACCURACY)
    called = f"{metric} where {part.column} {part.value}"
    if part.rows >= asked.minimum_rows:
        return judge_one(
            metric, part.metrics.get(metric), limits=limits, rows=part.rows, called=called
        )
    return GateOutcome(
        name=called,
        outcome=Outcome.SKIPPED,
        reason=f"{called} is not judged: {part.rows} rows, minimum_rows is {asked.minimum_rows}.",
        value=part.metrics.get(metric),
        minimum=limits.minimum,
        maximum=limits.maximum,
        threshold=limits.threshold,
        rows=part.rows,
    )


def _judged_serving(evaluation: Evaluation, policy: GatePolicy) -> Iterator[GateOutcome]:
    check = evaluation.serving
    if check is None:
        job = evaluation.training_job
        again = f"evaluate it again: --mode evaluation --training-job {job}"
        yield _failed(f"its serving container was never asked; {again}.")
    elif check.failure is not None:
        yield _failed(f"it cannot serve: {check.failure}.")
    else:
        yield _answers_as_measured(check, evaluation, policy)
        skew = _skew(check)
        if skew is not None:
            limits = policy.gates.get(SKEW, _SKEW)
            yield judge_one(SKEW, skew, limits=limits, rows=check.rows)


def _failed(reason: str) -> GateOutcome:
    return GateOutcome(name="serving", outcome=Outcome.FAILED, reason=reason)


def _answers_as_measured(
    check: ServingCheck, evaluation: Evaluation, policy: GatePolicy
) -> GateOutcome:
    """The same rows must be answered as well as they were measured.

    Where `prepare_data` of the user left rows out of the measurement, the container was asked for
    more rows than were measured: then the minimum counts, or what the mean would reach.
    """
    same_rows = check.rows == evaluation.row_count
    if evaluation.kind is ModelKind.REGRESSION:
        return _error_as_served(check, evaluation, same_rows=same_rows)
    served, thresholds = check.accuracy, policy.thresholds
    if served is None:
        return _failed("the serving container's answers were not counted.")
    if same_rows:
        least, of_what = evaluation.metrics.get(ACCURACY, 1.0), "the evaluation measured"
    else:
        least, of_what = thresholds.last, f"{thresholds.minimum_name} asks for"
    said = f"accuracy as served is {served:.4g} on {check.rows} rows"
    fits = served >= least - _ALIKE
    ending = "." if fits else ", so callers would get other answers."
    return GateOutcome(
        name=_SERVING,
        outcome=Outcome.PASSED if fits else Outcome.FAILED,
        reason=f"{said}; {of_what} {least:.4g}{ending}",
        value=served,
        minimum=least,
        interval=wilson(served * check.rows, check.rows),
        rows=check.rows,
    )


def _error_as_served(
    check: ServingCheck, evaluation: Evaluation, *, same_rows: bool
) -> GateOutcome:
    if check.rmse is None:
        return _failed("the serving container's answers were not measured.")
    measured = evaluation.metrics if same_rows else evaluation.baseline
    most = measured.get(RMSE)
    of_what = "the evaluation measured" if same_rows else "the mean as every answer has"
    # Callers get decimal digits, and rows in batches of another size add up in another order
    fits = most is not None and check.rmse <= most * (1 + 1e-6) + _ALIKE
    ending = "." if fits else ", so callers would get other answers."
    most_said = "nothing" if most is None else f"{most:.4g}"
    return GateOutcome(
        name="rmse_as_served",
        outcome=Outcome.PASSED if fits else Outcome.FAILED,
        reason=(
            f"rmse as served is {check.rmse:.4g} on {check.rows} rows; {of_what} "
            f"{most_said}{ending}"
        ),
        value=check.rmse,
        maximum=most,
        rows=check.rows,
    )
