"""What a training learns from: the data source as it is now, and rows answered and labelled since.

The rule: a captured row whose label has come is a row of the training table, below those of the
source. Of the source only the columns count then that a request has, and the target.
"""

import logging
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import replace

from pipeline.context import Context, Workspace
from pipeline.core import naming
from pipeline.core.errors import CloudUnusable
from pipeline.core.records import Release
from pipeline.core.retraining import Learnable
from pipeline.gateways.ports import Objects
from pipeline.material.joining import join, only
from pipeline.material.reading import parse_table
from pipeline.material.table import DataTable
from pipeline.steps import recorded
from pipeline.steps.bootstrap import known_workspace
from pipeline.steps.data_source import read_source
from pipeline.tabular.cells import Spelling, label_of, trimmed

logger = logging.getLogger(__name__)

_PLAIN = Spelling()


def training_table(context: Context) -> DataTable:
    """Return the rows that a training started now would have. Raises UsageError."""
    retraining = context.settings.retraining
    source = read_source(context)
    if not (retraining.enabled and retraining.learn_from_labels):
        return source
    workspace = known_workspace(context)
    return source if workspace is None else with_answered(source, workspace)


def with_answered(source: DataTable, workspace: Workspace) -> DataTable:
    """Return the source with the rows that were answered and labelled since."""
    target = trimmed(workspace.settings.training.target)
    if target not in source.columns:
        return source  # which is refused where it is decided what the source holds
    answered = [
        table
        for table in _answered(workspace.store, workspace.context.endpoint)
        if {target} < set(table.columns) <= set(source.columns)
    ]
    if not answered:
        return source
    columns = [name for name in source.columns if name in answered[0].columns]
    known = set(map(label_of, source.cells(target)))
    fitting = [
        _of_known_classes(only(each, columns), target, known)
        for each in answered
        if set(each.columns) == set(columns)
    ]
    rows = sum(len(each.rows) for each in fitting)
    joined = join([only(source, columns), *fitting], name=source.name)
    remark = f"{source.name}: with {rows} rows that were answered and labelled since."
    return replace(joined, separator=source.separator, remarks=(*source.remarks, remark))


def _of_known_classes(table: DataTable, target: str, known: Collection[str]) -> DataTable:
    """Leave out rows of a class that the source has none of: one row makes no class.

    Numbers stay: of a model that predicts them each may be new.
    """
    place = table.columns.index(target)
    kept = [
        number
        for number, row in enumerate(table.rows)
        if label_of(row[place]) in known or _PLAIN.written(row[place]) is not None
    ]
    return replace(
        table,
        rows=tuple(table.rows[number] for number in kept),
        lines=tuple(table.lines[number] for number in kept),
    )


def _answered(store: Objects, endpoint: str) -> list[DataTable]:
    found = []
    for key in store.keys(naming.learnt_prefix(endpoint)):
        stored = store.find(key)
        if stored is not None:
            found.append(parse_table(stored.body, name=key, separator=","))
    return found


def learnable(workspace: Workspace, release: Release) -> Learnable:
    """Compare what a training would find now with what the live release was made of."""
    context = workspace.context
    retraining = context.settings.retraining
    table = read_source(context)
    if retraining.learn_from_labels:
        table = with_answered(table, workspace)
    if table.sha256 == release.data_sha256:
        return Learnable(new_rows=0, known_rows=0, same_source=True)
    known = _known_rows(workspace, release)
    columns = known[0].columns
    before = Counter(row for each in known for row in only(each, columns).rows)
    now = Counter(only(table, columns).rows if set(columns) <= set(table.columns) else table.rows)
    return Learnable(new_rows=(now - before).total(), known_rows=before.total(), same_source=False)


def _known_rows(workspace: Workspace, release: Release) -> Sequence[DataTable]:
    """Return both halves of the rows that a release was trained and judged on."""
    run = recorded.training_run(workspace, release.training_job)
    found = []
    for name, uri in (("train", run.train_uri), ("test", run.test_uri)):
        try:
            content = workspace.store.read_uri(f"{uri}{name}.csv")
        except CloudUnusable:
            if name == "test" or release.promoted_from is None:
                raise
            # It was trained for another environment, whose bucket need not be ours to read.
            logger.warning("%s%s.csv may not be read: its rows count as new", uri, name)
            continue
        found.append(parse_table(content, separator=",", name=name))
    return found
