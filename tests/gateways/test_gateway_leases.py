"""One run at a time: who holds, who waits, who takes over from the dead."""

import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from http import HTTPStatus

import psutil
import pytest

from emulator.tests.support.embedded import Embedded, eventually
from pipeline.core import naming
from pipeline.core.errors import CloudUnusable, CorruptRecord, LeaseHeld
from pipeline.core.lease import Lease, Owner
from pipeline.gateways import leases, owners
from pipeline.gateways.leases import Holding
from pipeline.gateways.store import Store
from tests.gateways.gateways import a_store, cloud_of
from tests.gateways.losing_proxy import losing_the_first

ENDPOINT = "iris-model-staging"
KEY = naming.lease_object(ENDPOINT)
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)

pytestmark = pytest.mark.emulated


@pytest.fixture
def store(embedded: Embedded) -> Store:
    return a_store(embedded)


@pytest.fixture
def other_process() -> Iterator[psutil.Process]:
    """A process that is alive, and not this one."""
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(120)"])
    yield psutil.Process(child.pid)
    child.kill()
    child.wait()


def an_owner(run_id: str = "run-2") -> Owner:
    return owners.this_process(run_id)


def owned_by(process: psutil.Process, *, host: str | None = None) -> Owner:
    return replace(
        an_owner("run-1"),
        host=host or an_owner().host,
        pid=process.pid,
        process_started_s=process.create_time(),
        process_started_ticks=owners.started_ticks(process.pid),
    )


def without_boot(owner: Owner) -> Owner:
    """The owner as a system without /proc, or an older version, would have written it."""
    return replace(owner, place=None, process_started_ticks=None)


def leave_a_lease(
    store: Store, owner: Owner, *, expires_in: timedelta = timedelta(hours=1)
) -> None:
    """Write the lease of a run that never gave it back."""
    now = datetime.now(UTC)
    lease = Lease(number=4, owner=owner, acquired_at=now, expires_at=now + expires_in)
    store.put(KEY, lease.to_json().encode())


def stored(store: Store) -> Lease:
    found = store.find(KEY)
    assert found is not None
    return Lease.from_json(found.body)


