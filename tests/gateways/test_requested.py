"""Who does what an event asks for: one pipeline, whichever of them comes first."""

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from emulator.tests.support.buses import a_queue, a_rule, received
from emulator.tests.support.embedded import Embedded
from pipeline.context import Workspace
from pipeline.core import ledger, naming, requests
from pipeline.core.errors import CloudUnusable, CorruptRecord, NotServing
from pipeline.core.foundation import Retraining
from pipeline.core.head import LedgerHead
from pipeline.core.outcomes import EndpointStatus
from pipeline.core.requests import Request
from pipeline.gateways.events import EventBus
from pipeline.gateways.ledger import Ledger
from pipeline.gateways.store import Store
from pipeline.steps.requested import roll_back_as_asked, take_up
from pipeline.steps.retrain import retrain
from tests.fakes.boundary import NoFaults
from tests.fakes.cloud import HostedEndpoint
from tests.gateways.gateways import a_store, cloud_of
from tests.gateways.losing_proxy import losing_the_first
from tests.simulation.commands import Command, Mode, workspace_of
from tests.simulation.world import ENDPOINT, FOUNDATION, World, empty_world
from tests.unit.core_builders import NOON, a_move, a_release, a_shift, finished

pytestmark = pytest.mark.emulated

ALARM = f"{ENDPOINT}/rollback"
R1, R2 = (f"r-2026010{day}-120000-aaaaaa" for day in (1, 2))


def a_request(**changes: Any) -> Request:
    return replace(Request(request_id="one", cause=ALARM, time=NOON), **changes)


def a_run(store: Store, request: Request | None, *, run_id: str = "first") -> Workspace:
    """One run over real objects in S3, while R2 serves."""
    world = empty_world()
    world.cloud.endpoints[ENDPOINT] = HostedEndpoint(
        name=ENDPOINT,
        status=EndpointStatus.IN_SERVICE,
        config=naming.endpoint_config_name(ENDPOINT, f"{R2}-n1"),
        desired_count=1,
        deployment=a_shift(),
    )
    command = Command(mode=Mode.REQUESTED, request=request)
    run = workspace_of(world, command, NoFaults(), run_id=run_id)
    return replace(run, store=store)


def deployed(*releases: str) -> LedgerHead:
    """Each of these was deployed at noon, one after the other."""
    head = ledger.empty_head(ENDPOINT)
    for name in releases:
        head = ledger.add_release(head, a_release(name, artifact_sha256=name * 2))
        key, head = ledger.config_for(head, name, live_count=1, minimum=1, maximum=1)
        head = ledger.begin(head, a_move(key, origin=head.live))
        head = finished(ledger.arrive(head, when=NOON))
    return head


def in_pipeline(pipeline_id: str | None) -> Request:
    return a_request(pipeline_id=pipeline_id)


@pytest.fixture
def store(embedded: Embedded) -> Store:
    return a_store(embedded)


def test_a_run_that_nothing_asked_for_claims_nothing(store: Store) -> None:
    assert take_up(a_run(store, None))
    assert list(store.keys("requests/")) == []


def test_a_second_pipeline_of_the_same_event_has_nothing_to_do(store: Store) -> None:
    assert take_up(a_run(store, in_pipeline("77")))
    assert not take_up(a_run(store, in_pipeline("78"), run_id="second"))


def test_a_later_job_and_a_repetition_of_the_pipeline_go_on(store: Store) -> None:
    for run_id in ("first", "second"):
        assert take_up(a_run(store, in_pipeline("77"), run_id=run_id))


def test_outside_of_a_pipeline_every_run_is_one_of_its_own(store: Store) -> None:
    assert take_up(a_run(store, in_pipeline(None)))
    assert not take_up(a_run(store, in_pipeline(None), run_id="second"))


def test_another_event_is_another_request(store: Store) -> None:
    assert take_up(a_run(store, in_pipeline("77")))
    assert take_up(a_run(store, a_request(request_id="two", pipeline_id="78")))


def test_what_rings_at_another_endpoint_is_left_to_its_own_pipeline(store: Store) -> None:
    assert not take_up(a_run(store, a_request(cause="other-staging/rollback")))
    assert list(store.keys("requests/")) == []


def test_of_many_deliveries_at_once_one_is_followed(store: Store) -> None:
    runs = [a_run(store, in_pipeline(str(number)), run_id=str(number)) for number in range(8)]
    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(take_up, runs)) == 1


def test_a_claim_says_who_what_and_when(store: Store) -> None:
    take_up(a_run(store, in_pipeline("77")))
    body = store.find(naming.request_object(ENDPOINT, "one"))
    assert body is not None
    kept = json.loads(body.body)
    assert (kept["pipeline_id"], kept["run_id"], kept["cause"]) == ("77", "first", ALARM)
    assert (kept["time"], kept["claimed_at"]) == ("2026-01-02T12:00:00Z", "2026-01-02T12:00:00Z")


