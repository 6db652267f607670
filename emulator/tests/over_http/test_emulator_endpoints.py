"""Endpoints on real worker processes: create, update, roll back, scale, delete."""

import pytest
from botocore.exceptions import ClientError

from emulator.tests.support.embedded import Embedded, a_variant, eventually, unique

pytestmark = pytest.mark.emulated

BLUE_GREEN = {"TrafficRoutingConfiguration": {"Type": "ALL_AT_ONCE", "WaitIntervalInSeconds": 0}}


def rollback_on(alarm: str, *, termination_wait_s: int = 0) -> dict[str, object]:
    return {
        "BlueGreenUpdatePolicy": {**BLUE_GREEN, "TerminationWaitInSeconds": termination_wait_s},
        "AutoRollbackConfiguration": {"Alarms": [{"AlarmName": alarm}]},
    }


def an_alarm(embedded: Embedded) -> str:
    """Return a quiet alarm; what SetAlarmState says would last a second at most."""
    name = unique("alarm")
    put_alarm(embedded, name, missing="notBreaching")
    embedded.client("cloudwatch").set_alarm_state(
        AlarmName=name, StateValue="OK", StateReason="test"
    )
    return name


def put_alarm(embedded: Embedded, name: str, *, missing: str) -> None:
    """Put an alarm on a metric without data: its state is what missing data counts as."""
    embedded.client("cloudwatch").put_metric_alarm(
        AlarmName=name,
        Namespace="Tests",
        MetricName="Errors",
        Statistic="Sum",
        Period=60,
        EvaluationPeriods=1,
        Threshold=1,
        ComparisonOperator="GreaterThanThreshold",
        TreatMissingData=missing,
    )


def update(embedded: Embedded, endpoint: str, *, config: str, **members: object) -> None:
    embedded.sagemaker.update_endpoint(EndpointName=endpoint, EndpointConfigName=config, **members)


def test_a_new_endpoint_answers_and_describes_what_serves(embedded: Embedded) -> None:
    endpoint = embedded.an_endpoint(embedded.a_config(model=embedded.a_model(answer="hello")))
    assert embedded.answer(endpoint) == "hello"
    variant = embedded.endpoint(endpoint)["ProductionVariants"][0]
    assert variant["VariantName"] == "primary"
    assert variant["DesiredInstanceCount"] == variant["CurrentInstanceCount"] == 1


def test_the_old_fleet_answers_until_the_new_one_serves(embedded: Embedded) -> None:
    old = embedded.a_config(model=embedded.a_model(answer="old"))
    new = embedded.a_config(model=embedded.a_model(answer="new"))
    endpoint = embedded.an_endpoint(old)
    update(embedded, endpoint, config=new)
    during = embedded.endpoint(endpoint)
    assert during["EndpointStatus"] == "Updating"
    assert during["EndpointConfigName"] == old
    assert during["PendingDeploymentSummary"]["EndpointConfigName"] == new
    answers = [embedded.answer(endpoint)]
    eventually(lambda: answers.append(embedded.answer(endpoint)), lambda _: answers[-1] == "new")
    after = embedded.settled(endpoint)
    assert (answers[0], set(answers)) == ("old", {"old", "new"})
    assert after["EndpointConfigName"] == new
    assert "PendingDeploymentSummary" not in after


@pytest.mark.parametrize("reason", ["set", "empty"])
def test_an_update_whose_fleet_fails_keeps_the_old_config(embedded: Embedded, reason: str) -> None:
    old, new = embedded.a_config(), embedded.a_config()
    endpoint = embedded.an_endpoint(old)
    embedded.add_fault({"hosting": {"endpoint_config": new, "fault": "ping_fail"}})
    embedded.add_fault({"rollback": {"reason": reason, "visible": False}})
    update(embedded, endpoint, config=new)
    after = embedded.settled(endpoint)
    assert after["EndpointConfigName"] == old
    assert ("ping health check" in after.get("FailureReason", "")) == (reason == "set")
    assert embedded.answer(endpoint) == "one"


def test_a_visible_rollback_is_seen_by_a_poll(embedded: Embedded) -> None:
    endpoint, new = embedded.an_endpoint(embedded.a_config()), embedded.a_config()
    embedded.add_fault({"hosting": {"endpoint_config": new, "fault": "launch_fail"}})
    embedded.add_fault({"rollback": {"reason": "set", "visible": True}})
    update(embedded, endpoint, config=new)
    seen: list[str] = []
    eventually(
        lambda: seen.append(embedded.endpoint(endpoint)["EndpointStatus"]),
        lambda _: seen[-1] == "InService",
    )
    assert "RollingBack" in seen


def test_a_container_that_crashes_at_start_fails_the_endpoint_for_good(embedded: Embedded) -> None:
    broken = embedded.a_model(inference="raise RuntimeError('cannot load')")
    endpoint, config = unique("endpoint"), embedded.a_config(model=broken)
    embedded.sagemaker.create_endpoint(EndpointName=endpoint, EndpointConfigName=config)
    failed = embedded.settled(endpoint)
    assert failed["EndpointStatus"] == "Failed"
    assert "did not pass the ping health check" in failed["FailureReason"]
    with pytest.raises(ClientError, match="only DeleteEndpoint is allowed"):
        update(embedded, endpoint, config=config)
    embedded.sagemaker.delete_endpoint(EndpointName=endpoint)


