"""The outbox of one endpoint: what is to be told, to whom, and how far that has come.

One document in S3, replaced only by who read its last version. An event is posted before it is
sent; a run claims an event for its channels, sends, and writes down what each answered. Who dies in
between leaves a claim behind, which another run takes over: an event reaches a channel at least
once, and twice only after a crash, which it then says.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum

from pipeline.core.document import Instant, Stored
from pipeline.core.messages import Event, EventKind, Severity
from pipeline.core.outcomes import NoticeState as State

# A run has 15 s in all to send, so an older claim is that of a run that died.
CLAIM_LASTS = timedelta(seconds=60)
STORM_LASTS = timedelta(minutes=10)
_KEPT_FOR = timedelta(hours=24)
_MOST_LETTERS = 50
_MOST_TOLD = 200
_MOST_THREADS = 50


class Verdict(StrEnum):
    """What a channel makes of a message: taken, refused for good, or not taken this time."""

    TAKEN = "taken"
    REFUSED = "refused"
    FAILED = "failed"


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What a channel answered, without any secret; `remedy` is what a person can do about it.

    `is_off`: the channel takes nothing more in this run, whatever it is sent. `thread` is where
    more of the same run may follow, in the channel's own words.
    """

    verdict: Verdict
    said: str = ""
    remedy: str = ""
    retry_after_s: float | None = None
    is_off: bool = False
    tries: int = 1
    thread: str = ""


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """How one event stands with one channel; `repeats`: a run died while it sent it."""

    state: State = State.PENDING
    tries: int = 0
    said: str = ""
    claimed_by: str | None = None
    claimed_at: Instant | None = None
    repeats: bool = False

    @property
    def is_waiting(self) -> bool:
        return self.state in (State.PENDING, State.CLAIMED)

    @property
    def was_claimed(self) -> bool:
        """Tell whether it may have been sent before, by a run that died."""
        return self.repeats or self.state is State.CLAIMED

    def is_open(self, now: datetime) -> bool:
        """Tell whether a run may send it: nobody does, or who did has died."""
        if self.state is State.PENDING:
            return True
        claimed_at = self.claimed_at or now
        return self.state is State.CLAIMED and now - claimed_at > CLAIM_LASTS


@dataclass(frozen=True, kw_only=True)
class Letter:
    """An event with its channels."""

    event: Event
    deliveries: Mapping[str, Delivery]

    @property
    def is_done(self) -> bool:
        return not any(each.is_waiting for each in self.deliveries.values())

    @property
    def is_untouched(self) -> bool:
        return all(each == Delivery() for each in self.deliveries.values())


@dataclass(frozen=True, kw_only=True)
class Told:
    """When a kind of event was last posted about something, and how often since without telling."""

    when: Instant
    suppressed: int = 0


@dataclass(frozen=True, kw_only=True)
class Outbox(Stored):
    """`letters` are oldest first and not finished; `told` are the ids of those that are.

    `heard_until` is the last line of the history that was told, or needed not be; None before the
    first one. `troubles` are what was told of and is not well again. `lately` is by storm key,
    `threads` are by channel and run.
    """

    letters: tuple[Letter, ...] = ()
    told: tuple[str, ...] = ()
    heard_until: int | None = None
    troubles: tuple[EventKind, ...] = ()
    lately: Mapping[str, Told] = field(default_factory=dict)
    threads: Mapping[str, str] = field(default_factory=dict)


# What the same thing again within ten minutes is one message with a count.
_STORMY = (
    EventKind.JOB_FAILED,
    EventKind.FAILED,
    EventKind.PLAN_REFUSED,
    EventKind.QUARANTINED,
    EventKind.TESTS_FAILED,
    EventKind.DRIFT,
)
# Which news ends which trouble.
_ENDED_BY: Mapping[EventKind, tuple[EventKind, ...]] = {
    EventKind.ROLLED_BACK: (EventKind.DEPLOYED,),
    EventKind.NOT_SERVING: (EventKind.DEPLOYED, EventKind.ROLLED_BACK),
    EventKind.TESTS_FAILED: (EventKind.DEPLOYED, EventKind.ROLLED_BACK),
    EventKind.JOB_FAILED: (EventKind.DEPLOYED, EventKind.PASSED, EventKind.HELD),
    EventKind.FAILED: (EventKind.DEPLOYED, EventKind.PASSED, EventKind.ROLLED_BACK),
}


def post(
    box: Outbox, events: Iterable[Event], channels_of: Mapping[EventKind, tuple[str, ...]]
) -> Outbox:
    """Put events into the box; one that is known already changes nothing."""
    for event in events:
        box = _post(box, event, channels_of)
    return replace(box, letters=_bounded(box.letters))


def _post(box: Outbox, event: Event, channels_of: Mapping[EventKind, tuple[str, ...]]) -> Outbox:
    known = {each.event.id for each in box.letters} | set(box.told)
    if event.id in known:
        return box
    recovered = tuple(each for each in box.troubles if event.kind in _ENDED_BY[each])
    box = _with_letter(box, event, channels_of.get(event.kind, ()))
    troubles = tuple(each for each in box.troubles if each not in recovered)
    if event.kind in _ENDED_BY and event.how in ("", "itself") and event.kind not in troubles:
        troubles = (*troubles, event.kind)
    box = replace(box, troubles=troubles)
    if recovered and not troubles:
        words = ", ".join(each.value.replace("_", " ") for each in recovered)
        news = replace(event, kind=EventKind.RECOVERED, why=words, to_do="")
        box = _with_letter(box, news, channels_of.get(news.kind, ()))
    return box


