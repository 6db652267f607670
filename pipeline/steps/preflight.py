"""What is looked at before a deployment; the configuration's own rules came first."""

from pipeline.context import Workspace
from pipeline.core import naming
from pipeline.core.errors import PlanRefused, UsageError
from pipeline.core.head import LedgerHead


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
