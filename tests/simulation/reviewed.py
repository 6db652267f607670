"""A plan that was made in one process and is applied in another: its folder, kept in the world."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.context import Workspace
from pipeline.gateways.plan_folder import PlanFolder
from pipeline.steps import plan_mode, planned
from pipeline.steps.apply_mode import apply_release
from pipeline.steps.planned import SERVING
from tests.fakes.terraform import FakeServing
from tests.simulation.world import World, candidate

TERRAFORM = "1.11.4"
FILE = Path("reviewed")


@dataclass(frozen=True, kw_only=True)
class Folder(PlanFolder):
    """A plan folder in memory."""

    plan: Any
    texts: Mapping[str, str]

    def plan_file(self, root: str) -> Path:
        return FILE if root == SERVING else Path("surroundings")

    def variables(self, root: str) -> str:
        return self.texts[root]


def review(workspace: Workspace, world: World, name: str) -> None:
    """Plan the release of a candidate as mode plan does, and keep its folder."""
    named = candidate(world, name)
    found = planned.with_release(workspace, planned.agreed_of(workspace), named)
    assert found.is_applicable, found.refusals
    record = plan_mode.record_of(
        workspace, found, named, facts=found.facts, terraform_version=TERRAFORM
    )
    serving = workspace.serving
    assert isinstance(serving, FakeServing)
    world.review = Folder(
        path=Path("/nowhere"),
        record=record,
        plan=serving.carried(found.plans[SERVING].file),
        texts={root: saved.variables for root, saved in found.plans.items()},
    )


def apply(workspace: Workspace, world: World, name: str) -> None:
    """Apply the reviewed plan, as mode apply does after it has looked at the folder."""
    folder, serving = world.review, workspace.serving
    assert isinstance(folder, Folder)
    assert isinstance(serving, FakeServing)
    serving.bring(FILE, folder.plan)
    try:
        apply_release(workspace, folder, candidate(world, name))
    finally:
        times = world.serving.applied.count(FILE)
        assert times <= 1, f"the reviewed plan was applied {times} times"
