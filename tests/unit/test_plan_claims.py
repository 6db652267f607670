"""A reviewed plan is used up once, whoever comes first."""

from dataclasses import replace

import pytest

from pipeline.core.errors import CorruptRecord
from pipeline.core.plan_record import PlanClaim
from pipeline.gateways.claims import claim_plan, plan_claim
from tests.fakes.boundary import NoFaults
from tests.fakes.store import Bucket, FakeStore
from tests.unit.core_builders import NOON

ENDPOINT = "iris-staging"
FIRST = PlanClaim(
    plan_id="20260102-120000-abcd",
    digest="d" * 64,
    commit="c" * 40,
    run_id="run-1",
    who="ann",
    when=NOON,
)


def test_the_first_of_two_runs_has_the_plan() -> None:
    store = FakeStore(Bucket(name="bucket"), NoFaults())
    assert plan_claim(store, ENDPOINT, FIRST.plan_id) is None
    assert claim_plan(store, ENDPOINT, FIRST)
    assert not claim_plan(store, ENDPOINT, replace(FIRST, run_id="run-2", who="bob"))
    assert plan_claim(store, ENDPOINT, FIRST.plan_id) == FIRST


def test_another_plan_and_another_endpoint_have_claims_of_their_own() -> None:
    store = FakeStore(Bucket(name="bucket"), NoFaults())
    assert claim_plan(store, ENDPOINT, FIRST)
    assert claim_plan(store, ENDPOINT, replace(FIRST, plan_id="20260102-120001-abcd"))
    assert claim_plan(store, "wine-staging", FIRST)


def test_a_claim_that_cannot_be_read_is_no_free_plan() -> None:
    bucket = Bucket(name="bucket")
    bucket.write(f"plans/{ENDPOINT}/{FIRST.plan_id}.json", b"{}")
    with pytest.raises(CorruptRecord):
        plan_claim(FakeStore(bucket, NoFaults()), ENDPOINT, FIRST.plan_id)
