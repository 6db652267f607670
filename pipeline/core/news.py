"""What a run has to tell, and what one before it could not: events from reports and histories.

Pure: `of_run` reads the report of a run, `of_history` the lines that a run wrote which was cut off
before it could tell them. Both give the same event the same id, so it is told once.
"""

from collections.abc import Iterable, Iterator

from pipeline.core.console_pages import console_pages
from pipeline.core.errors import (
    NOTHING_EARLIER,
    QUARANTINED,
    CloudUnusable,
    EndpointTestsFailed,
    GateNotPassed,
    JobFailed,
    NotServing,
    PlanRefused,
    RolledBack,
)
from pipeline.core.head import HistoryEvent, LedgerHead
from pipeline.core.measures import R2, RMSE
from pipeline.core.messages import (
    MOST_TO_DO,
    MOST_WHY,
    MOST_WORD,
    Event,
    EventKind,
    Setting,
    plain,
)
from pipeline.core.monitoring import Monitored
from pipeline.core.outcomes import FailureReport, RunReport
from pipeline.core.results import accuracy_of, has_deployed


def of_run(report: RunReport, setting: Setting, head: LedgerHead) -> tuple[Event, ...]:
    """Return what a run has to tell, in the order in which it happened; `head` as it left it."""
    story = _Story(report, setting, head)
    return tuple(story.failed(report.failure) if report.failure else story.went_well())


# With what a plan shows the command that applies it.
APPLY_IT = "To apply it:"


class _Story:
    def __init__(self, report: RunReport, setting: Setting, head: LedgerHead) -> None:
        self._report = report
        self._setting = setting
        self._head = head

    def went_well(self) -> Iterator[Event]:
        report = self._report
        if report.mode == "rollback" and report.deployment is not None:
            yield self._rolled_back()
        elif has_deployed(report):
            yield self._deployed()
        elif report.decision is not None and report.mode != "approve":
            yield self._event(_VERDICTS[report.decision.verdict.value], subject=self._job)
        elif report.monitored is not None:
            yield from self._monitored(report.monitored)
        elif report.mode == "retrain":
            yield self._event(EventKind.RETRAINING_ASKED, why=" ".join(report.listing))
        elif report.mode == "plan":
            yield from self._plan_that_waits()
        elif self._setting.asked_by and report.mode in ("full", "training"):
            yield self._event(EventKind.RETRAINING_NOT_DONE, why=" ".join(report.notes))

    def failed(self, failure: FailureReport) -> Iterator[Event]:
        kind = _kind_of(failure, self._report)
        if kind is EventKind.DRIFT and self._report.monitored is not None:
            yield from self._monitored(self._report.monitored)
            return
        if kind is None:
            return
        deployment = self._report.deployment
        subject, left, to = self._job, None, None
        if deployment is not None:
            left, to = deployment.release_id, deployment.rolled_back_to
            subject = to or left
        yield self._event(
            kind,
            subject=subject,
            how=self._how_failed(kind),
            release_from=left,
            release_to=to,
            why=failure.message,
            to_do=failure.remedy,
        )

    def _how_failed(self, kind: EventKind) -> str:
        if kind is EventKind.ROLLED_BACK:
            return "itself"
        return "asked" if kind is EventKind.KEPT and self._setting.asked_by else ""

    def _monitored(self, monitored: Monitored) -> Iterator[Event]:
        """A window may show several things at once, and each is told to whom it concerns."""
        record, choice = monitored.record, monitored.retraining
        drifted = ", ".join(record.drift.drifted)
        found = {
            EventKind.DATA_FAULT: "; ".join(record.faults),
            EventKind.DRIFT: f"Drifted: {drifted}." if drifted else "",
            EventKind.DEGRADED: "; ".join(record.degraded),
        }
        for kind, why in found.items():
            if why:
                yield self._event(
                    kind,
                    subject=record.window.name,
                    release_from=record.release_id,
                    why=why,
                    to_do=self._report.failure.remedy if self._report.failure else "",
                )
        if choice.cause is not None:
            kind = EventKind.RETRAINING_ASKED if choice.is_asked else EventKind.RETRAINING_NOT_DONE
            yield self._event(kind, subject=record.window.name, why=choice.reason)

    def _plan_that_waits(self) -> Iterator[Event]:
        """A plan that changes nothing waits for nobody: it shows no command to apply it."""
        shown = self._report.listing
        to_do = [line for line in shown if line.startswith(APPLY_IT)]
        if to_do:
            digest = self._report.plan_digest or ""
            yield self._event(
                EventKind.PLAN_WAITS, subject=digest, why=shown[0], to_do="\n".join(to_do)
            )

    def _deployed(self) -> Event:
        release = self._report.release_id or ""
        return self._event(
            EventKind.DEPLOYED,
            subject=release,
            release_from=_lived_before(self._head, release),
            release_to=release,
            to_do=self._setting.completed('To go back: --mode rollback --reason "say why"'),
        )

    def _rolled_back(self) -> Event:
        release = self._report.release_id or ""
        return self._event(
            EventKind.ROLLED_BACK,
            subject=release,
            how="alarm" if self._setting.asked_by else "person",
            release_from=_lived_before(self._head, release),
            release_to=release,
            why=self._setting.asked_by or " ".join(self._report.notes),
        )

    @property
    def _job(self) -> str:
        training = self._report.training
        return training.job_name if training else ""

    def _event(
        self,
        kind: EventKind,
        *,
        subject: str = "",
        how: str = "",
        release_from: str | None = None,
        release_to: str | None = None,
        why: str = "",
        to_do: str = "",
    ) -> Event:
        decision = self._report.decision
        reasons = " ".join(decision.reasons) if decision else ""
        return Event(
            kind=kind,
            when=self._setting.now,
            endpoint=self._setting.endpoint,
            environment=self._setting.environment,
            run_id=self._report.run_id,
            subject=subject,
            how=how,
            release_from=release_from,
            release_to=release_to,
            figures=figures_of(self._report),
            why=plain(why or reasons, MOST_WHY),
            who=plain(self._setting.who, MOST_WORD),
            links={name: plain(link, MOST_WORD) for name, link in self._links.items()},
            to_do=plain(to_do, MOST_TO_DO),
        )

    @property
    def _links(self) -> dict[str, str]:
        """The job, the report where it wrote one, and the console's pages on AWS."""
        report, pages = self._report, self._setting.pages
        written = {"Report": "report.html"} if "report.html" in report.links and pages else {}
        shown = {name: f"{pages}/{file}" for name, file in written.items()}
        return {**self._setting.links, **shown, **console_pages(report)}


