"""One run at a time: who holds, who waits, who takes over from the dead."""

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import psutil
import pytest

from pipeline.core import naming
from pipeline.core.errors import CorruptRecord, LeaseHeld
from pipeline.core.lease import Lease, Owner
from pipeline.gateways import leases, owners
from pipeline.gateways.store import Store
from tests.emulated.embedded import Embedded, eventually
from tests.emulated.gateways import a_store

ENDPOINT = "iris-model-staging"
KEY = naming.lease_object(ENDPOINT)

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
    return leases.this_process(run_id)


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


def test_a_lease_is_written_down_while_it_is_held(store: Store) -> None:
    with leases.held(store, ENDPOINT, an_owner()) as lease:
        assert stored(store) == lease
        assert not lease.released


def test_a_lease_is_given_back_at_the_end(store: Store) -> None:
    with leases.held(store, ENDPOINT, an_owner()):
        pass
    assert stored(store).released


def test_a_lease_is_given_back_after_a_failure_too(store: Store) -> None:
    with pytest.raises(KeyboardInterrupt), leases.held(store, ENDPOINT, an_owner()):
        raise KeyboardInterrupt
    assert stored(store).released


def test_each_holder_has_a_higher_number(store: Store) -> None:
    numbers = []
    for run_id in ("run-1", "run-2", "run-3"):
        with leases.held(store, ENDPOINT, an_owner(run_id)) as lease:
            numbers.append(lease.number)
    assert numbers == [1, 2, 3]


def test_a_second_run_is_told_who_holds_the_lease(store: Store) -> None:
    with leases.held(store, ENDPOINT, an_owner("run-1")):
        with pytest.raises(LeaseHeld, match=rf"Run run-1 of .* \(process {os.getpid()}\) holds"):
            leases.held(store, ENDPOINT, an_owner()).__enter__()
        assert stored(store).owner.run_id == "run-1"


def test_two_endpoints_have_two_leases(store: Store) -> None:
    with leases.held(store, ENDPOINT, an_owner()), leases.held(store, "other", an_owner()):
        assert store.find(naming.lease_object("other")) is not None


def test_a_living_holder_keeps_the_lease(store: Store, other_process: psutil.Process) -> None:
    leave_a_lease(store, owned_by(other_process))
    with pytest.raises(LeaseHeld, match="run-1"):
        leases.held(store, ENDPOINT, an_owner()).__enter__()


def test_the_lease_of_a_dead_process_is_taken_over(
    store: Store, other_process: psutil.Process
) -> None:
    leave_a_lease(store, owned_by(other_process))
    other_process.kill()
    other_process.wait()
    with leases.held(store, ENDPOINT, an_owner()) as lease:
        assert lease.number == 5


def test_a_killed_process_that_nobody_has_buried_is_dead(
    store: Store, other_process: psutil.Process
) -> None:
    owner = owned_by(other_process)
    leave_a_lease(store, owner)
    other_process.send_signal(9)
    eventually(other_process.status, lambda status: status == psutil.STATUS_ZOMBIE)
    with leases.held(store, ENDPOINT, an_owner()) as lease:
        assert lease.number == 5


def test_a_later_process_of_the_same_number_does_not_hold_the_lease(
    store: Store, other_process: psutil.Process
) -> None:
    owner = owned_by(other_process)
    assert owner.process_started_ticks
    leave_a_lease(store, replace(owner, process_started_ticks=owner.process_started_ticks - 1))
    with leases.held(store, ENDPOINT, an_owner()) as lease:
        assert lease.number == 5


def test_where_no_boot_is_known_the_clock_tells_processes_apart(
    store: Store, other_process: psutil.Process
) -> None:
    owner = without_boot(owned_by(other_process))
    leave_a_lease(store, owner)
    with pytest.raises(LeaseHeld):
        leases.held(store, ENDPOINT, an_owner()).__enter__()
    leave_a_lease(store, replace(owner, process_started_s=owner.process_started_s - 100))
    with leases.held(store, ENDPOINT, an_owner()) as lease:
        assert lease.number == 5


