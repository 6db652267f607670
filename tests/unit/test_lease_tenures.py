"""What the next holder of a lease knows of those before: who, until when, and how it ended."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.core.lease import (
    EXPIRES_AFTER,
    HEARTBEAT_EVERY,
    Ended,
    Lease,
    Owner,
    Tenure,
    is_free,
    is_same_holding,
    is_unheard,
    succeed,
)
from tests.unit.core_builders import NOON

OWNER = Owner(run_id="run-1", who="someone", host="here", pid=1, process_started_s=1.5)
NEXT = replace(OWNER, run_id="run-2", pid=2)
FIRST = succeed(None, OWNER, now=NOON, owner_is_dead=False)
MINUTE = timedelta(minutes=1)
ends = st.sampled_from(["told", "untold", "died", "expired", "broken"])


def ended(lease: Lease, how: str) -> Lease:
    """The lease as its holder left it."""
    if how in ("told", "untold"):
        return replace(lease, released=True, told=how == "told")
    return lease


def next_after(lease: Lease, how: str, owner: Owner = NEXT) -> Lease:
    now = lease.expires_at if how == "expired" else lease.acquired_at + MINUTE
    return succeed(ended(lease, how), owner, now=now, owner_is_dead=how == "died")


def test_the_first_holder_has_nobody_before_it() -> None:
    assert (FIRST.number, FIRST.owner, FIRST.former) == (1, OWNER, ())
    assert (FIRST.acquired_at, FIRST.expires_at) == (NOON, NOON + EXPIRES_AFTER)
    assert not FIRST.released
    assert not FIRST.told


def test_the_next_holder_has_the_next_number_and_a_time_of_its_own() -> None:
    found = succeed(ended(FIRST, "told"), NEXT, now=NOON + MINUTE, owner_is_dead=False)
    assert (found.number, found.owner) == (2, NEXT)
    assert found.expires_at == NOON + MINUTE + EXPIRES_AFTER
    assert (found.released, found.told) == (False, False)
    assert not is_same_holding(found, FIRST)


@pytest.mark.parametrize("told", [True, False])
def test_a_holder_that_gave_its_lease_back_held_it_until_then(told: bool) -> None:
    given_back = replace(FIRST, released=True, told=told, expires_at=NOON + MINUTE)
    (former,) = succeed(given_back, NEXT, now=NOON + 9 * MINUTE, owner_is_dead=True).former
    assert former == Tenure(
        owner=OWNER, since=NOON, until=NOON + MINUTE, ended=Ended.RELEASED, told=told
    )


@pytest.mark.parametrize(
    ("minutes", "dead", "how"),
    [
        (1, True, Ended.DIED),
        (60, True, Ended.DIED),
        (15, False, Ended.EXPIRED),
        (60, False, Ended.EXPIRED),
        (1, False, Ended.BROKEN),
        (14, False, Ended.BROKEN),
    ],
)
def test_how_a_holder_ended_that_gave_nothing_back(minutes: int, dead: bool, how: Ended) -> None:
    now = NOON + minutes * MINUTE
    (former,) = succeed(FIRST, NEXT, now=now, owner_is_dead=dead).former
    assert (former.ended, former.told) == (how, False)


@given(beats=st.integers(0, 100))
def test_a_holder_that_gave_nothing_back_held_it_a_heartbeat_longer_than_it_was_seen(
    beats: int,
) -> None:
    seen = NOON + beats * HEARTBEAT_EVERY
    renewed = replace(FIRST, expires_at=seen + EXPIRES_AFTER)
    (former,) = succeed(renewed, NEXT, now=seen + MINUTE, owner_is_dead=True).former
    assert (former.since, former.until) == (NOON, seen + HEARTBEAT_EVERY)


def test_a_lease_that_may_be_taken_without_force_never_counts_as_broken() -> None:
    for minutes, dead, released in ((1, True, False), (15, False, False), (1, False, True)):
        lease, now = replace(FIRST, released=released), NOON + minutes * MINUTE
        assert is_free(lease, now=now, owner_is_dead=dead)
        (former,) = succeed(lease, NEXT, now=now, owner_is_dead=dead).former
        assert former.ended is not Ended.BROKEN


@given(st.lists(ends, max_size=25))
def test_the_last_ten_holders_are_known_oldest_first(history: list[str]) -> None:
    lease = FIRST
    for number, how in enumerate(history, start=2):
        lease = next_after(lease, how, replace(OWNER, run_id=f"run-{number}"))
    known = [each.owner.run_id for each in lease.former]
    assert lease.number == len(history) + 1
    assert known == [f"run-{number}" for number in range(1, lease.number)][-10:]
    assert [each.told for each in lease.former] == [how == "told" for how in history][-10:]
    assert Lease.from_json(lease.to_json()) == lease


@pytest.mark.parametrize(
    ("history", "silent"),
    [
        ([], ()),
        (["told"], ()),
        (["died"], ("run-1",)),
        (["untold", "expired"], ("run-1", "run-2")),
        (["died", "told"], ("run-1",)),
        (["died", "told", "broken"], ("run-1", "run-3")),
        (["told", "died", "untold"], ("run-2", "run-3")),
    ],
)
def test_a_run_stays_unheard_whoever_comes_after_it(
    history: list[str], silent: tuple[str, ...]
) -> None:
    lease = FIRST
    for number, how in enumerate(history, start=2):
        lease = next_after(lease, how, replace(OWNER, run_id=f"run-{number}"))
    runs = (each.owner.run_id for each in lease.former)
    assert tuple(run for run in runs if is_unheard(lease, run)) == silent
    assert not is_unheard(lease, lease.owner.run_id)
