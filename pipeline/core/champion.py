"""The gate that compares: a candidate (challenger) with what is live (champion), on the same rows.

Pure: paired counts and limits in, a verdict with its reason out. Of classes the difference is one
of accuracy, tested by McNemar's exact test, with Tango's interval; of numbers it is one of R2,
tested by the mean of paired squared errors, whose interval is the normal one. What cannot be
compared, or only on too few rows, is `hold`: doubt never deploys.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from statistics import NormalDist

from pipeline.core.intervals import CONFIDENCE, Interval, mcnemar, tango
from pipeline.core.records import (
    Approval,
    Comparison,
    Decision,
    Evaluation,
    GateOutcome,
    Outcome,
)

NAME = "champion"
# How surely a paired test must speak, one-sided
SIGNIFICANCE = 0.05
_ROUNDING = 1e-9
_IN_DOUBT = "Asked for by a request, it does not replace what is live."


class Rule(StrEnum):
    NOT_WORSE = "not_worse"
    BETTER = "better"
    OFF = "off"


@dataclass(frozen=True, kw_only=True)
class ChampionLimits:
    """`margin`: how far below the champion (0..1, of accuracy or R2) is still as good.

    With fewer than `minimum_rows` to compare on, nothing is decided. `doubt_keeps`: where these
    rows do not tell for sure, what is live stays and nobody is waited for.
    """

    rule: Rule = Rule.NOT_WORSE
    margin: float = 0.01
    minimum_rows: int = 30
    doubt_keeps: bool = False


@dataclass(frozen=True, kw_only=True)
class Champion:
    """The release that is live."""

    release_id: str
    artifact_sha256: str


@dataclass(frozen=True, kw_only=True)
class Paired:
    """How far the challenger is above the champion, and the chances that it only looks so."""

    champion: float
    challenger: float
    interval: Interval
    p_better: float
    p_worse: float

    @property
    def difference(self) -> float:
        return self.challenger - self.champion


def is_comparable(comparison: Comparison) -> bool:
    """Tell whether there is anything to compare by: rows, and of numbers not all the same one."""
    if comparison.failure is not None or comparison.rows == 0:
        return False
    return comparison.errors is None or comparison.errors.target_variance > 0


def paired(comparison: Comparison) -> Paired:
    """Return what a comparison tells, of what is comparable."""
    if comparison.errors is not None:
        return _of_errors(comparison)
    rows = comparison.rows
    won, lost = comparison.only_challenger_right, comparison.only_champion_right
    return Paired(
        champion=(comparison.both_right + lost) / rows,
        challenger=(comparison.both_right + won) / rows,
        interval=tango(won, lost, rows),
        p_better=mcnemar(won, lost),
        p_worse=mcnemar(lost, won),
    )


def _of_errors(comparison: Comparison) -> Paired:
    """R2 is one less the mean squared error in units of the variance of these very rows."""
    errors = comparison.errors
    assert errors is not None
    scale = errors.target_variance
    champion, challenger = 1 - errors.champion_mean / scale, 1 - errors.challenger_mean / scale
    difference = challenger - champion
    deviation = errors.difference_deviation / scale / math.sqrt(comparison.rows)
    half = NormalDist().inv_cdf((1 + CONFIDENCE) / 2) * deviation
    if deviation > 0:
        p_better = NormalDist().cdf(-difference / deviation)
    else:
        p_better = 0.5 if difference == 0 else float(difference < 0)
    return Paired(
        champion=champion,
        challenger=challenger,
        interval=Interval(difference - half, difference + half),
        p_better=p_better,
        p_worse=1 - p_better,
    )


def needs_comparison(
    evaluation: Evaluation, champion: Champion | None, limits: ChampionLimits
) -> bool:
    """Tell whether something is live that an evaluation was never compared with."""
    if limits.rule is Rule.OFF or champion is None:
        return False
    if champion.artifact_sha256 == evaluation.artifact_sha256:
        return False
    found = evaluation.comparison
    return found is None or found.artifact_sha256 != champion.artifact_sha256


def judged_against(
    evaluation: Evaluation, champion: Champion | None, limits: ChampionLimits
) -> Iterator[GateOutcome]:
    """Judge a candidate against what is live; nothing where the configuration asks for none.

    `champion` is None where nothing is live.
    """
    if limits.rule is Rule.OFF:
        return
    if champion is None:
        yield _outcome(Outcome.PASSED, "champion: nothing is live to be compared with.")
        return
    named = f"champion {champion.release_id}"
    if champion.artifact_sha256 == evaluation.artifact_sha256:
        yield _outcome(Outcome.PASSED, f"{named} is this very model.")
    elif evaluation.comparison is None or needs_comparison(evaluation, champion, limits):
        again = f"--mode evaluation --training-job {evaluation.training_job}"
        reason = f"{named} went live without a comparison with it. To compare: {again}"
        yield _outcome(Outcome.HELD, reason)
    else:
        yield _compared(named, evaluation.comparison, limits)


def apart_from_champion(decision: Decision) -> tuple[str, ...]:
    """Return what the other gates say."""
    of_champion = {each.reason for each in decision.gates if each.name == NAME}
    return tuple(reason for reason in decision.reasons if reason not in of_champion)


def holds_back(decision: Decision) -> bool:
    """Tell whether the comparison with what is live lets a candidate not pass."""
    return any(each.name == NAME and each.outcome is not Outcome.PASSED for each in decision.gates)


def covers(approval: Approval, champion: Champion) -> bool:
    """Tell whether a person who approved knew that this is live."""
    return approval.champion_sha256 == champion.artifact_sha256


def _compared(named: str, comparison: Comparison, limits: ChampionLimits) -> GateOutcome:
    problem = _not_comparable(comparison, limits)
    if problem is not None:
        return _outcome(Outcome.HELD, f"{named}: {problem}")
    found = paired(comparison)
    rule = _by_test if limits.rule is Rule.BETTER else _by_margin
    outcome, said = rule(found, limits)
    if outcome is Outcome.HELD and limits.doubt_keeps:
        outcome, said = Outcome.KEPT, f"{said} {_IN_DOUBT}"
    return GateOutcome(
        name=NAME,
        outcome=outcome,
        reason=f"{named}: {told(comparison)} {said}",
        value=found.difference,
        minimum=-limits.margin if limits.rule is Rule.NOT_WORSE else None,
        interval=found.interval,
        rows=comparison.rows,
    )


def _outcome(outcome: Outcome, reason: str) -> GateOutcome:
    return GateOutcome(name=NAME, outcome=outcome, reason=reason)


def _not_comparable(comparison: Comparison, limits: ChampionLimits) -> str | None:
    if comparison.failure is not None:
        return f"it cannot be compared: {comparison.failure}."
    if comparison.rows < max(1, limits.minimum_rows):
        return (
            f"only {_rows(comparison)} to compare on; champion.minimum_rows is "
            f"{limits.minimum_rows}."
        )
    if not is_comparable(comparison):
        return f"{_rows(comparison)} to compare on have all one and the same number."
    return None


def told(comparison: Comparison) -> str:
    """Say what both reach, how far apart they are, and how sure that is."""
    found, interval = paired(comparison), paired(comparison).interval
    what = "R2" if comparison.errors else "accuracy"
    return (
        f"{what} {found.challenger:.4f} against its {found.champion:.4f} on {_rows(comparison)}: "
        f"{found.difference:+.4f} ({CONFIDENCE:.0%}: {interval.low:+.4f} to {interval.high:+.4f})"
    )


def _by_margin(found: Paired, limits: ChampionLimits) -> tuple[Outcome, str]:
    margin = f"the margin of {-limits.margin:+.4g}"
    if found.difference >= -limits.margin - _ROUNDING:
        return Outcome.PASSED, f"reaches {margin}."
    if found.interval.high < -limits.margin:
        return Outcome.KEPT, f"is wholly below {margin}: the live release is better and stays."
    return Outcome.HELD, f"is below {margin}, and these rows do not tell for sure."


def _by_test(found: Paired, limits: ChampionLimits) -> tuple[Outcome, str]:
    del limits
    if found.p_better < SIGNIFICANCE:
        return Outcome.PASSED, f"reaches what `better` asks for (p {found.p_better:.2g})."
    if found.p_worse < SIGNIFICANCE:
        return Outcome.KEPT, f"is worse (p {found.p_worse:.2g}): the live release stays."
    return Outcome.HELD, (
        f"is not surely better (p {found.p_better:.2g}; `better` asks for less than "
        f"{SIGNIFICANCE})."
    )


def _rows(comparison: Comparison) -> str:
    seen = comparison.seen_rows
    left_out = f" ({seen} left out, which it was trained on)" if seen else ""
    return f"{comparison.rows} rows{left_out}"
