"""What a deployment believes: what SageMaker serves, and what the ledger bars; nobody's word else.

The quick tests of rules that `tests/mutants` removes; `test_mutants.py` looks for more of them.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

import pytest

from pipeline.core import naming
from pipeline.core.errors import PlanRefused, RolledBack
from pipeline.gateways.ports import Applied, SavedPlan
from pipeline.steps.deploy import deploy
from tests.fakes.boundary import NoFaults
from tests.fakes.cloud import UNHEALTHY, Behaviour, Ending, Outcome
from tests.simulation.commands import Command, Ended, Mode, run_command, workspace_of
from tests.simulation.starts import Story
from tests.simulation.world import ENDPOINT, World, artifact_uri, candidate

if TYPE_CHECKING:
    from pipeline.gateways.ports import Root

DEPLOYMENT = Command(mode=Mode.DEPLOYMENT, name="C")


def a_world(*behaviours: tuple[str, Behaviour]) -> World:
    story = Story(name="believed", deployed="AB", command=DEPLOYMENT, behaviours=behaviours)
    return story.start()


def deployed(world: World) -> Ended:
    return run_command(world, DEPLOYMENT, NoFaults())


class Lying:
    """The root of the endpoint, whose first apply ends as it is told to, whatever it has done."""

    def __init__(self, root: "Root", *, applies: bool, exit_code: int) -> None:
        self._root = root
        self._applies = applies
        self._exit_code: int | None = exit_code

    def __getattr__(self, name: str) -> Any:
        return getattr(self._root, name)

    def apply(self, planned: SavedPlan, *, meanwhile: Callable[..., None] | None = None) -> Applied:
        exit_code, self._exit_code = self._exit_code, None
        if exit_code is None:
            return self._root.apply(planned, meanwhile=meanwhile)
        if self._applies:
            self._root.apply(planned, meanwhile=meanwhile)
        return Applied(exit_code=exit_code, said="So it says.", was_killed=False)


def deploy_lied_to(world: World, *, applies: bool, exit_code: int) -> None:
    workspace = workspace_of(world, DEPLOYMENT, NoFaults(), run_id="run-lied-to")
    lying = Lying(workspace.serving, applies=applies, exit_code=exit_code)
    deploy(replace(workspace, serving=cast("Root", lying)), candidate(world, "C"))


def test_terraform_s_success_is_none_where_sagemaker_serves_what_it_did() -> None:
    world = a_world()
    before, live = world.serves, world.head().live
    with pytest.raises(RolledBack):
        deploy_lied_to(world, applies=False, exit_code=0)
    assert (world.serves, world.head().live) == (before, live)


def test_terraform_s_failure_is_none_where_sagemaker_serves_the_target() -> None:
    world = a_world()
    deploy_lied_to(world, applies=True, exit_code=1)
    assert world.cloud.artifact_of(world.serves or "") == artifact_uri("C")
    assert world.serves == naming.endpoint_config_name(ENDPOINT, world.head().live or "")


@pytest.mark.parametrize("is_seen", [False, True], ids=["success", "failure"])
def test_what_sagemaker_took_back_is_not_live_whatever_terraform_says(is_seen: bool) -> None:
    world = a_world()
    before, live = world.serves, world.head().live
    world.cloud.forced = Outcome(ending=Ending.GOES_BACK, reason=UNHEALTHY, is_seen=is_seen)
    ended = deployed(world)
    assert ended.code == RolledBack.exit_code, ended.said
    assert (world.serves, world.head().live) == (before, live)


@pytest.mark.parametrize(
    ("bars", "barred", "said"),
    [
        (DEPLOYMENT, "C", " UTC by ann ({}): "),
        (Command(mode=Mode.ROLLBACK), "B", " UTC: Rolled back by ann ({}): "),
    ],
    ids=["its tests failed", "was gone back from"],
)
def test_the_job_that_barred_a_model_is_named_whatever_became_of_the_history(
    monkeypatch: pytest.MonkeyPatch, bars: Command, barred: str, said: str
) -> None:
    world = a_world(("C", Behaviour.FAILS))
    job = "https://gitlab.example.com/group/model/-/jobs/17"
    monkeypatch.setenv("GITLAB_USER_LOGIN", "ann")
    monkeypatch.setenv("CI_JOB_URL", job)
    run_command(world, bars, NoFaults())
    monkeypatch.setenv("CI_JOB_URL", f"{job}9")
    told = sorted(key for key in world.bucket.objects if key.startswith("history/"))
    for key in told[:-1]:
        world.bucket.write(key, b"{")
    world.clock.jump(1800.0)
    ended = run_command(world, replace(DEPLOYMENT, name=barred), NoFaults())
    assert ended.code == PlanRefused.exit_code, ended.said
    assert said.format(job) in ended.said


def test_what_is_barred_is_not_deployed_again() -> None:
    world = a_world(("C", Behaviour.FAILS))
    assert deployed(world).code == RolledBack.exit_code
    before, live = world.serves, world.head().live
    world.clock.jump(1800.0)
    ended = deployed(world)
    assert ended.code == PlanRefused.exit_code, ended.said
    assert "was quarantined" in ended.said
    assert (world.serves, world.head().live) == (before, live)
