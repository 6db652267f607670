"""The gate of a candidate: its metrics against their limits, and what its container answered.

A model that cannot serve, or that serves other answers than those it was judged by, is `reject`:
no traffic shall find that out.
"""

from collections.abc import Mapping

from pipeline.core.gate import ACCURACY, Limits, judge
from pipeline.core.records import Decision, Evaluation, ServingCheck, Verdict

# Two ways to divide the same whole numbers
_ALIKE = 1e-9


def judge_candidate(
    evaluation: Evaluation, thresholds: Limits, *, gates: Mapping[str, Limits]
) -> Decision:
    """Judge the metrics; reject where the serving container did not answer as was measured."""
    decision = judge(evaluation.metrics, thresholds, gates=gates)
    serves, reason = _serves(evaluation, thresholds)
    verdict = decision.verdict if serves else Verdict.REJECT
    return Decision(verdict=verdict, reasons=(*decision.reasons, reason))


def _serves(evaluation: Evaluation, thresholds: Limits) -> tuple[bool, str]:
    check = evaluation.serving
    if check is None:
        job = evaluation.training_job
        again = f"evaluate it again: --mode evaluation --training-job {job}"
        return False, f"its serving container was never asked; {again}."
    if check.accuracy is None:
        return False, f"it cannot serve: {check.failure}."
    return _answers_as_measured(check, check.accuracy, evaluation, thresholds)


def _answers_as_measured(
    check: ServingCheck, served: float, evaluation: Evaluation, thresholds: Limits
) -> tuple[bool, str]:
    """The same rows must be answered as well as they were measured.

    Where `prepare_data` of the user left rows out of the measurement, the container was asked for
    more rows than were measured: then the minimum counts.
    """
    if check.rows == evaluation.row_count:
        least, of_what = evaluation.metrics.get(ACCURACY, 1.0), "the evaluation measured"
    else:
        least, of_what = thresholds.minimum, f"{thresholds.minimum_name} asks for"
    said = f"accuracy as served is {served:.4g} on {check.rows} rows"
    if served < least - _ALIKE:
        return False, f"{said}; {of_what} {least:.4g}, so callers would get other answers."
    return True, f"{said}; {of_what} {least:.4g}."
