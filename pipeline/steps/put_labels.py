"""Puts a file of labels that came later where mode monitor reads them. The same file once."""

import hashlib
import json
import logging
from pathlib import Path

from pipeline.configuration.sections import TrainingSettings
from pipeline.context import Workspace
from pipeline.core import naming
from pipeline.core.errors import UsageError
from pipeline.core.label_files import LabelFile, label_file_object, labels_object
from pipeline.gateways.store import AlreadyExists
from pipeline.material.ground_truth import GroundTruth, read_ground_truth
from pipeline.material.reading import parse_table
from pipeline.material.table import DataTable
from pipeline.tabular.cells import Spelling
from pipeline.tabular.schema import read_spelling

logger = logging.getLogger(__name__)


def read_labels(workspace: Workspace, file: Path) -> GroundTruth:
    """Read and check a whole file. Raises UsageError; nothing is written yet."""
    try:
        content = file.read_bytes()
    except OSError as error:
        message = f"The file of labels {file} cannot be read: {error.strerror}."
        raise UsageError(message, remedy="Name a CSV file with --file.") from error
    table = _table(content, name=file.name, training=workspace.settings.training)
    live = workspace.ledger.read().head.live_release
    if live is None or workspace.context.force:
        return read_ground_truth(table, classes=())
    identity = workspace.ledger.release(live).identity
    numbers = _spelling(workspace, live) if identity.predicts_number else None
    return read_ground_truth(table, classes=identity.labels, numbers=numbers)


def _table(content: bytes, *, name: str, training: TrainingSettings) -> DataTable:
    """Read a file as what it is; where that cannot be, as the data source is said to be."""
    try:
        return parse_table(content, name=name)
    except UsageError:
        if training.encoding is None and training.separator is None:
            raise
    return parse_table(content, name=name, separator=training.separator, encoding=training.encoding)


def put_labels(workspace: Workspace, found: GroundTruth) -> LabelFile:
    """Write the labels to their place; return the record that stands, ours or an earlier one.

    The record comes first: a run that is cut off is completed by the same command.
    """
    body = found.to_json_lines()
    ours = LabelFile(
        content_sha256=hashlib.sha256(body).hexdigest(),
        requests=len(found.labels),
        rows=found.row_count,
        who=workspace.context.who,
        since=workspace.context.now(),
    )
    standing = _recorded(workspace, ours)
    key = labels_object(workspace.context.endpoint, standing)
    workspace.store.create_same(key, body)
    logger.info("labels requests=%d rows=%d place=%s", ours.requests, ours.rows, key)
    return standing


def _spelling(workspace: Workspace, release: str) -> Spelling:
    """Return how the source of a release spells numbers, as its baseline says."""
    found = workspace.store.find(f"{naming.baseline_prefix(release)}baseline.json")
    return read_spelling(json.loads(found.body)["request"]["spelling"]) if found else Spelling()


def _recorded(workspace: Workspace, ours: LabelFile) -> LabelFile:
    key = label_file_object(workspace.context.endpoint, ours.content_sha256)
    try:
        workspace.store.create(key, ours.to_json().encode())
    except AlreadyExists:
        found = workspace.store.find(key)
        if found is None:  # taken away between the two questions
            return ours
        return LabelFile.from_json(found.body, place=workspace.store.uri(key))
    return ours
