"""The outbox of one endpoint at work: post what is to be told, then send what is there.

Nothing here ends a run otherwise or makes it much longer: what a channel does not take now, the
next run sends.
"""

import logging
import random
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial

from pipeline.core import ledger, messages, news, outbox, wording
from pipeline.core.errors import PipelineError
from pipeline.core.head import HistoryEvent, LedgerHead
from pipeline.core.messages import Event, EventKind, Setting
from pipeline.core.outbox import Answer, Delivery, Letter, Outbox, Verdict
from pipeline.core.outcomes import Notice, NoticeState, RunReport
from pipeline.gateways.channels import Channel, failed
from pipeline.gateways.ledger import Ledger
from pipeline.gateways.outbox import OutboxStore
from pipeline.gateways.side_by_side import NoAnswer, at_once

logger = logging.getLogger(__name__)

TRY_S = 5.0
EVENT_S = 10.0
RUN_S = 15.0
# After the first try and after the second; there is no fourth.
_PAUSES_S = (0.5, 2.0)

Routes = Mapping[EventKind, tuple[str, ...]]


@dataclass(kw_only=True)
class PostOffice:
    """The outbox, the channels, and what became of each message that this run knows of.

    `keeps`: messages go through the outbox; a run that may write nothing sends its own at once.
    """

    box: OutboxStore
    book: Ledger
    channels: Mapping[str, Channel]
    routes: Routes
    setting: Setting
    run_id: str
    templates: Mapping[str, str]
    now: Callable[[], datetime]
    sleep: Callable[[float], None] = time.sleep
    clock: Callable[[], float] = time.monotonic
    keeps: bool = True
    at_once: Callable[..., dict[str, Answer]] = at_once
    _notices: dict[tuple[str, str], Notice] = field(default_factory=dict)
    _off: set[str] = field(default_factory=set)
    _unposted: tuple[Event, ...] = ()
    _threads: Mapping[str, str] = field(default_factory=dict)

    @property
    def notices(self) -> tuple[Notice, ...]:
        return tuple(self._notices.copy().values())  # what hangs may still write into it

    def post(self, report: RunReport) -> None:
        """Put what this run has to tell into the outbox, and what a run before it could not."""
        self._unposted = news.of_run(report, self.setting, ledger.empty_head(self.setting.endpoint))
        head = self.book.read().head
        self._unposted = news.of_run(report, self.setting, head)
        if not self.keeps:
            return
        kept = self.box.change(partial(self._posted, head=head))
        self._note_unsent(kept.letters, NoticeState.PENDING)
        self._unposted = ()

    def post_started(self) -> None:
        """Put into the outbox that this run has begun."""
        event = messages.event_of(EventKind.STARTED, self.setting, self.run_id)
        self.box.change(lambda box: outbox.post(box, [event], self._ways))

    def _posted(self, box: Outbox, head: LedgerHead) -> Outbox:
        last = head.last_event.number if head.last_event else 0
        # Before the first message only the newest line can be news.
        heard = max(0, last - 1) if box.heard_until is None else box.heard_until
        missed = news.of_history(self._lines(heard, last), self.setting, except_of=self.run_id)
        to_tell = (*missed, *self._unposted)
        if not to_tell:
            return box
        box = outbox.post(box, to_tell, self._ways)
        return replace(box, heard_until=max(heard, last))

    def _lines(self, heard: int, last: int) -> Iterable[HistoryEvent]:
        if last <= heard:
            return ()
        return [each for each in self.book.events(last=last - heard) if each.number > heard]

    @property
    def _ways(self) -> Routes:
        return {
            kind: tuple(name for name in names if name in self.channels)
            for kind, names in self.routes.items()
        }

    def delivered(self) -> tuple[Notice, ...]:
        """Deliver within a limit; return what became of each message that this run knows of."""
        quietly("send what there is to tell", self.deliver, limit_s=RUN_S + 1)
        return self.notices

    def deliver(self) -> None:
        """Send what the outbox holds, oldest first, for as long as a run may."""
        until = self.clock() + RUN_S
        for event in self._unposted:  # it could not be kept: this is its only chance
            deliveries = {name: Delivery() for name in self._ways[event.kind]}
            self.send(Letter(event=event, deliveries=deliveries), until=until)
        tried: set[str] = set()
        while self.keeps and self.clock() < until:
            letter = self._claimed(tried)
            if letter is None:
                return
            tried.add(letter.event.id)
            answers = self.send(letter, until=min(until, self.clock() + EVENT_S))
            concluded = partial(
                outbox.conclude, event_id=letter.event.id, answers=answers, run_id=self.run_id
            )
            self.box.change(concluded)

    def _claimed(self, tried: set[str]) -> Letter | None:
        """Claim the oldest message that this run has not tried, for the channels that take any."""
        now, names = self.now(), self.channels.keys() - self._off
        won: list[Letter] = []

        def claimed(box: Outbox) -> Outbox:
            won.clear()
            old, box = outbox.without_old(box, now)
            self._note_unsent(old, NoticeState.DROPPED)
            open_letters = outbox.sendable(box, now, names=names)
            won.extend([each for each in open_letters if each.event.id not in tried][:1])
            for each in won:
                box = outbox.claim(box, each.event.id, each.deliveries, run_id=self.run_id, now=now)
            return box

        self._threads = self.box.change(claimed).threads
        return won[0] if won else None

    def send(self, letter: Letter, *, until: float) -> dict[str, Answer]:
        """Send one message to its channels side by side; return what each answered at last."""
        calls = {
            name: partial(
                self.channels[name].send,
                wording.said(
                    letter.event,
                    self.templates,
                    repeats=each.was_claimed,
                    thread=self._threads.get(outbox.thread_key(name, letter.event.run_id), ""),
                ),
            )
            for name, each in letter.deliveries.items()
        }
        answers: dict[str, Answer] = {}
        for number, pause_s in enumerate((*_PAUSES_S, None), start=1):
            limit_s = min(TRY_S, until - self.clock())
            if limit_s <= 0:
                break
            found = self.at_once(calls, limit_s=limit_s, on_error=_of_error)
            answers |= {name: replace(each, tries=number) for name, each in found.items()}
            calls = {name: call for name, call in calls.items() if _is_again(answers[name])}
            if not calls or pause_s is None or not self._paused(pause_s, answers, calls, until):
                break
        for name in letter.deliveries:
            self._note(letter.event, name, answers.get(name, failed("no time was left")))
        return answers

    def _paused(
        self, pause_s: float, answers: Mapping[str, Answer], names: Iterable[str], until: float
    ) -> bool:
        """Wait as long as the channels ask for; False where that is longer than there is time."""
        asked_s = max(answers[name].retry_after_s or 0.0 for name in names)
        longer_s = max(pause_s * random.uniform(0.8, 1.2), asked_s)
        if self.clock() + longer_s >= until:
            return False
        self.sleep(longer_s)
        return True

    def _note(self, event: Event, name: str, answer: Answer) -> None:
        notice = notice_of(event, name, answer)
        self._notices[event.id, name] = notice
        if notice.state is NoticeState.SENT:
            logger.info("told channel=%s event=%s", name, event.kind.value)
            return
        if name not in self._off:
            logger.warning("%s did not take a message: %s", name, notice.error)
        if answer.verdict is Verdict.FAILED:  # also what may recover: the next run tries again
            self._off.add(name)

    def _note_unsent(self, letters: Iterable[Letter], state: NoticeState) -> None:
        """Note of each channel that still waits for a message what has become of it."""
        for letter in letters:
            for name, each in letter.deliveries.items():
                if each.is_waiting:
                    if state is NoticeState.DROPPED:
                        kind = letter.event.kind.value
                        logger.warning("too old to be told: %s by %s", kind, name)
                    self._notices[letter.event.id, name] = Notice(
                        event=letter.event.kind.value,
                        channel=name,
                        state=state,
                        tries=each.tries,
                        error=each.said or None,
                    )


