"""What every move needs around it: the lease, a settled start, capacity, the record."""

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace

from pipeline.context import Workspace
from pipeline.core import ledger, naming
from pipeline.core.errors import CorruptRecord, LeaseHeld, UsageError
from pipeline.core.head import LedgerHead, Move, MoveKind, Strategy
from pipeline.core.outcomes import EndpointObservation, EndpointStatus, PlanSummary
from pipeline.gateways import leases
from pipeline.gateways.ledger import Entry, HeadVersion

logger = logging.getLogger(__name__)

_SETTLE_TIMEOUT_S = 900.0
_MAXIMUM_EXECUTION_TIMEOUT_S = 1800
# Of a cause, which may hold a page of Terraform's words. The head is read and written whole.
MOST_RECORDED = 500
_MOVABLE = {EndpointStatus.IN_SERVICE, EndpointStatus.ABSENT, EndpointStatus.FAILED}


@dataclass(frozen=True, kw_only=True)
class Moved:
    """A move that came true: by which plan, and the head that says so."""

    plan: PlanSummary
    version: HeadVersion


@contextmanager
def leased(workspace: Workspace) -> Iterator[HeadVersion]:
    """Hold the lease on the endpoint; yield the ledger with nothing left under way."""
    owner = leases.this_process(workspace.context.run_id)
    with leases.held(workspace.store, workspace.context.endpoint, owner) as lease:
        version = workspace.ledger.read()
        fenced = ledger.fence(version.head, lease.number)
        version = _settle_unfinished(workspace, workspace.ledger.write(version, fenced))
        yield _adopt_what_serves(workspace, version)


def _adopt_what_serves(workspace: Workspace, version: HeadVersion) -> HeadVersion:
    """Believe SageMaker where it serves another retained config than the ledger says.

    Terraform may have failed after SageMaker had taken the move, or somebody moved it by hand.
    """
    head, seen = version.head, workspace.sagemaker.observe(workspace.context.endpoint)
    key = naming.config_key_of(head.endpoint, seen.config_name or "")
    if key is None or key == head.live or key not in head.endpoint_configs:
        return version
    if not seen.serves(naming.endpoint_config_name(head.endpoint, key)):
        return version
    move = replace(all_at_once(head.endpoint, key), kind=MoveKind.ADOPTION)
    announced = ledger.begin_move(head, key, move=move)
    adopted = ledger.complete_move(announced, when=workspace.context.now())
    return record(workspace, version, adopted, "found serving without a record", config=key)


def _settle_unfinished(workspace: Workspace, version: HeadVersion) -> HeadVersion:
    """Find out how a move ended whose run died: only the endpoint itself knows."""
    head = version.head
    if head.target is None:
        return version
    seen = settled_endpoint(workspace)
    if seen.serves(naming.endpoint_config_name(head.endpoint, head.target)):
        settled = ledger.complete_move(head, when=workspace.context.now())
        what = "interrupted move had succeeded"
    else:
        settled, what = ledger.fail_move(head, sent=True), "interrupted move had failed"
    logger.warning("endpoint=%s target=%s: an %s", head.endpoint, head.target, what)
    return record(workspace, version, settled, what, target=head.target)


def settled_endpoint(workspace: Workspace) -> EndpointObservation:
    """Return the endpoint, ready to be moved. Raises LeaseHeld when it is busy."""
    endpoint = workspace.context.endpoint
    seen = workspace.sagemaker.wait_until_settled(endpoint, timeout_s=_SETTLE_TIMEOUT_S)
    if seen.status in _MOVABLE and seen.pending_config is None:
        return seen
    message = f"Endpoint {endpoint} is {seen.status.value} and cannot be moved now."
    raise LeaseHeld(
        message, remedy=f"Look at aws sagemaker describe-endpoint --endpoint-name {endpoint}."
    )


def require_ledger(workspace: Workspace) -> None:
    """Refuse an endpoint that was never deployed, before a lease and a ledger are made for it."""
    if workspace.ledger.read().etag is None:
        message = f"Nothing was ever deployed to {workspace.context.endpoint}."
        raise UsageError(message, remedy="Check the endpoint's name; --mode deployment makes it.")


def require_known(head: LedgerHead, seen: EndpointObservation) -> None:
    """Refuse to move an endpoint that serves while the ledger knows of nothing that ever did."""
    if head.was_ever_live or seen.status in (EndpointStatus.ABSENT, EndpointStatus.FAILED):
        return
    message = (
        f"Endpoint {seen.name} serves {seen.config_name}, but its ledger knows nothing live: the "
        "ledger is lost, or somebody else made this endpoint."
    )
    remedy = (
        f"Restore an earlier version of {naming.ledger_object(seen.name)} in the artifact bucket, "
        "or use another endpoint_prefix."
    )
    raise CorruptRecord(message, remedy=remedy)


def config_for(
    workspace: Workspace, head: LedgerHead, release: str, seen: EndpointObservation
) -> tuple[str, LedgerHead]:
    """Choose the config that keeps the live capacity: an update resets it to the config's own."""
    deployment = workspace.settings.deployment
    return ledger.config_for(
        head,
        release,
        live_count=seen.desired_count or deployment.instance_count,
        minimum=deployment.minimum_instance_count,
        maximum=deployment.maximum_instance_count,
    )


def configured(workspace: Workspace, target: str, seen: EndpointObservation) -> Move:
    """Return the move of a deployment: the configured strategy, bake and time limit.

    An endpoint that is only made has no traffic to move in steps.
    """
    deployment = workspace.settings.deployment
    move = replace(
        all_at_once(workspace.context.endpoint, target),
        kind=MoveKind.DEPLOYMENT,
        termination_wait_s=deployment.termination_wait_s,
        maximum_execution_timeout_s=deployment.maximum_execution_timeout_s,
    )
    if seen.status in (EndpointStatus.ABSENT, EndpointStatus.FAILED):
        return move
    return replace(
        move,
        strategy=deployment.strategy,
        step_percentage=deployment.step_percentage,
        wait_interval_s=deployment.wait_interval_s,
    )


def all_at_once(endpoint: str, target: str) -> Move:
    """Return a rollback: no steps and no waits, watched by the target's own alarms."""
    return Move(
        strategy=Strategy.ALL_AT_ONCE,
        step_percentage=None,
        wait_interval_s=0,
        termination_wait_s=0,
        maximum_execution_timeout_s=_MAXIMUM_EXECUTION_TIMEOUT_S,
        alarm_names=naming.rollback_alarm_names(endpoint, target),
        kind=MoveKind.ROLLBACK,
    )


def record(
    workspace: Workspace, version: HeadVersion, head: LedgerHead, what: str, **details: str
) -> HeadVersion:
    """Write the head together with a line of history."""
    entry = Entry(
        what=what,
        who=workspace.context.who,
        when=workspace.context.now(),
        details={"run": workspace.context.run_id, **_request(workspace), **details},
    )
    return workspace.ledger.record(version, head, entry)


def _request(workspace: Workspace) -> Mapping[str, str]:
    request = workspace.context.request
    return request.details if request else {}


def finish(workspace: Workspace, version: HeadVersion, what: str, **details: str) -> HeadVersion:
    """Record that what is live has passed its tests."""
    return record(workspace, version, ledger.mark_healthy(version.head), what, **details)
