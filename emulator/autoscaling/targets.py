"""RegisterScalableTarget, DeregisterScalableTarget, DescribeScalableTargets, and the tags.

Rules: the pages of these actions in the API reference. Tags live in the store and end with the
target.
"""

import uuid
from collections.abc import Mapping
from typing import Any

from emulator.api.errors import ValidationError
from emulator.autoscaling import activities
from emulator.autoscaling.errors import ResourceNotFound, TooManyTags
from emulator.autoscaling.listing import chosen, page
from emulator.autoscaling.policies import remove_policy
from emulator.autoscaling.registry import Context, Params, action
from emulator.autoscaling.resources import (
    POLICY,
    SCHEDULED_ACTION,
    TARGET,
    Resource,
    of_resource,
    require_target,
    resource_of,
)
from emulator.autoscaling.variants import check_scalable
from emulator.partitions import partition_of
from emulator.store import Document

_MOST_TAGS = 50
_SUSPENSIONS = (
    "DynamicScalingInSuspended",
    "DynamicScalingOutSuspended",
    "ScheduledScalingSuspended",
)
_ROLES = {"sagemaker": "SageMakerEndpoint"}


@action("RegisterScalableTarget")
def register_scalable_target(context: Context, params: Params) -> dict[str, Any]:
    """A target that exists keeps what is not named, its tags too; then the count is made to fit."""
    resource = resource_of(params)
    key = resource.key(context.region, TARGET)
    with context.store.lock:
        known = context.store.find(key)
        target = _merged(known or _new_target(context, resource), params)
        _check_bounds(target)
        check_scalable(context.store, context.region, resource, minimum=target["MinCapacity"])
        context.store.put(key, target)
        if known is None:
            _add_tags(context, target["ScalableTargetARN"], params.get("Tags", {}))
    context.fit(context.region, resource)
    return {"ScalableTargetARN": target["ScalableTargetARN"]}


def _new_target(context: Context, resource: Resource) -> Document:
    of = f"arn:{partition_of(context.region)}:application-autoscaling:{context.region}"
    return {
        **resource.members,
        "RoleARN": _service_linked_role(context, resource.namespace),
        "CreationTime": context.now(),
        "SuspendedState": dict.fromkeys(_SUSPENSIONS, False),
        "ScalableTargetARN": (f"{of}:{context.account_id}:scalable-target/{uuid.uuid4().hex}"),
    }


def _service_linked_role(context: Context, namespace: str) -> str:
    name = _ROLES.get(namespace, namespace)
    return (
        f"arn:{partition_of(context.region)}:iam::{context.account_id}:role/aws-service-role/"
        f"{namespace}.application-autoscaling.amazonaws.com/"
        f"AWSServiceRoleForApplicationAutoScaling_{name}"
    )


def _merged(target: Document, params: Params) -> Document:
    """RoleARN is ignored, as on AWS, where a service-linked role does the work."""
    given = {name: params[name] for name in ("MinCapacity", "MaxCapacity") if name in params}
    suspended = {**target["SuspendedState"], **params.get("SuspendedState", {})}
    return {**target, **given, "SuspendedState": suspended}


def _check_bounds(bounds: Mapping[str, Any]) -> None:
    for member in ("MinCapacity", "MaxCapacity"):
        if member not in bounds:
            text = f"{member} is required when registering a new scalable target"
            raise ValidationError(text)
    if bounds["MinCapacity"] < 0:
        text = "Minimum capacity cannot be less than 0"
        raise ValidationError(text)
    if bounds["MaxCapacity"] < bounds["MinCapacity"]:
        text = "Maximum capacity cannot be less than minimum capacity"
        raise ValidationError(text)


@action("DeregisterScalableTarget")
def deregister_scalable_target(context: Context, params: Params) -> dict[str, Any]:
    deregister(context, resource_of(params))
    return {}


def deregister(context: Context, resource: Resource) -> None:
    """Remove the target with its policies, their alarms, its scheduled actions and its tags."""
    store, region = context.store, context.region
    with store.lock:
        target = require_target(store, region, resource)
        for policy in of_resource(store, region, POLICY, resource):
            remove_policy(context, resource, policy)
        for scheduled in of_resource(store, region, SCHEDULED_ACTION, resource):
            name = scheduled["ScheduledActionName"]
            store.remove(resource.key(region, SCHEDULED_ACTION, name))
        for activity in activities.in_progress(store, region, resource):
            activities.finish(
                store,
                activities.key_of(region, activity),
                status="Unfulfilled",
                message="The scalable target was deregistered.",
                now=context.now(),
            )
        store.remove(resource.key(region, TARGET))
        store.remove_tags(target["ScalableTargetARN"])


@action("DescribeScalableTargets")
def describe_scalable_targets(context: Context, params: Params) -> dict[str, Any]:
    targets = chosen(context.store.all(context.region, TARGET), params)
    return page("ScalableTargets", targets, params)


@action("ListTagsForResource")
def list_tags_for_resource(context: Context, params: Params) -> dict[str, Any]:
    return {"Tags": context.store.tags(_require_arn(context, params))}


@action("TagResource")
def tag_resource(context: Context, params: Params) -> dict[str, Any]:
    _add_tags(context, _require_arn(context, params), params["Tags"])
    return {}


@action("UntagResource")
def untag_resource(context: Context, params: Params) -> dict[str, Any]:
    context.store.remove_tags(_require_arn(context, params), list(params["TagKeys"]))
    return {}


def _add_tags(context: Context, arn: str, tags: Mapping[str, str]) -> None:
    with context.store.lock:
        if len({**context.store.tags(arn), **tags}) > _MOST_TAGS:
            text = f"A scalable target cannot have more than {_MOST_TAGS} tags: {arn}"
            raise TooManyTags(text)
        context.store.add_tags(arn, tags)


def _require_arn(context: Context, params: Params) -> str:
    arn: str = params["ResourceARN"]
    targets = context.store.all(context.region, TARGET)
    if arn not in [target["ScalableTargetARN"] for target in targets]:
        text = f"Resource not found for ARN: {arn}"
        raise ResourceNotFound(text)
    return arn
