"""Changes the number of a variant's instances: for alarms, for new bounds, and to the end.

Decides under the store's lock, asks SageMaker outside of it, and hears of the endpoint from the
store. One change of a target at a time; what is refused is tried again with the alarm's next
minute.
"""

import logging
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from emulator.autoscaling import activities
from emulator.autoscaling.activities import Change
from emulator.autoscaling.breaches import breach_now, breach_of
from emulator.autoscaling.registry import Context
from emulator.autoscaling.resources import (
    POLICY,
    TARGET,
    Resource,
    Variant,
    of_resource,
    require_target,
    resource_of,
)
from emulator.autoscaling.rules import Bounds, Past, bounded
from emulator.autoscaling.targets import deregister
from emulator.autoscaling.variants import ENDPOINT, VariantState, scaled_resources, variant_state
from emulator.autoscaling.wishes import Present, Ringing, Wish, followed
from emulator.metrics.alarm_book import Transition
from emulator.metrics.service import CloudWatch
from emulator.store import Document, Key, Store

log = logging.getLogger(__name__)

_PAST = "_Past"
_MOVING = ("Updating", "SystemUpdating", "RollingBack")
_SETTLED = ("InService", "Failed", "UpdateRollbackFailed")


class CannotScale(Exception):
    """An alarm's action that names no policy of ours, or one that is only stored."""


class Refused(Exception):
    """SageMaker did not take the new count; the text is its reason."""


# Asks SageMaker for a count of a variant's instances in a region.
Ask = Callable[[str, Variant, int], None]


@dataclass(frozen=True, kw_only=True)
class Settings:
    """`time_scale` divides cooldowns."""

    account_id: str
    time_scale: float


