"""Which changes of SageMaker's documents are events, and what such an event says."""

from collections.abc import Mapping
from typing import Any

import pytest

from emulator.messaging.sagemaker_events import SageMakerEvents
from emulator.store import Key, Store

ARN = "arn:aws:sagemaker:us-east-1:000000000000:"
CREATED_S = 1_700_000_000.5


def watched() -> tuple[Store, list[Mapping[str, Any]]]:
    """Return a store, and the events that come of its changes."""
    store, events = Store(), list[Mapping[str, Any]]()
    store.watch(SageMakerEvents(store, lambda _, event: events.append(event)).changed)
    return store, events


def key(kind: str) -> Key:
    return Key(region="us-east-1", kind=kind, name="one")


@pytest.mark.parametrize(
    ("kind", "noun"),
    [
        ("training-job", "TrainingJob"),
        ("processing-job", "ProcessingJob"),
        ("transform-job", "TransformJob"),
    ],
)
def test_a_job_that_ends_is_an_event(kind: str, noun: str) -> None:
    store, events = watched()
    arn = f"{ARN}{kind}/one"
    store.add_tags(arn, {"team": "a"})
    status = f"{noun}Status"
    members = {f"{noun}Arn": arn, f"{noun}Name": "one", "CreationTime": CREATED_S}
    store.put(key(kind), {**members, status: "InProgress"})
    store.merge(key(kind), {status: "Failed", "FailureReason": "AlgorithmError"})
    assert [event["Detail"][status] for event in events] == ["InProgress", "Failed"]
    assert events[1]["Source"] == "aws.sagemaker"
    assert events[1]["DetailType"] == f"SageMaker {noun.replace('Job', ' Job')} State Change"
    assert events[1]["Resources"] == [arn]
    assert events[1]["Detail"]["FailureReason"] == "AlgorithmError"
    assert events[1]["Detail"]["CreationTime"] == 1_700_000_000_500
    assert events[1]["Detail"]["Tags"] == {"team": "a"}


def test_a_change_that_leaves_the_status_is_no_event() -> None:
    store, events = watched()
    members = {"EndpointArn": f"{ARN}endpoint/one", "EndpointName": "one"}
    store.put(key("endpoint"), {**members, "EndpointStatus": "InService"})
    store.merge(key("endpoint"), {"LastModifiedTime": 2.0})
    assert [event["Detail"]["EndpointStatus"] for event in events] == ["IN_SERVICE"]


def test_each_step_of_a_deployment_is_an_event_of_its_own() -> None:
    store, events = watched()
    members = {"EndpointArn": f"{ARN}endpoint/one", "EndpointName": "one"}
    store.put(key("endpoint"), {**members, "EndpointStatus": "Updating"})
    for status in ("Creating", "Baking"):
        variant = {"VariantName": "primary", "VariantStatus": [{"Status": status}]}
        pending = {"EndpointConfigName": "next", "ProductionVariants": [variant]}
        store.merge(key("endpoint"), {"PendingDeploymentSummary": pending})
    done = {"EndpointStatus": "InService", "PendingDeploymentSummary": None}
    store.merge(key("endpoint"), done)
    told = [event["DetailType"].removeprefix("SageMaker ") for event in events]
    deployment = "Endpoint Deployment State Change"
    assert told == ["Endpoint State Change", deployment, deployment, "Endpoint State Change"]
    assert events[2]["Detail"]["EndpointStatus"] == "UPDATING"
    assert events[2]["Detail"]["PendingDeploymentSummary"]["EndpointConfigName"] == "next"


def test_what_has_no_state_is_no_event() -> None:
    store, events = watched()
    store.put(key("model"), {"ModelArn": f"{ARN}model/one", "ModelName": "one"})
    assert events == []


def test_a_restored_store_tells_nothing_new() -> None:
    before, _ = watched()
    before.put(key("endpoint"), {"EndpointArn": f"{ARN}endpoint/one", "EndpointStatus": "Failed"})
    after, events = watched()
    after.load(before.dump())
    assert events == []
