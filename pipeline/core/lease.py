"""The lease on an endpoint: one run at a time moves it, and who came later can be told apart."""

from dataclasses import dataclass
from datetime import datetime

from pipeline.core.document import Instant, Stored


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


@dataclass(frozen=True, kw_only=True)
class Lease(Stored):
    """`number` grows with each holder (a fencing number); `released` is set by a run that ended.

    `told` is set with it by a run that has told its user how it ended; a run that died, that was
    interrupted or that met a bug has not.
    """

    number: int
    owner: Owner
    acquired_at: Instant
    expires_at: Instant
    released: bool = False
    told: bool = False


def is_free(lease: Lease | None, *, now: datetime, owner_is_dead: bool) -> bool:
    """Tell whether a run may take the lease: nobody holds it, or its holder is gone for certain."""
    return lease is None or lease.released or owner_is_dead or now >= lease.expires_at


def is_same_holding(lease: Lease, other: Lease) -> bool:
    """Tell whether two versions of a lease are of one holder: renewed, or given back, since."""
    return (lease.number, lease.owner) == (other.number, other.owner)
