"""The stories whose schedules are tried: a world that the steps themselves made, and a command."""

import functools
from dataclasses import dataclass

from pipeline.core import naming
from tests.fakes.boundary import NoFaults
from tests.fakes.cloud import Behaviour
from tests.simulation.commands import Command, Mode, run_command
from tests.simulation.faults import a_request
from tests.simulation.schedules import Goal
from tests.simulation.world import SETTINGS, World, artifact_uri, empty_world, sha256_of

_BETWEEN_S = 1800.0  # an alarm may still ask for a rollback
# What a fleet does that comes up; one of them makes the tests fail in each of two ways.
_BAKED = (Behaviour.GOOD, Behaviour.RINGS, Behaviour.FAILS, Behaviour.WRONG)
BAKING = SETTINGS.model_copy(
    update={"deployment": SETTINGS.deployment.model_copy(update={"termination_wait_s": 300})}
)
_TO_B = Goal(serves="B", barred="C")


@dataclass(frozen=True, kw_only=True)
class Story:
    """`deployed`: the candidates before, oldest first. `behaviours`: of containers from then on."""

    name: str
    deployed: str
    command: Command
    before: tuple[Command, ...] = ()
    behaviours: tuple[tuple[str, Behaviour], ...] = ()
    ringing: str = ""  # the candidate whose alarms ring
    swapped: str = ""  # the candidate whose artifact is not what was judged
    orphaned: bool = False  # what the commands before removed is there again, and nobody knows it
    goal: Goal | None = None
    bakes: bool = False  # the endpoint is tested while the old fleet is still warm

    def start(self) -> World:
        world = _deployed(self.deployed, self.before).copy()
        if self.bakes:
            world.settings = BAKING
        for name, behaviour in self.behaviours:
            world.behave(name, behaviour)
        if self.orphaned:
            world.cloud.put_again(_deployed(self.deployed).cloud)
        if self.swapped:
            artifact = naming.artifact_object(sha256_of(self.swapped))
            world.bucket.write(artifact, b"something else")
        alarms = (each for each in world.cloud.alarms if self.ringing and self._is_its(world, each))
        world.cloud.ringing = frozenset(alarms)
        return world

    def _is_its(self, world: World, alarm: str) -> bool:
        config = alarm.rpartition("-")[0]
        return world.cloud.artifact_of(config) == artifact_uri(self.ringing)


@functools.cache
def _deployed(names: str, then: tuple[Command, ...] = ()) -> World:
    world = empty_world()
    deployments = [Command(mode=Mode.DEPLOYMENT, name=name) for name in names]
    for command in (*deployments, *then):
        ended = run_command(world, command, NoFaults())
        assert ended.code == 0, ended
        world.clock.jump(_BETWEEN_S)
    world.story.clear()
    return world


def _deployment(
    name: str, behaviour: Behaviour, *, deployed: str = "ABC", bakes: bool = False
) -> Story:
    first = "" if deployed else "first "
    return Story(
        name=f"{first}{'baking ' if bakes else ''}deployment that {behaviour.value}",
        bakes=bakes,
        deployed=deployed,
        command=Command(mode=Mode.DEPLOYMENT, name=name),
        behaviours=((name, behaviour),),
    )


@functools.cache
def stories() -> dict[str, Story]:
    """Return every story by its name."""
    return {each.name: each for each in (*_ways_back(), *_deployments(), *_others())}


def _ways_back() -> tuple[Story, ...]:
    live = _deployed("ABC")
    oldest = live.head().lived[0].release_id
    rollback = Command(mode=Mode.ROLLBACK)
    return (
        Story(name="rollback", deployed="ABC", command=rollback, goal=_TO_B),
        Story(
            name="rollback to what rings",
            deployed="ABC",
            command=rollback,
            ringing="B",
            goal=_TO_B,
        ),
        Story(
            name="rollback to what fails",
            deployed="ABC",
            command=rollback,
            behaviours=(("B", Behaviour.FAILS),),
        ),
        Story(
            name="rollback to what was swapped",
            deployed="ABC",
            command=rollback,
            swapped="B",
            goal=Goal(serves="A", barred="C"),
        ),
        Story(
            name="rollback of what fails",
            deployed="ABC",
            command=rollback,
            behaviours=(("C", Behaviour.FAILS),),
            goal=_TO_B,
        ),
        Story(
            name="rollback --to",
            deployed="ABC",
            command=Command(mode=Mode.ROLLBACK, to=oldest),
            goal=Goal(serves="A", barred="C"),
        ),
        Story(
            name="rollback --to what is barred",
            deployed="ABC",
            before=(rollback,),
            command=Command(mode=Mode.ROLLBACK, to=live.head().live_release or ""),
            goal=_TO_B,
        ),
        Story(
            name="requested rollback",
            deployed="ABC",
            command=Command(mode=Mode.REQUESTED, request=a_request(live)),
            goal=_TO_B,
        ),
    )


def _deployments() -> tuple[Story, ...]:
    return (
        *(_deployment("D", each) for each in Behaviour),
        *(_deployment("D", each, deployed="") for each in Behaviour),
        *(_deployment("D", each, bakes=True) for each in _BAKED),
        Story(
            name="deployment of the same",
            deployed="ABC",
            command=Command(mode=Mode.DEPLOYMENT, name="C"),
        ),
    )


def _others() -> tuple[Story, ...]:
    return (
        Story(
            name="prune",
            deployed="ABCDEF",
            command=Command(mode=Mode.PRUNE),
            goal=Goal(serves="F", barred=""),
        ),
        Story(
            name="settle",
            deployed="ABC",
            command=Command(mode=Mode.SETTLE),
            goal=Goal(serves="C", barred=""),
        ),
        Story(
            name="settle among orphans",
            deployed="ABCDEF",
            before=(Command(mode=Mode.PRUNE),),
            command=Command(mode=Mode.SETTLE),
            orphaned=True,
            goal=Goal(serves="F", barred=""),
        ),
    )
