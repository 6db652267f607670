"""When a move that fails may be forgotten, and when only the endpoint knows how it ended."""

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from pipeline.core import ledger
from pipeline.core.errors import CloudUnusable, LeaseHeld, PipelineError
from pipeline.core.intents import IntentKind
from pipeline.core.outcomes import EndpointObservation, EndpointStatus
from pipeline.gateways.process import Completed
from pipeline.steps.move import make_move
from tests.unit.core_builders import a_head_retaining, a_move, a_release

RELEASE = "r-20260102-120000-aaaaaa"
KEY = f"{RELEASE}-n1"
HEAD = ledger.begin_move(a_head_retaining(RELEASE), KEY, move=a_move())
UNREACHABLE = CloudUnusable("Could not describe endpoint.", remedy="Check the network.")
LOCKED = "Error: Error acquiring the state lock\nPreconditionFailed"


def an_apply(*, stderr: str = "") -> Completed:
    return Completed(
        argv=(), exit_code=1 if stderr else 0, stdout="", stderr=stderr, duration_s=1.0
    )


def raising(error: Exception) -> Callable[..., Any]:
    def raise_it(*_: object, **__: object) -> None:
        raise error

    return raise_it


def a_workspace(folder: Path, *, settle: Callable[..., Any], **terraform: Any) -> Any:
    """A workspace of which only what a move asks for is there; its plans change nothing."""
    plans = {"plan": lambda **_: True, "show": lambda _: {"terraform_version": "1.11.4"}}
    program = SimpleNamespace(**{**plans, "apply": lambda _: an_apply(), **terraform})
    absent = EndpointObservation(name=HEAD.endpoint, status=EndpointStatus.ABSENT)
    return SimpleNamespace(
        context=SimpleNamespace(
            cloud=SimpleNamespace(region="us-east-1", is_local=True),
            endpoint=HEAD.endpoint,
            output_dir=folder,
            terraform=lambda *_, **__: program,
            work_dir=folder,
        ),
        ledger=SimpleNamespace(release=a_release, store_tfvars=lambda _: None),
        sagemaker=SimpleNamespace(observe=lambda _: absent, wait_until_settled=settle),
        settings=SimpleNamespace(environment="staging"),
        tags={},
    )


def forgotten_after(workspace: Any, error: type[PipelineError]) -> bool:
    forgotten: list[bool] = []
    with pytest.raises(error):
        make_move(
            workspace,
            HEAD,
            IntentKind.ROLLBACK,
            target=KEY,
            forget=lambda: forgotten.append(True),
        )
    return bool(forgotten)


def test_a_move_without_a_plan_is_forgotten(tmp_path: Path) -> None:
    workspace = a_workspace(tmp_path, settle=raising(UNREACHABLE), plan=raising(UNREACHABLE))
    assert forgotten_after(workspace, CloudUnusable)


def test_a_move_that_found_the_state_locked_is_forgotten(tmp_path: Path) -> None:
    workspace = a_workspace(
        tmp_path, settle=raising(UNREACHABLE), apply=lambda _: an_apply(stderr=LOCKED)
    )
    assert forgotten_after(workspace, LeaseHeld)


def test_a_lock_that_no_run_can_hold_is_explained(tmp_path: Path) -> None:
    workspace = a_workspace(
        tmp_path, settle=raising(UNREACHABLE), apply=lambda _: an_apply(stderr=LOCKED)
    )
    with pytest.raises(LeaseHeld, match=f"lease on {HEAD.endpoint}, so no other run is moving it"):
        make_move(workspace, HEAD, IntentKind.ROLLBACK, target=KEY, forget=lambda: None)


def test_a_move_whose_end_nobody_saw_stays_announced(tmp_path: Path) -> None:
    workspace = a_workspace(tmp_path, settle=raising(UNREACHABLE))
    assert not forgotten_after(workspace, CloudUnusable)


def test_a_move_whose_apply_was_cut_off_stays_announced(tmp_path: Path) -> None:
    workspace = a_workspace(tmp_path, settle=raising(UNREACHABLE), apply=raising(UNREACHABLE))
    assert not forgotten_after(workspace, CloudUnusable)


def test_a_move_does_not_wait_for_what_differs_around_the_endpoint(tmp_path: Path) -> None:
    change: dict[str, Any] = {"actions": ["delete"], "before": {}, "after": None}
    address = "module.dashboard[0].aws_cloudwatch_dashboard.this"
    gone = {"address": address, "type": "aws_cloudwatch_dashboard", "change": change}
    whole = {"terraform_version": "1.11.4", "resource_changes": [gone]}
    plans, limits = iter([whole, {"terraform_version": "1.11.4"}]), []
    serves = EndpointObservation(
        name=HEAD.endpoint, status=EndpointStatus.IN_SERVICE, config_name=f"{HEAD.endpoint}-{KEY}"
    )
    workspace = a_workspace(
        tmp_path,
        settle=lambda *_, **__: serves,
        plan=lambda **named: limits.append(named["targets"]),
        show=lambda _: next(plans),
    )
    made = make_move(workspace, HEAD, IntentKind.ROLLBACK, target=KEY, forget=lambda: None)
    assert limits == [(), ("module.endpoint",)]
    assert made.is_limited