def take(
    store: Store,
    run_id: str = "run-2",
    *,
    break_held: bool = False,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> Holding:
    return leases.take(store, ENDPOINT, an_owner(run_id), break_held=break_held, now=now)


def number_taken(store: Store) -> int:
    """Take the lease, give it back, and return its number."""
    holding = take(store)
    holding.give_back(told=True)
    return holding.lease.number


def through(url: str, store: Store) -> Store:
    """The same store behind a proxy."""
    return Store(cloud_of(Embedded(url=url)), store.bucket)


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.moment = NOON

    def __call__(self) -> datetime:
        return self.moment


def test_a_lease_is_written_down_while_it_is_held(store: Store) -> None:
    holding = take(store)
    assert stored(store) == holding.lease == leases.find(store, ENDPOINT)
    assert not holding.lease.released
    holding.give_back(told=True)
    assert stored(store).released


@pytest.mark.parametrize("told", [True, False])
def test_a_lease_that_is_given_back_says_whether_its_user_was_told(
    store: Store, told: bool
) -> None:
    take(store, "run-1").give_back(told=told)
    next_one = take(store)
    (former,) = next_one.lease.former
    assert (former.owner.run_id, former.told) == ("run-1", told)
    assert not next_one.lease.told
    next_one.give_back(told=True)


def test_the_first_holder_has_no_predecessor(store: Store) -> None:
    holding = take(store)
    assert (holding.lease.former, holding.lease.number) == ((), 1)
    holding.give_back(told=True)


def test_a_lease_knows_where_its_run_works(store: Store) -> None:
    owner = owners.this_process("run-1", work_dir="/tmp/mlops-1")
    leases.take(store, ENDPOINT, owner).give_back(told=False)
    assert stored(store).owner.work_dir == "/tmp/mlops-1"


def test_each_holder_has_a_higher_number(store: Store) -> None:
    assert [number_taken(store) for _ in range(3)] == [1, 2, 3]


def test_a_second_run_is_told_who_holds_the_lease_and_what_can_be_done(store: Store) -> None:
    clock = Clock()
    holding = take(store, "run-1", now=clock)
    with pytest.raises(LeaseHeld) as held:
        take(store, now=clock)
    assert f"Run run-1 of {an_owner().who} on {an_owner().host} (process {os.getpid()})" in (
        held.value.message
    )
    assert "since 2026-01-01 12:00:00 UTC" in held.value.message
    assert held.value.remedy == (
        f"Wait until it ends, or end process {os.getpid()}; then repeat the command."
    )
    assert stored(store) == holding.lease
    holding.give_back(told=True)


def test_of_a_holder_on_another_machine_only_the_time_can_tell(store: Store) -> None:
    leave_a_lease(store, replace(an_owner(), host="elsewhere"))
    free_at = stored(store).expires_at
    with pytest.raises(LeaseHeld) as held:
        take(store)
    assert f"free by itself at {free_at:%H:%M} UTC" in held.value.remedy
    assert "by this command with --break-lease added" in held.value.remedy


def test_two_endpoints_have_two_leases(store: Store) -> None:
    first, second = take(store), leases.take(store, "other", an_owner())
    assert leases.find(store, "other") == second.lease
    first.give_back(told=True)
    second.give_back(told=True)


def test_a_living_holder_keeps_the_lease(store: Store, other_process: psutil.Process) -> None:
    leave_a_lease(store, owned_by(other_process))
    with pytest.raises(LeaseHeld, match="run-1"):
        take(store)


def test_the_lease_of_a_living_holder_can_be_broken(
    store: Store, other_process: psutil.Process
) -> None:
    leave_a_lease(store, owned_by(other_process))
    holding = take(store, break_held=True)
    assert holding.lease.number == 5
    assert holding.lease.former[-1].owner == owned_by(other_process)
    holding.give_back(told=True)


def test_breaking_a_lease_that_is_free_is_taking_it(store: Store) -> None:
    holding = take(store, break_held=True)
    assert holding.lease.number == 1
    holding.give_back(told=True)


def test_the_lease_of_a_dead_process_is_taken_over(
    store: Store, other_process: psutil.Process
) -> None:
    leave_a_lease(store, owned_by(other_process))
    other_process.kill()
    other_process.wait()
    assert number_taken(store) == 5


def test_a_killed_process_that_nobody_has_buried_is_dead(
    store: Store, other_process: psutil.Process
) -> None:
    owner = owned_by(other_process)
    leave_a_lease(store, owner)
    other_process.send_signal(9)
    eventually(other_process.status, lambda status: status == psutil.STATUS_ZOMBIE)
    assert number_taken(store) == 5


def test_a_later_process_of_the_same_number_does_not_hold_the_lease(
    store: Store, other_process: psutil.Process
) -> None:
    owner = owned_by(other_process)
    assert owner.process_started_ticks
    leave_a_lease(store, replace(owner, process_started_ticks=owner.process_started_ticks - 1))
    assert number_taken(store) == 5


def test_where_no_boot_is_known_the_clock_tells_processes_apart(
    store: Store, other_process: psutil.Process
) -> None:
    owner = without_boot(owned_by(other_process))
    leave_a_lease(store, owner)
    with pytest.raises(LeaseHeld):
        take(store)
    leave_a_lease(store, replace(owner, process_started_s=owner.process_started_s - 100))
    assert number_taken(store) == 5


def test_a_host_of_the_same_name_is_not_taken_for_this_one(
    store: Store, other_process: psutil.Process
) -> None:
    leave_a_lease(store, replace(owned_by(other_process), place="another boot"))
    other_process.kill()
    other_process.wait()
    with pytest.raises(LeaseHeld, match="run-1"):
        take(store)


def test_a_clock_that_was_set_kills_no_holder(store: Store, other_process: psutil.Process) -> None:
    owner = owned_by(other_process)
    leave_a_lease(store, replace(owner, process_started_s=owner.process_started_s - 3600))
    with pytest.raises(LeaseHeld, match="run-1"):
        take(store)


def test_a_lease_that_cannot_be_read_is_named_by_its_address(store: Store) -> None:
    store.put(KEY, b"{}")
    with pytest.raises(CorruptRecord, match=store.uri(KEY)):
        take(store)


def test_nothing_is_known_about_the_processes_of_another_host(
    store: Store, other_process: psutil.Process
) -> None:
    leave_a_lease(store, owned_by(other_process, host="elsewhere"))
    other_process.kill()
    other_process.wait()
    with pytest.raises(LeaseHeld, match="on elsewhere"):
        take(store)


def test_an_expired_lease_of_another_host_is_taken_over(
    store: Store, other_process: psutil.Process
) -> None:
    owner = owned_by(other_process, host="elsewhere")
    leave_a_lease(store, owner, expires_in=timedelta(seconds=-1))
    assert number_taken(store) == 5


@pytest.mark.parametrize("left_behind", [False, True])
def test_of_many_runs_at_once_one_gets_the_lease(store: Store, left_behind: bool) -> None:
    if left_behind:
        leave_a_lease(store, an_owner("run-0"), expires_in=timedelta(seconds=-1))

    def taken(number: int) -> Holding | None:
        try:
            return take(store, f"run-{number}")
        except LeaseHeld:
            return None

    with ThreadPoolExecutor(6) as pool:
        (holding,) = (each for each in pool.map(taken, range(6)) if each)
    assert stored(store) == holding.lease
    holding.give_back(told=True)


def test_a_lease_expires_a_quarter_of_an_hour_after_its_last_heartbeat(store: Store) -> None:
    clock = Clock()
    holding = take(store, now=clock)
    assert stored(store).expires_at == NOON + timedelta(minutes=15)
    clock.moment += timedelta(minutes=1)
    holding.require_held()
    assert stored(store).expires_at == NOON + timedelta(minutes=16)
    assert (stored(store).number, stored(store).acquired_at) == (1, NOON)
    holding.give_back(told=True)


def test_a_held_lease_has_a_heartbeat_that_ends_with_it(store: Store) -> None:
    holding = leases.take(store, ENDPOINT, an_owner(), heartbeat_every_s=0.05)
    first = stored(store)
    eventually(lambda: stored(store), lambda now: now.expires_at > first.expires_at)
    holding.give_back(told=True)
    given_back = stored(store)
    assert given_back.released
    assert "heartbeat" not in {each.name for each in threading.enumerate()}
    assert stored(store) == given_back


def test_a_run_that_lost_its_lease_is_told_so_and_leaves_it_to_the_new_holder(
    store: Store,
) -> None:
    holding = take(store, "run-1")
    broken = take(store, "run-9", break_held=True)
    with pytest.raises(LeaseHeld, match=r"lease of run run-1 was taken over by run run-9"):
        holding.require_held()
    holding.give_back(told=True)
    assert stored(store) == broken.lease
    broken.give_back(told=True)


def test_a_lease_that_was_broken_and_given_back_is_lost_all_the_same(store: Store) -> None:
    holding = take(store, "run-1")
    take(store, "run-9", break_held=True).give_back(told=True)
    with pytest.raises(LeaseHeld, match="was taken over by run run-9"):
        holding.require_held()
    holding.give_back(told=False)
    assert stored(store).owner.run_id == "run-9"


def test_a_lease_that_expired_and_that_nobody_took_is_still_held(store: Store) -> None:
    clock = Clock()
    holding = take(store, now=clock)
    clock.moment += timedelta(days=1)  # a machine that slept
    holding.require_held()
    assert stored(store).expires_at == clock.moment + timedelta(minutes=15)
    holding.give_back(told=True)


@pytest.mark.parametrize("status", [HTTPStatus.INTERNAL_SERVER_ERROR, HTTPStatus.FORBIDDEN])
def test_a_lease_is_held_when_the_answer_to_taking_it_got_lost(
    embedded: Embedded, status: int
) -> None:
    store = a_store(embedded)
    with losing_the_first("PUT", embedded.url, status=status) as url:
        holding = take(through(url, store))
        assert stored(store) == holding.lease
        holding.give_back(told=True)


@pytest.mark.parametrize("status", [HTTPStatus.INTERNAL_SERVER_ERROR, HTTPStatus.FORBIDDEN])
def test_a_lease_stays_held_when_the_answer_to_its_renewal_got_lost(
    embedded: Embedded, status: int
) -> None:
    store, clock = a_store(embedded), Clock()
    with losing_the_first("PUT", embedded.url, after=1, status=status) as url:
        holding = take(through(url, store), now=clock)
        for _ in range(3):
            clock.moment += timedelta(minutes=1)
            holding.require_held()
            assert stored(store) == holding.lease
            assert holding.lease.expires_at == clock.moment + timedelta(minutes=15)
        holding.give_back(told=True)
    assert stored(store).released


def test_a_renewal_that_was_done_without_our_knowledge_loses_no_lease(store: Store) -> None:
    clock = Clock()
    holding = take(store, now=clock)
    unheard = replace(holding.lease, expires_at=NOON + timedelta(minutes=20))
    store.put(KEY, unheard.to_json().encode())
    holding.require_held()
    assert stored(store) == holding.lease
    holding.give_back(told=True)
    assert stored(store).released


def test_a_lease_that_was_removed_is_lost(store: Store, embedded: Embedded) -> None:
    holding = take(store)
    embedded.client("s3").delete_object(Bucket=store.bucket, Key=KEY)
    with pytest.raises(LeaseHeld, match="was removed meanwhile"):
        holding.require_held()
    holding.give_back(told=True)
    assert leases.find(store, ENDPOINT) is None


def test_a_lease_that_cannot_be_given_back_fails_no_run(store: Store, embedded: Embedded) -> None:
    holding = take(store)
    denied = {"code": "AccessDenied", "message": "no", "status": 403}
    embedded.add_fault({"service": "s3", "action": "PutObject", "error": denied})
    with pytest.raises(CloudUnusable):
        holding.require_held()
    holding.give_back(told=True)
    assert not stored(store).released


def test_a_job_of_gitlab_is_named_by_its_address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI_JOB_URL", "https://gitlab.example.com/jobs/1")
    monkeypatch.setenv("GITLAB_USER_LOGIN", "ada")
    assert owners.whoami() == "ada (https://gitlab.example.com/jobs/1)"
