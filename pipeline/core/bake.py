"""What the answers of an endpoint say while two fleets give them. Pure.

While a move bakes with a part of the traffic, nobody can tell which fleet gave an answer (the API
names the variant, which is the same). So what the new fleet may do wrong is bounded: of `asked`
requests it got at most a share, and of these it may miss a share. More misses than such a fleet
would ever show are an objection; fewer prove nothing, and the tests on all traffic follow.
"""

import math
from dataclasses import dataclass

from pipeline.core.head import DeploymentConfig, Strategy
from pipeline.core.records import TestLimits

# Each look at the counts may be wrong with this probability: a needless veto in 10 000 looks.
_NEVER = 1e-4


@dataclass(frozen=True, kw_only=True)
class Mixture:
    """Counts of requests of one row: how many failed, and how many labels are newly wrong.

    Newly wrong is what the old fleet, asked before the move, did not answer.
    """

    asked: int = 0
    failed: int = 0
    newly_wrong: int = 0

    def plus(self, other: "Mixture") -> "Mixture":
        return Mixture(
            asked=self.asked + other.asked,
            failed=self.failed + other.failed,
            newly_wrong=self.newly_wrong + other.newly_wrong,
        )


def instances_at_once(strategy: Strategy, step_percentage: int | None, count: int) -> int:
    """Return how many instances an endpoint of so many has while it moves.

    Blue/green starts a whole second fleet, rolling a batch at a time (developer guide, "Blue/Green
    Deployments" and "Use rolling deployments").
    """
    if strategy is not Strategy.ROLLING:
        return 2 * count
    return count + math.ceil(count * (step_percentage or 100) / 100)


def waits_s(shift: DeploymentConfig) -> int:
    """Return the longest single wait of a move, in seconds: the time in which it can be tested."""
    return max(shift.wait_interval_s, shift.termination_wait_s)


def share_at_most(shift: DeploymentConfig, instance_count: int) -> float:
    """Return the largest share of the traffic that the new fleet may have before its last step.

    Whole instances take traffic: a canary of 10 % of two is one of them.
    """
    if shift.strategy is not Strategy.CANARY or not shift.step_percentage:
        return 1.0
    canary = math.ceil(instance_count * shift.step_percentage / 100)
    return min(1.0, canary / instance_count)


def objection(seen: Mixture, limits: TestLimits, *, share: float) -> str | None:
    """Return what speaks against the new fleet, that has at most `share` (0..1) of the traffic."""
    may_fail = share * (1 - limits.minimum_success_rate)
    if is_too_many(seen.failed, seen.asked, may_fail):
        return (
            f"{seen.failed} of {seen.asked} requests fail since the new instances have a part of "
            f"the traffic; with a success rate of {limits.minimum_success_rate:.2%} they would not."
        )
    may_miss = share * (1 - limits.minimum_prediction_accuracy)
    if is_too_many(seen.newly_wrong, seen.asked, may_miss):
        return (
            f"{seen.newly_wrong} of {seen.asked} held-out rows are answered wrong that were not "
            "before the new instances had a part of the traffic; with an accuracy of "
            f"{limits.minimum_prediction_accuracy} they would not be."
        )
    return None


def is_too_many(count: int, asked: int, probability: float) -> bool:
    """Tell whether so many of `asked` never happen where each happens with this probability."""
    if count == 0:
        return False
    return _at_least(count, asked, min(1.0, probability)) < _NEVER


def _at_least(count: int, of: int, probability: float) -> float:
    """Return the probability of `count` or more successes (binomial distribution)."""
    if probability <= 0.0:
        return 0.0
    if probability >= 1.0:
        return 1.0
    logs = (
        math.lgamma(of + 1)
        - math.lgamma(k + 1)
        - math.lgamma(of - k + 1)
        + k * math.log(probability)
        + (of - k) * math.log1p(-probability)
        for k in range(count, of + 1)
    )
    return math.fsum(map(math.exp, logs))
