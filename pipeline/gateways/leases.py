"""Takes and gives back the lease on an endpoint by conditional writes in S3.

A lease that is not renewed expires after some missed heartbeats. On the machine where its holder
ran it is free as soon as that process is gone, so that a killed run does not lock its user out.
"""

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from pipeline.core import naming
from pipeline.core.errors import LeaseHeld, PipelineError
from pipeline.core.lease import (
    EXPIRES_AFTER,
    HEARTBEAT_EVERY,
    Ended,
    Lease,
    Owner,
    Tenure,
    is_free,
    is_same_holding,
    succeed,
)
from pipeline.core.state_lock import StateLock, is_of_dead_run
from pipeline.gateways import owners, work_folders
from pipeline.gateways.ports import Objects
from pipeline.gateways.store import AlreadyExists, Changed

logger = logging.getLogger(__name__)


def find(store: Objects, endpoint: str) -> Lease | None:
    """Return the lease on `endpoint` as it is written down, held or not."""
    found = _find(store, naming.lease_object(endpoint))
    return found.lease if found else None


def _utc_now() -> datetime:
    return datetime.now(UTC)


def take(
    store: Objects,
    endpoint: str,
    owner: Owner,
    *,
    after: int = 0,
    break_held: bool = False,
    now: Callable[[], datetime] = _utc_now,
    is_dead: Callable[[Owner], bool] = owners.is_dead,
    heartbeat_every_s: float | None = HEARTBEAT_EVERY.total_seconds(),
) -> "Holding":
    """Take the lease on `endpoint` and keep it alive until it is given back.

    `after` is the number of the ledger's last writer. `break_held` takes the lease also from a
    holder that may be alive; `is_dead` tells of a holder's process. Raises LeaseHeld naming the
    holder.
    """
    key = naming.lease_object(endpoint)
    found = _find(store, key)
    holder = found.lease if found else None
    dead = holder is not None and not holder.released and is_dead(holder.owner)
    if holder and not is_free(holder, now=now(), owner_is_dead=dead):
        if not break_held:
            raise _held_by(holder, here=owner.host)
        logger.warning("the lease of run %s is broken", _named(holder))
    elif holder and dead:
        logger.warning("run %s ended without giving its lease back; taking over", _named(holder))
    lease = succeed(holder, owner, now=now(), owner_is_dead=dead, after=after)
    etag = _write_first(store, key, lease, found=found)
    return Holding(
        _Written(store, key, lease, etag=etag, now=now),
        is_dead=is_dead,
        heartbeat_every_s=heartbeat_every_s,
    )


class Holding:
    """A lease in our hands, kept alive until it is given back."""

    def __init__(
        self,
        written: "_Written",
        *,
        is_dead: Callable[[Owner], bool],
        heartbeat_every_s: float | None,
    ) -> None:
        self._written = written
        self._is_dead = is_dead
        self._done = threading.Event()
        self._heartbeat: threading.Thread | None = None
        if heartbeat_every_s is not None:
            # A daemon: an interrupt must not have to wait for an answer of S3.
            self._heartbeat = threading.Thread(
                target=self._beat, args=(heartbeat_every_s,), name="heartbeat", daemon=True
            )
            self._heartbeat.start()

    @property
    def lease(self) -> Lease:
        """The lease as it was written last."""
        return self._written.lease

    def require_held(self) -> None:
        """Renew the lease now. Raises LeaseHeld naming the new holder when it is lost."""
        self._written.renew()

    def await_former(self, *, limit_s: float = 120.0) -> None:
        """Wait until nothing of former holders lives on this machine: a Terraform ends in order.

        Raises LeaseHeld where something of them still does.
        """
        deadline = time.monotonic() + limit_s
        while living := self._living():
            if time.monotonic() > deadline:
                message = f"What run {living.owner.run_id} started still works in its folder."
                remedy = f"Wait until it ends, or end it: {living.owner.work_dir}"
                raise LeaseHeld(message, remedy=remedy)
            time.sleep(0.5)

    def _living(self) -> Tenure | None:
        here = self.lease.owner.host
        found = (
            each
            for each in self.lease.former
            if each.owner.host == here
            and each.owner.work_dir is not None
            and each.ended is not Ended.BROKEN
            and self._is_dead(each.owner)
            and work_folders.is_in_use(each.owner.work_dir)
        )
        return next(found, None)

    def may_unlock(self, lock: StateLock) -> bool:
        """Tell whether a former holder left this lock on a Terraform state, and is gone."""
        return any(
            is_of_dead_run(
                lock,
                by=each.owner,
                from_=each.since,
                until=each.until,
                is_alive=self._may_live(each),
            )
            for each in self.lease.former
        )

    def _may_live(self, tenure: Tenure) -> bool:
        """Tell whether anything of that run may live; elsewhere only its silence tells."""
        owner, here = tenure.owner, self.lease.owner.host
        if owner.host != here:
            return tenure.ended is Ended.BROKEN
        in_use = owner.work_dir is not None and work_folders.is_in_use(owner.work_dir)
        return in_use or not self._is_dead(owner)

    def give_back(self, *, told: bool) -> None:
        """End the heartbeat and the lease; `told` says that the user knows how the run ended.

        What cannot be written expires by itself and fails no run.
        """
        self._done.set()
        if self._heartbeat is not None:
            self._heartbeat.join()
        _unless_refused(lambda: self._written.release(told=told), self.lease)

    def _beat(self, every_s: float) -> None:
        while not self._done.wait(every_s):
            if not _unless_refused(self._written.renew, self.lease):
                return


