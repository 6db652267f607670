"""What a run that died left in the cloud, and neither ledger nor Terraform's state knows."""

import logging
from collections.abc import Callable
from functools import partial

from pipeline.context import Workspace
from pipeline.core import naming
from pipeline.gateways.ledger import LeasedLedger

logger = logging.getLogger(__name__)


def remove_orphans(workspace: Workspace, book: LeasedLedger) -> tuple[str, ...]:
    """Delete models, endpoint configs and alarms of releases that are not retained.

    Only what is ours for certain: its name is that of a release whose record lies in S3. Nothing
    that the ledger retains; and right before each deletion this run must still hold the lease, and
    the endpoint must not name what goes.
    """
    removed = (*_alarms(workspace, book), *_configs(workspace, book), *_models(workspace, book))
    for name in removed:
        logger.warning("endpoint=%s orphan removed: %s", book.head.endpoint, name)
    return removed


def _alarms(workspace: Workspace, book: LeasedLedger) -> tuple[str, ...]:
    endpoint = book.head.endpoint
    names = sorted(workspace.alarms.named(f"{endpoint}-r-"))
    keys = {name: naming.config_key_of_alarm(endpoint, name) for name in names}
    return tuple(
        name
        for name, key in keys.items()
        if _is_orphan(workspace, book, key)
        and _deleted(workspace, book, key, partial(workspace.alarms.delete, [name]))
    )


def _configs(workspace: Workspace, book: LeasedLedger) -> tuple[str, ...]:
    endpoint, delete = book.head.endpoint, workspace.hosting.delete_endpoint_config
    names = sorted(workspace.hosting.hosted_names(endpoint).configs)
    keys = {name: naming.config_key_of(endpoint, name) for name in names}
    return tuple(
        name
        for name, key in keys.items()
        if _is_orphan(workspace, book, key)
        and _deleted(workspace, book, key, partial(delete, name))
    )


def _models(workspace: Workspace, book: LeasedLedger) -> tuple[str, ...]:
    """Delete the models whose configs are gone; none while somebody's own config serves."""
    endpoint, delete = book.head.endpoint, workspace.hosting.delete_model
    seen = workspace.hosting.observe(endpoint)
    if naming.config_key_of(endpoint, seen.config_name or "") is None:
        return ()  # nobody has told which model that config names
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
    return tuple(gone)


def _is_orphan(workspace: Workspace, book: LeasedLedger, key: str | None) -> bool:
    """Tell whether a config key is that of a release of ours that the ledger does not retain."""
    if key is None or key in book.head.endpoint_configs:
        return False
    return workspace.ledger.has_release(naming.parse_config_key(key).release)


def _deleted(
    workspace: Workspace, book: LeasedLedger, key: str | None, delete: Callable[[], None]
) -> bool:
    """Delete what belongs to a config unless the endpoint names it; tell whether it was deleted."""
    seen = workspace.hosting.observe(book.head.endpoint)
    name = naming.endpoint_config_name(book.head.endpoint, key or "")
    if name in (seen.config_name, seen.pending_config):
        return False
    book.lease.require_held()
    delete()
    return True
