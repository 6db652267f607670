"""Evaluates all alarms, once a second where they are due, in a thread of its own.

An alarm is due when a period of its closes, and every minute (divided by the time scale) for data
that came late. What SetAlarmState has set stays that long at least.
"""

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from emulator.metrics.actions import repeated_actions
from emulator.metrics.alarm_book import AlarmBook, Finding, Listener, Transition
from emulator.metrics.alarm_requests import Document, alarm_period_s, is_anomaly_alarm
from emulator.metrics.findings import find_composite_alarm, find_metric_alarm
from emulator.metrics.store import MetricStore

log = logging.getLogger(__name__)

_TICK_S = 1.0
_LONGEST_WAIT_S = 60
# Who puts an alarm and describes it at once sees the state that it had.
_SETTLING_S = 0.5


@dataclass(frozen=True, kw_only=True)
class _Seen:
    """An alarm as it was left: evaluate it again at `due`."""

    configured: float
    stated: float
    due: float


class AlarmEngine:
    def __init__(
        self,
        store: MetricStore,
        book: AlarmBook,
        *,
        listener: Listener,
        time_scale: float,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._store = store
        self._book = book
        self._listener = listener
        self._time_scale = time_scale
        self._clock = clock
        self._seen: dict[str, _Seen] = {}
        self._repeated: dict[str, float] = {}
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="alarms", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        while not self._stopping.wait(_TICK_S):
            self.tick()

    def tick(self) -> None:
        """Evaluate what is due: metric alarms first, then the alarms that are made of them."""
        present: set[str] = set()
        for region in self._book.regions():
            documents = self._book.all(region)
            present.update(document["AlarmArn"] for document in documents)
            for document in documents:
                if "AlarmRule" not in document:
                    self._visit(region, document)
            for document in documents:
                if "AlarmRule" in document:
                    self._visit(region, document)
        self._seen = {arn: seen for arn, seen in self._seen.items() if arn in present}
        self._repeated = {arn: at for arn, at in self._repeated.items() if arn in present}

    def _visit(self, region: str, document: Document) -> None:
        now = self._clock()
        if now < self._due(document, now=now):
            return
        try:
            finding = self._find(region, document, now=now)
            if finding is not None:
                document = self._apply(region, document, finding=finding, now=now)
            self._repeat(region, document, now=now)
        except Exception:
            log.exception("alarm=%s could not be evaluated", document["AlarmName"])
        self._remember(document, due=self._next(document, now=now))

    def _find(self, region: str, document: Document, *, now: float) -> Finding | None:
        if "AlarmRule" in document:
            others = {other["AlarmName"]: other for other in self._book.all(region)}
            return find_composite_alarm(document, others=others, now=now)
        if is_anomaly_alarm(document):
            return None
        return find_metric_alarm(document, store=self._store, region=region, now=now)

    def _apply(self, region: str, document: Document, *, finding: Finding, now: float) -> Document:
        transition = self._book.find_state(region, document, finding, now=now)
        if transition is None:
            return document
        log.info("alarm=%s state=%s", document["AlarmName"], finding.state)
        self._listener(transition)
        return transition.after

    def _repeat(self, region: str, document: Document, *, now: float) -> None:
        """Scaling actions are taken once a minute for as long as the state lasts."""
        last: float = max(self._repeated.get(document["AlarmArn"], 0), _stated(document))
        if repeated_actions(document) and now - last >= _LONGEST_WAIT_S / self._time_scale:
            self._repeated[document["AlarmArn"]] = now
            self._listener(Transition(region=region, before=document, after=document, at=now))

    def _due(self, document: Document, *, now: float) -> float:
        seen = self._seen.get(document["AlarmArn"])
        configured: float = document["AlarmConfigurationUpdatedTimestamp"]
        if seen is None or seen.configured != configured:
            return configured + _SETTLING_S
        if seen.stated != document["StateUpdatedTimestamp"]:
            self._remember(document, due=now + self._wait_s(document))
            return self._seen[document["AlarmArn"]].due
        return seen.due

    def _remember(self, document: Document, *, due: float) -> None:
        self._seen[document["AlarmArn"]] = _Seen(
            configured=document["AlarmConfigurationUpdatedTimestamp"],
            stated=document["StateUpdatedTimestamp"],
            due=due,
        )

    def _next(self, document: Document, *, now: float) -> float:
        """Composite alarms follow the others at every tick."""
        if "AlarmRule" in document:
            return now
        between_s = min(alarm_period_s(document), _LONGEST_WAIT_S)
        closing = (now // between_s + 1) * between_s
        return min(closing, now + self._wait_s(document))

    def _wait_s(self, document: Document) -> float:
        period_s = _LONGEST_WAIT_S if "AlarmRule" in document else alarm_period_s(document)
        return min(period_s, _LONGEST_WAIT_S) / self._time_scale


def _stated(document: Document) -> float:
    at: float = document["StateUpdatedTimestamp"]
    return at