def test_a_host_of_the_same_name_is_not_taken_for_this_one(
    store: Store, other_process: psutil.Process
) -> None:
    leave_a_lease(store, replace(owned_by(other_process), place="another boot"))
    other_process.kill()
    other_process.wait()
    with pytest.raises(LeaseHeld, match="run-1"):
        leases.held(store, ENDPOINT, an_owner()).__enter__()


def test_a_clock_that_was_set_kills_no_holder(store: Store, other_process: psutil.Process) -> None:
    owner = owned_by(other_process)
    leave_a_lease(store, replace(owner, process_started_s=owner.process_started_s - 3600))
    with pytest.raises(LeaseHeld, match="run-1"):
        leases.held(store, ENDPOINT, an_owner()).__enter__()


def test_a_lease_that_cannot_be_read_is_named_by_its_address(store: Store) -> None:
    store.put(KEY, b"{}")
    with pytest.raises(CorruptRecord, match=store.uri(KEY)):
        leases.held(store, ENDPOINT, an_owner()).__enter__()


def test_nothing_is_known_about_the_processes_of_another_host(
    store: Store, other_process: psutil.Process
) -> None:
    leave_a_lease(store, owned_by(other_process, host="elsewhere"))
    other_process.kill()
    other_process.wait()
    with pytest.raises(LeaseHeld, match="on elsewhere"):
        leases.held(store, ENDPOINT, an_owner()).__enter__()


def test_an_expired_lease_of_another_host_is_taken_over(
    store: Store, other_process: psutil.Process
) -> None:
    owner = owned_by(other_process, host="elsewhere")
    leave_a_lease(store, owner, expires_in=timedelta(seconds=-1))
    with leases.held(store, ENDPOINT, an_owner()) as lease:
        assert lease.number == 5


@pytest.mark.parametrize("left_behind", [False, True])
def test_of_many_runs_at_once_one_gets_the_lease(store: Store, left_behind: bool) -> None:
    if left_behind:
        leave_a_lease(store, an_owner("run-0"), expires_in=timedelta(seconds=-1))
    everybody_has_tried = threading.Barrier(6, timeout=60)

    def acquires(number: int) -> bool:
        try:
            with leases.held(store, ENDPOINT, an_owner(f"run-{number}")):
                everybody_has_tried.wait()
        except LeaseHeld:
            everybody_has_tried.wait()
            return False
        return True

    with ThreadPoolExecutor(6) as pool:
        assert sum(pool.map(acquires, range(6))) == 1


def test_a_held_lease_is_renewed(store: Store) -> None:
    with leases.held(store, ENDPOINT, an_owner(), renew_every_s=0.1) as lease:
        seen = eventually(lambda: stored(store), lambda now: now.expires_at > lease.expires_at)
        assert seen.number == lease.number
    assert stored(store).released


def test_a_run_that_lost_its_lease_leaves_it_to_the_new_holder(store: Store) -> None:
    with leases.held(store, ENDPOINT, an_owner("run-1"), renew_every_s=0.1):
        leave_a_lease(store, an_owner("run-9"))
    assert (stored(store).owner.run_id, stored(store).released) == ("run-9", False)


def test_a_lease_that_cannot_be_given_back_fails_no_run(store: Store, embedded: Embedded) -> None:
    with leases.held(store, ENDPOINT, an_owner()):
        denied = {"code": "AccessDenied", "message": "no", "status": 403}
        embedded.add_fault({"service": "s3", "action": "PutObject", "error": denied})
    assert not stored(store).released


def test_a_job_of_gitlab_is_named_by_its_address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI_JOB_URL", "https://gitlab.example.com/jobs/1")
    monkeypatch.setenv("GITLAB_USER_LOGIN", "ada")
    assert leases.whoami() == "ada (https://gitlab.example.com/jobs/1)"
