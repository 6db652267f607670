"""The gate: numbers against limits, nothing else. Two limits make three verdicts.

A number that is missing, not finite, or outside of what it can be is `reject`: doubt never
deploys. The decision is the worst of all gates, with an outcome and a reason for each.
"""

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeGuard

from pipeline.core.champion import ChampionLimits, Rule
from pipeline.core.intervals import wilson
from pipeline.core.measures import COUNTED, OPERATIONAL, is_share
from pipeline.core.records import Bound, Decision, GateOutcome, Outcome, Verdict

VERDICTS = {
    Outcome.PASSED: Verdict.DEPLOY,
    Outcome.SKIPPED: Verdict.DEPLOY,
    Outcome.HELD: Verdict.HOLD,
    Outcome.KEPT: Verdict.KEEP,
    Outcome.FAILED: Verdict.REJECT,
}
_NO_CHAMPION = ChampionLimits(rule=Rule.OFF)
_DRY_RUN = "gates.mode is dry_run: no gate blocks, the verdict would be {verdict}."


@dataclass(frozen=True, kw_only=True)
class Limits:
    """Beyond `minimum` or `maximum` reject, from `threshold` on deploy, between them hold.

    Without a threshold of its own, the other limit is also the threshold and nothing is held.
    `bound` lower or upper compares that end of the interval in place of the value. The names are
    those the user knows the limits by.
    """

    minimum: float | None = None
    maximum: float | None = None
    threshold: float | None = None
    bound: Bound = "value"
    minimum_name: str = "its minimum"
    maximum_name: str = "its maximum"
    threshold_name: str = "its threshold"

    def __post_init__(self) -> None:
        if (self.minimum is None) == (self.maximum is None):
            message = f"limits have a minimum or a maximum, not {self!r}"
            raise ValueError(message)
        if self.minimum is not None and not self.minimum <= self.deploy_from:
            message = f"limits must satisfy minimum <= threshold, not {self!r}"
            raise ValueError(message)
        if self.maximum is not None and not self.deploy_from <= self.maximum:
            message = f"limits must satisfy threshold <= maximum, not {self!r}"
            raise ValueError(message)
        if self.bound == ("upper" if self.more_is_better else "lower"):
            message = f"a minimum is for the lower bound, a maximum for the upper, not {self!r}"
            raise ValueError(message)

    @property
    def more_is_better(self) -> bool:
        return self.minimum is not None

    @property
    def last(self) -> float:
        """The limit beyond which is rejection."""
        return next(each for each in (self.minimum, self.maximum) if each is not None)

    @property
    def deploy_from(self) -> float:
        return self.last if self.threshold is None else self.threshold

    @property
    def all(self) -> tuple[float, ...]:
        return (self.last, self.deploy_from)


def accuracy_limits(
    accuracy_threshold: float, minimum_accuracy: float, *, bound: Bound = "value"
) -> Limits:
    return Limits(
        minimum=minimum_accuracy,
        threshold=accuracy_threshold,
        bound=bound,
        minimum_name="minimum_accuracy",
        threshold_name="accuracy_threshold",
    )


@dataclass(frozen=True, kw_only=True)
class SliceLimits:
    """What each part of the held-out rows with one value, or bin, of a column has to reach.

    Without `metric` it is accuracy, or rmse of a regression; a part with fewer rows than
    `minimum_rows` is not judged, and no part at all without `limits`.
    """

    column: str
    limits: Limits | None = None
    metric: str | None = None
    minimum_rows: int = 30


@dataclass(frozen=True, kw_only=True)
class GatePolicy:
    """All that a configuration asks of a candidate. `thresholds` are those of accuracy."""

    thresholds: Limits
    gates: Mapping[str, Limits] = field(default_factory=dict)
    slices: tuple[SliceLimits, ...] = ()
    champion: ChampionLimits = _NO_CHAMPION
    dry_run: bool = False

    @property
    def without_champion(self) -> "GatePolicy":
        return replace(self, champion=_NO_CHAMPION)


