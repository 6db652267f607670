"""Who does what an event asks for: one pipeline, whichever of them comes first."""

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from pipeline.core import naming, requests
from pipeline.core.errors import CloudUnusable, CorruptRecord, NotServing, UsageError
from pipeline.core.foundation import Retraining
from pipeline.core.head import Lived, MoveKind
from pipeline.core.requests import Request
from pipeline.gateways.claims import claimed
from pipeline.gateways.events import put_event
from pipeline.gateways.ledger import Ledger
from pipeline.gateways.store import Store
from pipeline.recorder import Recorder
from pipeline.steps.requested import is_ours, went_back
from pipeline.steps.retrain import retrain
from tests.emulated.buses import a_queue, a_rule, received
from tests.emulated.embedded import Embedded
from tests.emulated.gateways import a_store, cloud_of
from tests.emulated.test_prune import LIVE, serving, six_deployments
from tests.unit.core_builders import NOON

pytestmark = pytest.mark.emulated

ENDPOINT = "iris-model-staging"
ALARM = f"{ENDPOINT}/rollback"


def a_request(**changes: Any) -> Request:
    return replace(Request(request_id="one", cause=ALARM, time=NOON), **changes)


def a_run(store: Store, request: Request | None, *, run_id: str = "first") -> Any:
    """One run, as far as it looks at its request."""
    return SimpleNamespace(
        context=SimpleNamespace(
            endpoint=ENDPOINT,
            force=False,
            now=lambda: NOON,
            recorder=Recorder(),
            request=request,
            run_id=run_id,
            who="someone",
        ),
        ledger=Ledger(store, ENDPOINT),
        sagemaker=serving(f"{LIVE}-n1"),
        settings=SimpleNamespace(deployment=SimpleNamespace(rollback_window_s=3600)),
        store=store,
    )


def in_pipeline(pipeline_id: str | None) -> Request:
    return a_request(pipeline_id=pipeline_id)


@pytest.fixture
def store(embedded: Embedded) -> Store:
    return a_store(embedded)


def test_a_run_that_nothing_asked_for_claims_nothing(store: Store) -> None:
    assert is_ours(a_run(store, None))
    assert list(store.keys("requests/")) == []


def test_a_second_pipeline_of_the_same_event_has_nothing_to_do(store: Store) -> None:
    assert is_ours(a_run(store, in_pipeline("77")))
    assert not is_ours(a_run(store, in_pipeline("78"), run_id="second"))


def test_a_later_job_and_a_repetition_of_the_pipeline_go_on(store: Store) -> None:
    for run_id in ("first", "second"):
        assert is_ours(a_run(store, in_pipeline("77"), run_id=run_id))


def test_outside_of_a_pipeline_every_run_is_one_of_its_own(store: Store) -> None:
    assert is_ours(a_run(store, in_pipeline(None)))
    assert not is_ours(a_run(store, in_pipeline(None), run_id="second"))


def test_another_event_is_another_request(store: Store) -> None:
    assert is_ours(a_run(store, in_pipeline("77")))
    assert is_ours(a_run(store, a_request(request_id="two", pipeline_id="78")))


def test_what_rings_at_another_endpoint_is_left_to_its_own_pipeline(store: Store) -> None:
    assert not is_ours(a_run(store, a_request(cause="other-staging/rollback")))
    assert list(store.keys("requests/")) == []


def test_of_many_deliveries_at_once_one_is_followed(store: Store) -> None:
    runs = [a_run(store, in_pipeline(str(number)), run_id=str(number)) for number in range(8)]
    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(is_ours, runs)) == 1


def test_a_claim_says_who_what_and_when(store: Store) -> None:
    is_ours(a_run(store, in_pipeline("77")))
    body = store.find(naming.request_object(ENDPOINT, "one"))
    assert body is not None
    kept = json.loads(body.body)
    assert (kept["pipeline_id"], kept["run_id"], kept["cause"]) == ("77", "first", ALARM)
    assert (kept["time"], kept["claimed_at"]) == ("2026-01-02T12:00:00Z", "2026-01-02T12:00:00Z")


