"""The user's class that says how often an answered row is learnt: packed here, run in a job."""

from pathlib import Path

from pipeline.configuration.loading import PROJECT_ROOT
from pipeline.context import Context, Workspace
from pipeline.core import naming
from pipeline.material import bundle


def packed_merge_rule(context: Context) -> bundle.Bundle | None:
    """Pack what `retraining.merge_class` names; None for nothing. Raises UsageError."""
    spec, training = context.settings.retraining.merge_class, context.settings.training
    if spec is None:
        return None
    return bundle.build_bundle(
        PROJECT_ROOT,
        [spec],
        source_dir=Path(training.source_dir),
        wheels=None if training.requirements is None else {},
    )


def stored_merge_rule(workspace: Workspace) -> str | None:
    """Put the class where a job finds it; return the address, None where there is none."""
    packed = packed_merge_rule(workspace.context)
    if packed is None:
        return None
    place = f"{naming.code_prefix(packed.sha256)}src/"
    for name, content in packed.files.items():
        workspace.store.create_same(f"{place}{name}", content)
    return workspace.store.uri(place)