def decided(outcomes: Sequence[GateOutcome], *, dry_run: bool = False) -> Decision:
    """Return the worst of all outcomes; in a dry run it is told, and blocks nothing."""
    verdicts = (VERDICTS[each.outcome] for each in outcomes)
    worst = max(verdicts, key=tuple(Verdict).index, default=Verdict.REJECT)
    reasons = tuple(each.reason for each in outcomes)
    if dry_run:
        reasons = (*reasons, _DRY_RUN.format(verdict=worst.value))
        return Decision(verdict=Verdict.DEPLOY, reasons=reasons, gates=tuple(outcomes))
    return Decision(verdict=worst, reasons=reasons, gates=tuple(outcomes))


def judge_one(
    name: str,
    value: object,
    *,
    limits: Limits,
    rows: int | None = None,
    called: str | None = None,
) -> GateOutcome:
    """Judge one number, known as `name`, told as `called`."""
    called = called or name
    share = is_share(name, *limits.all)
    wanted = "a number from 0 to 1" if share else "a finite number"
    if not _is_number(value) or (share and not 0 <= value <= 1):
        found = "is missing" if value is None else f"is {value!r}"
        return _outcome(
            called, None, limits, Outcome.FAILED, f"{called} {found}; it must be {wanted}."
        )
    counted = name in COUNTED and rows
    interval = wilson(float(value) * rows, rows) if counted and rows else None
    judged, said = float(value), called if called == name else f"{called},"
    if limits.bound != "value":
        if interval is None:
            can = f"only {', '.join(sorted(COUNTED))} have one"
            reason = f"{called} has no {limits.bound} bound: {can}."
            return _outcome(called, float(value), limits, Outcome.FAILED, reason)
        judged = interval.low if limits.bound == "lower" else interval.high
        said = f"the {limits.bound} bound of {called} ({value:.4g} on {rows} rows),"
    outcome, reason = _compared(judged, limits)
    return replace(
        _outcome(called, float(value), limits, outcome, f"{said} {reason}"),
        interval=interval,
        rows=None if name in OPERATIONAL - COUNTED else rows,
    )


def _outcome(
    name: str, value: float | None, limits: Limits, outcome: Outcome, reason: str
) -> GateOutcome:
    return GateOutcome(
        name=name,
        outcome=outcome,
        reason=reason,
        value=value,
        minimum=limits.minimum,
        maximum=limits.maximum,
        threshold=limits.threshold,
        bound=limits.bound,
    )


def _compared(value: float, limits: Limits) -> tuple[Outcome, str]:
    shown = _shown(value, beside=limits.all)
    beyond, reaches = ("below", "reaches") if limits.more_is_better else ("above", "is within")
    name = limits.minimum_name if limits.more_is_better else limits.maximum_name
    last = f"{name} {limits.last!r}"
    if not _reaches(value, limits.last, limits):
        return Outcome.FAILED, f"{shown} is {beyond} {last}."
    if limits.threshold is None:
        return Outcome.PASSED, f"{shown} {reaches} {last}."
    threshold = f"{limits.threshold_name} {limits.threshold!r}"
    if not _reaches(value, limits.threshold, limits):
        return Outcome.HELD, f"{shown} is {beyond} {threshold} but {reaches} {last}."
    return Outcome.PASSED, f"{shown} {reaches} {threshold}."


def _reaches(value: float, limit: float, limits: Limits) -> bool:
    return value >= limit if limits.more_is_better else value <= limit


def _shown(value: float, *, beside: Collection[float]) -> str:
    """Return four digits, or all where four would look like a limit that the value is not."""
    rounded = f"{value:.4g}"
    # float() keeps numpy's own repr out of the sentence.
    looks_alike = any(float(rounded) == limit != value for limit in beside)
    return repr(float(value)) if looks_alike else rounded


def _is_number(value: object) -> TypeGuard[int | float]:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return math.isfinite(value)
