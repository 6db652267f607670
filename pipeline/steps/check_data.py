"""Checks the data of a training before anything is changed; what the configuration refuses ends it.

The own checks of a file need nothing; those against the last release need an endpoint that had one.
"""

import logging
from collections.abc import Iterable

from pipeline.context import Context, Workspace
from pipeline.core import data_checks, identity, naming
from pipeline.core.data_checks import CheckOutcome, DataProfile, Found
from pipeline.core.errors import CorruptRecord, UsageError
from pipeline.steps.train import Material

logger = logging.getLogger(__name__)

_NO_RELEASE = "There is no release to compare with."


def check_data(context: Context, workspace: Workspace | None, material: Material) -> None:
    """Record what each check found. Raises UsageError where the configuration refuses it."""
    against = _against_last(workspace, material.profile)
    conclude(context, (*material.found, *against))


def conclude(context: Context, found: Iterable[Found]) -> None:
    checks = data_checks.judged(found, context.settings.data_checks.policies)
    context.recorder.add(data_checks=checks)
    for check in checks:
        bad = check.outcome in (CheckOutcome.WARNED, CheckOutcome.REFUSED)
        level = logging.WARNING if bad else logging.INFO
        logger.log(
            level, "data check=%s outcome=%s %s", check.name, check.outcome.value, check.sentence
        )
    refused = [check for check in checks if check.outcome is CheckOutcome.REFUSED]
    if refused:
        keys = ", ".join(f"`data_checks.{check.name}`" for check in refused)
        message = f"The data is refused. {' '.join(check.sentence for check in refused)}"
        remedy = (
            f"Nothing was changed. Correct the data, or drop columns by `training.columns`; if it "
            f"is as it must be, set {keys} to warn for this run."
        )
        raise UsageError(message, remedy=remedy, code="DataRefused")


def _against_last(workspace: Workspace | None, now: DataProfile) -> tuple[Found, ...]:
    if workspace is None:
        return data_checks.not_compared(_NO_RELEASE)
    try:
        release = identity.telling_release(workspace.ledger.read().head)
        if release is None:
            return data_checks.not_compared(_NO_RELEASE)
        then = _profile(workspace, release)
    except CorruptRecord as error:  # what trains only needs no ledger; a deployment refuses it
        return data_checks.not_compared(error.message)
    if then is None:
        return data_checks.not_compared(f"{release} has no record of its data to compare with.")
    return data_checks.compared(then, now, release=release)


def _profile(workspace: Workspace, release: str) -> DataProfile | None:
    """Return what the release's own data was; None where that is not on record here."""
    key = naming.data_profile_object(workspace.ledger.release(release).training_job)
    found = workspace.store.find(key)
    return DataProfile.from_json(found.body, place=workspace.store.uri(key)) if found else None