def test_an_alarm_during_the_bake_rolls_back(embedded: Embedded) -> None:
    old, new = embedded.a_config(), embedded.a_config(model=embedded.a_model(answer="new"))
    endpoint, alarm = embedded.an_endpoint(old), an_alarm(embedded)
    update(
        embedded, endpoint, config=new, DeploymentConfig=rollback_on(alarm, termination_wait_s=600)
    )
    eventually(lambda: embedded.answer(endpoint), lambda answer: answer == "new")
    put_alarm(embedded, alarm, missing="breaching")
    after = embedded.settled(endpoint)
    assert after["EndpointConfigName"] == old
    assert alarm in after["FailureReason"]
    assert embedded.answer(endpoint) == "one"


def test_a_quiet_alarm_lets_the_deployment_pass_and_its_config_is_echoed(
    embedded: Embedded,
) -> None:
    endpoint, new = embedded.an_endpoint(embedded.a_config()), embedded.a_config()
    deployment = rollback_on(an_alarm(embedded), termination_wait_s=3)
    update(embedded, endpoint, config=new, DeploymentConfig=deployment)
    after = embedded.settled(endpoint)
    assert after["EndpointConfigName"] == new
    assert after["LastDeploymentConfig"] == deployment


def test_a_canary_gives_both_fleets_traffic_while_it_bakes(embedded: Embedded) -> None:
    old = embedded.a_config(model=embedded.a_model(answer="old"), count=2)
    new = embedded.a_config(model=embedded.a_model(answer="new"), count=2)
    endpoint = embedded.an_endpoint(old)
    routing = {
        "Type": "CANARY",
        "CanarySize": {"Type": "INSTANCE_COUNT", "Value": 1},
        "WaitIntervalInSeconds": 90,
    }
    policy = {"TrafficRoutingConfiguration": routing, "TerminationWaitInSeconds": 0}
    update(embedded, endpoint, config=new, DeploymentConfig={"BlueGreenUpdatePolicy": policy})
    eventually(lambda: embedded.answer(endpoint), lambda answer: answer == "new")
    answers = {embedded.answer(endpoint) for _ in range(40)}
    assert answers == {"old", "new"}
    assert embedded.settled(endpoint)["EndpointConfigName"] == new


def test_an_update_resets_the_capacity_unless_it_is_retained(embedded: Embedded) -> None:
    config, other = embedded.a_config(), embedded.a_config()
    endpoint = embedded.an_endpoint(config)
    embedded.sagemaker.update_endpoint_weights_and_capacities(
        EndpointName=endpoint,
        DesiredWeightsAndCapacities=[{"VariantName": "primary", "DesiredInstanceCount": 2}],
    )
    assert embedded.settled(endpoint)["ProductionVariants"][0]["CurrentInstanceCount"] == 2
    update(embedded, endpoint, config=other, RetainAllVariantProperties=True)
    assert embedded.settled(endpoint)["ProductionVariants"][0]["DesiredInstanceCount"] == 2
    update(embedded, endpoint, config=config)
    assert embedded.settled(endpoint)["ProductionVariants"][0]["DesiredInstanceCount"] == 1


def test_variants_share_traffic_by_weight_and_can_be_named(embedded: Embedded) -> None:
    config = unique("config")
    embedded.sagemaker.create_endpoint_config(
        EndpointConfigName=config,
        ProductionVariants=[
            a_variant(embedded.a_model(answer="a"), name="a"),
            a_variant(embedded.a_model(answer="b"), name="b", InitialVariantWeight=0),
        ],
    )
    endpoint = embedded.an_endpoint(config)
    assert {embedded.answer(endpoint) for _ in range(10)} == {"a"}
    assert embedded.answer(endpoint, TargetVariant="b") == "b"
    with pytest.raises(ClientError, match="Variant c of endpoint"):
        embedded.answer(endpoint, TargetVariant="c")


def test_an_update_to_a_config_that_is_not_there_is_refused(embedded: Embedded) -> None:
    endpoint = embedded.an_endpoint(embedded.a_config())
    with pytest.raises(ClientError, match="Could not find endpoint configuration"):
        update(embedded, endpoint, config="no-such-config")


def test_a_second_update_is_refused_while_one_is_in_progress(embedded: Embedded) -> None:
    endpoint, new = embedded.an_endpoint(embedded.a_config()), embedded.a_config()
    update(embedded, endpoint, config=new)
    with pytest.raises(ClientError, match="Cannot update in-progress endpoint"):
        update(embedded, endpoint, config=new)
    embedded.settled(endpoint)


def test_a_deleted_endpoint_is_gone_and_no_longer_answers(embedded: Embedded) -> None:
    endpoint = embedded.an_endpoint(embedded.a_config())
    embedded.sagemaker.delete_endpoint(EndpointName=endpoint)
    eventually(
        lambda: embedded.sagemaker.list_endpoints(NameContains=endpoint)["Endpoints"],
        lambda found: found == [],
    )
    with pytest.raises(ClientError, match="not found"):
        embedded.answer(endpoint)
    with pytest.raises(ClientError, match="Could not find endpoint"):
        embedded.endpoint(endpoint)