def test_a_claim_that_this_software_did_not_write_is_refused(store: Store) -> None:
    store.put(naming.request_object(ENDPOINT, "one"), b"{}")
    with pytest.raises(CorruptRecord, match=r"Claim at s3://.*/requests/iris-model-staging/one"):
        is_ours(a_run(store, in_pipeline("77")))


def test_the_first_claim_stands(store: Store) -> None:
    claims = [
        requests.Claim(
            request_id="one",
            cause=ALARM,
            time=NOON,
            pipeline_id=pipeline,
            run_id=pipeline,
            who="ci",
            claimed_at=NOON,
        )
        for pipeline in ("77", "78")
    ]
    assert [claimed(store, ENDPOINT, each).pipeline_id for each in claims] == ["77", "77"]


def test_a_rollback_that_is_not_done_is_told(store: Store) -> None:
    run = a_run(store, a_request(time=NOON - timedelta(minutes=1)))
    run.ledger.write(run.ledger.read(), six_deployments())
    assert went_back(run, to="previous", reason=None) is None
    (event,) = run.ledger.events()
    assert event.what == "rollback not done"
    assert (event.details["request"], event.details["request_cause"]) == ("one", ALARM)


def test_a_rollback_with_nothing_to_go_back_to_is_not_begun(store: Store) -> None:
    run = a_run(store, a_request())
    only = replace(six_deployments(), lived=())
    deployed = Lived(release_id=LIVE, healthy=True, since=NOON, by=MoveKind.DEPLOYMENT)
    run.ledger.write(run.ledger.read(), replace(only, lived=(deployed,)))
    with pytest.raises(NotServing, match="no earlier healthy release"):
        went_back(run, to="previous", reason=None)
    assert run.ledger.read().head.requested_rollbacks == ()


def test_a_rollback_of_what_was_never_deployed_is_refused(store: Store) -> None:
    with pytest.raises(UsageError, match="Nothing was ever deployed"):
        went_back(a_run(store, a_request()), to="previous", reason=None)


def test_mode_retrain_puts_what_it_asks_on_the_bus(embedded: Embedded) -> None:
    queue_url, queue_arn = a_queue(embedded)
    source = a_rule(embedded, queue_arn)
    event_id = retrain(asking(embedded, source), reason='it "drifts"')
    event = json.loads(received(embedded, queue_url)["Body"])
    assert (event["id"], event["detail-type"]) == (event_id, "Retraining Requested")
    assert event["detail"] == {
        "cause": f"{ENDPOINT}/asked: it 'drifts'",
        "endpoint": ENDPOINT,
        "environment": "staging",
        "model": "iris-classifier",
        "reason": 'it "drifts"',
        "who": "someone",
    }


def asking(embedded: Embedded, source: str) -> Any:
    event = Retraining(detail_type="Retraining Requested", source=source)
    settings = SimpleNamespace(environment="staging", model_name_prefix="iris-classifier")
    context = SimpleNamespace(
        cloud=cloud_of(embedded), endpoint=ENDPOINT, settings=settings, who="someone"
    )
    return SimpleNamespace(context=context, foundation=SimpleNamespace(retraining=event))


def test_an_event_that_the_bus_does_not_take_is_an_error(embedded: Embedded) -> None:
    with pytest.raises(CloudUnusable, match="did not take the event x of : InvalidArgument"):
        put_event(cloud_of(embedded), source="", detail_type="x", detail={})


def test_an_event_on_a_bus_that_fails_is_an_error(embedded: Embedded) -> None:
    denied = {"status": 400, "code": "AccessDeniedException", "message": "not yours"}
    embedded.add_fault({"service": "events", "action": "PutEvents", "error": denied})
    with pytest.raises(CloudUnusable, match="put an event on the default event bus"):
        put_event(cloud_of(embedded), source="mlops.x", detail_type="x", detail={})
