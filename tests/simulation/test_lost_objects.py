"""Somebody's hand on what the runner keeps in S3: lease and ledger deleted, or an old one back."""

from dataclasses import replace

import pytest

from pipeline.core import naming
from pipeline.core.errors import CorruptRecord
from pipeline.core.lease import Lease
from tests.fakes.boundary import NoFaults
from tests.simulation.commands import Command, Mode, run_command
from tests.simulation.starts import Story
from tests.simulation.world import ENDPOINT, World, artifact_uri

LEASE = naming.lease_object(ENDPOINT)
LEDGER = naming.ledger_object(ENDPOINT)
COMMANDS = [
    pytest.param(Command(mode=Mode.DEPLOYMENT, name="D"), "D", id="deployment"),
    pytest.param(Command(mode=Mode.ROLLBACK), "B", id="rollback"),
    pytest.param(Command(mode=Mode.PRUNE), "C", id="prune"),
    pytest.param(Command(mode=Mode.SETTLE), "C", id="settle"),
]


@pytest.fixture
def world() -> World:
    """An endpoint with three good releases, of which the last is live."""
    return Story(name="three", deployed="ABC", command=Command(mode=Mode.SETTLE)).start()


def require_done(world: World, command: Command, serves: str) -> None:
    ended = run_command(world, command, NoFaults())
    assert ended.code == 0, ended.said
    assert world.serves is not None
    assert world.cloud.artifact_of(world.serves) == artifact_uri(serves)


@pytest.mark.parametrize(("command", "serves"), COMMANDS)
def test_a_lease_that_somebody_deleted_locks_nobody_out(
    world: World, command: Command, serves: str
) -> None:
    number = Lease.from_json(world.bucket.objects[LEASE].body).number
    del world.bucket.objects[LEASE]
    require_done(world, command, serves)
    assert Lease.from_json(world.bucket.objects[LEASE].body).number == number + 1


@pytest.mark.parametrize(("command", "serves"), COMMANDS)
def test_an_old_lease_that_somebody_put_back_locks_nobody_out(
    world: World, command: Command, serves: str
) -> None:
    lease = Lease.from_json(world.bucket.objects[LEASE].body)
    world.bucket.write(LEASE, replace(lease, number=1).to_json().encode())
    require_done(world, command, serves)
    assert Lease.from_json(world.bucket.objects[LEASE].body).number == lease.number + 1


@pytest.mark.parametrize(("command", "serves"), COMMANDS)
def test_a_ledger_that_somebody_deleted_is_missed_and_nothing_is_moved(
    world: World, command: Command, serves: str
) -> None:
    del serves
    lost = world.bucket.objects.pop(LEDGER)
    ended = run_command(world, command, NoFaults())
    assert ended.code == CorruptRecord.exit_code
    assert "ledger" in ended.said
    assert "is lost" in ended.said
    assert "Restore the newest good version of" in ended.said

    world.bucket.write(LEDGER, lost.body)
    require_done(world, Command(mode=Mode.ROLLBACK), "B")


@pytest.mark.parametrize(("command", "serves"), COMMANDS)
def test_a_ledger_that_is_older_than_its_history_is_refused_until_the_newest_is_put_back(
    world: World, command: Command, serves: str
) -> None:
    older, newest = Story(name="two", deployed="AB", command=command).start(), world.head()
    world.bucket.write(LEDGER, older.bucket.objects[LEDGER].body)
    before = world.serves
    ended = run_command(world, command, NoFaults())
    assert ended.code == CorruptRecord.exit_code
    assert "older than its history: it does not know line 3" in ended.said
    assert world.serves == before
    assert world.head().live == older.head().live

    world.bucket.write(LEDGER, newest.to_json().encode())
    require_done(world, command, serves)
