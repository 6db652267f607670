"""The lease on an endpoint: one run at a time moves it, and who came later can be told apart."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from pipeline.core.document import Instant, Stored

EXPIRES_AFTER = timedelta(minutes=15)
HEARTBEAT_EVERY = timedelta(seconds=60)
_MOST_FORMER = 10


@dataclass(frozen=True, kw_only=True)
class Owner:
    """Who holds a lease. Host, process and its start time tell whether the run is still alive.

    `place` says which boot of which kernel and which process numbers are meant, and
    `process_started_ticks` counts from that boot: host names and wall clocks prove less. Both are
    None where the system does not tell them. `work_dir` is the run's private folder on that host;
    what the run has started may live on in it (gateways/work_folders.py).
    """

    run_id: str
    who: str
    host: str
    pid: int
    process_started_s: float
    place: str | None = None
    process_started_ticks: int | None = None
    work_dir: str | None = None


class Ended(StrEnum):
    """How the holding of a lease came to its end, as its successor found it."""

    BROKEN = "broken"  # taken by --break-lease: its holder may still live
    DIED = "died"
    EXPIRED = "expired"
    RELEASED = "released"


@dataclass(frozen=True, kw_only=True)
class Tenure:
    """Who held the lease from when until when; until its last heartbeat where it did not end it.

    `told`: its user knows how it ended.
    """

    owner: Owner
    since: Instant
    until: Instant
    ended: Ended
    told: bool


@dataclass(frozen=True, kw_only=True)
class Lease(Stored):
    """`number` grows with each holder (a fencing number); `released` is set by a run that ended.

    `told` is set with it by a run that has told its user how it ended; a run that died, that was
    interrupted or that met a bug has not. `former` are the last holders before, oldest first: a
    lock on a Terraform state may be one that they left behind.
    """

    number: int
    owner: Owner
    acquired_at: Instant
    expires_at: Instant
    released: bool = False
    told: bool = False
    former: tuple[Tenure, ...] = ()


def is_free(lease: Lease | None, *, now: datetime, owner_is_dead: bool) -> bool:
    """Tell whether a run may take the lease: nobody holds it, or its holder is gone for certain."""
    return lease is None or lease.released or owner_is_dead or now >= lease.expires_at


def is_same_holding(lease: Lease, other: Lease) -> bool:
    """Tell whether two versions of a lease are of one holder: renewed, or given back, since."""
    return (lease.number, lease.owner) == (other.number, other.owner)


def succeed(
    holder: Lease | None, owner: Owner, *, now: datetime, owner_is_dead: bool, after: int = 0
) -> Lease:
    """Return the lease of the next holder, which knows who held it before.

    `after` is the newest number that the ledger knows: whoever deletes the lease by hand, or puts
    an old one back, must not make its numbers begin anew.
    """
    return Lease(
        number=max(holder.number if holder else 0, after) + 1,
        owner=owner,
        acquired_at=now,
        expires_at=now + EXPIRES_AFTER,
        former=_former(holder, now=now, owner_is_dead=owner_is_dead) if holder else (),
    )


def _former(holder: Lease, *, now: datetime, owner_is_dead: bool) -> tuple[Tenure, ...]:
    if holder.released:
        ended, until = Ended.RELEASED, holder.expires_at
    else:
        dead = Ended.EXPIRED if now >= holder.expires_at else Ended.BROKEN
        ended = Ended.DIED if owner_is_dead else dead
        until = holder.expires_at - EXPIRES_AFTER + HEARTBEAT_EVERY
    last = Tenure(
        owner=holder.owner,
        since=holder.acquired_at,
        until=min(until, now),  # what comes later is the successor's
        ended=ended,
        told=holder.told,
    )
    return (*holder.former, last)[-_MOST_FORMER:]


def is_unheard(lease: Lease, run_id: str) -> bool:
    """Tell whether a former holder could not tell its user how it ended."""
    return any(each.owner.run_id == run_id and not each.told for each in lease.former)
