"""When what surrounds an endpoint is changed, and what the ledger knows if that fails."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from pipeline.core import ledger
from pipeline.core.errors import CloudUnusable
from pipeline.core.head import LedgerHead
from pipeline.core.records import Release
from pipeline.core.surroundings import NOTHING, Surroundings, without_scaling
from pipeline.gateways.ledger import Entry, HeadVersion
from pipeline.gateways.process import Completed
from pipeline.steps import around
from tests.unit.core_builders import NOON, a_move, a_release, serving_settings
from tests.unit.plan_builders import R0, live_on

SCALED = Surroundings(autoscaling={"max_capacity": 4}, dashboard={})
UNREACHABLE = CloudUnusable("Terraform cannot get the provider.", remedy="Check the network.")


@dataclass
class Kept:
    """A ledger and a Terraform in memory, and all that was asked of them."""

    head: LedgerHead
    instance_type: str = "ml.m5.large"
    lines: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    plans: list[str] = field(default_factory=list)
    problem: Exception | None = None

    def release(self, release_id: str) -> Release:
        return a_release(release_id, serving=serving_settings(instance_type=self.instance_type))

    def read(self) -> HeadVersion:
        return HeadVersion(head=self.head, etag="1")

    def write(self, _: HeadVersion, head: LedgerHead) -> HeadVersion:
        self.head = head
        return self.read()

    def record(self, read: HeadVersion, head: LedgerHead, entry: Entry) -> HeadVersion:
        self.lines.append(entry.what)
        return self.write(read, head)

    def plan(self, **named: Any) -> bool:
        self.plans.append(Path(named["out"]).name)
        if self.problem:
            raise self.problem
        return True


def a_change_around() -> dict[str, Any]:
    change: Mapping[str, Any] = {"actions": ["create"], "before": None, "after": {}}
    address = "module.dashboard[0].aws_cloudwatch_dashboard.this"
    resource = {"address": address, "type": "aws_cloudwatch_dashboard", "change": change}
    return {"terraform_version": "1.11.4", "resource_changes": [resource]}


@pytest.fixture
def workspace_of(tmp_path: Path) -> Callable[[Kept], Any]:
    def made(kept: Kept) -> Any:
        program = SimpleNamespace(
            plan=kept.plan,
            show=lambda _: a_change_around(),
            apply=lambda _: Completed(argv=(), exit_code=0, stdout="", stderr="", duration_s=1.0),
        )
        context = SimpleNamespace(
            cloud=SimpleNamespace(region="us-east-1", is_local=True),
            endpoint=kept.head.endpoint,
            now=lambda: NOON,
            output_dir=tmp_path,
            recorder=SimpleNamespace(note=kept.notes.append),
            request=None,
            run_id="run",
            terraform=lambda *_, **__: program,
            who="me",
            work_dir=tmp_path,
        )
        book = SimpleNamespace(
            read=kept.read,
            record=kept.record,
            release=kept.release,
            store_tfvars=lambda _: None,
            write=kept.write,
        )
        settings = SimpleNamespace(environment="staging")
        return SimpleNamespace(context=context, ledger=book, settings=settings, tags={})

    return made


def a_book(**changes: Any) -> Kept:
    head = {name: changes.pop(name) for name in ("surroundings", "wanted") if name in changes}
    return Kept(head=replace(live_on(R0), **head), **changes)


def test_where_nothing_is_wanted_no_terraform_runs(workspace_of: Callable[[Kept], Any]) -> None:
    kept = a_book()
    around.converge(workspace_of(kept), kept.read(), NOTHING)
    assert (kept.plans, kept.lines, kept.notes) == ([], [], [])


def test_what_is_wanted_is_planned_applied_and_recorded(
    workspace_of: Callable[[Kept], Any],
) -> None:
    kept = a_book()
    version = around.converge(workspace_of(kept), kept.read(), SCALED)
    assert kept.plans == ["serving-converge.tfplan"]
    assert kept.lines == ["surroundings changed"]
    assert (version.head.surroundings, version.head.wanted) == (SCALED, SCALED)
    around.converge(workspace_of(kept), version, SCALED)
    assert len(kept.plans) == 1


def test_a_limited_move_is_followed_by_a_convergence_to_what_is_recorded(
    workspace_of: Callable[[Kept], Any],
) -> None:
    kept = a_book(surroundings=SCALED, wanted=SCALED)
    around.settled(workspace_of(kept), kept.read(), anyway=True)
    assert len(kept.plans) == 1


def test_what_is_wanted_is_known_to_the_next_run_when_it_could_not_be_applied(
    workspace_of: Callable[[Kept], Any],
) -> None:
    kept = a_book(problem=UNREACHABLE)
    with pytest.raises(CloudUnusable, match=f"{R0} serves, but scaling"):
        around.converge(workspace_of(kept), kept.read(), SCALED)
    assert (kept.head.surroundings, kept.head.wanted) == (NOTHING, SCALED)
    around.settled(workspace_of(kept))
    assert kept.notes[-1].endswith("The next run tries again.")


def test_what_was_never_finished_is_cleared_when_nothing_is_wanted_any_more(
    workspace_of: Callable[[Kept], Any],
) -> None:
    kept = a_book(wanted=SCALED)
    around.converge(workspace_of(kept), kept.read(), NOTHING)
    assert len(kept.plans) == 1
    assert (kept.head.surroundings, kept.head.wanted) == (NOTHING, NOTHING)


def test_burstable_instances_get_everything_but_scaling(
    workspace_of: Callable[[Kept], Any],
) -> None:
    kept = a_book(instance_type="ml.t2.medium")
    version = around.converge(workspace_of(kept), kept.read(), SCALED)
    assert version.head.surroundings == without_scaling(SCALED)
    assert version.head.wanted == SCALED
    assert kept.notes[0].startswith("Autoscaling stays off")


@pytest.mark.parametrize(
    ("instance_type", "surroundings", "plans"),
    [
        ("ml.m5.large", SCALED, 0),
        ("ml.m5.4xlarge", SCALED, 1),
        ("ml.m5.4xlarge", NOTHING, 1),  # a run may have died before it recorded that it was on
    ],
)
def test_scaling_goes_off_before_another_instance_type(
    workspace_of: Callable[[Kept], Any],
    instance_type: str,
    surroundings: Surroundings,
    plans: int,
) -> None:
    kept = a_book(surroundings=surroundings, wanted=SCALED)
    around.without_scaling_for(workspace_of(kept), kept.read(), instance_type)
    assert len(kept.plans) == plans
    assert kept.head.wanted == SCALED
    assert plans == 0 or kept.head.surroundings.autoscaling is None


def test_scaling_is_on_again_after_a_failure_in_between(
    workspace_of: Callable[[Kept], Any],
) -> None:
    kept = a_book(surroundings=without_scaling(SCALED), wanted=SCALED)
    around.settled(workspace_of(kept))
    assert kept.head.surroundings == SCALED


def test_while_a_move_is_under_way_nothing_is_changed_around_it(
    workspace_of: Callable[[Kept], Any],
) -> None:
    kept = a_book(wanted=SCALED)
    kept.head = ledger.begin_move(kept.head, kept.head.live or "", move=a_move())
    around.settled(workspace_of(kept))
    assert kept.plans == []
