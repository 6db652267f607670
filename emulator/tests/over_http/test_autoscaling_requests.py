"""Application Auto Scaling through boto3: what is answered, stored, removed and refused."""

from collections.abc import Iterator

import pytest
from botocore.exceptions import ClientError

from emulator.tests.support.embedded import Embedded, a_variant, eventually, unique
from emulator.tests.support.scaled import Scaled, alarm_on

pytestmark = pytest.mark.emulated


@pytest.fixture(scope="module")
def shared(embedded_url: str) -> Scaled:
    """An endpoint whose count no test changes."""
    embedded = Embedded(url=embedded_url)
    return Scaled(embedded=embedded, endpoint=embedded.an_endpoint(embedded.a_config()))


@pytest.fixture
def still(shared: Scaled) -> Iterator[Scaled]:
    """The shared endpoint as a target; the test leaves it as it found it."""
    shared.register()
    yield shared
    shared.client.deregister_scalable_target(**shared.resource)


def test_tracking_makes_alarms_of_its_own_and_takes_them_with_it(still: Scaled) -> None:
    arn = still.track(target=70)
    high, low = still.alarms()
    assert (high["EvaluationPeriods"], high["Threshold"], high["AlarmActions"]) == (3, 70, [arn])
    assert (low["EvaluationPeriods"], low["Threshold"], low["AlarmActions"]) == (15, 63, [arn])
    listed = [(alarm["AlarmName"], alarm["AlarmARN"]) for alarm in still.policies()[0]["Alarms"]]
    assert listed == [(alarm["AlarmName"], alarm["AlarmArn"]) for alarm in (high, low)]
    still.track(target=100)
    assert [alarm["Threshold"] for alarm in still.alarms()] == [100, 90]
    assert [alarm["AlarmName"] for alarm in still.alarms()] == [name for name, _ in listed]
    still.client.delete_scaling_policy(PolicyName="track", **still.resource)
    assert still.alarms() == []


def test_a_policy_without_scale_in_loses_its_low_alarm(still: Scaled) -> None:
    still.track()
    still.track(DisableScaleIn=True)
    (alarm,) = still.alarms()
    assert "-AlarmHigh-" in alarm["AlarmName"]


def test_a_user_s_alarm_belongs_to_the_step_policy_and_loses_only_the_action(
    still: Scaled,
) -> None:
    name = alarm_on(still, still.step("out", 1), comparison="GreaterThanThreshold")
    assert [alarm["AlarmName"] for alarm in still.policies()[0]["Alarms"]] == [name]
    still.client.delete_scaling_policy(PolicyName="out", **still.resource)
    cloudwatch = still.embedded.client("cloudwatch")
    (alarm,) = cloudwatch.describe_alarms(AlarmNames=[name])["MetricAlarms"]
    assert alarm["AlarmActions"] == []


def test_a_target_is_described_with_the_service_linked_role(still: Scaled) -> None:
    target = still.target()
    assert (target["MinCapacity"], target["MaxCapacity"]) == (1, 3)
    assert target["RoleARN"].endswith(
        "/sagemaker.application-autoscaling.amazonaws.com"
        "/AWSServiceRoleForApplicationAutoScaling_SageMakerEndpoint"
    )


def test_a_target_that_exists_keeps_what_is_not_named(still: Scaled) -> None:
    arn = still.register(None, 5, Tags={"team": "other"})
    target = still.target()
    assert (target["MinCapacity"], target["MaxCapacity"]) == (1, 5)
    assert still.client.list_tags_for_resource(ResourceARN=arn)["Tags"] == {}


def test_tags_are_put_and_taken(still: Scaled) -> None:
    arn, client = still.target()["ScalableTargetARN"], still.client
    client.tag_resource(ResourceARN=arn, Tags={"team": "ml", "stage": "test"})
    client.untag_resource(ResourceARN=arn, TagKeys=["stage"])
    assert client.list_tags_for_resource(ResourceARN=arn)["Tags"] == {"team": "ml"}
    with pytest.raises(ClientError) as refused:
        client.list_tags_for_resource(ResourceARN=f"{arn}0")
    assert refused.value.response["Error"]["Code"] == "ResourceNotFoundException"


def test_a_deregistered_target_takes_everything_with_it(still: Scaled) -> None:
    still.track()
    still.client.put_scheduled_action(
        **still.resource,
        ScheduledActionName="night",
        Schedule="rate(1 day)",
        ScalableTargetAction={"MaxCapacity": 2},
    )
    still.client.deregister_scalable_target(**still.resource)
    actions = still.client.describe_scheduled_actions(**still.resource)["ScheduledActions"]
    assert (still.policies(), actions, still.alarms()) == ([], [], [])
    with pytest.raises(ClientError, match="No scalable target registered for service namespace"):
        still.track()
    still.register()


def test_policies_are_described_in_pages(still: Scaled) -> None:
    for number in range(12):
        still.step(f"policy-{number}", 1)
    pages = still.client.get_paginator("describe_scaling_policies").paginate(
        ServiceNamespace="sagemaker", ResourceId=still.resource["ResourceId"]
    )
    assert [len(page["ScalingPolicies"]) for page in pages] == [10, 2]
    with pytest.raises(ClientError) as refused:
        still.client.describe_scaling_policies(ServiceNamespace="sagemaker", NextToken="?")
    assert refused.value.response["Error"]["Code"] == "InvalidNextTokenException"


