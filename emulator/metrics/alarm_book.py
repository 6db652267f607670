"""All alarms with their states, tags and history; the only owner of alarm documents.

A transition is a change of state; it is handed out to be acted on, never acted on here.
"""

import json
import threading
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from emulator.metrics.alarm_requests import Document
from emulator.metrics.errors import CloudWatchError
from emulator.metrics.history import changed_configuration, changed_state
from emulator.partitions import partition_of

_HISTORY_SIZE = 10_000
_STATE_MEMBERS = (
    "StateValue",
    "StateReason",
    "StateReasonData",
    "StateUpdatedTimestamp",
    "StateTransitionedTimestamp",
)


@dataclass(frozen=True, kw_only=True)
class Finding:
    """What an evaluation, or SetAlarmState, says about an alarm's state."""

    state: str
    reason: str
    reason_data: Mapping[str, Any] | None = None


@dataclass(frozen=True, kw_only=True)
class Transition:
    """One change of state: the alarm's document before and after."""

    region: str
    before: Document
    after: Document
    at: float


Listener = Callable[[Transition], None]


class AlarmBook:
    """Thread-safe. Documents that are handed out are copies. Names belong to a region."""

    def __init__(self, account_id: str) -> None:
        self._account_id = account_id
        self._lock = threading.RLock()
        self._documents: dict[str, dict[str, Document]] = {}
        self._tags: dict[str, dict[str, str]] = {}
        self._history: dict[str, deque[Document]] = {}

    def arn(self, region: str, name: str) -> str:
        partition = partition_of(region)
        return f"arn:{partition}:cloudwatch:{region}:{self._account_id}:alarm:{name}"

    def put(self, region: str, document: Document, *, now: float, tags: Mapping[str, str]) -> None:
        """Add an alarm, or change one: then its state and its tags stay as they are."""
        name = document["AlarmName"]
        with self._lock:
            known = self._documents.setdefault(region, {})
            before = known.get(name)
            known[name] = {
                **document,
                "AlarmArn": self.arn(region, name),
                "AlarmConfigurationUpdatedTimestamp": now,
                **(_state_of(before) if before else _new_state(now)),
            }
            if before is None and tags:
                self._tags[self.arn(region, name)] = dict(tags)
            self._note(region, changed_configuration(before, known[name], now=now))

    def find(self, region: str, name: str) -> Document | None:
        with self._lock:
            document = self._documents.get(region, {}).get(name)
            return dict(document) if document else None

    def all(self, region: str) -> list[Document]:
        """Return every alarm of the region, by name."""
        with self._lock:
            return [document.copy() for _, document in sorted(self._of(region).items())]

    def regions(self) -> list[str]:
        with self._lock:
            return list(self._documents)

    def _of(self, region: str) -> dict[str, Document]:
        return self._documents.get(region, {})

    def delete(self, region: str, names: Iterable[str], *, now: float) -> None:
        """Delete the alarms that exist; AWS does not mind the others."""
        with self._lock:
            for name in names:
                document = self._of(region).pop(name, None)
                if document is not None:
                    self._tags.pop(document["AlarmArn"], None)
                    self._note(region, changed_configuration(document, None, now=now))

    def merge(self, region: str, name: str, members: Mapping[str, Any]) -> None:
        """Change members that are not the state; an alarm that has gone is none's business."""
        with self._lock:
            if name in self._of(region):
                self._of(region)[name].update(members)

    def find_state(
        self, region: str, document: Document, finding: Finding, *, now: float
    ) -> Transition | None:
        """Note what was found, unless the alarm is no longer the one that was looked at."""
        with self._lock:
            current = self._of(region).get(document["AlarmName"])
            if current is None or _version(current) != _version(document):
                return None
            return self._found(region, current, finding, now=now)

    def set_state(
        self, region: str, name: str, finding: Finding, *, now: float
    ) -> Transition | None:
        """Raise ResourceNotFound for an alarm that does not exist."""
        with self._lock:
            current = self._of(region).get(name)
            if current is None:
                code, text = "ResourceNotFound", f"Could not find alarm {name}."
                raise CloudWatchError(code, text)
            return self._found(region, current, finding, now=now)

    def _found(
        self, region: str, current: Document, finding: Finding, *, now: float
    ) -> Transition | None:
        before = dict(current)
        if finding.state == before["StateValue"]:
            return None
        current.update(
            StateValue=finding.state,
            StateReason=finding.reason,
            StateUpdatedTimestamp=now,
            StateTransitionedTimestamp=now,
        )
        current.pop("StateReasonData", None)
        if finding.reason_data is not None:
            current["StateReasonData"] = json.dumps(finding.reason_data)
        self._note(region, changed_state(before, current, now=now))
        return Transition(region=region, before=before, after=dict(current), at=now)

    def note(self, region: str, entry: Document) -> None:
        with self._lock:
            self._note(region, entry)

    def _note(self, region: str, entry: Document) -> None:
        entries = self._history.setdefault(region, deque(maxlen=_HISTORY_SIZE))
        entries.append(entry)

    def history(self, region: str) -> list[Document]:
        """Return all entries, oldest first."""
        with self._lock:
            return list(self._history.get(region, ()))

    def tags(self, arn: str) -> dict[str, str]:
        with self._lock:
            return dict(self._tags.get(arn, {}))

    def change_tags(self, arn: str, *, put: Mapping[str, str], drop: Iterable[str] = ()) -> None:
        with self._lock:
            kept = {**self._tags.get(arn, {}), **put}
            self._tags[arn] = {key: kept[key] for key in kept if key not in set(drop)}

    def snapshot(self) -> dict[str, Any]:
        with self._lock:
            plain = {
                "documents": self._documents,
                "tags": self._tags,
                "history": {region: list(entries) for region, entries in self._history.items()},
            }
            copied: dict[str, Any] = json.loads(json.dumps(plain))
            return copied

    def restore(self, plain: Mapping[str, Any]) -> None:
        with self._lock:
            self._documents = json.loads(json.dumps(plain["documents"]))
            self._tags = json.loads(json.dumps(plain["tags"]))
            self._history = {
                region: deque(entries, maxlen=_HISTORY_SIZE)
                for region, entries in plain["history"].items()
            }


def _version(document: Document) -> tuple[float, float]:
    return document["AlarmConfigurationUpdatedTimestamp"], document["StateUpdatedTimestamp"]


def _state_of(document: Document) -> Document:
    return {name: document[name] for name in _STATE_MEMBERS if name in document}


def _new_state(now: float) -> Document:
    return {
        "StateValue": "INSUFFICIENT_DATA",
        "StateReason": "Unchecked: Initial alarm creation",
        "StateUpdatedTimestamp": now,
        "StateTransitionedTimestamp": now,
    }
