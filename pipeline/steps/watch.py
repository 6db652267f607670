"""Watches an endpoint until it has settled: on a terminal, in a log, for a program, as a page.

It changes nothing. An AWS that throttles is asked less often, one that does not answer a few times
more.
"""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from pipeline.context import Context, Workspace
from pipeline.core.errors import CloudUnusable, PipelineError
from pipeline.core.outcomes import EndpointStatus, Standing
from pipeline.core.pace import PAUSE_S, next_pause_s
from pipeline.core.status_page import status_page
from pipeline.core.watching import Course, changes, document, ending, facts, is_settled, tree
from pipeline.gateways.aws import is_throttled
from pipeline.gateways.console import screen
from pipeline.gateways.figures import figures_of
from pipeline.gateways.files import write_whole
from pipeline.steps.status import seen, tell_what_is_due, with_ledger

if TYPE_CHECKING:
    from pipeline.core.figures import Figures

logger = logging.getLogger(__name__)

_EVENTS = 20
_EVENTS_IN_THE_TREE = 5
_MOST_FAILURES = 5
_FIGURES_EVERY = timedelta(seconds=60)

Show = Callable[[Standing, datetime], bool]


def watch(workspace: Workspace) -> None:
    """Show the endpoint until it has settled. Raises the error that says what is wrong then."""
    context, page = workspace.context, _Page(workspace)
    logger.info("status page: %s", context.output_dir / "status.html")
    course = Course()
    with _shown_by(context) as show:
        for standing in _looks(workspace):
            course = course.after(standing.endpoint)
            context.recorder.add(standing=standing)
            page.write(standing)
            if not show(standing, context.now()):
                return  # nobody reads it any more
            if is_settled(standing):
                break
    error = ending(standing, course)
    page.write(standing, verdict=error.message if error else "In service and well.")
    tell_what_is_due(workspace, standing)
    if error is not None:
        raise error


def _looks(workspace: Workspace) -> Iterator[Standing]:
    """Look again and again. Raises CloudUnusable where AWS did not answer several times."""
    context, pause_s, failures = workspace.context, PAUSE_S, 0
    while True:
        throttled = False
        try:
            standing = _look(workspace)
        except CloudUnusable as error:
            throttled, failures = is_throttled(error), failures + 1
            if failures >= _MOST_FAILURES and not throttled:
                raise
            logger.warning("%s", error.message)
        else:
            failures = 0
            yield standing
        pause_s = next_pause_s(pause_s, throttled=throttled)
        context.sleep(context.paced(pause_s))


def _look(workspace: Workspace) -> Standing:
    standing = seen(workspace)
    try:
        return with_ledger(workspace, standing, last=_EVENTS)
    except CloudUnusable:
        raise
    except (
        PipelineError
    ) as error:  # of the ledger itself: what SageMaker says is shown all the same
        return replace(standing, ledger_error=error.message)


@contextmanager
def _shown_by(context: Context) -> Iterator[Show]:
    if context.wants_json:
        yield _Lines(context.out, _documents).show
    elif context.has_screen:
        with screen() as terminal:
            where = _where(context)

            def show(standing: Standing, now: datetime) -> bool:
                terminal.show(tree(_short(standing), now=now, where=where))
                return True

            yield show
    else:
        yield _Lines(context.out, _changed_lines).show


class _Lines:
    """Writes something only where something has changed."""

    def __init__(
        self,
        out: Callable[[str], bool],
        lines: Callable[[Standing, tuple[str, ...], datetime], tuple[str, ...]],
    ) -> None:
        self._out = out
        self._lines = lines
        self._before: dict[str, str] = {}

    def show(self, standing: Standing, now: datetime) -> bool:
        known = dict(facts(_short(standing)))
        changed = changes(self._before, known)
        self._before = known
        return all(self._out(line) for line in self._lines(standing, changed, now))


def _changed_lines(standing: Standing, changed: tuple[str, ...], now: datetime) -> tuple[str, ...]:
    del standing
    return tuple(f"{now:%H:%M:%S} UTC {line}" for line in changed)


def _documents(standing: Standing, changed: tuple[str, ...], now: datetime) -> tuple[str, ...]:
    return (document(standing, now),) if changed else ()


def _short(standing: Standing) -> Standing:
    view = standing.ledger
    if view is None:
        return standing
    return replace(
        standing, ledger=replace(view, last_events=view.last_events[-_EVENTS_IN_THE_TREE:])
    )


def _where(context: Context) -> str:
    settings, region = context.settings, context.cloud.region
    backend = "embedded AWS" if context.cloud.is_local else "AWS"
    return f"{settings.environment}, {backend} {context.account}, {region}"


class _Page:
    """status.html of the run's folder, and what was measured, which is asked for once a minute."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._figures: Figures | None = None
        self._asked: datetime | None = None

    def write(self, standing: Standing, *, verdict: str | None = None) -> None:
        context = self._workspace.context
        now = context.now()
        if standing.endpoint.status is not EndpointStatus.ABSENT:
            self._measure(standing, now)
        text = status_page(
            standing, now=now, where=_where(context), figures=self._figures, verdict=verdict
        )
        write_whole(context.output_dir / "status.html", text)

    def _measure(self, standing: Standing, now: datetime) -> None:
        if self._asked is not None and now - self._asked < _FIGURES_EVERY:
            return
        self._asked = now
        variants = standing.endpoint.variants
        if not variants:
            return
        try:
            self._figures = figures_of(
                self._workspace.context.cloud,
                standing.endpoint.name,
                variants[0].name,
                now=now,
            )
        except PipelineError as error:  # who may look at endpoints may perhaps not at metrics
            logger.warning("%s", error.message)
