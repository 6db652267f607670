"""What a training learns from: the data source as it is now, and rows answered and labelled since.

The rule: a captured row whose label has come is a row of the training table, below those of the
source. Of the source only the columns count then that a request has, and the target.
"""

import logging
from bisect import bisect
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from pipeline.context import Context, Workspace
from pipeline.core import naming
from pipeline.core.errors import CloudUnusable, UsageError
from pipeline.core.records import Release
from pipeline.core.retraining import Learnable
from pipeline.gateways.ports import Objects
from pipeline.material.deciding import Outline, outline
from pipeline.material.joining import join, only
from pipeline.material.reading import parse_table
from pipeline.material.table import Choices, DataTable, listed
from pipeline.steps import recorded
from pipeline.steps.bootstrap import known_workspace
from pipeline.steps.data_source import choices, read_source
from pipeline.tabular.cells import label_of, trimmed

logger = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Learning:
    """The rows of a training, and how to read them: what was found out once is chosen then."""

    table: DataTable
    choices: Choices


def from_source(context: Context) -> Learning:
    """Return the rows of the data source alone. Raises UsageError."""
    return Learning(table=read_source(context), choices=choices(context.settings.training))


def to_learn(context: Context) -> Learning:
    """Return the rows that a training started now would have. Raises UsageError."""
    retraining = context.settings.retraining
    source = from_source(context)
    if not (retraining.enabled and retraining.learn_from_labels):
        return source
    workspace = known_workspace(context)
    return source if workspace is None else with_answered(source, workspace)


def with_answered(source: Learning, workspace: Workspace) -> Learning:
    """Return the source with the rows that were answered and labelled since.

    One that is refused stays as it is: where it is decided what it holds, it is told why.
    """
    if trimmed(source.choices.target) not in source.table.columns:
        return source
    answered = _answered(workspace.store, workspace.context.endpoint)
    if not answered:
        return source
    try:
        known = outline(source.table, source.choices)
    except UsageError:
        return source
    table = replace(source.table, remarks=(*source.table.remarks, *filter(None, [known.remark])))
    return Learning(
        table=_joined(table, answered, known, target=trimmed(source.choices.target)),
        choices=replace(source.choices, decimal=known.decimal),
    )


def _joined(
    source: DataTable, answered: Sequence[DataTable], known: Outline, *, target: str
) -> DataTable:
    columns = tuple(name for name in source.columns if name in {*known.columns, target})
    fitting = [only(each, columns) for each in answered if set(each.columns) == set(columns)]
    source = _with_remark(source, _not_fitting(answered, columns))
    if not fitting:
        return source
    if not known.predicts_number:
        classes = set(map(label_of, source.cells(target)))
        fitting = [_of_known_classes(each, target, classes) for each in fitting]
    rows = sum(len(each.rows) for each in fitting)
    joined = join([only(source, columns), *fitting], name=source.name)
    joined = replace(joined, separator=source.separator, remarks=source.remarks)
    return _with_remark(joined, f"with {rows} rows that were answered and labelled since.")


def _with_remark(table: DataTable, remark: str) -> DataTable:
    return replace(table, remarks=(*table.remarks, f"{table.name}: {remark}")) if remark else table


def _not_fitting(answered: Sequence[DataTable], columns: Collection[str]) -> str:
    """Tell of rows that have other columns than the source; nothing where there are none."""
    others = [each for each in answered if set(each.columns) != set(columns)]
    if not others:
        return ""
    different = sorted(set(columns).symmetric_difference(others[-1].columns))
    remark = (
        f"{sum(len(each.rows) for each in others)} rows that were answered and labelled are not "
        f"learnt, for they have other columns: {listed([repr(each) for each in different])}."
    )
    logger.warning("data: %s", remark)
    return remark


def _of_known_classes(table: DataTable, target: str, known: Collection[str]) -> DataTable:
    """Leave out rows of a class that the source has none of: one row makes no class."""
    place = table.columns.index(target)
    kept = [number for number, row in enumerate(table.rows) if label_of(row[place]) in known]
    return replace(
        table,
        rows=tuple(table.rows[number] for number in kept),
        lines=tuple(table.lines[number] for number in kept),
    )


def _answered(store: Objects, endpoint: str) -> list[DataTable]:
    found = []
    for key in store.keys(naming.learnt_prefix(endpoint)):
        stored = store.find(key)
        if stored is None:
            continue
        try:
            found.append(parse_table(stored.body, name=key, separator=","))
        except UsageError as error:
            logger.warning("data: answered rows are left out: %s", error.message)
    return _apart(found)


def _apart(tables: Sequence[DataTable]) -> list[DataTable]:
    """Leave out what has hours in common with a table of more rows: no row counts twice.

    Windows may overlap: those that a person named, and where their length or the delay of labels
    was changed.
    """
    chosen: list[DataTable] = []
    taken: dict[str, list[tuple[str, str]]] = {}
    for table in sorted(tables, key=lambda each: (-len(each.rows), each.name)):
        span = naming.learnt_span(table.name)
        if span is None or _takes(taken.setdefault(span.release, []), span.start, span.end):
            chosen.append(table)
    return sorted(chosen, key=lambda each: each.name)


def _takes(taken: list[tuple[str, str]], start: str, end: str) -> bool:
    """Add a span to those that are taken, in order, if it has no moment in common with them."""
    place = bisect(taken, (start, end))
    is_free = (place == 0 or taken[place - 1][1] <= start) and (
        place == len(taken) or end <= taken[place][0]
    )
    if is_free:
        taken.insert(place, (start, end))
    return is_free


def learnable(workspace: Workspace, release: Release) -> Learnable:
    """Compare what a training would find now with what the live release was made of."""
    context = workspace.context
    retraining = context.settings.retraining
    source = from_source(context)
    table = (with_answered(source, workspace) if retraining.learn_from_labels else source).table
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
