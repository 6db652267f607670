"""Events, reports and a post office for tests; channels that answer as they are told."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from pipeline.core import messages, wording
from pipeline.core.messages import Event, EventKind, Setting
from pipeline.core.outbox import Answer
from pipeline.core.outcomes import FailureReport, RunReport, RunStatus
from pipeline.core.wording import Said
from pipeline.gateways.channels import TAKEN, Channel
from pipeline.gateways.ledger import Ledger
from pipeline.gateways.outbox import OutboxStore
from pipeline.gateways.ports import Objects
from pipeline.steps.post_office import PostOffice
from pipeline.steps.tell import templates

NOON = datetime(2026, 1, 2, 12, 0, 0, tzinfo=UTC)
ENDPOINT = "iris-model-staging"
RUN_ID = "20260102-120000-aaaa"
TEMPLATES = templates()


def an_event(kind: EventKind = EventKind.DEPLOYED, **changes: Any) -> Event:
    event = Event(
        kind=kind,
        when=NOON,
        endpoint=ENDPOINT,
        environment="staging",
        run_id=RUN_ID,
        subject="r-20260102-120000-aaaaaa",
        release_from="r-20260101-120000-bbbbbb",
        release_to="r-20260102-120000-aaaaaa",
        figures={"Accuracy": "0.9700"},
        why="accuracy 0.97 is at least 0.95.",
        who="anna",
        links={"Job": "https://gitlab.example/-/jobs/7"},
        to_do="./run_mlops_pipeline.sh --mode status",
    )
    return replace(event, **changes)


def said(kind: EventKind = EventKind.DEPLOYED, **changes: Any) -> Said:
    return wording.said(an_event(kind, **changes), TEMPLATES)


def a_setting(**changes: Any) -> Setting:
    setting = Setting(endpoint=ENDPOINT, environment="staging", who="anna", now=NOON)
    return replace(setting, **changes)


def a_report(mode: str = "full", **parts: Any) -> RunReport:
    return RunReport(
        run_id=parts.pop("run_id", RUN_ID),
        mode=mode,
        status=parts.pop("status", RunStatus.SUCCESS),
        git_sha="0" * 40,
        started_at=NOON,
        **parts,
    )


def a_failure(exit_code: int, *, code: str = "Any", message: str = "It failed.") -> FailureReport:
    return FailureReport(code=code, message=message, remedy="Mend it.", exit_code=exit_code)


@dataclass(kw_only=True)
class ToldChannel:
    """Keeps what it is sent; gives the next of `answers`, then takes everything."""

    name: str = "slack"
    answers: list[Answer] = field(default_factory=list)
    got: list[Said] = field(default_factory=list)
    before: Callable[[], None] = lambda: None

    def send(self, said: Said) -> Answer:
        self.before()
        self.got.append(said)
        return self.answers.pop(0) if self.answers else TAKEN

    def look(self) -> Answer:
        return TAKEN

    @property
    def kinds(self) -> list[str]:
        return [each.kind.value for each in self.got]


@dataclass(kw_only=True)
class Clock:
    """A clock that moves only when somebody waits."""

    moment: datetime = NOON
    slept_s: list[float] = field(default_factory=list)

    def now(self) -> datetime:
        return self.moment

    def monotonic(self) -> float:
        return self.moment.timestamp()

    def sleep(self, seconds: float) -> None:
        self.slept_s.append(seconds)
        self.moment += timedelta(seconds=seconds)


def an_office(
    store: Objects,
    channels: Sequence[Channel],
    *,
    clock: Clock | None = None,
    run_id: str = RUN_ID,
    endpoint: str = ENDPOINT,
    **routes: tuple[str, ...],
) -> PostOffice:
    clock = clock or Clock()
    return PostOffice(
        box=OutboxStore(store, endpoint),
        book=Ledger(store, endpoint),
        channels={channel.name: channel for channel in channels},
        routes=messages.routes(routes, on_success=True, on_failure=True),
        setting=a_setting(now=clock.now(), endpoint=endpoint),
        run_id=run_id,
        templates=TEMPLATES,
        now=clock.now,
        sleep=clock.sleep,
        clock=clock.monotonic,
    )