class Scaler:
    def __init__(
        self,
        settings: Settings,
        store: Store,
        cloudwatch: CloudWatch,
        *,
        ask: Ask,
        now: Callable[[], float],
    ) -> None:
        self._settings = settings
        self._store = store
        self._cloudwatch = cloudwatch
        self._ask = ask
        self._now = now

    def context(self, region: str) -> Context:
        return Context(
            region=region,
            account_id=self._settings.account_id,
            store=self._store,
            cloudwatch=self._cloudwatch,
            now=self._now,
            fit=self.fit,
        )

    def on_alarm(self, policy_arn: str, transition: Transition) -> None:
        """Be the action of an alarm whose action is a scaling policy."""
        region = transition.region
        with self._store.lock:
            policy = self._policy(region, policy_arn)
            breach = breach_of(transition, store=self._cloudwatch.store)
            asked = Ringing(
                policy=policy,
                alarm_name=transition.after["AlarmName"],
                breach=breach,
                state=transition.after["StateValue"],
            )
            change = self._decided(region, asked)
            if change is None:
                return
            key = activities.begin(self._store, region, change, now=self._now())
        self._begin(region, change, key)

    def _policy(self, region: str, arn: str) -> Document:
        for policy in self._store.all(region, POLICY):
            if policy["PolicyARN"] == arn:
                if resource_of(policy).variant is None:
                    text = f"The embedded AWS does not scale {policy['ScalableDimension']}."
                    raise CannotScale(text)
                return policy
        text = f"There is no scaling policy with the ARN {arn}."
        raise CannotScale(text)

    def _decided(self, region: str, asked: Ringing) -> Change | None:
        resource = resource_of(asked.policy)
        target = require_target(self._store, region, resource)
        state = self._state(region, resource)
        if state is None or activities.in_progress(self._store, region, resource):
            return None
        current, policies = state.count or 0, of_resource(self._store, region, POLICY, resource)
        others = list(self._others(region, policies, asked=asked))
        present = Present(
            current=current,
            past=Past(**target.get(_PAST, {})),
            now=self._now(),
            time_scale=self._settings.time_scale,
        )
        wish = followed(asked, others, policies=policies, present=present)
        if wish is None or _suspended(target, wish.wanted, current=current):
            return None
        return self._change(region, wish, target=target, state=state)

    def _state(self, region: str, resource: Resource) -> VariantState | None:
        """Return the variant once it serves."""
        variant = resource.variant
        state = variant_state(self._store, region, variant) if variant else None
        return state if state is not None and state.count is not None else None

    def _others(
        self, region: str, policies: list[Document], *, asked: Ringing
    ) -> Iterator[Ringing]:
        """Find what else rings for the target."""
        store, now = self._cloudwatch.store, self._now()
        for alarm in self._cloudwatch.book.all(region):
            if alarm["StateValue"] != "ALARM" or "Threshold" not in alarm:
                continue
            for policy in policies:
                known = (alarm["AlarmName"], policy["PolicyARN"])
                if known == (asked.alarm_name, asked.policy["PolicyARN"]):
                    continue
                if policy["PolicyARN"] in alarm["AlarmActions"]:
                    breach = breach_now(alarm, store=store, region=region, now=now)
                    yield Ringing(policy=policy, alarm_name=known[0], breach=breach)

    def _change(
        self, region: str, wish: Wish, *, target: Document, state: VariantState
    ) -> Change | None:
        """Return the change that the wish is within the bounds; note why there is none."""
        current, bounds, ringing = state.count or 0, _bounds(target), wish.ringing
        change = Change(
            resource=resource_of(target),
            wanted=bounded(current, wish.wanted, bounds),
            current=current,
            cause=activities.alarm_cause(
                ringing.alarm_name, ringing.state, policy_name=ringing.policy["PolicyName"]
            ),
            base=wish.base,
        )
        if change.wanted == current:
            reason = _why_not(current, wish.wanted, bounds)
            self._note(region, change, activities.not_scaled(change.cause, reason))
            return None
        if not state.settled:
            self._note(region, change, activities.in_the_way(change))
            return None
        return change

    def _note(self, region: str, change: Change, members: Document) -> None:
        activities.note(self._store, region, change.resource, members=members, now=self._now())

    def fit(self, region: str, resource: Resource) -> None:
        """Bring the count within the bounds; an endpoint that is not in service is left alone."""
        with self._store.lock:
            target = self._store.find(resource.key(region, TARGET))
            state = self._state(region, resource)
            busy = activities.in_progress(self._store, region, resource)
            if target is None or state is None or not state.settled or busy:
                return
            current, bounds = state.count or 0, _bounds(target)
            wanted = bounds.clamp(current)
            if wanted == current:
                return
            side = "minimum" if wanted > current else "maximum"
            cause = f"{side} capacity was set to {wanted}"
            change = Change(resource=resource, wanted=wanted, current=current, cause=cause)
            key = activities.begin(self._store, region, change, now=self._now())
        name = f"scale-{resource.resource_id}"
        threading.Thread(
            target=self._begin, args=(region, change, key), name=name, daemon=True
        ).start()

    def _begin(self, region: str, change: Change, key: Key) -> None:
        """Ask for the change; when it is accepted, the endpoint's own end is the activity's."""
        variant = change.resource.variant
        assert variant is not None
        log.info("resource=%s count=%d", change.resource.resource_id, change.wanted)
        try:
            self._ask(region, variant, change.wanted)
        except Refused as refusal:
            message = activities.refused(change.wanted, str(refusal))
            activities.finish(self._store, key, status="Failed", message=message, now=self._now())

    def endpoint_changed(self, key: Key, before: Document | None, after: Document) -> None:
        """Hear of every change in the store, under its lock."""
        if key.kind != ENDPOINT or before is None:
            return
        was, status = before["EndpointStatus"], after["EndpointStatus"]
        if was == status:
            return
        for resource in scaled_resources(self._store, key.region, key.name):
            if status == "Deleting":
                deregister(self.context(key.region), resource)
            elif was in _MOVING and status in _SETTLED:
                self._complete(key.region, resource, endpoint=after)

    def _complete(self, region: str, resource: Resource, *, endpoint: Document) -> None:
        state = self._state(region, resource)
        count = state.count if state else None
        under_way = activities.in_progress(self._store, region, resource)
        for activity in under_way:
            wanted, done = activity[activities.WANTED], count == activity[activities.WANTED]
            reason = endpoint.get("FailureReason") or "the endpoint was changed otherwise."
            activities.finish(
                self._store,
                activities.key_of(region, activity),
                status="Successful" if done else "Failed",
                message=activities.fulfilled(wanted)
                if done
                else activities.refused(wanted, reason),
                now=self._now(),
            )
            if done:
                self._remember(region, resource, activity)
        if under_way:
            self.fit(region, resource)

    def _remember(self, region: str, resource: Resource, activity: Document) -> None:
        """A scale-out by a policy begins its cooldown and ends that of a scale-in."""
        if activities.DIRECTION not in activity:
            return
        key, now = resource.key(region, TARGET), self._now()
        past = (self._store.find(key) or {}).get(_PAST, {})
        if activity[activities.DIRECTION] == "out":
            past = {"out_at": now, "out_base": activity[activities.BASE], "in_at": None}
        else:
            past = {**past, "in_at": now}
        self._store.merge(key, {_PAST: past})


def _bounds(target: Document) -> Bounds:
    return Bounds(minimum=target["MinCapacity"], maximum=target["MaxCapacity"])


def _suspended(target: Document, wanted: int, *, current: int) -> bool:
    side = "Out" if wanted > current else "In"
    return wanted != current and bool(target["SuspendedState"][f"DynamicScaling{side}Suspended"])


def _why_not(current: int, wanted: int, bounds: Bounds) -> dict[str, Any]:
    """Return NotScaledReasons' element."""
    if wanted > current:
        code, limit = "AlreadyAtMaxCapacity", {"MaxCapacity": bounds.maximum}
    elif wanted < current:
        code, limit = "AlreadyAtMinCapacity", {"MinCapacity": bounds.minimum}
    else:
        code, limit = "AlreadyAtDesiredCapacity", {}
    return {"Code": code, **limit, "CurrentCapacity": current}
