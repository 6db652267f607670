"""Looks, before a move begins, whether the account may have the instances that the move needs."""

import logging

from pipeline.context import Workspace
from pipeline.core.bake import instances_at_once
from pipeline.core.errors import PipelineError, PlanRefused
from pipeline.core.head import DeploymentConfig
from pipeline.gateways import quotas

logger = logging.getLogger(__name__)


def require_quota(
    workspace: Workspace, shift: DeploymentConfig, *, instance_type: str, instance_count: int
) -> None:
    """Refuse a move for whose fleets the quota is too low."""
    problem = shortage_here(
        workspace, shift, instance_type=instance_type, instance_count=instance_count
    )
    if problem is not None:
        raise PlanRefused(problem, remedy="Nothing was changed.")


def shortage_here(
    workspace: Workspace, shift: DeploymentConfig, *, instance_type: str, instance_count: int
) -> str | None:
    """Return what is missing for a move, and what to do. A quota nobody tells stops nothing."""
    if workspace.context.cloud.is_local:
        return None  # the embedded AWS has none
    name = f"{instance_type} for endpoint usage"
    try:
        quota = quotas.quota(workspace.context.cloud, name)
    except PipelineError as error:
        logger.warning("the quota of %s is not known: %s", name, error.message)
        return None
    return shortage(shift, quota, name=name, instance_count=instance_count)


def shortage(
    shift: DeploymentConfig, quota: float | None, *, name: str, instance_count: int
) -> str | None:
    """Return what is missing; None where it suffices, or where no quota is listed."""
    needed = instances_at_once(shift.strategy, shift.step_percentage, instance_count)
    if quota is None or needed <= quota:
        return None
    return (
        f"The move needs {needed} instances at once ({instance_count} serve, strategy "
        f'{shift.strategy.value}), and the quota "{name}" is {quota:.0f}. Ask for more of it under '
        "Service Quotas, or take fewer instances or the strategy rolling."
    )
