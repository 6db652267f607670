"""What can end the containers of a training job before they end themselves.

A stop request, MaxRuntimeInSeconds over all attempts, MaxWaitTimeInSeconds since the start, and the
faults that a test asked for: an interruption of spot instances, an exit code, too little memory.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from emulator.containers.cluster import Ending

if TYPE_CHECKING:
    from emulator.containers.jobs import JobRun
    from emulator.fault_rules import TrainingFault, TrainingRule

_CAPACITY_WAIT_S = 10.0


class Limits:
    """One job's limits; `begin` starts the clock of an attempt, `finish` stops it."""

    def __init__(self, run: JobRun) -> None:
        self._run = run
        self._wait_deadline = time.monotonic() + _max_wait_s(run)
        self._run_left_s = run.max_runtime_s()
        self._began = time.monotonic()
        self.fault: TrainingRule | None = None

    def begin(self) -> None:
        self._began = time.monotonic()
        self.fault = None

    def finish(self) -> None:
        self._run_left_s -= time.monotonic() - self._began

    def reason_to_end(self) -> Ending | None:
        now = time.monotonic()
        if self._run.stop.is_set():
            return Ending.STOPPED
        if now - self._began >= self._run_left_s:
            return Ending.MAX_RUNTIME
        if now >= self._wait_deadline:
            return Ending.MAX_WAIT
        fault = self._due_fault(now)
        if fault is None:
            return None
        return Ending.INTERRUPTED if fault.fault == "interrupt" else Ending.CRASHED

    def _due_fault(self, now: float) -> TrainingRule | None:
        """Take a rule once it is there, which may be while the job runs, and wait for its time."""
        if self.fault is None:
            among: tuple[TrainingFault, ...] = ("exit", "out_of_memory")
            if _is_spot(self._run):
                among = ("interrupt", *among)
            self.fault = self._run.cloud.faults.training_fault(self._run.name, among=among)
        due = self.fault is not None and now - self._began >= self.fault.after_s
        return self.fault if due else None

    def wait_for_capacity(self) -> Ending | None:
        """Wait as long as new spot instances take; say what came first, if anything did."""
        wait_s = _CAPACITY_WAIT_S / self._run.cloud.time_scale
        left_s = self._wait_deadline - time.monotonic()
        if self._run.stop.wait(max(0.0, min(wait_s, left_s))):
            return Ending.STOPPED
        return Ending.MAX_WAIT if left_s <= wait_s else None


def _is_spot(run: JobRun) -> bool:
    return bool(run.job.get("EnableManagedSpotTraining"))


def _max_wait_s(run: JobRun) -> float:
    if not _is_spot(run):
        return float("inf")
    return float(run.job["StoppingCondition"].get("MaxWaitTimeInSeconds", float("inf")))