@pytest.mark.parametrize(
    ("bounds", "reason"),
    [
        ((None, 2), "MinCapacity is required"),
        ((1, None), "MaxCapacity is required"),
        ((3, 2), "Maximum capacity cannot be less than minimum capacity"),
        ((0, 2), "Minimum capacity must be at least 1"),
    ],
)
def test_bounds_that_aws_refuses_are_refused(
    shared: Scaled, bounds: tuple[int | None, int | None], reason: str
) -> None:
    with pytest.raises(ClientError, match=reason):
        shared.register(*bounds)


def test_what_does_not_exist_cannot_be_a_target(embedded: Embedded) -> None:
    with pytest.raises(ClientError, match="endpoint variant doesn't exist"):
        Scaled(embedded=embedded, endpoint="nowhere").register()


def test_burstable_instances_cannot_be_a_target(embedded: Embedded) -> None:
    name, variant = unique("config"), a_variant(embedded.a_model(), InstanceType="ml.t2.medium")
    embedded.sagemaker.create_endpoint_config(EndpointConfigName=name, ProductionVariants=[variant])
    burstable = Scaled(embedded=embedded, endpoint=embedded.an_endpoint(name))
    with pytest.raises(ClientError, match=r"burstable instance type ml\.t2\.medium"):
        burstable.register()


def test_serverless_concurrency_is_only_stored(embedded: Embedded) -> None:
    client = embedded.client("application-autoscaling")
    resource = {
        "ServiceNamespace": "sagemaker",
        "ResourceId": "endpoint/serverless/variant/primary",
        "ScalableDimension": "sagemaker:variant:DesiredProvisionedConcurrency",
    }
    client.register_scalable_target(**resource, MinCapacity=1, MaxCapacity=5)
    client.deregister_scalable_target(**resource)
    with pytest.raises(ClientError) as refused:
        client.deregister_scalable_target(**resource)
    assert refused.value.response["Error"]["Code"] == "ObjectNotFoundException"


def test_one_metric_has_one_tracking_policy(still: Scaled) -> None:
    still.track()
    with pytest.raises(ClientError, match="Only one TargetTrackingScaling policy"):
        still.track("another")


def test_a_scaled_variant_keeps_its_name_and_instance_type(still: Scaled) -> None:
    embedded, renamed, larger = still.embedded, unique("config"), unique("config")
    model = embedded.a_model()
    variants = {
        renamed: a_variant(model, name="b"),
        larger: a_variant(model, InstanceType="ml.m5.xlarge"),
    }
    for config, variant in variants.items():
        embedded.sagemaker.create_endpoint_config(
            EndpointConfigName=config, ProductionVariants=[variant]
        )
        with pytest.raises(ClientError, match=r'"\[primary\]" must be deregistered as scalable'):
            embedded.sagemaker.update_endpoint(
                EndpointName=still.endpoint, EndpointConfigName=config
            )


def test_what_sagemaker_refuses_is_a_failed_activity(still: Scaled) -> None:
    still.track()
    still.embedded.add_fault(
        {
            "service": "sagemaker",
            "action": "UpdateEndpointWeightsAndCapacities",
            "times": 1,
            "error": {"code": "ValidationException", "message": "no capacity", "status": 400},
        }
    )
    still.ring(still.alarms()[0]["AlarmName"], 25.0)
    told = "Failed to set desired instance count to 3. Reason: no capacity (Service: AmazonSageMak"
    (refused,) = eventually(
        lambda: still.activities()[:1],
        lambda found: [told in activity.get("StatusMessage", "") for activity in found] == [True],
    )
    assert refused["StatusCode"] == "Failed"


def test_at_the_maximum_nothing_is_scaled_and_who_asks_learns_why(still: Scaled) -> None:
    still.register(1, 1)
    still.track()
    still.ring(still.alarms()[0]["AlarmName"], 25.0)
    newest, *_ = eventually(
        lambda: still.activities(IncludeNotScaledActivities=True),
        lambda found: "NotScaledReasons" in (found or [{}])[0],
    )
    (reason,) = newest["NotScaledReasons"]
    assert (reason["Code"], reason["MaxCapacity"]) == ("AlreadyAtMaxCapacity", 1)
    assert all("NotScaledReasons" not in activity for activity in still.activities())


def test_suspended_scaling_does_nothing(still: Scaled) -> None:
    still.register(SuspendedState={"DynamicScalingOutSuspended": True})
    before = still.activities(IncludeNotScaledActivities=True)
    still.track()
    still.ring(still.alarms()[0]["AlarmName"], 25.0)
    suspended = still.target()["SuspendedState"]
    assert suspended == {
        "DynamicScalingInSuspended": False,
        "DynamicScalingOutSuspended": True,
        "ScheduledScalingSuspended": False,
    }
    history = still.embedded.client("cloudwatch").describe_alarm_history
    acted = {"AlarmName": still.alarms()[0]["AlarmName"], "HistoryItemType": "Action"}
    eventually(lambda: history(**acted)["AlarmHistoryItems"], bool)
    assert still.activities(IncludeNotScaledActivities=True) == before