_VERDICTS = {
    "deploy": EventKind.PASSED,
    "hold": EventKind.HELD,
    "keep": EventKind.KEPT,
    "reject": EventKind.REJECTED,
}
# What a person at the keyboard has just been told, or did, is no news: usage, a lease, Ctrl-C.
_FAILURES = {
    1: EventKind.FAILED,
    EndpointTestsFailed.exit_code: EventKind.TESTS_FAILED,
    RolledBack.exit_code: EventKind.ROLLED_BACK,
    NotServing.exit_code: EventKind.NOT_SERVING,
    PlanRefused.exit_code: EventKind.PLAN_REFUSED,
    8: EventKind.DRIFT,
    JobFailed.exit_code: EventKind.JOB_FAILED,
    CloudUnusable.exit_code: EventKind.FAILED,
}


def _kind_of(failure: FailureReport, report: RunReport) -> EventKind | None:
    if failure.exit_code == GateNotPassed.exit_code and report.decision is not None:
        return _VERDICTS[report.decision.verdict.value]
    if failure.code == QUARANTINED:
        return EventKind.QUARANTINED
    if failure.code == NOTHING_EARLIER:
        return EventKind.FAILED
    return _FAILURES.get(failure.exit_code)


def _lived_before(head: LedgerHead, release: str) -> str | None:
    """The release that served before this one, as far as the ledger knows."""
    earlier = [each.release_id for each in head.lived if each.release_id != release]
    return earlier[-1] if earlier else None


def figures_of(report: RunReport) -> dict[str, str]:
    """What was measured, with units; what was not is left out."""
    found: dict[str, str] = {}
    accuracy, probe = accuracy_of(report), report.probe
    if accuracy is not None:
        found["Accuracy"] = f"{accuracy:.4f}"
    for name in (R2, RMSE):
        value = report.evaluation.metrics.get(name) if report.evaluation else None
        if value is not None:
            found[name.upper()] = f"{value:.4g}"
    if probe is not None and probe.prediction_rmse is not None:
        found["RMSE at the endpoint"] = f"{probe.prediction_rmse:.4g}"
    if probe is not None and probe.prediction_accuracy is not None:
        found["Accuracy at the endpoint"] = f"{probe.prediction_accuracy:.4f}"
    if probe is not None and probe.latency is not None:
        found["Latency p95"] = f"{probe.latency.p95_ms:.0f} ms"
    if report.monitored is not None:
        found |= {name: f"{value:.4g}" for name, value in report.monitored.record.figures.items()}
    if report.duration_s:
        found["Duration"] = f"{report.duration_s:.0f} s"
    return found


def of_history(
    events: Iterable[HistoryEvent], setting: Setting, *, except_of: str
) -> tuple[Event, ...]:
    """Return what earlier runs did and may not have told; the run `except_of` tells for itself."""
    found = []
    for line in events:
        run_id = line.details.get("run", "")
        if line.what in _LINES and run_id != except_of:
            found.append(_of_line(line, setting, run_id))
    return tuple(found)


_LINES = {
    "deployed": EventKind.DEPLOYED,
    "rolled back": EventKind.ROLLED_BACK,
    "rollback failed": EventKind.NOT_SERVING,
    "deployment failed": EventKind.FAILED,
}


def _of_line(line: HistoryEvent, setting: Setting, run_id: str) -> Event:
    details = line.details
    to = details.get("to") or details.get("release", "")
    asked = "alarm" if "request" in details else "person"
    is_own = details.get("reason", "").startswith("Release ")  # the way back of a deployment
    return Event(
        kind=_LINES[line.what],
        when=line.when,
        endpoint=setting.endpoint,
        environment=setting.environment,
        run_id=run_id,
        subject=to,
        how=("itself" if is_own else asked) if line.what == "rolled back" else "",
        release_from=details.get("left"),
        release_to=to,
        why=plain(details.get("reason") or details.get("cause", ""), MOST_WHY),
        who=plain(line.who, MOST_WORD),
    )
