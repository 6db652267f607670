"""What is looked at before a deployment is announced; the configuration's own rules came first."""

from pipeline.context import Workspace
from pipeline.core import naming
from pipeline.core.errors import PlanRefused
from pipeline.core.head import LedgerHead
from pipeline.gateways import alarms


def require_silence(workspace: Workspace, head: LedgerHead, target: str) -> None:
    """Refuse a target one of whose own alarms rings: SageMaker would shift back from it at once.

    A rollback does not ask: what rings may be what it is for.
    """
    if target not in head.endpoint_configs:
        return  # its alarms are made together with it
    names = naming.rollback_alarm_names(head.endpoint, target)
    ringing = alarms.ringing(workspace.context.cloud, names)
    if ringing:
        message = (
            f"In ALARM: {', '.join(ringing)}. SageMaker would take a deployment of {target} back "
            "at once. Nothing was changed."
        )
        remedy = "Wait until they are OK again, which takes minutes without traffic; then repeat."
        raise PlanRefused(message, remedy=remedy)
