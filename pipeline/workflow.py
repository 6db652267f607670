"""Which mode does what. Here are those that only look.

Who looks waits for nothing but that: what the others need is loaded when one of them begins.
"""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from pipeline.context import Context
from pipeline.core.modes import Mode
from pipeline.core.outcomes import NOTHING_SHOWN, RunReport, Shown
from pipeline.request import Options
from pipeline.steps.bootstrap import find_workspace
from pipeline.steps.doctor import examine
from pipeline.steps.history import history, verify, verify_folder
from pipeline.steps.list_endpoints import list_endpoints
from pipeline.steps.logs import show_logs
from pipeline.steps.status import status
from pipeline.steps.watch import watch

if TYPE_CHECKING:
    from pipeline.steps.post_office import PostOffice


def execute(context: Context, options: Options) -> None:
    """Run one mode. What it does is in the context's recorder, also when it raises."""
    look = _LOOKS.get(options.mode)
    if look is not None:
        look(context, options)
        return
    from pipeline import changing

    changing.execute(context, options)


def shown(context: Context, report: RunReport) -> Shown:
    """Return what only the report of a run shows."""
    if not report.has_page:
        return NOTHING_SHOWN
    from pipeline.steps import show

    return show.gathered(context, report)


def posted(context: Context, options: Options, report: RunReport) -> "PostOffice | None":
    """Post what a run has to tell; None where it only looks, or nobody can be told."""
    if options.only_looks:
        return None
    from pipeline.steps import tell

    return tell.posted(context, report, keeps=options.mode is not Mode.PLAN)


def _status(context: Context, options: Options) -> None:
    look = watch if options.watch else status
    look(find_workspace(context))


def _logs(context: Context, options: Options) -> None:
    show_logs(
        find_workspace(context),
        job=options.training_job,
        since=options.since,
        follow=options.follow,
    )


def _history(context: Context, options: Options) -> None:
    if options.verify_folder is not None:
        verify_folder(context, options.verify_folder)
        return
    workspace = find_workspace(context)
    context.recorder.add(history=history(workspace))
    if options.verify:
        verify(workspace)


def _list(context: Context, _: Options) -> None:
    context.recorder.add(endpoints=list_endpoints(context))


_LOOKS: Mapping[Mode, Callable[[Context, Options], None]] = {
    Mode.STATUS: _status,
    Mode.HISTORY: _history,
    Mode.LOGS: _logs,
    Mode.LIST: _list,
    Mode.DOCTOR: lambda context, options: examine(context, options.refused),
}
