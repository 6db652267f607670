"""When a lease may be taken, and how it travels through S3."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from pipeline.core.errors import CorruptRecord
from pipeline.core.lease import Lease, Owner, is_free, is_same_holding
from tests.unit.core_builders import NOON


def a_lease(**changes: Any) -> Lease:
    owner = Owner(run_id="run-1", who="someone", host="here", pid=1, process_started_s=1.5)
    lease = Lease(number=3, owner=owner, acquired_at=NOON, expires_at=NOON + timedelta(hours=2))
    return replace(lease, **changes)


def test_a_lease_that_never_was_is_free() -> None:
    assert is_free(None, now=NOON, owner_is_dead=False)


def test_a_held_lease_is_not_free() -> None:
    assert not is_free(a_lease(), now=NOON, owner_is_dead=False)


def test_a_released_lease_is_free() -> None:
    assert is_free(a_lease(released=True), now=NOON, owner_is_dead=False)


def test_the_lease_of_a_dead_owner_is_free() -> None:
    assert is_free(a_lease(), now=NOON, owner_is_dead=True)


@pytest.mark.parametrize(("seconds", "free"), [(-1, False), (0, True), (1, True)])
def test_a_lease_is_free_from_the_instant_of_its_expiry(seconds: int, free: bool) -> None:
    lease = a_lease()
    now = lease.expires_at + timedelta(seconds=seconds)
    assert is_free(lease, now=now, owner_is_dead=False) is free


def test_a_lease_that_was_renewed_or_given_back_is_of_the_same_holder() -> None:
    later = replace(a_lease(), expires_at=NOON, released=True, told=True)
    assert is_same_holding(a_lease(), later)


def test_a_later_lease_is_of_another_holder_also_where_the_run_is_the_same() -> None:
    assert not is_same_holding(a_lease(), a_lease(number=4))
    other = replace(a_lease().owner, run_id="run-2")
    assert not is_same_holding(a_lease(), a_lease(owner=other))


def test_a_lease_comes_back_from_its_json() -> None:
    lease = a_lease(told=True, owner=replace(a_lease().owner, work_dir="/tmp/mlops-1"))
    assert Lease.from_json(lease.to_json()) == lease


@pytest.mark.parametrize("text", ["", "{}", "null", a_lease().to_json().replace("3", '"3"')])
def test_a_lease_that_this_software_did_not_write_is_refused(text: str) -> None:
    with pytest.raises(CorruptRecord, match="A stored Lease cannot be read"):
        Lease.from_json(text)
