"""The commands that people type, each run by the steps as they are: one process in one call."""

import traceback
from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path

from pipeline.context import Context, Workspace
from pipeline.core import failures
from pipeline.core.errors import LeaseHeld, PipelineError
from pipeline.core.lease import Owner
from pipeline.core.records import ApprovalStatus, ModelPackage
from pipeline.core.requests import Request
from pipeline.gateways import leases
from pipeline.gateways.aws import Cloud
from pipeline.gateways.ports import HeldLease
from pipeline.recorder import Recorder
from pipeline.session import Terminated
from pipeline.steps import deploy, monitor, promote, prune, requested, retire, settle
from pipeline.steps.leased import hold
from tests.fakes.boundary import AllEnds, Boundary
from tests.fakes.hosting import FakeAlarms, FakeBus, FakeCalls, FakeHosting
from tests.fakes.store import FakeStore
from tests.fakes.terraform import FakeServing, FakeSurroundings
from tests.simulation import reviewed
from tests.simulation.world import ENDPOINT, KNOWN, World, candidate

_STARTS_S = 1.0
_HOST = "here"
_NOWHERE = Path("/nowhere")
_CLOUD = Cloud(region="us-east-1", endpoint_url="http://nobody", inherited={})


class Mode(StrEnum):
    DEPLOYMENT = "deployment"
    ROLLBACK = "rollback"
    REQUESTED = "requested rollback"
    PRUNE = "prune"
    SETTLE = "settle"
    CLEANUP = "cleanup"
    PROMOTE = "promote"
    APPLY = "apply"
    MONITOR = "monitor"


@dataclass(frozen=True, kw_only=True)
class Command:
    """What is typed. `name` is the candidate of a deployment."""

    mode: Mode
    name: str = ""
    to: str = "previous"
    force: bool = False
    request: Request | None = None

    def __str__(self) -> str:
        parts = (self.mode.value, self.name, "" if self.to == "previous" else f"--to {self.to}")
        return " ".join(filter(None, (*parts, "--force" if self.force else "")))


@dataclass(frozen=True, kw_only=True)
class Ended:
    """How a command ended; the code is None where its process was killed."""

    code: int | None
    said: str
    run_id: str


class Broken(BaseException):
    """An invariant does not hold. No step may catch this."""


def run_command(world: World, command: Command, boundary: Boundary) -> Ended:
    """Run one command to its end, as session.py does: exit code, then the leases."""
    world.runs += 1
    world.clock.jump(_STARTS_S)
    run_id = f"run-{world.runs}"
    held: list[HeldLease] = []
    workspace = workspace_of(world, command, boundary, run_id=run_id, held=held)
    beat, world.clock.on_passed = world.clock.on_passed, _heartbeat(held, boundary)
    forces, world.facts.forces = world.facts.forces, command.force
    deaf, world.facts.deaf = world.facts.deaf, False
    code, said = None, "killed"
    try:
        code, said = _outcome(workspace, command, world, boundary)
        world.facts.deaf = True  # session.py ignores SIGTERM from here on
        for holding in held:
            holding.give_back(told=failures.is_told(code))
    except AllEnds:
        pass  # once the summary was written its reader knows the end, whatever becomes of the lease
    finally:
        world.ended |= {run_id}
        world.clock.jump(_STARTS_S)
        world.clock.on_passed = beat
        world.facts.forces = forces
        world.facts.deaf = deaf
    return Ended(code=code, said=said, run_id=run_id)


def _outcome(
    workspace: Workspace, command: Command, world: World, boundary: Boundary
) -> tuple[int, str]:
    try:
        _execute(workspace, command, world, boundary)
    except PipelineError as error:
        return error.exit_code, f"{error.message} {error.remedy}"
    except Terminated:
        return failures.TERMINATED, "terminated"
    except Exception as error:
        where = "".join(traceback.format_tb(error.__traceback__)[-3:])
        message = f"a bug: {type(error).__name__}: {error}\n{where}"
        raise Broken(message) from error
    return 0, ""


