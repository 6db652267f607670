"""What people are told: one event for each thing that happened, with its severity.

How an event is worded is in templates/messages; who hears it, in `routes`; what a run has to tell,
in `news`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from pipeline.core.document import Instant, Stored, sha256_of

# What an event holds is bounded where it is made, so that no outbox grows by a reason of 100 kB.
MOST_WHY = 1500
MOST_TO_DO = 1000
MOST_WORD = 300


class Severity(StrEnum):
    CRITICAL = "critical"
    WARNING = "warning"
    INFO = "info"


class EventKind(StrEnum):
    STARTED = "started"
    PASSED = "passed"
    HELD = "held"
    KEPT = "kept"
    REJECTED = "rejected"
    DEPLOYED = "deployed"
    ROLLED_BACK = "rolled_back"
    NOT_SERVING = "not_serving"
    TESTS_FAILED = "tests_failed"
    PLAN_WAITS = "plan_waits"
    QUARANTINED = "quarantined"
    PLAN_REFUSED = "plan_refused"
    DRIFT = "drift"
    DEGRADED = "degraded"
    DATA_FAULT = "data_fault"
    RETRAINING_ASKED = "retraining_asked"
    RETRAINING_NOT_DONE = "retraining_not_done"
    JOB_FAILED = "job_failed"
    FAILED = "failed"
    RECOVERED = "recovered"
    TEST = "test"


SEVERITY: Mapping[EventKind, Severity] = {
    EventKind.STARTED: Severity.INFO,
    EventKind.PASSED: Severity.INFO,
    EventKind.HELD: Severity.WARNING,
    EventKind.KEPT: Severity.INFO,
    EventKind.REJECTED: Severity.INFO,
    EventKind.DEPLOYED: Severity.INFO,
    EventKind.ROLLED_BACK: Severity.WARNING,
    EventKind.NOT_SERVING: Severity.CRITICAL,
    EventKind.TESTS_FAILED: Severity.WARNING,
    EventKind.PLAN_WAITS: Severity.WARNING,
    EventKind.QUARANTINED: Severity.WARNING,
    EventKind.PLAN_REFUSED: Severity.WARNING,
    EventKind.DRIFT: Severity.WARNING,
    EventKind.DEGRADED: Severity.WARNING,
    EventKind.DATA_FAULT: Severity.WARNING,
    EventKind.RETRAINING_ASKED: Severity.INFO,
    EventKind.RETRAINING_NOT_DONE: Severity.INFO,
    EventKind.JOB_FAILED: Severity.WARNING,
    EventKind.FAILED: Severity.WARNING,
    EventKind.RECOVERED: Severity.INFO,
    EventKind.TEST: Severity.INFO,
}


CHANNELS = ("email", "slack", "sns", "webhook")
_CHAT = ("slack", "sns", "webhook")
# The keys of notifications.routes: an event's own route wins over that of its severity.
ROUTED = (*(each.value for each in Severity), *(each.value for each in EventKind))
# Everybody hears what needs somebody, and that it is over; what went as it should is for the chat.
_ROUTES: Mapping[str, tuple[str, ...]] = {
    "critical": CHANNELS,
    "warning": CHANNELS,
    "info": _CHAT,
    "held": _CHAT,
    "plan_waits": _CHAT,
    "recovered": CHANNELS,
    "started": (),
    "test": CHANNELS,
}


def routes(
    given: Mapping[str, tuple[str, ...]], *, on_success: bool, on_failure: bool
) -> dict[EventKind, tuple[str, ...]]:
    """Return which channels hear of which event; `given` wins over what suits most."""
    found = {}
    for kind, severity in SEVERITY.items():
        is_wanted = on_success if severity is Severity.INFO else on_failure
        ways = (
            (given.get(kind), _ROUTES.get(kind))
            if kind is EventKind.STARTED
            else (given.get(kind), given.get(severity), _ROUTES.get(kind), _ROUTES[severity])
        )
        way = next(each for each in ways if each is not None)
        found[kind] = way if is_wanted or kind is EventKind.TEST else ()
    return found


@dataclass(frozen=True, kw_only=True)
class Event(Stored):
    """One thing that happened. Texts are bounded and free of control characters.

    `subject` is the release or the job it is about. `how`: of a rollback, by itself, a person or an
    alarm; of a model that is kept back, `asked` where a request was answered. `figures` are ready
    to print. `to_do` is what to type next. `count` is how often the same thing happened while
    nobody could be told, or was told a moment before.
    """

    kind: EventKind
    when: Instant
    endpoint: str
    environment: str
    run_id: str
    subject: str = ""
    how: str = ""
    release_from: str | None = None
    release_to: str | None = None
    figures: Mapping[str, str] = field(default_factory=dict)
    why: str = ""
    who: str = ""
    links: Mapping[str, str] = field(default_factory=dict)
    to_do: str = ""
    count: int = 1

    @property
    def severity(self) -> Severity:
        return SEVERITY[self.kind]

    @property
    def id(self) -> str:
        """The same for the same thing, whoever tells it; a receiver may drop a repeated one."""
        parts = (self.kind.value, self.endpoint, self.subject, self.run_id)
        return sha256_of("\n".join(parts))[:16]


@dataclass(frozen=True, kw_only=True)
class Setting:
    """Where and for whom a run works, as its events tell it.

    `asked_by` is the cause of the request that started it, empty where a person did. `completed`
    makes a command of ours one that can be typed. `pages` is where a CI job shows the files of this
    run, empty outside of one.
    """

    endpoint: str
    environment: str
    who: str
    now: datetime
    asked_by: str = ""
    completed: Callable[[str], str] = str
    links: Mapping[str, str] = field(default_factory=dict)
    pages: str = ""


def event_of(kind: EventKind, setting: Setting, run_id: str) -> Event:
    """Return an event that says no more than that it happened."""
    return Event(
        kind=kind,
        when=setting.now,
        endpoint=setting.endpoint,
        environment=setting.environment,
        run_id=run_id,
        who=plain(setting.who, MOST_WORD),
        links={name: plain(link, MOST_WORD) for name, link in setting.links.items()},
    )


def plain(text: str, most: int) -> str:
    """Return a text without control characters and half characters, cut where it is too long."""
    whole = text.encode("utf-8", "replace").decode("utf-8")
    kept = "".join(each if each.isprintable() or each == "\n" else " " for each in whole).strip()
    return kept if len(kept) <= most else f"{kept[: most - 3]}..."
