"""The ledger between two runs, and after one that died half way."""

from dataclasses import replace
from typing import Any

import pytest

from pipeline.core import history, naming
from pipeline.core.errors import CorruptRecord, LeaseHeld
from pipeline.core.head import HistoryEvent, LedgerHead
from pipeline.gateways.ledger import Entry, Ledger
from pipeline.gateways.store import Store
from tests.emulated.embedded import Embedded
from tests.emulated.gateways import a_store
from tests.unit.core_builders import NOON, a_release

ENDPOINT = "iris-model-staging"

pytestmark = pytest.mark.emulated


@pytest.fixture
def store(embedded: Embedded) -> Store:
    return a_store(embedded)


@pytest.fixture
def ledger(store: Store) -> Ledger:
    return Ledger(store, ENDPOINT)


def an_entry(what: str = "deployed", **details: str) -> Entry:
    return Entry(what=what, who="someone", when=NOON, details=details)


def events(store: Store) -> list[HistoryEvent]:
    keys = store.keys(naming.history_object(ENDPOINT, 1).rsplit("/", 1)[0])
    return [HistoryEvent.from_json(store.read_uri(store.uri(key))) for key in keys]


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


def test_the_history_grows_with_the_head(ledger: Ledger, store: Store) -> None:
    version = ledger.read()
    for what in ("deployed", "rolled back", "deployed"):
        version = ledger.record(version, version.head, an_entry(what))
    assert [event.what for event in events(store)] == ["deployed", "rolled back", "deployed"]
    assert history.first_broken_link(events(store), ledger.read().head) is None


def test_of_two_who_record_at_once_one_hears_of_the_other(ledger: Ledger) -> None:
    both_read = ledger.read()
    ledger.record(both_read, both_read.head, an_entry("first"))
    with pytest.raises(LeaseHeld):
        ledger.record(both_read, both_read.head, an_entry("second"))
    assert ledger.read().head.next_history_number == 2


def test_a_line_of_a_run_that_died_before_its_head_is_kept(ledger: Ledger, store: Store) -> None:
    version = ledger.record(ledger.read(), ledger.read().head, an_entry("deployed"))
    event, _ = history.record_event(
        version.head, "died", who="someone", when=NOON, details={"run": "dead"}
    )
    store.create(naming.history_object(ENDPOINT, event.number), event.to_json().encode())
    after = ledger.record(ledger.read(), ledger.read().head, an_entry("rolled back"))
    assert [event.what for event in events(store)] == ["deployed", "died", "rolled back"]
    assert history.first_broken_link(events(store), after.head) is None


def test_a_line_that_follows_another_history_is_refused(ledger: Ledger, store: Store) -> None:
    event = HistoryEvent(
        number=1, what="forged", who="x", when=NOON, details={}, previous_sha256="0" * 64
    )
    store.create(naming.history_object(ENDPOINT, 1), event.to_json().encode())
    with pytest.raises(CorruptRecord, match="follows another line"):
        ledger.record(ledger.read(), ledger.read().head, an_entry())


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
