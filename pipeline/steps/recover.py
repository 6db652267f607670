"""After a failed deployment: find out what serves, quarantine what is to blame, go back."""

import logging

from pipeline.context import Workspace
from pipeline.core import intents, ledger, naming
from pipeline.core.errors import NotServing, PipelineError, RolledBack
from pipeline.core.faults import is_release_fault
from pipeline.core.outcomes import EndpointStatus, ProbeReport
from pipeline.core.records import Release
from pipeline.gateways.ledger import HeadVersion
from pipeline.steps import moves
from pipeline.steps.move import MoveFailed, apply_prune, plan_move
from pipeline.steps.roll_back import go_back

logger = logging.getLogger(__name__)

_LOG_LINES = 20


def from_unmade_plan(workspace: Workspace, version: HeadVersion) -> None:
    """Nothing was applied: the ledger forgets the move, and a release that is nowhere yet."""
    head = ledger.fail_move(version.head, sent=False)
    release = naming.parse_config_key(version.head.target or "").release
    before = version.head.endpoint_configs
    if sum(config.release == release for config in before.values()) == 1:
        _, head = ledger.abandon(head, release)
    workspace.ledger.write(version, head)


def from_failed_move(
    workspace: Workspace, version: HeadVersion, failed: MoveFailed, release: Release
) -> PipelineError:
    """Return the error of a move that did not come true, after what can be saved is saved."""
    cause = failed.cause[: moves.MOST_RECORDED]
    to_blame = failed.sent and is_release_fault(failed.observation)
    head = ledger.fail_move(version.head, sent=failed.sent)
    if to_blame:
        now = workspace.context.now()
        head = ledger.quarantine(head, release.release_id, reason=cause, when=now)
    details = {"release": release.release_id, "cause": cause}
    version = moves.record(workspace, version, head, "deployment failed", **details)
    version = _drop_unmade(workspace, version, failed, release.release_id)
    logs = _last_words(workspace) if to_blame else ""
    return _after_failed_move(workspace, version, failed, release, logs=logs)


def _drop_unmade(
    workspace: Workspace, version: HeadVersion, failed: MoveFailed, release: str
) -> HeadVersion:
    """Drop a release of which something could not be created: it would fail every later plan."""
    whole = intents.addresses_of(version.head, release)
    if whole <= failed.addresses:
        return version
    dropped, head = ledger.abandon(version.head, release)
    if head.live is not None and whole & failed.addresses:
        try:
            apply_prune(plan_move(workspace, head, intents.prune_intent(head, dropped)))
        except PipelineError as error:
            # The ledger must not forget what Terraform still has: the next move completes it.
            logger.warning("the rest of release %s stays: %s", release, error.message)
            return version
    return workspace.ledger.write(version, head)


def _after_failed_move(
    workspace: Workspace, version: HeadVersion, failed: MoveFailed, release: Release, *, logs: str
) -> PipelineError:
    head = version.head
    what = f"Release {release.release_id} was not deployed. {failed.cause}{logs}"
    if head.live is None:
        return _nothing_serves(workspace, what, failed)
    if failed.observation.serves(naming.endpoint_config_name(head.endpoint, head.live)):
        remedy = (
            f"Release {head.live_release} never stopped serving. Mend the cause and deploy again."
        )
        return RolledBack(what, remedy=remedy)
    return _go_back(workspace, version, head.live_release or "", what)


def from_failed_tests(
    workspace: Workspace, version: HeadVersion, release: Release, report: ProbeReport
) -> PipelineError:
    """Return the error of a release that serves and fails its tests, after going back."""
    what = f"Release {release.release_id} serves, but fails its tests: {report.failures}"
    failures = report.failures[: moves.MOST_RECORDED]
    now = workspace.context.now()
    head = ledger.quarantine(version.head, release.release_id, reason=failures, when=now)
    details = {"release": release.release_id, "failures": failures}
    version = moves.record(workspace, version, head, "tests failed", **details)
    previous = ledger.previous(head)
    if previous is None:
        remedy = (
            f"There is no earlier healthy release to go back to: {release.release_id} keeps "
            "serving and is quarantined. Deploy a better model."
        )
        return NotServing(what, remedy=remedy)
    return _go_back(workspace, version, previous, what)


def _go_back(workspace: Workspace, version: HeadVersion, release: str, what: str) -> PipelineError:
    if not workspace.settings.rollback_on_failure:
        remedy = f"rollback_on_failure is off. To go back, type: --mode rollback --to {release}"
        return NotServing(what, remedy=remedy)
    try:
        go_back(workspace, version, release, reason=what[: moves.MOST_RECORDED])
    except PipelineError as error:
        return NotServing(f"{what}\nGoing back failed too: {error.message}", remedy=error.remedy)
    remedy = f"Release {release} is serving again. Mend the cause and deploy again."
    return RolledBack(what, remedy=remedy)


def _nothing_serves(workspace: Workspace, what: str, failed: MoveFailed) -> NotServing:
    name = workspace.context.endpoint
    if failed.observation.status is EndpointStatus.FAILED:
        remedy = (
            "There is no earlier release to go back to. Mend the cause and deploy again: the "
            f"failed endpoint {name} is then replaced."
        )
    else:
        remedy = "There is no earlier release to go back to. Mend the cause and deploy again."
    return NotServing(what, remedy=remedy)


def _last_words(workspace: Workspace) -> str:
    """Return what the containers wrote last: the only place where a crash explains itself."""
    name = workspace.context.endpoint
    lines = workspace.sagemaker.endpoint_log_tail(name, count=_LOG_LINES)
    if not lines:
        return ""
    shown = "\n".join(f"  | {line}" for line in lines)
    return f"\nThe container's last lines (/aws/sagemaker/Endpoints/{name}):\n{shown}"
