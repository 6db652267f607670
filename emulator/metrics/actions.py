"""Acts on transitions: the alarm's actions by the service in their ARN, and the event.

Works through a queue in a thread of its own, so that neither the alarms nor SetAlarmState wait for
a receiver. What a failed action said is in the alarm's history.
"""

import contextlib
import logging
import queue
import threading
import time
from collections.abc import Callable, Mapping

from emulator.metrics.alarm_book import AlarmBook, Transition
from emulator.metrics.alarm_requests import Document
from emulator.metrics.history import acted

log = logging.getLogger(__name__)

# Raises what it likes when it fails. Gets the action's ARN.
Action = Callable[[str, Transition], None]
Tell = Callable[[Transition], None]

_ACTIONS_OF_STATE = {
    "OK": "OKActions",
    "ALARM": "AlarmActions",
    "INSUFFICIENT_DATA": "InsufficientDataActions",
}


def repeated_actions(document: Document) -> list[str]:
    """The actions of the alarm's state that AWS takes again every minute: those that scale."""
    return [arn for arn in _actions_of(document) if _service_of(arn) == "autoscaling"]


def _actions_of(document: Document) -> list[str]:
    actions: list[str] = document[_ACTIONS_OF_STATE[document["StateValue"]]]
    return actions


def _service_of(arn: str) -> str:
    return arn.split(":")[2] if arn.count(":") >= 5 else ""


class AlarmActions:
    """`actions` are by service ("sns", "autoscaling"); `tell` hears of every transition."""

    def __init__(self, book: AlarmBook, *, actions: Mapping[str, Action], tell: Tell) -> None:
        self._book = book
        self._actions = dict(actions)
        self._tell = tell
        self._queue: queue.SimpleQueue[Transition | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="alarm-actions", daemon=True)

    def register(self, service: str, action: Action) -> None:
        """Let `action` take the ARNs of this service: the seam for autoscaling policies."""
        self._actions[service] = action

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """End after what is queued; a receiver that hangs is not waited for."""
        self._queue.put(None)
        if self._thread.is_alive():
            self._thread.join(timeout=5)

    def on_transition(self, transition: Transition) -> None:
        self._queue.put(transition)

    def _run(self) -> None:
        while (transition := self._queue.get()) is not None:
            self.act(transition)

    def drain(self) -> None:
        """Act on what is queued, in the caller's thread."""
        with contextlib.suppress(queue.Empty):
            while (transition := self._queue.get_nowait()) is not None:
                self.act(transition)

    def act(self, transition: Transition) -> None:
        """A transition into the state that was there repeats what AWS repeats, and no more."""
        after = transition.after
        if transition.before["StateValue"] == after["StateValue"]:
            arns = [arn for arn in repeated_actions(after) if _service_of(arn) in self._actions]
        else:
            self._tell_of(transition)
            arns = _actions_of(after)
        if after["ActionsEnabled"] and not self._suppressed(transition):
            for arn in arns:
                self._act_on(arn, transition)

    def _tell_of(self, transition: Transition) -> None:
        try:
            self._tell(transition)
        except Exception as error:
            log.warning("alarm=%s event lost: %s", transition.after["AlarmName"], error)

    def _act_on(self, arn: str, transition: Transition) -> None:
        service = _service_of(arn)
        error: str | None = None
        try:
            action = self._actions.get(service)
            if action is None:
                error = f"The embedded AWS has no alarm action of the service {service or arn}."
            else:
                action(arn, transition)
        except Exception as caught:
            error = f"{type(caught).__name__}: {caught}"
        if error is not None:
            log.warning("alarm=%s action=%s: %s", transition.after["AlarmName"], arn, error)
        entry = acted(transition.after, arn, error=error, now=time.time())
        self._book.note(transition.region, entry)

    def _suppressed(self, transition: Transition) -> bool:
        """The suppressor in ALARM silences a composite alarm; its waits are not modelled."""
        suppressor = self._suppressor(transition)
        silenced = suppressor is not None and suppressor["StateValue"] == "ALARM"
        if "ActionsSuppressor" in transition.after:
            told = {"ActionsSuppressedBy": "Alarm"} if silenced else {"ActionsSuppressedBy": None}
            self._book.merge(transition.region, transition.after["AlarmName"], told)
        return silenced

    def _suppressor(self, transition: Transition) -> Document | None:
        reference = transition.after.get("ActionsSuppressor")
        if not reference:
            return None
        return self._book.find(transition.region, reference.rpartition(":alarm:")[2])
