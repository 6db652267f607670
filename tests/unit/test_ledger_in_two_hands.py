"""Two runs and one ledger: who comes late, or has lost the lease, changes nothing."""

from dataclasses import replace
from datetime import datetime
from types import SimpleNamespace
from typing import TYPE_CHECKING, cast

import pytest

from pipeline.core.errors import LeaseHeld
from pipeline.core.lease import Lease, Owner, succeed
from pipeline.core.state_lock import StateLock
from pipeline.gateways.ledger import LeasedLedger, Ledger
from pipeline.steps.leased import delete_endpoint, unlocked
from tests.fakes.boundary import NoFaults
from tests.fakes.store import Bucket, FakeStore
from tests.unit.core_builders import NOON, an_endpoint

if TYPE_CHECKING:
    from pipeline.context import Workspace
    from pipeline.gateways.ports import Root

ENDPOINT = "iris-staging"
OWNER = Owner(run_id="run-1", who="ann", host="here", pid=1, process_started_s=1.5)


class Held:
    """A lease of some number, which its run may have lost without knowing."""

    def __init__(self, number: int, *, is_lost: bool = False) -> None:
        self.lease: Lease = succeed(None, OWNER, now=NOON, owner_is_dead=False, after=number - 1)
        self._is_lost = is_lost

    def require_held(self) -> None:
        if self._is_lost:
            message = "The lease was taken over."
            raise LeaseHeld(message, remedy="Look at --mode status.")

    def await_former(self) -> None:
        return

    def may_unlock(self, lock: StateLock) -> bool:
        del lock
        return False

    def give_back(self, *, told: bool) -> None:
        del told


@pytest.fixture
def ledger() -> Ledger:
    return Ledger(FakeStore(Bucket(name="bucket"), NoFaults()), ENDPOINT)


def taken(ledger: Ledger, number: int, *, is_lost: bool = False) -> LeasedLedger:
    def now() -> datetime:
        return NOON

    held = Held(number, is_lost=is_lost)
    return LeasedLedger(ledger, held, who="ann", now=now, details={})


def test_a_run_that_slept_through_its_lease_takes_no_ledger_that_a_later_one_has(
    ledger: Ledger,
) -> None:
    taken(ledger, 7)
    before = ledger.read()
    with pytest.raises(LeaseHeld, match=r"newer lease \(7\)"):
        taken(ledger, 6)
    assert ledger.read() == before


def test_a_later_lease_leaves_its_number_in_the_ledger(ledger: Ledger) -> None:
    taken(ledger, 6)
    taken(ledger, 7)
    assert ledger.read().head.fencing == 7


def test_of_two_who_read_the_same_head_the_second_writes_nothing(ledger: Ledger) -> None:
    ledger.write(ledger.read(), ledger.read().head)
    read = ledger.read()
    ledger.write(read, replace(read.head, fencing=1))
    with pytest.raises(LeaseHeld, match="changed the releases"):
        ledger.write(read, replace(read.head, fencing=2))
    assert ledger.read().head.fencing == 1


def test_a_run_that_lost_its_lease_applies_nothing(ledger: Ledger) -> None:
    applied: list[str] = []
    book = taken(ledger, 1, is_lost=True)
    with pytest.raises(LeaseHeld, match="taken over"):
        unlocked(cast("Root", None), book, lambda: applied.append("applied"))
    assert not applied


def test_a_run_that_lost_its_lease_deletes_no_endpoint(ledger: Ledger) -> None:
    deleted: list[str] = []
    hosting = SimpleNamespace(
        delete_endpoint=deleted.append,
        wait_until_settled=lambda *_, **__: an_endpoint(),
    )
    workspace = cast("Workspace", SimpleNamespace(hosting=hosting))
    with pytest.raises(LeaseHeld, match="taken over"):
        delete_endpoint(workspace, taken(ledger, 1, is_lost=True))
    assert not deleted
    book = taken(ledger, 2)
    delete_endpoint(workspace, book)
    assert deleted == [book.head.endpoint]


def test_a_run_that_holds_its_lease_applies_once(ledger: Ledger) -> None:
    applied: list[str] = []
    unlocked(cast("Root", None), taken(ledger, 1), lambda: applied.append("applied"))
    assert applied == ["applied"]
