"""The release ledger of one endpoint in S3: unchanging releases, a moving head, a growing history.

The head is replaced only by who read its last version; that, and Terraform's own serial check, is
the fence between two runs, because UpdateEndpoint takes no token.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from pipeline.core import history, ledger, naming
from pipeline.core.errors import CorruptRecord, LeaseHeld
from pipeline.core.evidence import Evidence
from pipeline.core.head import HistoryEvent, LedgerHead
from pipeline.core.plan_record import PlanClaim
from pipeline.core.records import Release
from pipeline.core.requests import Claim
from pipeline.core.state_lock import StateLock
from pipeline.gateways.ports import HeldLease, Objects
from pipeline.gateways.store import AlreadyExists, Changed

_LOOK_AGAIN = "Look at --mode status, then run the same command again."


@dataclass(frozen=True, kw_only=True)
class HeadVersion:
    """A head with the ETag under which it was read; None for one that was never written."""

    head: LedgerHead
    etag: str | None


class Ledger:
    """The documents of one endpoint's past and present, each with its own kind of write."""

    def __init__(self, store: Objects, endpoint: str) -> None:
        self._store = store
        self._releases: dict[str, Release] = {}
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
        remedy = "Run the same command again: a new second makes a new release id."
        what = f"{self.endpoint} has another release {release.release_id} already."
        self._store_once(key, release.to_json().encode(), CorruptRecord(what, remedy=remedy))

    def release(self, release_id: str) -> Release:
        """Return a release that the ledger names. Raises CorruptRecord when it is gone."""
        if release_id not in self._releases:  # one never changes
            key = naming.release_object(self.endpoint, release_id)
            found, place = self._store.find(key), self._store.uri(key)
            if found is None:
                named = f"The ledger of {self.endpoint} names release {release_id}"
                message = f"{named}, but its document is gone."
                remedy = f"Restore {place} from an earlier version."
                raise CorruptRecord(message, remedy=remedy)
            self._releases[release_id] = Release.from_json(found.body, place=place)
        return self._releases[release_id]

    def store_evidence(self, evidence: Evidence) -> str:
        """Keep the evidence of a deployment at the address of its content; return its sha256."""
        self._store.create_same(
            naming.evidence_object(self.endpoint, evidence.sha256), evidence.to_json().encode()
        )
        return evidence.sha256

    def has_release(self, release_id: str) -> bool:
        """Tell whether a release of this id was ever made for this endpoint."""
        return self._store.exists(naming.release_object(self.endpoint, release_id))

    def copy_last_event(self, head: LedgerHead) -> None:
        """Give the newest event its own object in the history, where it has none yet."""
        event = head.last_event
        if event is None:
            return
        what = f"Line {event.number} of the history of {self.endpoint} is not the one it was."
        remedy = "Compare the history with its bucket's object versions."
        key = naming.history_object(self.endpoint, event.number)
        self._store_once(key, event.to_json().encode(), CorruptRecord(what, remedy=remedy))

    def require_newest(self, head: LedgerHead) -> None:
        """Refuse a head that was put back from before a line of the history that was told since.

        Nothing could ever be told after it: each line has one number, and is written once.
        """
        number = head.last_event.number + 1 if head.last_event else 1
        if not self._store.exists(naming.history_object(self.endpoint, number)):
            return
        message = (
            f"The ledger of {self.endpoint} is lost, or older than its history: it does not know "
            f"line {number}. Nothing was moved."
        )
        place = self._store.uri(naming.ledger_object(self.endpoint))
        remedy = f"Restore the newest good version of {place}, not an earlier one."
        raise CorruptRecord(message, remedy=remedy)

    def events(self, *, last: int = 0) -> tuple[HistoryEvent, ...]:
        """Return the `last` events that have objects of their own, or all, oldest first."""
        keys = sorted(self._store.keys(naming.history_prefix(self.endpoint)))[-last:]
        return tuple(each for each in map(self._event, keys) if each)

    def _event(self, key: str) -> HistoryEvent | None:
        found = self._store.find(key)
        return HistoryEvent.from_json(found.body, place=self._store.uri(key)) if found else None

    def _store_once(self, key: str, body: bytes, otherwise: CorruptRecord) -> None:
        try:
            self._store.create(key, body)
        except AlreadyExists as error:
            found = self._store.find(key)
            if found is None or found.body != body:
                raise otherwise from error

    def claimed(self, claim: Claim) -> Claim:
        """Claim a request; return the claim that stands, ours or that of another pipeline."""
        key = naming.request_object(self.endpoint, claim.request_id)
        try:
            self._store.create(key, claim.to_json().encode())
        except AlreadyExists as error:
            found = self._store.find(key)
            if found is None:
                message = f"The claim {self._store.uri(key)} was there, and is gone."
                raise LeaseHeld(message, remedy="Run the same command again.") from error
            return Claim.from_json(found.body, place=self._store.uri(key))
        return claim

    def plan_claim(self, plan_id: str) -> PlanClaim | None:
        """Return who has used a reviewed plan; None while nobody has."""
        key = naming.plan_object(self.endpoint, plan_id)
        found = self._store.find(key)
        return PlanClaim.from_json(found.body, place=self._store.uri(key)) if found else None

    def claim_plan(self, claim: PlanClaim) -> bool:
        """Use a reviewed plan up, once and for ever; False where somebody was faster."""
        key = naming.plan_object(self.endpoint, claim.plan_id)
        try:
            self._store.create(key, claim.to_json().encode())
        except AlreadyExists:
            return False
        return True

    def store_tfvars(self, text: str) -> None:
        """Keep the variables of what serves beside the head, for a person at the keyboard."""
        self._store.put(naming.applied_tfvars_object(self.endpoint), text.encode())


class LeasedLedger:
    """The ledger in the hands of the run that holds the lease: the head as this run left it."""

    def __init__(
        self,
        book: Ledger,
        lease: HeldLease,
        *,
        who: str,
        now: Callable[[], datetime],
        details: Mapping[str, str],
    ) -> None:
        self._book = book
        self._who = who
        self.now = now
        self._details = details
        self.lease = lease
        self._killed: list[tuple[datetime, datetime]] = []
        self._version = book.read()
        book.copy_last_event(self._version.head)
        self.write(ledger.fence(self._version.head, lease.lease.number))
        book.require_newest(self.head)

    @property
    def head(self) -> LedgerHead:
        return self._version.head

    def note_killed(self, since: datetime) -> None:
        """Remember that a Terraform of this run was killed, which began at `since`."""
        self._killed.append((since, self.now()))

    def was_killed_during(self, lock: StateLock) -> bool:
        """Tell whether a Terraform of this run made this lock, and was killed before its end."""
        if lock.host != self.lease.lease.owner.host:
            return False
        return any(since <= lock.created_at <= until for since, until in self._killed)

    def release(self, release_id: str) -> Release:
        return self._book.release(release_id)

    @property
    def live(self) -> Release:
        """The release that the ledger calls live. Raises UsageError where nothing is."""
        return self._book.release(self.head.live_release or "")

    def write(self, head: LedgerHead) -> None:
        """Replace the head. Raises LeaseHeld when another run has taken over."""
        written = ledger.barred_by(self._who, head, before=self.head)
        self._version = self._book.write(self._version, written)

    def record(self, head: LedgerHead, what: str, **details: str) -> None:
        """Replace the head together with the next line of the history."""
        told = history.tell(
            head, what, who=self._who, when=self.now(), details={**self._details, **details}
        )
        self.write(told)
        self._book.copy_last_event(told)
