"""Takes and gives back the lease on an endpoint by conditional writes in S3.

A lease that is not renewed expires later than the longest apply. On the machine where its holder
ran it is free as soon as that process is gone, so that a killed run does not lock its user out.
"""

import getpass
import logging
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from pipeline.core import naming
from pipeline.core.errors import LeaseHeld, PipelineError
from pipeline.core.lease import Lease, Owner, is_free
from pipeline.gateways import owners
from pipeline.gateways.store import AlreadyExists, Changed, Object, Store

logger = logging.getLogger(__name__)

_EXPIRES_AFTER = timedelta(hours=2)
_RENEW_EVERY_S = 300.0


def this_process(run_id: str) -> Owner:
    """Return the owner that stands for this run."""
    return owners.this_process(run_id, who=whoami())


def whoami() -> str:
    """Return the person or job behind this process, as histories and leases name it."""
    job = os.environ.get("CI_JOB_URL")
    person = os.environ.get("GITLAB_USER_LOGIN")
    if job:
        return f"{person or 'ci'} ({job})"
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"uid {os.getuid()}"


def find(store: Store, endpoint: str) -> Lease | None:
    """Return the lease on `endpoint` as it is written down, held or not."""
    key = naming.lease_object(endpoint)
    found = store.find(key)
    return _read(store, key, found) if found else None


@contextmanager
def held(
    store: Store, endpoint: str, owner: Owner, *, renew_every_s: float = _RENEW_EVERY_S
) -> Iterator[Lease]:
    """Hold the lease on `endpoint` for a while. Raises LeaseHeld naming the holder."""
    holding = _acquire(store, naming.lease_object(endpoint), owner)
    done = threading.Event()
    renewing = threading.Thread(
        target=_renew_until, args=(done, holding), kwargs={"every_s": renew_every_s}, daemon=True
    )
    renewing.start()
    try:
        yield holding.lease
    finally:
        done.set()
        renewing.join()
        holding.give_back()


class _Holding:
    """A lease in our hands, with the ETag of the version that we wrote last."""

    def __init__(self, store: Store, key: str, lease: Lease, *, etag: str) -> None:
        self._store = store
        self._key = key
        self._etag = etag
        self.lease = lease

    def renew(self) -> bool:
        """Move the expiry; False when the lease is no longer ours."""
        return self._write(replace(self.lease, expires_at=datetime.now(UTC) + _EXPIRES_AFTER))

    def give_back(self) -> None:
        self._write(replace(self.lease, released=True))

    def _write(self, lease: Lease) -> bool:
        """Write it down; what cannot be written expires by itself and fails no run."""
        try:
            self._etag = self._store.replace(self._key, _bytes(lease), etag=self._etag)
        except Changed:
            logger.error("the lease of run %s was taken over meanwhile", lease.owner.run_id)
            return False
        except PipelineError as error:
            logger.warning("the lease of run %s: %s", lease.owner.run_id, error.message)
            return True
        self.lease = lease
        return True


def _renew_until(done: threading.Event, holding: _Holding, *, every_s: float) -> None:
    while not done.wait(every_s):
        if not holding.renew():
            return


def _acquire(store: Store, key: str, owner: Owner) -> _Holding:
    found = store.find(key)
    holder = _read(store, key, found) if found else None
    now = datetime.now(UTC)
    dead = holder is not None and not holder.released and owners.is_dead(holder.owner)
    if holder and not is_free(holder, now=now, owner_is_dead=dead):
        raise _held_by(holder)
    if holder and dead:
        logger.warning(
            "run %s (%s) ended without giving its lease back; taking over",
            holder.owner.run_id,
            holder.owner.who,
        )
    lease = Lease(
        number=holder.number + 1 if holder else 1,
        owner=owner,
        acquired_at=now,
        expires_at=now + _EXPIRES_AFTER,
    )
    return _Holding(store, key, lease, etag=_write(store, key, lease, found=found))


def _write(store: Store, key: str, lease: Lease, *, found: Object | None) -> str:
    body = _bytes(lease)
    try:
        return store.replace(key, body, etag=found.etag) if found else store.create(key, body)
    except (AlreadyExists, Changed) as error:
        winner = store.find(key)
        if winner is None:
            message = "Another run took the lease at the same moment, and gave it back."
            raise LeaseHeld(message, remedy="Run the same command again.") from error
        raise _held_by(_read(store, key, winner)) from error


def _read(store: Store, key: str, found: Object) -> Lease:
    return Lease.from_json(found.body, place=store.uri(key))


def _bytes(lease: Lease) -> bytes:
    return lease.to_json().encode()


def _held_by(lease: Lease) -> LeaseHeld:
    owner = lease.owner
    message = (
        f"Run {owner.run_id} of {owner.who} on {owner.host} (process {owner.pid}) holds the lease "
        f"since {lease.acquired_at:%Y-%m-%d %H:%M:%S} UTC."
    )
    remedy = (
        f"Wait until it ends. If it is dead, its lease is free at {lease.expires_at:%H:%M} UTC."
    )
    return LeaseHeld(message, remedy=remedy)
