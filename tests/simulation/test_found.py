"""What random schedules have found, each as the shortest story that showed it."""

from collections.abc import Callable
from typing import TypeVar

from pipeline.core import naming
from pipeline.core.head import MoveKind
from pipeline.core.reconcile import quiet_shift
from tests.fakes.boundary import AllEnds, Kind, NoFaults
from tests.fakes.cloud import Behaviour
from tests.simulation import invariants
from tests.simulation.commands import Command, Ended, Mode, run_command
from tests.simulation.faults import a_request
from tests.simulation.starts import Story
from tests.simulation.world import ENDPOINT, FOREIGN_CONFIG, World

T = TypeVar("T")

PRUNE = Command(mode=Mode.PRUNE)
SETTLE = Command(mode=Mode.SETTLE)


class KilledAtItsPlan(NoFaults):
    """All ends while Terraform plans, and has locked its state."""

    def through(self, what: str, kind: Kind, do: Callable[[], T]) -> T:
        del kind
        if what == "plan, locked":
            raise AllEnds
        return do()


def three_releases() -> World:
    return Story(name="three", deployed="ABC", command=SETTLE).start()


def asked_to_roll_back(world: World, boundary: NoFaults, command: Command | None = None) -> Ended:
    command = command or Command(mode=Mode.REQUESTED, request=a_request(world))
    return run_command(world, command, boundary)


def require_agreement(world: World) -> None:
    assert list(invariants.disagreements(world)) == []


def test_a_request_leaves_alone_what_somebody_put_there_by_hand() -> None:
    world = three_releases()
    world.cloud.update_endpoint(ENDPOINT, FOREIGN_CONFIG, None)
    world.clock.jump(600)
    ended = asked_to_roll_back(world, NoFaults())
    assert ended.code == 0
    assert world.serves == FOREIGN_CONFIG
    event = world.head().last_event
    assert event is not None
    assert event.what == "rollback not done"
    assert FOREIGN_CONFIG in event.details["reason"]


def test_a_request_that_was_done_already_completes_the_state_all_the_same() -> None:
    world = three_releases()
    command = Command(mode=Mode.REQUESTED, request=a_request(world))
    world.cloud.unanswered = (503,) * 40
    assert asked_to_roll_back(world, NoFaults(), command).code == 6
    world.cloud.unanswered = ()
    assert asked_to_roll_back(world, KilledAtItsPlan(), command).code is None
    assert world.serving.lock is not None
    assert world.head().move is None
    assert asked_to_roll_back(world, NoFaults(), command).code == 0
    require_agreement(world)


def test_what_has_just_failed_to_come_is_nothing_to_go_back_to() -> None:
    again = Command(mode=Mode.DEPLOYMENT, name="A")
    world = Story(
        name="rings", deployed="A", command=again, behaviours=(("A", Behaviour.RINGS),)
    ).start()
    world.cloud.update_endpoint(ENDPOINT, FOREIGN_CONFIG, None)
    world.clock.jump(600)
    ended = run_command(world, again, NoFaults())
    assert ended.code == 6
    assert world.serves == FOREIGN_CONFIG
    assert FOREIGN_CONFIG in ended.said


def test_what_serves_and_was_dropped_by_the_ledger_is_known_again() -> None:
    world = Story(
        name="pruned", deployed="ABCDEF", before=(PRUNE,), orphaned=True, command=SETTLE
    ).start()
    retained = {naming.endpoint_config_name(ENDPOINT, key) for key in world.head().endpoint_configs}
    left = min(world.cloud.configs.keys() - retained - {FOREIGN_CONFIG})
    world.cloud.update_endpoint(ENDPOINT, left, quiet_shift(ENDPOINT))
    world.clock.jump(600)
    assert run_command(world, SETTLE, NoFaults()).code == 0
    head = world.head()
    assert world.serves == left
    assert head.live == naming.config_key_of(ENDPOINT, left)
    assert head.lived[-1].by is MoveKind.ADOPTION
    require_agreement(world)
