"""The tests of a deployment that could not be measured say what was in the way."""

from collections.abc import Callable
from typing import TypeVar

from pipeline.core.errors import RolledBack
from tests.fakes.boundary import Kind, NoFaults
from tests.simulation.commands import Command, Mode, run_command
from tests.simulation.starts import Story
from tests.simulation.world import KNOWN, World

T = TypeVar("T")

DEPLOYMENT = Command(mode=Mode.DEPLOYMENT, name="C")


class StopsAnswering(NoFaults):
    """The endpoint answers one row and all held-out rows; then it is busy for a while."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._asked = 0

    def through(self, what: str, kind: Kind, do: Callable[[], T]) -> T:
        del what
        self._asked += kind is Kind.ASK
        if self._asked == 3:
            warm_up_and_load = len(KNOWN) + self._world.settings.testing.request_count
            self._world.cloud.unanswered = (503,) * warm_up_and_load
        return do()


def test_too_few_answers_are_called_so_and_not_a_share_that_would_do() -> None:
    world = Story(name="busy", deployed="AB", command=DEPLOYMENT).start()
    ended = run_command(world, DEPLOYMENT, StopsAnswering(world))
    assert ended.code == RolledBack.exit_code, ended.said
    assert "Too few requests reached the model to measure its success rate" in ended.said
    assert "the last other answer is HTTP 503: not now" in ended.said
    assert "requests succeed" not in ended.said
    assert world.head().quarantined == ()
