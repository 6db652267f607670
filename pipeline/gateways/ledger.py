"""The release ledger of one endpoint in S3: unchanging releases, a moving head, a growing history.

The head is replaced only by who read its last version; that, and Terraform's own serial check, is
the fence between two runs, because UpdateEndpoint takes no token.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from pipeline.core import history, ledger, naming
from pipeline.core.errors import CorruptRecord, LeaseHeld
from pipeline.core.head import HistoryEvent, LedgerHead
from pipeline.core.records import Release
from pipeline.gateways.store import AlreadyExists, Changed, Store

_LOOK_AGAIN = "Look at --mode status, then run the same command again."


@dataclass(frozen=True, kw_only=True)
class Entry:
    """What the next line of the history says."""

    what: str
    who: str
    when: datetime
    details: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class HeadVersion:
    """A head with the ETag under which it was read; None for one that was never written."""

    head: LedgerHead
    etag: str | None


class Ledger:
    """The three documents of one endpoint's past and present, each with its own kind of write."""

    def __init__(self, store: Store, endpoint: str) -> None:
        self._store = store
        self.endpoint = endpoint

    def read(self) -> HeadVersion:
        """Return the head as it is now; an empty one for an endpoint that never was."""
        key = naming.ledger_object(self.endpoint)
        found = self._store.find(key)
        if found is None:
            return HeadVersion(head=ledger.empty_head(self.endpoint), etag=None)
        head = LedgerHead.from_json(found.body, place=self._store.uri(key))
        return HeadVersion(head=head, etag=found.etag)

    def write(self, read: HeadVersion, head: LedgerHead) -> HeadVersion:
        """Replace the head that was read. Raises LeaseHeld when another run replaced it first."""
        key, body = naming.ledger_object(self.endpoint), head.to_json().encode()
        try:
            etag = (
                self._store.create(key, body)
                if read.etag is None
                else self._store.replace(key, body, etag=read.etag)
            )
        except (AlreadyExists, Changed) as error:
            message = (
                f"Another run has changed the releases of {self.endpoint} meanwhile; "
                "this run changes nothing more."
            )
            raise LeaseHeld(message, remedy=_LOOK_AGAIN) from error
        return HeadVersion(head=head, etag=etag)

    def store_release(self, release: Release) -> None:
        """Write a release once. The same release again is fine; another one of that id is not."""
        key = naming.release_object(self.endpoint, release.release_id)
        body = release.to_json().encode()
        try:
            self._store.create(key, body)
        except AlreadyExists as error:
            found = self._store.find(key)
            if found is not None and found.body == body:
                return
            message = f"{self.endpoint} has another release {release.release_id} already."
            remedy = "Run the same command again: a new second makes a new release id."
            raise CorruptRecord(message, remedy=remedy) from error

    def release(self, release_id: str) -> Release:
        """Return a release that the ledger names. Raises CorruptRecord when it is gone."""
        key = naming.release_object(self.endpoint, release_id)
        found = self._store.find(key)
        if found is None:
            message = (
                f"The ledger of {self.endpoint} names release {release_id}, "
                "but its document is gone."
            )
            remedy = f"Restore {self._store.uri(key)} from an earlier version."
            raise CorruptRecord(message, remedy=remedy)
        return Release.from_json(found.body, place=self._store.uri(key))

    def record(self, read: HeadVersion, head: LedgerHead, entry: Entry) -> HeadVersion:
        """Add a line to the history and replace the head that was read by one that knows it."""
        known = self._adopt_unknown_events(head)
        event, known = history.record_event(
            known, entry.what, who=entry.who, when=entry.when, details=entry.details
        )
        self._append(event)
        return self.write(read, known)

    def events(self) -> tuple[HistoryEvent, ...]:
        """Return the whole history, oldest first."""
        keys = sorted(self._store.keys(naming.history_prefix(self.endpoint)))
        return tuple(each for each in map(self._event, keys) if each)

    def _adopt_unknown_events(self, head: LedgerHead) -> LedgerHead:
        """Take over lines that a run wrote before it died, and before the head knew of them."""
        while True:
            found = self._event(naming.history_object(self.endpoint, head.next_history_number))
            if found is None:
                return head
            head = history.adopt(head, found)

    def _event(self, key: str) -> HistoryEvent | None:
        found = self._store.find(key)
        return HistoryEvent.from_json(found.body, place=self._store.uri(key)) if found else None

    def _append(self, event: HistoryEvent) -> None:
        key = naming.history_object(self.endpoint, event.number)
        try:
            self._store.create(key, event.to_json().encode())
        except AlreadyExists as error:
            message = (
                f"Another run wrote line {event.number} of the history of {self.endpoint} first."
            )
            raise LeaseHeld(message, remedy=_LOOK_AGAIN) from error

    def store_tfvars(self, text: str) -> None:
        """Keep the variables of the last apply beside the head, for a person at the keyboard."""
        self._store.put(naming.applied_tfvars_object(self.endpoint), text.encode())
