"""Stores the baseline of a release: what its later traffic is compared with.

The evaluation job left it with the training job. A release of an earlier version's artifact has
none, and cannot be monitored until a model is trained again.
"""

import json
import logging
from typing import Any

from pipeline.context import Workspace
from pipeline.core import monitor_documents, naming
from pipeline.core.drift import DriftLimits
from pipeline.core.errors import CorruptRecord
from pipeline.core.records import Release
from pipeline.core.window_counts import Baseline

logger = logging.getLogger(__name__)

FILE_NAME = "baseline.json"


def drift_limits(workspace: Workspace) -> DriftLimits:
    drift = workspace.settings.drift
    return DriftLimits(psi_threshold=drift.psi_threshold, minimum_row_count=drift.minimum_row_count)


def store_baseline(workspace: Workspace, release: Release) -> None:
    """Put it beside the release, with what Studio and the SDK read. Stored twice it is the same."""
    store = workspace.store
    found = store.find(naming.baseline_object(release.training_job))
    if found is None:
        return
    try:
        baseline = Baseline.from_json(found.body)
    except CorruptRecord as corrupt:
        workspace.context.recorder.note(f"{corrupt.message} {release.release_id} has no baseline.")
        return
    place = naming.baseline_prefix(release.release_id)
    documents = {
        monitor_documents.STATISTICS: monitor_documents.statistics(baseline),
        monitor_documents.CONSTRAINTS: monitor_documents.constraints(
            baseline, drift_limits(workspace)
        ),
    }
    for name, document in documents.items():
        store.create_same(f"{place}{name}", text_of(document))
    store.create_same(f"{place}{FILE_NAME}", found.body)
    logger.info("baseline release=%s rows=%d", release.release_id, baseline.rows)


def text_of(document: Any) -> bytes:
    return (json.dumps(document, indent=2, allow_nan=False) + "\n").encode()