def _with_letter(box: Outbox, event: Event, channels: tuple[str, ...]) -> Outbox:
    if not channels:
        return replace(box, told=_told(box, [event.id]))
    letter = Letter(event=event, deliveries={name: Delivery() for name in channels})
    if event.kind not in _STORMY:
        return replace(box, letters=(*box.letters, letter))
    return _in_a_storm(box, letter)


def _in_a_storm(box: Outbox, letter: Letter) -> Outbox:
    """The same thing again is counted: with what waits, or until ten minutes have passed."""
    event, key = letter.event, letter.event.kind.value
    for at, waiting in enumerate(box.letters):
        if waiting.event.kind is event.kind and waiting.is_untouched:
            merged = replace(letter, event=replace(event, count=waiting.event.count + 1))
            return replace(box, letters=(*box.letters[:at], merged, *box.letters[at + 1 :]))
    last = box.lately.get(key)
    if last is not None and event.when - last.when < STORM_LASTS:
        counted = replace(last, suppressed=last.suppressed + 1)
        return replace(box, lately={**box.lately, key: counted}, told=_told(box, [event.id]))
    count = 1 + (last.suppressed if last else 0)
    told = Told(when=event.when)
    letter = replace(letter, event=replace(event, count=count))
    return replace(box, letters=(*box.letters, letter), lately={**box.lately, key: told})


def _bounded(letters: tuple[Letter, ...]) -> tuple[Letter, ...]:
    """Keep the newest, and every critical one."""
    extra = len(letters) - _MOST_LETTERS
    kept = []
    for letter in letters:
        if extra > 0 and letter.event.severity is not Severity.CRITICAL:
            extra -= 1
        else:
            kept.append(letter)
    return tuple(kept)


def sendable(box: Outbox, now: datetime, *, names: Iterable[str]) -> Iterator[Letter]:
    """Yield what a run may send now, oldest first, with those of its channels that are open."""
    wanted = set(names)
    for letter in box.letters:
        channels = {
            name: each
            for name, each in letter.deliveries.items()
            if each.is_open(now) and name in wanted
        }
        if channels:
            yield replace(letter, deliveries=channels)


def claim(
    box: Outbox, event_id: str, channels: Iterable[str], *, run_id: str, now: datetime
) -> Outbox:
    """Mark that this run sends an event to these channels."""

    def claimed(delivery: Delivery) -> Delivery:
        return replace(
            delivery,
            state=State.CLAIMED,
            claimed_by=run_id,
            claimed_at=now,
            repeats=delivery.was_claimed,
        )

    return _changed(box, event_id, dict.fromkeys(channels, claimed))


_Change = Callable[[Delivery], Delivery]


def conclude(box: Outbox, event_id: str, answers: Mapping[str, Answer], *, run_id: str) -> Outbox:
    """Write down what the channels answered to this run; finished letters leave the box."""

    def answered(answer: Answer) -> _Change:
        def change(delivery: Delivery) -> Delivery:
            if delivery.claimed_by != run_id:
                return delivery  # it was taken over meanwhile
            return replace(
                delivery,
                state=STATES[answer.verdict],
                tries=delivery.tries + answer.tries,
                said=answer.said,
                claimed_by=None,
                claimed_at=None,
            )

        return change

    changes = {name: answered(answer) for name, answer in answers.items()}
    return tidied(_with_threads(_changed(box, event_id, changes), event_id, answers))


def thread_key(channel: str, run_id: str) -> str:
    return f"{channel}/{run_id}"


def _with_threads(box: Outbox, event_id: str, answers: Mapping[str, Answer]) -> Outbox:
    about = next((each.event.run_id for each in box.letters if each.event.id == event_id), "")
    new = {
        thread_key(name, about): answer.thread for name, answer in answers.items() if answer.thread
    }
    kept = list({**box.threads, **new}.items())[-_MOST_THREADS:]
    return replace(box, threads=dict(kept)) if new else box


STATES = {
    Verdict.TAKEN: State.SENT,
    Verdict.REFUSED: State.FAILED,
    Verdict.FAILED: State.PENDING,
}


def _changed(box: Outbox, event_id: str, changes: Mapping[str, _Change]) -> Outbox:
    letters = []
    for letter in box.letters:
        if letter.event.id == event_id:
            deliveries = {
                name: changes[name](each) if name in changes else each
                for name, each in letter.deliveries.items()
            }
            letter = replace(letter, deliveries=deliveries)
        letters.append(letter)
    return replace(box, letters=tuple(letters))


def tidied(box: Outbox) -> Outbox:
    """Leave out what is finished, and keep its id."""
    done = [each.event.id for each in box.letters if each.is_done]
    left = tuple(each for each in box.letters if not each.is_done)
    return replace(box, letters=left, told=_told(box, done))


def without_old(box: Outbox, now: datetime) -> tuple[tuple[Letter, ...], Outbox]:
    """Take out what nobody wants to hear any more; what is critical never gets old."""
    old = tuple(
        each
        for each in box.letters
        if now - each.event.when > _KEPT_FOR and each.event.severity is not Severity.CRITICAL
    )
    left = tuple(each for each in box.letters if each not in old)
    return old, replace(box, letters=left, told=_told(box, [each.event.id for each in old]))


def _told(box: Outbox, ids: list[str]) -> tuple[str, ...]:
    return (*box.told, *ids)[-_MOST_TOLD:]
