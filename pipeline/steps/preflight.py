"""What is looked at before a deployment; the configuration's own rules came first."""

from pipeline.context import Workspace
from pipeline.core import identity, naming
from pipeline.core.errors import PlanRefused, UsageError
from pipeline.core.head import LedgerHead
from pipeline.core.identity import ModelIdentity
from pipeline.core.records import TrainingRun


def require_instances(workspace: Workspace) -> None:
    """Refuse, before anything is trained, fewer instances than the environment asks for."""
    least = workspace.foundation.minimum_instance_count
    configured = workspace.settings.deployment.minimum_instance_count
    if configured >= least:
        return
    environment = workspace.settings.environment
    message = (
        f"deployment.minimum_instance_count is {configured}, but the foundation of {environment} "
        f"asks for {least} or more."
    )
    remedy = (
        f"Set deployment.minimum_instance_count and instance_count to {least} or more; the "
        f"foundation's own limit stands in terraform/environments/{environment}.tfvars."
    )
    raise UsageError(message, remedy=remedy)


def require_configured_model(workspace: Workspace, run: TrainingRun, *, command: str) -> None:
    """Refuse a job that another model was trained by: its name is in none of this run's names.

    `command` is what was asked for, to be typed again for the right model.
    """
    name, configured = run.identity.name, workspace.settings.model_name_prefix
    if name == configured:
        return
    serving = _serving(workspace, workspace.ledger.read().head)
    is_there = serving is not None and serving.name == name
    right = command if is_there else _elsewhere(workspace, run.identity, command)
    remedy = (
        f"Name a job of {configured}, or the configuration of {name} with --config-file; with this "
        f"one's limits and tests, type: MODEL_NAME_PREFIX={name} {right}"
    )
    raise identity.another_name(
        run.identity, job=run.job_name, configured=configured, remedy=remedy
    )


def require_same_model(
    workspace: Workspace, head: LedgerHead, candidate: ModelIdentity, *, job: str | None = None
) -> None:
    """Refuse a candidate (`job`: trained already) on an endpoint that is for another model."""
    command = f"--mode deployment --training-job {job}" if job else "--mode full"
    elsewhere = _elsewhere(workspace, candidate, command)
    identity.require_same_model(
        _serving(workspace, head),
        candidate,
        endpoint=workspace.context.endpoint,
        remedy=f"To deploy it to an endpoint of its own, type: {elsewhere}",
    )


def require_free_for(
    workspace: Workspace | None, candidate: ModelIdentity, *, job: str | None = None
) -> None:
    """Refuse it already now, while nothing has been done; None: nothing was ever deployed here.

    A deployment asks again under its lease: another run may have deployed a first model meanwhile.
    """
    if workspace is not None:
        require_same_model(workspace, workspace.ledger.read().head, candidate, job=job)


def _serving(workspace: Workspace, head: LedgerHead) -> ModelIdentity | None:
    release = identity.telling_release(head)
    return workspace.ledger.release(release).identity if release else None


def _elsewhere(workspace: Workspace, model: ModelIdentity, command: str) -> str:
    """Return the command for an endpoint that is the model's own."""
    environment = workspace.settings.environment
    taken = workspace.context.endpoint.removesuffix(f"-{environment}")
    own = identity.own_endpoint_prefix(model.name, taken=taken, environment=environment)
    return f"ENDPOINT_PREFIX={own} {command}"


def require_silence(workspace: Workspace, head: LedgerHead, target: str) -> None:
    """Refuse a target one of whose own alarms rings: SageMaker would shift back from it at once.

    A rollback does not ask: what rings may be what it is for.
    """
    if target not in head.endpoint_configs:
        return  # its alarms are made together with it
    names = naming.rollback_alarm_names(head.endpoint, target)
    ringing = workspace.alarms.ringing(names)
    if ringing:
        message = (
            f"In ALARM: {', '.join(ringing)}. SageMaker would take a deployment of {target} back "
            "at once. Nothing was changed."
        )
        remedy = "Wait until they are OK again, which takes minutes without traffic; then repeat."
        raise PlanRefused(message, remedy=remedy)
