"""Asks this environment's pipeline for a retraining, as a schedule or an alarm would.

Asked again with the same reason it is the same request until a pipeline takes it up: whether the
bus has taken an event whose answer was lost, nobody can ask it.
"""

import logging
from itertools import count

from pipeline.context import Workspace
from pipeline.core import naming, requests
from pipeline.core.errors import UsageError

logger = logging.getLogger(__name__)


def retrain(workspace: Workspace, *, reason: str) -> str:
    """Put the event that a rule of the foundation carries to the pipeline; return the request's id.

    Raises UsageError where the foundation has no such rule, CloudUnusable when it is not taken.
    """
    context, asked = workspace.context, workspace.foundation.retraining
    if asked is None:
        environment = context.settings.environment
        message = f"The foundation of {environment} asks no pipeline for a retraining."
        remedy = (
            f"Retrain here with --mode full, or set retraining in terraform/environments/"
            f"{'local' if context.cloud.is_local else environment}.tfvars and run --mode bootstrap."
        )
        raise UsageError(message, remedy=remedy)
    request_id = _id_of(workspace, reason)
    detail = {
        "cause": requests.cause_of_asking(context.endpoint, reason),
        "endpoint": context.endpoint,
        "environment": context.settings.environment,
        "model": context.settings.model_name_prefix,
        "reason": reason,
        "request_id": request_id,
        "who": context.who,
    }
    event_id = workspace.bus.put(detail, source=asked.source, detail_type=asked.detail_type)
    logger.info(
        "asked for a retraining request=%s event=%s reason=%s", request_id, event_id, reason
    )
    return request_id


def _id_of(workspace: Workspace, reason: str) -> str:
    """Return the first id for this reason that no pipeline has taken up.

    Who types it again after an answer that was lost makes the same request, which is done once; but
    another one where a pipeline has taken the first one up meanwhile.
    """
    endpoint = workspace.context.endpoint
    ids = (requests.id_of_asking(endpoint, reason, taken=number) for number in count())
    is_taken = workspace.store.exists
    return next(each for each in ids if not is_taken(naming.request_object(endpoint, each)))
