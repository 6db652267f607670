"""A reviewed plan is used up once, whoever comes first."""

from dataclasses import replace

import pytest

from pipeline.core.errors import CorruptRecord
from pipeline.core.plan_record import PlanClaim
from pipeline.gateways.ledger import Ledger
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
    ledger = Ledger(FakeStore(Bucket(name="bucket"), NoFaults()), ENDPOINT)
    assert ledger.plan_claim(FIRST.plan_id) is None
    assert ledger.claim_plan(FIRST)
    assert not ledger.claim_plan(replace(FIRST, run_id="run-2", who="bob"))
    assert ledger.plan_claim(FIRST.plan_id) == FIRST


def test_another_plan_and_another_endpoint_have_claims_of_their_own() -> None:
    store = FakeStore(Bucket(name="bucket"), NoFaults())
    assert Ledger(store, ENDPOINT).claim_plan(FIRST)
    assert Ledger(store, ENDPOINT).claim_plan(replace(FIRST, plan_id="20260102-120001-abcd"))
    assert Ledger(store, "wine-staging").claim_plan(FIRST)


def test_a_claim_that_cannot_be_read_is_no_free_plan() -> None:
    bucket = Bucket(name="bucket")
    bucket.write(f"plans/{ENDPOINT}/{FIRST.plan_id}.json", b"{}")
    with pytest.raises(CorruptRecord):
        Ledger(FakeStore(bucket, NoFaults()), ENDPOINT).plan_claim(FIRST.plan_id)