def test_a_claim_that_this_software_did_not_write_is_refused(store: Store) -> None:
    store.put(naming.request_object(ENDPOINT, "one"), b"{}")
    with pytest.raises(CorruptRecord, match=r"Claim at s3://.*/requests/iris-model-staging/one"):
        take_up(a_run(store, in_pipeline("77")))


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
    book = Ledger(store, ENDPOINT)
    assert [book.claimed(each).pipeline_id for each in claims] == ["77", "77"]


def test_a_rollback_that_is_not_done_is_told(store: Store) -> None:
    run = a_run(store, a_request(time=NOON - timedelta(minutes=1)))
    run.ledger.write(run.ledger.read(), deployed(R1, R2))
    roll_back_as_asked(run, to="previous", reason=None)
    (event,) = run.ledger.events()
    assert event.what == "rollback not done"
    assert (event.details["request"], event.details["request_cause"]) == ("one", ALARM)


def test_a_rollback_with_nothing_to_go_back_to_is_not_begun(store: Store) -> None:
    run = a_run(store, a_request())
    run.ledger.write(run.ledger.read(), deployed(R2))
    with pytest.raises(NotServing, match="no earlier healthy release"):
        roll_back_as_asked(run, to="previous", reason=None)
    assert run.ledger.read().head.requested_rollbacks == ()


def test_a_rollback_of_what_serves_without_a_ledger_is_refused(store: Store) -> None:
    with pytest.raises(CorruptRecord, match="the ledger is lost"):
        roll_back_as_asked(a_run(store, a_request()), to="previous", reason=None)


def test_mode_retrain_puts_what_it_asks_on_the_bus(embedded: Embedded) -> None:
    queue_url, queue_arn = a_queue(embedded)
    source = a_rule(embedded, queue_arn)
    asking = a_run_that_may_ask(embedded, source)
    request_id = retrain(asking, reason='it "drifts"')
    event = json.loads(received(embedded, queue_url)["Body"])
    assert event["detail-type"] == "Retraining Requested"
    assert event["detail"] == {
        "cause": f"{ENDPOINT}/asked: it 'drifts'",
        "endpoint": ENDPOINT,
        "environment": "staging",
        "model": "iris-classifier",
        "reason": 'it "drifts"',
        "request_id": request_id,
        "who": asking.context.who,
    }


def test_an_answer_that_was_lost_is_asked_for_again_by_the_same_request(embedded: Embedded) -> None:
    queue_url, queue_arn = a_queue(embedded)
    asking = a_run_that_may_ask(embedded, a_rule(embedded, queue_arn))
    with losing_the_first("POST", embedded.url) as url:
        cloud = cloud_of(replace(embedded, url=url))
        request_id = retrain(replace(asking, bus=EventBus(cloud)), reason="it drifts")
    events = [json.loads(received(embedded, queue_url)["Body"]) for _ in "12"]
    assert [each["detail"]["request_id"] for each in events] == [request_id] * 2
    assert events[0]["id"] != events[1]["id"]


def test_mode_retrain_typed_again_makes_the_same_request_until_a_pipeline_takes_it() -> None:
    world = empty_world()
    ids = [asked(world, "it drifts") for _ in "12"]
    assert ids[0] == ids[1]
    assert asked(world, "new labels") != ids[0]
    pipeline = Command(mode=Mode.REQUESTED, request=replace(a_request(), request_id=ids[0]))
    assert take_up(workspace_of(world, pipeline, NoFaults(), run_id="taker"))
    later = asked(world, "it drifts")
    assert later not in ids
    assert asked(world, "it drifts") == later


def asked(world: World, reason: str) -> str:
    """Type the command: each time it is another run."""
    world.runs += 1
    run = workspace_of(world, Command(mode=Mode.DEPLOYMENT), NoFaults(), run_id=f"run-{world.runs}")
    event = Retraining(detail_type="Retraining Requested", source="mlops")
    return retrain(replace(run, foundation=replace(FOUNDATION, retraining=event)), reason=reason)


def a_run_that_may_ask(embedded: Embedded, source: str) -> Workspace:
    event = Retraining(detail_type="Retraining Requested", source=source)
    run = workspace_of(empty_world(), Command(mode=Mode.DEPLOYMENT), NoFaults())
    context = replace(run.context, cloud=cloud_of(embedded))
    bus = EventBus(context.cloud)
    return replace(run, context=context, bus=bus, foundation=replace(FOUNDATION, retraining=event))


def test_an_event_that_the_bus_does_not_take_is_an_error(embedded: Embedded) -> None:
    with pytest.raises(CloudUnusable, match="did not take the event x of : InvalidArgument"):
        EventBus(cloud_of(embedded)).put({}, source="", detail_type="x")


def test_an_event_on_a_bus_that_fails_is_an_error(embedded: Embedded) -> None:
    denied = {"status": 400, "code": "AccessDeniedException", "message": "not yours"}
    embedded.add_fault({"service": "events", "action": "PutEvents", "error": denied})
    with pytest.raises(CloudUnusable, match="put an event on the default event bus"):
        EventBus(cloud_of(embedded)).put({}, source="mlops.x", detail_type="x")
