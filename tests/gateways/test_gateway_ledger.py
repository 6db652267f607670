"""The ledger between two runs, and after one that died half way."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from emulator.tests.support.embedded import Embedded
from pipeline.core import history, naming
from pipeline.core.errors import CorruptRecord, LeaseHeld
from pipeline.core.head import HistoryEvent, LedgerHead
from pipeline.core.lease import Lease, Owner, succeed
from pipeline.core.state_lock import StateLock
from pipeline.gateways.ledger import LeasedLedger, Ledger
from pipeline.gateways.store import Store
from tests.gateways.gateways import a_store
from tests.unit.core_builders import NOON, a_release

ENDPOINT = "iris-model-staging"

pytestmark = pytest.mark.emulated


@pytest.fixture
def store(embedded: Embedded) -> Store:
    return a_store(embedded)


@pytest.fixture
def ledger(store: Store) -> Ledger:
    return Ledger(store, ENDPOINT)


OWNER = Owner(run_id="run-1", who="someone", host="here", pid=1, process_started_s=1.5)
MINUTE = timedelta(minutes=1)


class Held:
    """A lease in the hands of a run, which nobody can take."""

    def __init__(self, number: int = 1) -> None:
        self._lease = replace(succeed(None, OWNER, now=NOON, owner_is_dead=False), number=number)

    @property
    def lease(self) -> Lease:
        return self._lease

    def require_held(self) -> None:
        return

    def await_former(self) -> None:
        return

    def may_unlock(self, lock: StateLock) -> bool:
        return not lock.lock_id

    def give_back(self, *, told: bool) -> None:
        self._lease = replace(self._lease, released=True, told=told)


def leased(ledger: Ledger, *, number: int = 1, now: datetime = NOON) -> LeasedLedger:
    """The ledger in the hands of a run of its own."""
    held, details = Held(number), {"run": f"run-{number}"}
    return LeasedLedger(ledger, held, who="someone", now=lambda: now, details=details)


def whole(ledger: Ledger) -> list[str]:
    head = ledger.read().head
    events = history.whole(ledger.events(), head)
    assert history.first_broken_link(events, head) is None
    return [event.what for event in events]


def fenced(head: LedgerHead, number: int) -> LedgerHead:
    return replace(head, fencing=number)


def test_an_endpoint_that_never_was_has_an_empty_ledger(ledger: Ledger) -> None:
    read = ledger.read()
    assert (read.head.endpoint, read.head.live, read.etag) == (ENDPOINT, None, None)


def test_a_head_comes_back_as_it_was_written(ledger: Ledger) -> None:
    written = ledger.write(ledger.read(), fenced(ledger.read().head, 7))
    assert ledger.read() == written


def test_a_head_may_be_written_again_by_who_wrote_it(ledger: Ledger) -> None:
    first = ledger.write(ledger.read(), fenced(ledger.read().head, 1))
    second = ledger.write(first, fenced(first.head, 2))
    assert ledger.read() == second


@pytest.mark.parametrize("already_written", [False, True])
def test_of_two_writers_one_wins_and_the_other_changes_nothing(
    ledger: Ledger, already_written: bool
) -> None:
    if already_written:
        ledger.write(ledger.read(), ledger.read().head)
    both_read = ledger.read()
    ledger.write(both_read, fenced(both_read.head, 1))
    with pytest.raises(LeaseHeld, match=f"changed the releases of {ENDPOINT}"):
        ledger.write(both_read, fenced(both_read.head, 2))
    assert ledger.read().head.fencing == 1


def test_a_ledger_that_is_taken_over_carries_the_number_of_the_lease(ledger: Ledger) -> None:
    assert leased(ledger, number=7).head.fencing == 7
    assert ledger.read().head.fencing == 7


def test_a_ledger_is_not_taken_over_with_an_older_lease(ledger: Ledger) -> None:
    leased(ledger, number=7)
    with pytest.raises(LeaseHeld, match=r"written under a newer lease \(7\)"):
        leased(ledger, number=6)
    assert ledger.read().head.fencing == 7


def test_a_run_writes_nothing_more_once_another_one_took_the_ledger_over(ledger: Ledger) -> None:
    first = leased(ledger, number=1)
    second = leased(ledger, number=2)
    with pytest.raises(LeaseHeld, match=f"changed the releases of {ENDPOINT}"):
        first.write(replace(first.head, surroundings_due=True))
    with pytest.raises(LeaseHeld, match=f"changed the releases of {ENDPOINT}"):
        first.record(first.head, "deployed")
    second.record(second.head, "rolled back")
    assert whole(ledger) == ["rolled back"]


def test_what_a_run_writes_is_what_it_goes_on_with(ledger: Ledger) -> None:
    book = leased(ledger)
    book.write(replace(book.head, surroundings_due=True))
    assert book.head.surroundings_due
    assert ledger.read().head == book.head


def test_the_history_grows_with_the_head(ledger: Ledger) -> None:
    book = leased(ledger)
    for what in ("deployed", "rolled back", "deployed"):
        book.record(book.head, what)
    assert whole(ledger) == ["deployed", "rolled back", "deployed"]
    assert list(ledger.events()) == list(history.whole(ledger.events(), book.head))


def test_a_line_says_who_when_and_of_what_run(ledger: Ledger) -> None:
    book = leased(ledger, number=3)
    book.record(book.head, "deployed", release="r-1", run="overruled")
    (event,) = ledger.events()
    assert (event.who, event.when) == ("someone", NOON)
    assert event.details == {"run": "overruled", "release": "r-1"}


def test_what_happened_and_the_line_that_tells_it_are_one_write(ledger: Ledger) -> None:
    book = leased(ledger)
    book.record(replace(book.head, surroundings_due=True), "surroundings asked for")
    read = ledger.read().head
    assert read.surroundings_due
    assert read.last_event is not None
    assert read.last_event.what == "surroundings asked for"


def test_the_copy_of_a_line_whose_run_died_is_made_by_the_next(ledger: Ledger) -> None:
    told = history.tell(ledger.read().head, "died", who="x", when=NOON, details={"run": "dead"})
    ledger.write(ledger.read(), told)
    assert ledger.events() == ()
    assert whole(ledger) == ["died"]
    book = leased(ledger)
    assert ledger.events() == (told.last_event,)
    book.record(book.head, "rolled back")
    assert whole(ledger) == ["died", "rolled back"]


def test_a_ledger_that_is_older_than_its_history_is_refused(ledger: Ledger, store: Store) -> None:
    store.create(naming.history_object(ENDPOINT, 1), b"told by a later ledger")
    with pytest.raises(CorruptRecord, match="older than its history: it does not know line 1"):
        leased(ledger)


def test_a_line_that_is_not_the_one_it_was_is_refused(ledger: Ledger, store: Store) -> None:
    forged = HistoryEvent(
        number=1, what="forged", who="x", when=NOON, details={}, previous_sha256="0" * 64
    )
    book = leased(ledger)
    store.create(naming.history_object(ENDPOINT, 1), forged.to_json().encode())
    with pytest.raises(CorruptRecord, match=f"Line 1 of the history of {ENDPOINT} is not the one"):
        book.record(book.head, "deployed")


@pytest.mark.parametrize(
    ("minutes", "host", "ours"),
    [
        (0, "here", True),
        (2, "here", True),
        (3, "here", False),
        (-1, "here", False),
        (1, "b", False),
    ],
)
def test_a_lock_is_ours_that_was_made_while_our_killed_terraform_worked(
    ledger: Ledger, minutes: int, host: str, ours: bool
) -> None:
    book = leased(ledger, now=NOON + 2 * MINUTE)
    lock = StateLock(
        lock_id="1",
        who=f"someone@{host}",
        operation="OperationTypeApply",
        created_at=NOON + minutes * MINUTE,
        path="states/x",
    )
    assert not book.was_killed_during(lock)
    book.note_killed(NOON)
    assert book.was_killed_during(lock) is ours


def test_a_leased_ledger_reads_the_releases_of_its_ledger(ledger: Ledger) -> None:
    ledger.store_release(a_release())
    assert leased(ledger).release(a_release().release_id) == a_release()


def test_a_release_that_was_ever_made_is_known(ledger: Ledger) -> None:
    assert not ledger.has_release(a_release().release_id)
    ledger.store_release(a_release())
    assert ledger.has_release(a_release().release_id)


def test_a_release_comes_back_as_it_was_stored(ledger: Ledger) -> None:
    release = a_release()
    ledger.store_release(release)
    assert ledger.release(release.release_id) == release


def test_the_same_release_may_be_stored_again(ledger: Ledger) -> None:
    for _ in range(2):
        ledger.store_release(a_release())
    assert ledger.release(a_release().release_id) == a_release()


def test_a_release_never_changes(ledger: Ledger) -> None:
    ledger.store_release(a_release())
    with pytest.raises(CorruptRecord, match="has another release"):
        ledger.store_release(a_release(created_by="somebody else"))
    assert ledger.release(a_release().release_id) == a_release()


def test_a_release_whose_document_is_gone_says_where_it_was(ledger: Ledger) -> None:
    release_id = a_release().release_id
    with pytest.raises(CorruptRecord, match=rf"Restore s3://.*/{release_id}\.json from"):
        ledger.release(release_id)


@pytest.mark.parametrize("body", [b"", b"{}", b'{"endpoint": "x", "unknown": 1}', b"\xff"])
def test_a_head_that_this_software_did_not_write_is_refused(
    ledger: Ledger, store: Store, body: Any
) -> None:
    store.put(naming.ledger_object(ENDPOINT), body)
    with pytest.raises(CorruptRecord, match=r"LedgerHead at s3://.*/ledger/.* cannot be read"):
        ledger.read()


def test_a_line_of_the_history_that_cannot_be_read_is_named(ledger: Ledger, store: Store) -> None:
    key = naming.history_object(ledger.endpoint, 7)
    store.put(key, b"[]")
    with pytest.raises(CorruptRecord, match=store.uri(key)):
        ledger.events()


def test_the_variables_of_the_last_apply_are_kept(ledger: Ledger, store: Store) -> None:
    for text in ("{}", '{"live_config": "x"}'):
        ledger.store_tfvars(text)
    kept = store.find(naming.applied_tfvars_object(ENDPOINT))
    assert kept is not None
    assert kept.body == b'{"live_config": "x"}'