def _execute(workspace: Workspace, command: Command, world: World, boundary: Boundary) -> None:
    match command.mode:
        case Mode.DEPLOYMENT:
            deploy.deploy(workspace, candidate(world, command.name))
        case Mode.ROLLBACK | Mode.REQUESTED:
            requested.roll_back_as_asked(workspace, to=command.to, reason="it is slow")
        case Mode.PRUNE:
            prune.prune(workspace)
        case Mode.SETTLE:
            settle.settle(workspace)
        case Mode.MONITOR:
            monitor.monitor(workspace, window=None)
        case Mode.PROMOTE:
            _promote(workspace, world, boundary)
        case Mode.APPLY:
            reviewed.apply(workspace, world, command.name)
        case Mode.CLEANUP:
            book = hold(workspace, after=workspace.ledger.read().head.fencing)
            retire.retire(workspace, book, retire.plan_retirement(workspace, book))


def _promote(workspace: Workspace, world: World, boundary: Boundary) -> None:
    """As workflow.py does it; the package is registered before, by a gateway of its own."""
    found = found_to_promote(world, boundary)
    run = promote.bring(workspace, found)
    deploy.deploy(workspace, replace(promoted_candidate(found), run=run))


def found_to_promote(world: World, boundary: Boundary) -> promote.Promoted:
    """Look into the other environment."""
    source = world.source
    assert source is not None
    return promote.promoted(
        promote.Source(
            environment="dev",
            endpoint=ENDPOINT,
            store=FakeStore(source.bucket, boundary),
            hosting=FakeHosting(source.cloud, boundary),
        )
    )


def promoted_candidate(found: promote.Promoted) -> deploy.Candidate:
    return deploy.Candidate(
        run=found.run,
        evaluation=found.release.evaluation,
        decision=found.release.decision,
        approval=found.release.approval,
        package=ModelPackage(
            arn="arn:aws:sagemaker:us-east-1:000000000000:model-package/iris/1",
            version=1,
            approval_status=ApprovalStatus.APPROVED,
        ),
        origin=found.origin,
    )


def _heartbeat(held: list[HeldLease], boundary: Boundary) -> Callable[[], None]:
    """Return what renews the leases while time passes; a thread does it outside of this."""

    def beat() -> None:
        for holding in held:
            try:
                boundary.unseen(holding.require_held)
            except PipelineError:
                continue

    return beat


def workspace_of(
    world: World,
    command: Command,
    boundary: Boundary,
    *,
    run_id: str = "nobody",
    held: list[HeldLease] | None = None,
) -> Workspace:
    """Return one run's own gateways to the world."""
    clock = world.clock
    context = Context(
        settings=world.settings,
        cloud=_CLOUD,
        run_id=run_id,
        git_sha="0" * 40,
        work_dir=_NOWHERE,
        output_dir=_NOWHERE,
        recorder=Recorder(),
        now=clock.now,
        force=command.force,
        endpoint_name=ENDPOINT,
        request=command.request,
        confirm=lambda _: True,
        sleep=clock.sleep,
        held=[] if held is None else held,
    )
    others = {world.source.bucket.name: world.source.bucket} if world.source else None
    store = FakeStore(world.bucket, boundary, others=others)
    who = f"someone@{_HOST}"
    return Workspace(
        context=context,
        foundation=world.foundation,
        store=store,
        hosting=FakeHosting(world.cloud, boundary),
        alarms=FakeAlarms(world.cloud, boundary),
        bus=FakeBus(world.cloud, boundary),
        calls=FakeCalls(world.cloud, boundary, ENDPOINT, known=KNOWN),
        serving=FakeServing(world.cloud, world.serving, boundary, who=who, now=clock.now),
        surroundings=FakeSurroundings(world.surroundings, boundary, who=who, now=clock.now),
        take_lease=lambda after: _take_lease(world, store, context, after),
    )


def _take_lease(world: World, store: FakeStore, context: Context, after: int) -> HeldLease:
    owner = Owner(run_id=context.run_id, who=context.who, host=_HOST, pid=1, process_started_s=0.0)
    holding = leases.take(
        store,
        ENDPOINT,
        owner,
        after=after,
        now=context.now,
        is_dead=lambda other: other.run_id in world.ended,
        heartbeat_every_s=None,
    )
    context.held.append(holding)
    return holding


__all__ = ["Broken", "Command", "Ended", "LeaseHeld", "Mode", "run_command"]
