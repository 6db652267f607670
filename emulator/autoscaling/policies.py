"""PutScalingPolicy, DeleteScalingPolicy, DescribeScalingPolicies, and the alarms of policies.

Rules: the pages of these actions in the API reference. A policy's alarms are those that have its
ARN among their actions: target tracking makes its own, step scaling leaves them to the user.
"""

import uuid
from collections.abc import Mapping
from typing import Any

from emulator.api.errors import ValidationError
from emulator.autoscaling.errors import LimitExceeded, ObjectNotFound
from emulator.autoscaling.listing import chosen, page
from emulator.autoscaling.registry import Context, Params, action
from emulator.autoscaling.resources import (
    POLICY,
    Resource,
    of_resource,
    require_target,
    resource_of,
)
from emulator.autoscaling.steps import check_steps
from emulator.autoscaling.tracking import (
    Side,
    alarm_name,
    alarm_request,
    check_tracking,
    metric_of,
    sides,
)
from emulator.metrics.errors import CloudWatchError
from emulator.store import Document

STEPS = "StepScalingPolicyConfiguration"
TRACKING = "TargetTrackingScalingPolicyConfiguration"
_CONFIGURATIONS = {"StepScaling": STEPS, "TargetTrackingScaling": TRACKING}
_ALARM_IDS = "_AlarmIds"
_SIDES: tuple[Side, ...] = ("High", "Low")
_MOST_POLICIES = 50
_MOST_DESCRIBED = 10
_ACTION_MEMBERS = ("AlarmActions", "OKActions", "InsufficientDataActions")


@action("PutScalingPolicy")
def put_scaling_policy(context: Context, params: Params) -> dict[str, Any]:
    resource = resource_of(params)
    key = resource.key(context.region, POLICY, params["PolicyName"])
    with context.store.lock:
        require_target(context.store, context.region, resource)
        known = context.store.find(key)
        policy = _merged(known or _new_policy(context, resource, params), params)
        _check(context, resource, policy)
        _put_alarms(context, resource, policy)
        context.store.put(key, policy)
    return {"PolicyARN": policy["PolicyARN"], "Alarms": alarms_of(context, policy["PolicyARN"])}


def _new_policy(context: Context, resource: Resource, params: Params) -> Document:
    if "PolicyType" not in params:
        text = "PolicyType is required when creating a scaling policy"
        raise ValidationError(text)
    if len(of_resource(context.store, context.region, POLICY, resource)) >= _MOST_POLICIES:
        text = f"A scalable target cannot have more than {_MOST_POLICIES} scaling policies"
        raise LimitExceeded(text)
    name, identifier = params["PolicyName"], str(uuid.uuid4())
    return {
        **resource.members,
        "PolicyARN": context.arn("scalingPolicy", identifier, resource=resource, name=name),
        "PolicyName": name,
        "PolicyType": params["PolicyType"],
        "CreationTime": context.now(),
        _ALARM_IDS: {side: str(uuid.uuid4()) for side in _SIDES},
    }


def _merged(policy: Document, params: Params) -> Document:
    kind = params.get("PolicyType", policy["PolicyType"])
    if kind != policy["PolicyType"]:
        text = f"The policy type of {policy['PolicyName']} cannot be changed"
        raise ValidationError(text)
    if kind not in _CONFIGURATIONS:
        text = f"PolicyType {kind} is not supported for {policy['ServiceNamespace']}"
        raise ValidationError(text)
    member = _CONFIGURATIONS[kind]
    for other in _CONFIGURATIONS.values():
        if other != member and other in params:
            text = f"{other} cannot be specified for the policy type {kind}"
            raise ValidationError(text)
    configuration = params.get(member, policy.get(member))
    if configuration is None:
        text = f"{member} is required for the policy type {kind}"
        raise ValidationError(text)
    return {**policy, member: dict(configuration)}


def _check(context: Context, resource: Resource, policy: Document) -> None:
    if policy["PolicyType"] == "StepScaling":
        check_steps(policy[STEPS])
        return
    check_tracking(policy[TRACKING], resource)
    metric = metric_of(policy[TRACKING])
    for other in of_resource(context.store, context.region, POLICY, resource):
        same = TRACKING in other and metric_of(other[TRACKING]) == metric
        if same and other["PolicyName"] != policy["PolicyName"]:
            text = (
                "Only one TargetTrackingScaling policy for a given metric specification is allowed."
            )
            raise ValidationError(text)


def _put_alarms(context: Context, resource: Resource, policy: Document) -> None:
    """Create or change the alarms of target tracking; what CloudWatch refuses is our refusal."""
    if TRACKING not in policy:
        return
    for side in _SIDES:
        name = alarm_name(resource, side, policy[_ALARM_IDS][side])
        request = alarm_request(
            policy[TRACKING], resource, side=side, policy_arn=policy["PolicyARN"]
        )
        if request is None or side not in sides(policy[TRACKING]):
            _delete_alarm(context, name)
            continue
        try:
            context.cloudwatch.put_metric_alarm({"AlarmName": name, **request}, context.region)
        except CloudWatchError as error:
            raise ValidationError(error.message) from error


def _delete_alarm(context: Context, name: str) -> None:
    context.cloudwatch.book.delete(context.region, [name], now=context.now())


def alarms_of(context: Context, policy_arn: str) -> list[dict[str, str]]:
    return [
        {"AlarmName": alarm["AlarmName"], "AlarmARN": alarm["AlarmArn"]}
        for alarm in context.cloudwatch.book.all(context.region)
        if any(policy_arn in alarm[member] for member in _ACTION_MEMBERS)
    ]


@action("DeleteScalingPolicy")
def delete_scaling_policy(context: Context, params: Params) -> dict[str, Any]:
    resource, name = resource_of(params), params["PolicyName"]
    with context.store.lock:
        policy = context.store.find(resource.key(context.region, POLICY, name))
        if policy is None:
            text = f"No scaling policy found for {resource}, policy name: {name}"
            raise ObjectNotFound(text)
        remove_policy(context, resource, policy)
    return {}


def remove_policy(context: Context, resource: Resource, policy: Document) -> None:
    """Remove a policy with the alarms it made; other alarms lose only the action."""
    for side in _SIDES:
        _delete_alarm(context, alarm_name(resource, side, policy[_ALARM_IDS][side]))
    arn = policy["PolicyARN"]
    for alarm in context.cloudwatch.book.all(context.region):
        without = _without(alarm, arn)
        if without:
            context.cloudwatch.book.merge(context.region, alarm["AlarmName"], without)
    context.store.remove(resource.key(context.region, POLICY, policy["PolicyName"]))


def _without(alarm: Mapping[str, Any], arn: str) -> dict[str, list[str]]:
    """Return the action members that had the ARN, without it."""
    return {
        member: [action for action in alarm[member] if action != arn]
        for member in _ACTION_MEMBERS
        if arn in alarm[member]
    }


@action("DescribeScalingPolicies")
def describe_scaling_policies(context: Context, params: Params) -> dict[str, Any]:
    policies = chosen(
        context.store.all(context.region, POLICY), params, names=("PolicyNames", "PolicyName")
    )
    answer = page("ScalingPolicies", policies, params, most=_MOST_DESCRIBED)
    for policy in answer["ScalingPolicies"]:
        policy["Alarms"] = alarms_of(context, policy["PolicyARN"])
    return answer