def _unless_refused(write: Callable[[], None], lease: Lease) -> bool:
    """Write if it can be written; False when the lease is no longer ours."""
    try:
        write()
    except LeaseHeld as lost:
        logger.error("%s", lost.message)
        return False
    except PipelineError as error:
        logger.warning("the lease of run %s: %s", lease.owner.run_id, error.message)
    return True


class _Written:
    """Our lease in S3, with the ETag of the version that we wrote last. For several threads."""

    def __init__(
        self, store: Objects, key: str, lease: Lease, *, etag: str, now: Callable[[], datetime]
    ) -> None:
        self._store = store
        self._key = key
        self._etag = etag
        self._now = now
        self._one_at_a_time = threading.Lock()
        self.lease = lease

    def renew(self) -> None:
        with self._one_at_a_time:
            self._replace(replace(self.lease, expires_at=self._now() + EXPIRES_AFTER))

    def release(self, *, told: bool) -> None:
        with self._one_at_a_time:
            ended = replace(self.lease, expires_at=self._now(), released=True, told=told)
            self._replace(ended)

    def _replace(self, lease: Lease) -> None:
        """Replace our own last version. Raises LeaseHeld when another one stands there."""
        try:
            self._etag = self._store.replace(self._key, _bytes(lease), etag=self._etag)
        except (Changed, PipelineError) as error:
            self._etag = self._replace_after(error, lease)
        self.lease = lease

    def _replace_after(self, error: Exception, lease: Lease) -> str:
        """Return the ETag of the write after all: it was done, or an earlier one of ours was.

        Their answers got lost; our own text in S3 says so.
        """
        found = _find(self._store, self._key)
        if found is None or not is_same_holding(found.lease, self.lease):
            raise _lost(self.lease, found) from error
        if found.lease == lease:
            return found.etag
        if isinstance(error, PipelineError):
            raise error
        try:
            return self._store.replace(self._key, _bytes(lease), etag=found.etag)
        except Changed:
            raise _lost(self.lease, _find(self._store, self._key)) from error


@dataclass(frozen=True, kw_only=True)
class _Found:
    lease: Lease
    etag: str


def _find(store: Objects, key: str) -> _Found | None:
    found = store.find(key)
    if found is None:
        return None
    return _Found(lease=Lease.from_json(found.body, place=store.uri(key)), etag=found.etag)


def _write_first(store: Objects, key: str, lease: Lease, *, found: _Found | None) -> str:
    """Write the lease over what was found and return its ETag. Raises LeaseHeld for a loser."""
    body = _bytes(lease)
    try:
        return store.replace(key, body, etag=found.etag) if found else store.create(key, body)
    except (AlreadyExists, Changed, PipelineError) as error:
        # A write whose answer got lost was done, and then it is our own lease that stands there.
        winner = _find(store, key)
        if winner and winner.lease == lease:
            return winner.etag
        if isinstance(error, PipelineError):
            raise
        if winner is None:
            message = "Another run took the lease at the same moment, and gave it back."
            raise LeaseHeld(message, remedy="Run the same command again.") from error
        raise _held_by(winner.lease, here=lease.owner.host) from error


def _bytes(lease: Lease) -> bytes:
    return lease.to_json().encode()


def _named(lease: Lease) -> str:
    owner = lease.owner
    return f"{owner.run_id} of {owner.who} on {owner.host} (process {owner.pid})"


def _held_by(lease: Lease, *, here: str) -> LeaseHeld:
    """Name the holder, and what to do: on this machine a dead one would have been passed over."""
    message = (
        f"Run {_named(lease)} holds the lease since {lease.acquired_at:%Y-%m-%d %H:%M:%S} UTC."
    )
    if lease.owner.host == here:
        remedy = f"Wait until it ends, or end process {lease.owner.pid}; then repeat the command."
        return LeaseHeld(message, remedy=remedy)
    remedy = (
        "Wait until it ends. If it is dead, its lease is free by itself at "
        f"{lease.expires_at:%H:%M} UTC, and at once by this command with --break-lease added."
    )
    return LeaseHeld(message, remedy=remedy)


def _lost(lease: Lease, found: _Found | None) -> LeaseHeld:
    taken = f"was taken over by run {_named(found.lease)}" if found else "was removed"
    message = f"The lease of run {lease.owner.run_id} {taken} meanwhile."
    remedy = "Look at --mode status; when the other run has ended, run the same command again."
    return LeaseHeld(message, remedy=remedy)
