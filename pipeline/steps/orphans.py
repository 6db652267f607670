"""What a run that died left in the cloud, and neither ledger nor Terraform's state knows."""

import logging
from collections.abc import Callable, Mapping

from pipeline.context import Workspace
from pipeline.core import naming
from pipeline.core.outcomes import EndpointStatus
from pipeline.gateways.ledger import LeasedLedger

logger = logging.getLogger(__name__)


def remove_orphans(workspace: Workspace, book: LeasedLedger) -> tuple[str, ...]:
    """Delete models, endpoint configs and alarms of releases that are not retained.

    Only what is ours for certain: its name is that of a release whose record lies in S3. Nothing
    that the ledger retains; and right before each deletion this run must still hold the lease, and
    the endpoint must not name what goes.
    """
    endpoint, hosting, alarms = book.head.endpoint, workspace.hosting, workspace.alarms
    names = alarms.named(f"{endpoint}-r-")
    keys = {name: naming.config_key_of_alarm(endpoint, name) for name in names}
    removed = _of_configs(workspace, book, keys, lambda name: alarms.delete([name]))
    names = hosting.hosted_names(endpoint).configs
    keys = {name: naming.config_key_of(endpoint, name) for name in names}
    removed += _of_configs(workspace, book, keys, hosting.delete_endpoint_config)
    removed += _models(workspace, book)
    for name in removed:
        logger.warning("endpoint=%s orphan removed: %s", endpoint, name)
    return tuple(removed)


def _of_configs(
    workspace: Workspace,
    book: LeasedLedger,
    keys: Mapping[str, str | None],
    delete: Callable[[str], None],
) -> list[str]:
    """Delete what belongs to configs of ours that neither ledger nor endpoint names."""
    gone: list[str] = []
    for name, key in sorted(keys.items()):
        if key is None or key in book.head.endpoint_configs:
            continue
        if not workspace.ledger.has_release(naming.parse_config_key(key).release):
            continue
        seen = workspace.hosting.observe(book.head.endpoint)
        config = naming.endpoint_config_name(book.head.endpoint, key)
        if config not in (seen.config_name, seen.pending_config):
            book.lease.require_held()
            delete(name)
            gone.append(name)
    return gone


def _models(workspace: Workspace, book: LeasedLedger) -> list[str]:
    """Delete the models whose configs are gone; none while somebody's own config serves."""
    endpoint, delete = book.head.endpoint, workspace.hosting.delete_model
    seen = workspace.hosting.observe(endpoint)
    is_ours = naming.config_key_of(endpoint, seen.config_name or "") is not None
    if seen.status is not EndpointStatus.ABSENT and not is_ours:
        return []  # nobody has told which model that config names
    found = workspace.hosting.hosted_names(endpoint)
    keys = (naming.config_key_of(endpoint, name) for name in found.configs)
    used = {naming.parse_config_key(key).release for key in keys if key is not None}
    releases = {name: naming.release_of_model(endpoint, name) for name in sorted(found.models)}
    gone: list[str] = []
    for name, release in releases.items():
        if release is None or release in used | set(book.head.release_ids):
            continue
        if workspace.ledger.has_release(release):
            book.lease.require_held()
            delete(name)
            gone.append(name)
    return gone
