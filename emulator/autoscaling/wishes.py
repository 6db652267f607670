"""What each policy of a target asks for while its alarms ring, and which of them is followed. Pure.

Rules: "Considerations" for target tracking and step scaling in the user guide: the largest count
wins, and target tracking scales in only when all its policies are ready to.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from emulator.autoscaling.policies import STEPS, TRACKING
from emulator.autoscaling.rules import (
    Breach,
    Past,
    aggregated,
    base_count,
    may_scale_in,
    step_for,
    stepped_count,
    tracked_count,
)

Policy = Mapping[str, Any]

_DEFAULT_COOLDOWN_S = 300


@dataclass(frozen=True, kw_only=True)
class Present:
    """A target now; `time_scale` divides cooldowns."""

    current: int
    past: Past
    now: float
    time_scale: float


@dataclass(frozen=True, kw_only=True)
class Ringing:
    """An alarm whose action is a policy; OK and INSUFFICIENT_DATA may have actions too."""

    policy: Policy
    alarm_name: str
    breach: Breach
    state: str = "ALARM"


@dataclass(frozen=True, kw_only=True)
class Wish:
    ringing: Ringing
    wanted: int
    base: int


def wish_of(ringing: Ringing, present: Present) -> Wish | None:
    """Return the count that the policy asks for; None while it cools down or has no answer."""
    if TRACKING in ringing.policy:
        return _tracking_wish(ringing, present)
    return _step_wish(ringing, present)


def _tracking_wish(ringing: Ringing, present: Present) -> Wish | None:
    breach, configuration = ringing.breach, ringing.policy[TRACKING]
    if not breach.values:
        return None
    member = "ScaleOutCooldown" if breach.rising else "ScaleInCooldown"

    def count(base: int) -> int:
        target = configuration["TargetValue"]
        return tracked_count(base, breach.values[0], target=target, rising=breach.rising)

    return _cooled(ringing, present, count=count, cooldown_s=configuration.get(member))


def _step_wish(ringing: Ringing, present: Present) -> Wish | None:
    breach, configuration = ringing.breach, ringing.policy[STEPS]
    kind = configuration.get("MetricAggregationType", "Average")
    size = aggregated(breach.values, kind) - breach.threshold if breach.values else 0.0
    step = step_for(configuration["StepAdjustments"], size, rising=breach.rising)
    if step is None:
        return None

    def count(base: int) -> int:
        return stepped_count(
            base,
            step["ScalingAdjustment"],
            kind=configuration["AdjustmentType"],
            at_least=configuration.get("MinAdjustmentMagnitude", 0),
        )

    return _cooled(ringing, present, count=count, cooldown_s=configuration.get("Cooldown"))


def _cooled(
    ringing: Ringing, present: Present, *, count: Any, cooldown_s: float | None
) -> Wish | None:
    wait_s = (_DEFAULT_COOLDOWN_S if cooldown_s is None else cooldown_s) / present.time_scale
    current, past, now = present.current, present.past, present.now
    wanted: int = count(current)
    if wanted < current and not may_scale_in(past, cooldown_s=wait_s, now=now):
        return None
    base = current
    if wanted > current:
        base = base_count(current, past, cooldown_s=wait_s, now=now)
        wanted = count(base)
        if base < current and wanted <= current:
            return None
    return Wish(ringing=ringing, wanted=wanted, base=base)


def followed(
    asked: Ringing, others: Iterable[Ringing], *, policies: Sequence[Policy], present: Present
) -> Wish | None:
    """Return the largest wish; None when there is none, or a tracking policy is not ready."""
    ringing = [asked, *others]
    wishes = [wish for each in ringing if (wish := wish_of(each, present)) is not None]
    best = max(wishes, key=lambda wish: wish.wanted, default=None)
    if best is None or best.wanted >= present.current or TRACKING not in best.ringing.policy:
        return best
    ready = {each.policy["PolicyName"] for each in ringing if not each.breach.rising}
    return best if all(_may_shrink(policy, ready) for policy in policies) else None


def _may_shrink(policy: Policy, ready: set[str]) -> bool:
    tracks = TRACKING in policy and not policy[TRACKING].get("DisableScaleIn")
    return not tracks or policy["PolicyName"] in ready