def notice_of(event: Event, name: str, answer: Answer) -> Notice:
    said = " ".join(each for each in (f"{answer.said}.", answer.remedy) if each)
    return Notice(
        event=event.kind.value,
        channel=name,
        state=outbox.STATES[answer.verdict],
        tries=answer.tries,
        error=None if answer.verdict is Verdict.TAKEN else said,
    )


def quietly(what: str, call: Callable[[], None], *, limit_s: float) -> None:
    """Do it within a limit; what goes wrong is a line in the log and nothing else."""

    def on_error(_: str, error: Exception) -> None:
        told = isinstance(error, NoAnswer | PipelineError)
        logger.warning("could not %s: %s", what, error if told else type(error).__name__)
        logger.debug("%s", what, exc_info=error)

    try:
        at_once({what: call}, limit_s=limit_s, on_error=on_error)
    except KeyboardInterrupt:
        logger.warning("interrupted: the next run sends what is left")


def _is_again(answer: Answer) -> bool:
    return answer.verdict is Verdict.FAILED and not answer.is_off


def _of_error(name: str, error: Exception) -> Answer:
    if isinstance(error, NoAnswer):
        return failed(str(error).rstrip("."))
    logger.debug("channel %s", name, exc_info=error)
    return failed(f"{type(error).__name__} in this software", is_off=True)
