"""Takes and gives back the lease on an endpoint by conditional writes in S3.

A lease expires later than the longest apply. On the machine where its holder ran it is free as soon
as that process is gone, so that a killed run does not lock its user out.
"""

import getpass
import logging
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from pipeline.core import naming
from pipeline.core.errors import LeaseHeld
from pipeline.core.lease import Lease, Owner, is_free
from pipeline.gateways.store import AlreadyExists, Changed, Object, Store

logger = logging.getLogger(__name__)

EXPIRES_AFTER = timedelta(hours=2)


def this_process(run_id: str) -> Owner:
    """Return the owner that stands for this run."""
    import psutil

    return Owner(
        run_id=run_id,
        who=whoami(),
        host=socket.gethostname(),
        pid=os.getpid(),
        process_started_s=psutil.Process().create_time(),
    )


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


@contextmanager
def held(store: Store, endpoint: str, owner: Owner) -> Iterator[Lease]:
    """Hold the lease on `endpoint` for a while. Raises LeaseHeld naming the holder."""
    key = naming.lease_object(endpoint)
    lease, etag = _acquire(store, key, owner)
    try:
        yield lease
    finally:
        _release(store, key, lease, etag=etag)


def _acquire(store: Store, key: str, owner: Owner) -> tuple[Lease, str]:
    found = store.find(key)
    holder = Lease.from_json(found.body) if found else None
    now = datetime.now(UTC)
    dead = holder is not None and _is_dead(holder.owner)
    if holder and not is_free(holder, now=now, owner_is_dead=dead):
        raise _held_by(holder)
    if holder and dead and not holder.released:
        logger.warning(
            "run %s (%s) ended without giving its lease back; taking over",
            holder.owner.run_id,
            holder.owner.who,
        )
    lease = Lease(
        number=holder.number + 1 if holder else 1,
        owner=owner,
        acquired_at=now,
        expires_at=now + EXPIRES_AFTER,
    )
    return lease, _write(store, key, lease, found=found)


def _write(store: Store, key: str, lease: Lease, *, found: Object | None) -> str:
    body = lease.to_json().encode()
    try:
        return store.replace(key, body, etag=found.etag) if found else store.create(key, body)
    except (AlreadyExists, Changed) as error:
        winner = store.find(key)
        if winner is None:
            raise
        raise _held_by(Lease.from_json(winner.body)) from error


def _release(store: Store, key: str, lease: Lease, *, etag: str) -> None:
    try:
        store.replace(key, replace(lease, released=True).to_json().encode(), etag=etag)
    except Changed:
        logger.warning("the lease of run %s was taken over meanwhile", lease.owner.run_id)


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


def _is_dead(owner: Owner) -> bool:
    """Tell for certain that the holder is gone: only this host's processes can be known."""
    import psutil

    if owner.host != socket.gethostname():
        return False
    try:
        started_s = psutil.Process(owner.pid).create_time()
    except psutil.NoSuchProcess:
        return True
    except psutil.AccessDenied:
        return False
    return abs(started_s - owner.process_started_s) > 1.0
