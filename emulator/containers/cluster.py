"""The hosts of one job: a private directory and a process each, watched and ended together."""

from __future__ import annotations

import enum
import shutil
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING

from emulator.containers.layout import ContainerLayout
from emulator.containers.logs import LogStream
from emulator.containers.processes import Command, ContainerProcess, spawn

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from emulator.cloud import Cloud

# Each host is a process of this machine, so a cluster is small.
MAX_HOSTS = 4
STOP_GRACE_S = 120.0
_POLL_S = 0.05


class Ending(enum.Enum):
    """How the processes of a job came to their end."""

    EXITED = "exited"
    STOPPED = "stopped"
    MAX_RUNTIME = "max_runtime"
    MAX_WAIT = "max_wait"
    INTERRUPTED = "interrupted"
    CRASHED = "crashed"


@dataclass(frozen=True, kw_only=True)
class Host:
    """One instance of a job; `name` is algo-1, algo-2, ..."""

    name: str
    layout: ContainerLayout


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """`host` is the first that failed, else the first of all."""

    ending: Ending
    exit_code: int
    host: Host


@dataclass(frozen=True, kw_only=True)
class Watch:
    """What is done while processes run: lines read, reasons to end looked for and announced."""

    read: Callable[[str], None]
    reason_to_end: Callable[[], Ending | None]
    stopping: Callable[[Ending], None]


class CannotStart(Exception):
    """The interpreter of a host's command cannot be executed."""


def host_names(count: int) -> tuple[str, ...]:
    return tuple(f"algo-{number}" for number in range(1, count + 1))


def prepare_hosts(directory: Path, names: Sequence[str]) -> tuple[Host, ...]:
    """Make an empty private directory per host; a job that fails leaves it for inspection.

    The only host of a job has the job's directory to itself.
    """
    if directory.exists():
        shutil.rmtree(directory)
    bases = [directory / name if len(names) > 1 else directory for name in names]
    hosts = tuple(
        Host(name=name, layout=ContainerLayout(base=base / "ml"))
        for name, base in zip(names, bases, strict=True)
    )
    for host in hosts:
        _make_directories(host.layout)
    return hosts


def _make_directories(layout: ContainerLayout) -> None:
    for directory in (
        layout.model,
        layout.input_config,
        layout.input_data,
        layout.output_data,
        layout.processing_config,
        layout.scratch,
    ):
        directory.mkdir(parents=True)


@dataclass(frozen=True, kw_only=True)
class Cluster:
    """The hosts with their commands; each host has a log stream `<job>/<host>-<epoch>`."""

    cloud: Cloud
    region: str
    job_name: str
    log_group: str
    commands: Sequence[tuple[Host, Command]]

    def run(self, watch: Watch) -> Outcome:
        """Run every process until all have ended, one has failed, or there is a reason to end.

        The logs are flushed when this returns. Raises CannotStart.
        """
        with ExitStack() as cleanup:
            processes = []
            for host, command in self.commands:
                logs = self._log_stream(host)
                cleanup.callback(logs.close)
                process = _started(command, _reader(watch, logs))
                cleanup.callback(process.kill)
                processes.append((host, process))
            return self._follow(processes, watch)

    def _log_stream(self, host: Host) -> LogStream:
        stream = f"{self.job_name}/{host.name}-{time.time_ns() // 1_000_000_000}"
        return LogStream(self.cloud, region=self.region, group=self.log_group, stream=stream)

    def _follow(self, processes: Sequence[tuple[Host, ContainerProcess]], watch: Watch) -> Outcome:
        first = processes[0][0]
        while True:
            reason = watch.reason_to_end()
            failed = next((pair for pair in processes if pair[1].exit_code), None)
            if failed is not None:
                self._stop(processes)
                return _outcome(Ending.EXITED, failed[1].exit_code or 0, host=failed[0])
            if all(process.exit_code == 0 for _, process in processes):
                return _outcome(Ending.EXITED, 0, host=first)
            if reason is not None:
                watch.stopping(reason)
                self._stop(processes, at_once=reason is Ending.CRASHED)
                return _outcome(reason, 0, host=first)
            _any_running(processes).wait(_POLL_S)

    def _stop(
        self, processes: Sequence[tuple[Host, ContainerProcess]], *, at_once: bool = False
    ) -> None:
        """SIGTERM to all at the same time, SIGKILL after the grace time or at once."""
        grace_s = 0.0 if at_once else STOP_GRACE_S / self.cloud.time_scale
        with ThreadPoolExecutor(max_workers=len(processes)) as pool:
            list(pool.map(lambda pair: _stop_one(pair[1], grace_s), processes))


def _stop_one(process: ContainerProcess, grace_s: float) -> None:
    if grace_s == 0:
        process.kill()
        process.wait()
    else:
        process.stop(grace_s)


def _any_running(processes: Sequence[tuple[Host, ContainerProcess]]) -> ContainerProcess:
    running = (process for _, process in processes if process.exit_code is None)
    return next(running, processes[0][1])


def _outcome(ending: Ending, exit_code: int, *, host: Host) -> Outcome:
    return Outcome(ending=ending, exit_code=exit_code, host=host)


def _reader(watch: Watch, logs: LogStream) -> Callable[[str], None]:
    def read(line: str) -> None:
        watch.read(line)
        logs.write(line)

    return read


def _started(command: Command, sink: Callable[[str], None]) -> ContainerProcess:
    try:
        return spawn(command, sink=sink)
    except OSError as error:
        text = f"{command.interpreter} cannot start: {error.strerror}."
        raise CannotStart(text) from error
