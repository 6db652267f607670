"""What a run that died left in the cloud, and neither ledger nor Terraform's state knows."""

import logging

from pipeline.context import Workspace
from pipeline.core import naming
from pipeline.core.head import LedgerHead
from pipeline.core.outcomes import EndpointObservation

logger = logging.getLogger(__name__)


def remove_orphans(
    workspace: Workspace, head: LedgerHead, seen: EndpointObservation
) -> tuple[str, ...]:
    """Delete models, endpoint configs and alarms of releases that are not retained.

    Only what is ours for certain: its name is that of a release whose record lies in S3. Nothing
    that the endpoint names, and nothing that the ledger retains.
    """
    found = workspace.hosting.hosted_names(head.endpoint)
    in_use = {seen.config_name, seen.pending_config}
    keys = {
        key: name
        for name in sorted(found.configs)
        if (key := naming.config_key_of(head.endpoint, name)) is not None
    }
    kept = set(head.endpoint_configs) | {key for key, name in keys.items() if name in in_use}
    lost = [key for key in keys if key not in kept and _is_ours(workspace, key)]
    releases = {naming.parse_config_key(key).release for key in kept}
    models = [
        release
        for name in sorted(found.models)
        if (release := naming.release_of_model(head.endpoint, name)) is not None
        and release not in releases | set(head.release_ids)
        and workspace.ledger.has_release(release)
    ]
    alarms = _lost_alarms(workspace, head.endpoint, kept)
    if alarms:
        workspace.alarms.delete(alarms)
    for key in lost:
        workspace.hosting.delete_endpoint_config(keys[key])
    for release in models:
        workspace.hosting.delete_model(naming.model_name(head.endpoint, release))
    removed = (*(keys[key] for key in lost), *models, *alarms)
    for name in removed:
        logger.warning("endpoint=%s orphan removed: %s", head.endpoint, name)
    return removed


def _lost_alarms(workspace: Workspace, endpoint: str, kept: set[str]) -> tuple[str, ...]:
    names = workspace.alarms.named(f"{endpoint}-r-")
    own = {name: naming.config_key_of_alarm(endpoint, name) for name in sorted(names)}
    return tuple(
        name
        for name, key in own.items()
        if key is not None and key not in kept and _is_ours(workspace, key)
    )


def _is_ours(workspace: Workspace, key: str) -> bool:
    return workspace.ledger.has_release(naming.parse_config_key(key).release)
