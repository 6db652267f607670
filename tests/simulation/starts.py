"""The worlds that schedules begin in: made once, by the steps themselves."""

import functools

from tests.fakes.boundary import NoFaults
from tests.fakes.cloud import Behaviour
from tests.simulation.commands import Command, Mode, run_command
from tests.simulation.world import World, empty_world

_BETWEEN_S = 3600.0


@functools.cache
def deployed(names: str) -> World:
    """Return a world in which these candidates were deployed, one after the other."""
    world = empty_world()
    for name in names:
        ended = run_command(world, Command(mode=Mode.DEPLOYMENT, name=name), NoFaults())
        assert ended.code == 0, ended
        world.clock.jump(_BETWEEN_S)
    world.story.clear()
    return world


def start(names: str = "ABC", **behaviours: Behaviour) -> World:
    """Return such a world, in which containers behave so from now on."""
    world = deployed(names).copy()
    for name, behaviour in behaviours.items():
        world.behave(name, behaviour)
    return world
