"""Scheduled actions fire when they are asked to, never because time has passed."""

from collections.abc import Callable, Mapping
from typing import Any

from emulator.autoscaling import activities
from emulator.autoscaling.registry import Context
from emulator.autoscaling.resources import (
    SCHEDULED_ACTION,
    TARGET,
    require_target,
    resource_of,
)
from emulator.store import Document, Store


def fire(name: str, *, store: Store, context: Callable[[str], Context]) -> list[str]:
    """Fire every scheduled action of this name that is not suspended; return their ARNs."""
    with store.lock:
        regions = {key.region for key in store.all_keys() if key.kind == SCHEDULED_ACTION}
        return [
            scheduled["ScheduledActionARN"]
            for region in sorted(regions)
            for scheduled in store.all(region, SCHEDULED_ACTION)
            if scheduled["ScheduledActionName"] == name and _fire_one(scheduled, context(region))
        ]


def _fire_one(scheduled: Document, context: Context) -> bool:
    resource = resource_of(scheduled)
    target = require_target(context.store, context.region, resource)
    if target["SuspendedState"]["ScheduledScalingSuspended"]:
        return False
    given = scheduled["ScalableTargetAction"]
    least = given.get("MinCapacity", target["MinCapacity"])
    most = given.get("MaxCapacity", target["MaxCapacity"])
    possible = least <= most
    if possible:
        bounds = {"MinCapacity": least, "MaxCapacity": most}
        context.store.merge(resource.key(context.region, TARGET), bounds)
    now = context.now()
    members = {**_told(scheduled, given, possible=possible), "EndTime": now}
    activities.add(context.store, context.region, resource, members=members, now=now)
    context.fit(context.region, resource)
    return True


def _told(scheduled: Document, given: Mapping[str, Any], *, possible: bool) -> Document:
    sides = (("min", "MinCapacity"), ("max", "MaxCapacity"))
    what = " and ".join(
        f"{side} capacity to {given[member]}" for side, member in sides if member in given
    )
    failed = f"Failed to set {what}. Reason: maximum capacity cannot be less than minimum capacity"
    return {
        "Description": f"Setting {what}",
        "Cause": f"scheduled action name {scheduled['ScheduledActionName']} was triggered",
        "StatusCode": "Successful" if possible else "Failed",
        "StatusMessage": f"Successfully set {what}" if possible else failed,
    }
