"""One instance of a fleet: its log stream, its container, and a new container after a crash."""

from __future__ import annotations

import logging
import threading
import time
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING

from emulator.containers.logs import LogStream
from emulator.containers.processes import Command
from emulator.containers.worker import NotHealthy, Patience, Worker, start_worker

if TYPE_CHECKING:
    from collections.abc import Mapping

    from emulator.cloud import Cloud
    from emulator.containers.layout import ContainerLayout

logger = logging.getLogger(__name__)

_STARTS_BEFORE_GIVING_UP = 3
_LONGEST_PAUSE_S = 30.0


@dataclass(frozen=True, kw_only=True)
class Blueprint:
    """What every instance of a fleet has in common."""

    cloud: Cloud
    region: str
    endpoint_name: str
    variant_name: str
    log_group: str
    log_prefix: str
    interpreter: str
    layout: ContainerLayout
    environment: Mapping[str, str]
    startup_timeout_s: float

    def serve_command(self, port_descriptor: int) -> Command:
        return Command(
            interpreter=self.interpreter,
            shim="serve",
            arguments=(str(self.layout.model), str(port_descriptor)),
            environment=self.environment,
            directory=self.layout.base,
        )


class Instance:
    """`worker` is the healthy container, or None while there is none."""

    def __init__(self, blueprint: Blueprint) -> None:
        self.instance_id = f"i-{uuid.uuid4().hex[:17]}"
        self.worker: Worker | None = None
        self._blueprint = blueprint
        self._stopping = threading.Event()
        self._lock = threading.Lock()
        self._logs = LogStream(
            blueprint.cloud,
            region=blueprint.region,
            group=blueprint.log_group,
            stream=f"{blueprint.log_prefix}/{self.instance_id}",
        )

    def start(self) -> None:
        """Start the container until it is healthy; NotHealthy after 3 deaths or the timeout."""
        deadline = time.monotonic() + self._blueprint.startup_timeout_s
        for _ in range(_STARTS_BEFORE_GIVING_UP):
            try:
                self._start_container(deadline)
            except NotHealthy:
                if time.monotonic() > deadline or self._stopping.is_set():
                    raise
            else:
                threading.Thread(target=self._replace_when_dead, daemon=True).start()
                return
        text = f"the container died {_STARTS_BEFORE_GIVING_UP} times"
        raise NotHealthy(text)

    def stop(self, grace_s: float) -> None:
        """End the container for good and flush its log."""
        with self._lock:
            self._stopping.set()
            worker, self.worker = self.worker, None
        if worker is not None:
            worker.stop(grace_s)
        self._logs.close()

    def _start_container(self, deadline: float) -> None:
        worker = start_worker(
            self._blueprint.serve_command,
            sink=self._logs.write,
            patience=Patience(deadline=deadline, cancelled=self._stopping.is_set),
        )
        with self._lock:
            if not self._stopping.is_set():
                self.worker = worker
                return
        worker.stop(0)
        text = "the fleet was stopped"
        raise NotHealthy(text)

    def _replace_when_dead(self) -> None:
        pause_s = 0.0
        while not self._stopping.is_set():
            worker = self.worker
            if worker is not None:
                worker.process.wait()
                self._say_crashed(worker)
                pause_s = 0.0
            self._stopping.wait(pause_s)
            try:
                deadline = time.monotonic() + self._blueprint.startup_timeout_s
                self._start_container(deadline)
            except (NotHealthy, OSError):
                pause_s = min(_LONGEST_PAUSE_S, pause_s * 2 or 1.0)

    def _say_crashed(self, worker: Worker) -> None:
        with self._lock:
            if self._stopping.is_set():
                return
            self.worker = None
        logger.warning(
            "container_crashed endpoint=%s variant=%s instance=%s exit_code=%s",
            self._blueprint.endpoint_name,
            self._blueprint.variant_name,
            self.instance_id,
            worker.process.exit_code,
        )
