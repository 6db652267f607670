"""Scaling activities: what was tried, why, and what came of it.

Texts: "Scaling activities for Application Auto Scaling" in the user guide, and activities of real
endpoints that were published.
"""

import uuid
from dataclasses import dataclass
from typing import Any

from emulator.autoscaling.listing import chosen, page
from emulator.autoscaling.registry import Context, Params, action
from emulator.autoscaling.resources import ACTIVITY, Resource, of_resource
from emulator.store import Document, Key, Store

_KEPT = 200

# Our own members: shaping the answer leaves them out.
WANTED = "_Wanted"
BASE = "_Base"
DIRECTION = "_Direction"


def alarm_cause(alarm_name: str, state: str, *, policy_name: str) -> str:
    return f"monitor alarm {alarm_name} in state {state} triggered policy {policy_name}"


@dataclass(frozen=True, kw_only=True)
class Change:
    """A count to be asked for. `base` is what a policy's scale-out counts from, else None."""

    resource: Resource
    wanted: int
    current: int
    cause: str
    base: int | None = None


def begin(store: Store, region: str, change: Change, *, now: float) -> Key:
    """Note a change of the count that is about to be asked for."""
    members: Document = {
        "Description": f"Setting desired instance count to {change.wanted}.",
        "Cause": change.cause,
        "StatusCode": "InProgress",
        WANTED: change.wanted,
    }
    if change.base is not None:
        members[BASE] = change.base
        members[DIRECTION] = "out" if change.wanted > change.current else "in"
    return add(store, region, change.resource, members=members, now=now)


def finish(store: Store, key: Key, *, status: str, message: str, now: float) -> None:
    store.merge(key, {"StatusCode": status, "StatusMessage": message, "EndTime": now})


def fulfilled(wanted: int) -> str:
    return (
        f"Successfully set desired instance count to {wanted}. "
        "Change successfully fulfilled by sagemaker."
    )


def refused(wanted: int, reason: str) -> str:
    return f"Failed to set desired instance count to {wanted}. Reason: {reason}"


def note(store: Store, region: str, resource: Resource, *, members: Document, now: float) -> None:
    """Add an activity that is over already, unless the newest one says just the same."""
    newest = next(iter(newest_first(store, region, resource)), {})
    if members.items() <= newest.items():
        return
    add(store, region, resource, members={**members, "EndTime": now}, now=now)


def not_scaled(cause: str, reason: dict[str, Any]) -> Document:
    return {
        "Description": "Attempting to scale due to alarm triggered",
        "Cause": cause,
        "StatusCode": "Failed",
        "NotScaledReasons": [reason],
    }


def in_the_way(change: Change) -> Document:
    """Somebody else's update: SageMaker would refuse, and the alarm's next minute asks again."""
    endpoint = change.resource.variant.endpoint_name if change.resource.variant else ""
    return {
        "Description": f"Setting desired instance count to {change.wanted}.",
        "Cause": change.cause,
        "StatusCode": "Failed",
        "StatusMessage": refused(
            change.wanted, f'Cannot update in-progress endpoint "{endpoint}".'
        ),
    }


def in_progress(store: Store, region: str, resource: Resource) -> list[Document]:
    found = of_resource(store, region, ACTIVITY, resource)
    return [activity for activity in found if activity["StatusCode"] == "InProgress"]


def newest_first(store: Store, region: str, resource: Resource) -> list[Document]:
    return of_resource(store, region, ACTIVITY, resource)[::-1]


def key_of(region: str, activity: Document) -> Key:
    return Key(region=region, kind=ACTIVITY, name=activity["ActivityId"])


def add(store: Store, region: str, resource: Resource, *, members: Document, now: float) -> Key:
    """Keep an activity; the oldest of a resource are forgotten."""
    with store.lock:
        for old in newest_first(store, region, resource)[_KEPT - 1 :]:
            store.remove(key_of(region, old))
        activity = {
            **resource.members,
            **members,
            "ActivityId": str(uuid.uuid4()),
            "StartTime": now,
        }
        key = key_of(region, activity)
        store.put(key, activity)
    return key


@action("DescribeScalingActivities")
def describe_scaling_activities(context: Context, params: Params) -> dict[str, Any]:
    """What was not scaled is shown only to who asks for it."""
    newest = context.store.all(context.region, ACTIVITY)[::-1]
    shown = [
        activity
        for activity in chosen(newest, params)
        if params.get("IncludeNotScaledActivities") or "NotScaledReasons" not in activity
    ]
    return page("ScalingActivities", shown, params)
