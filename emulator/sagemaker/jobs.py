"""The threads that run jobs, and how a job's description changes."""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from emulator.api.errors import ResourceInUse, ValidationError
from emulator.sagemaker.registry import Context
from emulator.store import Document, Key

Update = Callable[[Mapping[str, Any]], None]
Run = Callable[[Update, threading.Event], None]

_ENDED = ("Completed", "Failed", "Stopped")


@dataclass(frozen=True, kw_only=True)
class JobKind:
    """`noun` is AWS's wording in errors; the members are those of the Describe response."""

    kind: str
    noun: str
    name: str
    status: str
    not_found: str = "Could not find requested job with name: {name}"
    taken: str = (
        "Job name must be unique within an AWS account and region, and a job with this name "
        "already exists ({arn})"
    )

    def require(self, context: Context, name: str) -> Document:
        document = context.store.find(context.key(self.kind, name))
        if document is None:
            raise ValidationError(self.not_found.format(name=name))
        return document

    def add(self, context: Context, document: Document, *, arn: str) -> None:
        """Keep a new job's document; raise ResourceInUse when the name is taken for ever."""
        name = document[self.name]
        if context.store.find(context.key(self.kind, name)):
            raise ResourceInUse(self.taken.format(arn=arn))
        context.store.put(context.key(self.kind, name), document)

    def start(self, context: Context, name: str, *, run: Run) -> None:
        """Run the job in a thread of its own."""
        stop, key = threading.Event(), context.key(self.kind, name)
        _running.add(key, stop)

        def update(patch: Mapping[str, Any]) -> None:
            members = _wire_form(patch)
            members.setdefault("LastModifiedTime", context.now())
            with context.store.lock:
                if stop.is_set() and members.get(self.status) == "InProgress":
                    members[self.status] = "Stopping"
                context.store.merge(key, members)

        def work() -> None:
            try:
                run(update, stop)
            finally:
                _running.remove(key, stop)

        threading.Thread(target=work, name=f"{self.kind}-{name}", daemon=True).start()

    def stop(self, context: Context, name: str) -> None:
        with context.store.lock:
            job = self.require(context, name)
            if job[self.status] in _ENDED:
                text = (
                    f"The request was rejected because the {self.noun} is in status "
                    f"{job[self.status]}."
                )
                raise ValidationError(text)
            patch = {self.status: "Stopping", "LastModifiedTime": context.now()}
            context.store.merge(context.key(self.kind, name), patch)
            _running.stop(context.key(self.kind, name))

    def delete(self, context: Context, name: str, *, arn: str) -> None:
        """Forget a job that has ended; its name is free again."""
        with context.store.lock:
            job = self.require(context, name)
            if job[self.status] not in _ENDED:
                text = (
                    f"The {self.noun} {job[arn]} is in status {job[self.status]}. Only a job in "
                    f"status {', '.join(_ENDED)} can be deleted."
                )
                raise ResourceInUse(text)
            context.store.remove(context.key(self.kind, name))
            context.store.remove_tags(job[arn])


@dataclass(frozen=True, kw_only=True)
class _Running:
    """The stop events of all jobs that run in this process, by region, kind and name."""

    events: dict[Key, threading.Event] = field(default_factory=dict)

    def add(self, key: Key, stop: threading.Event) -> None:
        self.events[key] = stop

    def remove(self, key: Key, stop: threading.Event) -> None:
        """Forget a job, unless one of the same name has taken its place."""
        if self.events.get(key) is stop:
            del self.events[key]

    def stop(self, key: Key) -> None:
        """Ask a job to end; one that has just ended needs no asking."""
        event = self.events.get(key)
        if event is not None:
            event.set()


_running = _Running()


def stop_all_jobs() -> None:
    """Ask every running job to end; their processes do not outlive this one in any case."""
    for stop in list(_running.events.values()):
        stop.set()


def _wire_form(value: Any) -> Any:
    """Turn times into epoch seconds, at any depth."""
    if isinstance(value, datetime):
        return value.timestamp()
    if isinstance(value, Mapping):
        return {key: _wire_form(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_wire_form(item) for item in value]
    return value
