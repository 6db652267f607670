"""The emulator's own requests below /_emu/: health, fault rules, the journal of calls."""

import dataclasses
import json
import logging
from collections.abc import Callable, Mapping
from typing import Any

from emulator.answers import Answer
from emulator.fault_parsing import InvalidFault
from emulator.faults import Faults
from emulator.messaging.schedules import CannotFire
from emulator.middleware import Journal

log = logging.getLogger(__name__)


class Admin:
    def __init__(
        self,
        health: Callable[[], Mapping[str, Any]],
        *,
        faults: Faults,
        journal: Journal,
        snapshot: Callable[[], Mapping[str, Any]],
        fire_schedule: Callable[[str], list[str]],
    ) -> None:
        self._health = health
        self._snapshot = snapshot
        self._fire = fire_schedule
        self._faults = faults
        self._journal = journal
        self._routes: Mapping[tuple[str, str], Callable[[bytes], Answer]] = {
            ("GET", "/_emu/health"): lambda _: _json(self._health()),
            ("GET", "/_emu/faults"): lambda _: self._list_faults(),
            ("POST", "/_emu/faults"): self._add_fault,
            ("DELETE", "/_emu/faults"): lambda _: self._clear_faults(),
            ("GET", "/_emu/requests"): lambda _: _json({"requests": self._journal.entries()}),
            ("DELETE", "/_emu/requests"): lambda _: self._clear_journal(),
            ("POST", "/_emu/fire-schedule"): self._fire_schedule,
            ("POST", "/_emu/snapshot"): lambda _: self._take_snapshot(),
        }

    def answer(self, *, method: str, path: str, body: bytes) -> Answer:
        route = self._routes.get((method, path))
        if route is None:
            known = ", ".join(f"{method} {path}" for method, path in self._routes)
            return _json({"error": f"no {method} {path}; there are {known}"}, status=404)
        return route(body)

    def _list_faults(self) -> Answer:
        rules, rollback = self._faults.listing()
        document = {
            "rules": [dataclasses.asdict(rule) for rule in rules],
            "rollback": dataclasses.asdict(rollback),
        }
        return _json(document)

    def _add_fault(self, body: bytes) -> Answer:
        try:
            self._faults.add(json.loads(body))
        except (InvalidFault, ValueError, TypeError) as error:
            return _json({"error": f"not a fault rule: {error}"}, status=400)
        return self._list_faults()

    def _clear_faults(self) -> Answer:
        self._faults.clear()
        return self._list_faults()

    def _take_snapshot(self) -> Answer:
        try:
            return _json(self._snapshot())
        except Exception as error:
            log.exception("the snapshot that was asked for failed")
            return _json({"error": f"no snapshot: {type(error).__name__}: {error}"}, status=500)

    def _fire_schedule(self, body: bytes) -> Answer:
        try:
            name = str(json.loads(body)["name"])
        except (KeyError, TypeError, ValueError):
            text = 'the body must be a JSON object such as {"name": "nightly"}'
            return _json({"error": text}, status=400)
        try:
            return _json({"fired": self._fire(name)})
        except CannotFire as error:
            return _json({"error": str(error)}, status=404)

    def _clear_journal(self) -> Answer:
        self._journal.clear()
        return _json({"requests": []})


def _json(document: Mapping[str, Any], *, status: int = 200) -> Answer:
    headers = {"Content-Type": "application/json"}
    return Answer(status=status, headers=headers, body=json.dumps(document).encode())
