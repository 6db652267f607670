"""What training and processing jobs share: a private directory, a process, a time limit, an end."""

from __future__ import annotations

import enum
import logging
import shutil
import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from emulator.containers import storage
from emulator.containers.images import Image, UnusableImage, resolve
from emulator.containers.layout import ContainerLayout
from emulator.containers.logs import LogStream
from emulator.containers.processes import Command, ContainerProcess, spawn

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from emulator.cloud import Cloud

logger = logging.getLogger(__name__)

FAILURE_REASON_LIMIT = 1024
STOP_GRACE_S = 120.0
DEFAULT_MAX_RUNTIME_S = 86_400
_POLL_S = 0.05


class JobFailed(Exception):
    """The job cannot go on; the text becomes its FailureReason."""


class JobStopped(Exception):
    """StopTrainingJob or StopProcessingJob came before the process was started."""


class Ending(enum.Enum):
    """How a job's process came to its end."""

    EXITED = "exited"
    STOPPED = "stopped"
    MAX_RUNTIME = "max_runtime"


@dataclass(frozen=True, kw_only=True)
class JobRun:
    """One job while it runs: its request, its surroundings and its directory."""

    name: str
    job: Mapping[str, Any]
    cloud: Cloud
    region: str
    update: Callable[[Mapping[str, Any]], None]
    stop: threading.Event
    layout: ContainerLayout

    def s3(self) -> Any:
        return self.cloud.client("s3", self.region)

    def max_runtime_s(self) -> float:
        limits = self.job.get("StoppingCondition", {})
        return float(limits.get("MaxRuntimeInSeconds", DEFAULT_MAX_RUNTIME_S))

    def stop_if_asked(self) -> None:
        """Raise JobStopped when a stop was requested."""
        if self.stop.is_set():
            raise JobStopped

    def aws_endpoint_url(self, *, isolated: bool) -> str | None:
        return None if isolated else self.cloud.endpoint_url


class Record(Protocol):
    """The part of a job's description that changes while it runs."""

    def end(self, status: str) -> None: ...

    def fail(self, reason: str) -> None: ...


@contextmanager
def ending_in(record: Record, name: str) -> Iterator[None]:
    """Let whatever ends the job early show in its description; nothing is raised."""
    try:
        yield
    except JobStopped:
        record.end("Stopped")
    except JobFailed as failure:
        record.fail(str(failure))
    except Exception as error:
        logger.exception("job_broke job=%s", name)
        record.fail(f"InternalServerError: {type(error).__name__}: {error}")


def prepare_layout(state_dir: Path, name: str) -> ContainerLayout:
    """Make an empty private directory for a job; left in place afterwards for inspection."""
    job_directory = state_dir / "jobs" / name
    if job_directory.exists():
        shutil.rmtree(job_directory)
    layout = ContainerLayout(base=job_directory / "ml")
    for directory in (
        layout.model,
        layout.input_config,
        layout.input_data,
        layout.output_data,
        layout.processing_config,
        layout.scratch,
    ):
        directory.mkdir(parents=True)
    return layout


def algorithm_error(message: str, exit_code: int) -> str:
    """FailureReason of a container that failed, within AWS's 1,024 characters."""
    suffix = f", exit code: {exit_code}"
    prefix = "AlgorithmError: "
    return prefix + message[: FAILURE_REASON_LIMIT - len(prefix) - len(suffix)] + suffix


def usable_image(uri: str) -> Image:
    """Resolve an image or fail the job."""
    try:
        return resolve(uri)
    except UnusableImage as error:
        text = f"ClientError: {error}"
        raise JobFailed(text) from error


def download(run: JobRun, uri: str, target: Path, *, what: str) -> None:
    """Copy an S3 prefix below `target`; fail the job with AWS's wording when that is impossible."""
    try:
        storage.download_prefix(run.s3(), uri, target)
    except storage.NothingFound as error:
        text = (
            f"ClientError: Data download failed:{error} given in input data source {what}. "
            f"Please ensure that the bucket exists in the selected region ({run.region}), and "
            "that objects exist under that S3 prefix."
        )
        raise JobFailed(text) from error
    except storage.StorageError as error:
        text = f"ClientError: Data download failed:{error} (input {what})"
        raise JobFailed(text) from error


def run_process(
    run: JobRun,
    command: Command,
    *,
    logs: LogStream,
    sink: Callable[[str], None],
    stopping: Callable[[Ending], None],
) -> tuple[Ending, int]:
    """Run the job's process to its end; the log is flushed when this returns."""
    try:
        try:
            process = spawn(command, sink=sink)
        except OSError as error:
            text = f"InternalServerError: {command.interpreter} cannot start: {error.strerror}."
            raise JobFailed(text) from error
        ending = _follow(run, process, stopping)
        return ending, process.exit_code or 0
    finally:
        logs.close()


def _follow(run: JobRun, process: ContainerProcess, stopping: Callable[[Ending], None]) -> Ending:
    """Wait for the process; end it at a stop request or when its time is over."""
    deadline = time.monotonic() + run.max_runtime_s()
    try:
        while not process.wait(_POLL_S):
            ending = _reason_to_end(run, deadline)
            if ending is not None:
                stopping(ending)
                process.stop(STOP_GRACE_S / run.cloud.time_scale)
                return ending
    finally:
        process.kill()
    return Ending.EXITED


def _reason_to_end(run: JobRun, deadline: float) -> Ending | None:
    if run.stop.is_set():
        return Ending.STOPPED
    return Ending.MAX_RUNTIME if time.monotonic() >= deadline else None


def log_stream(run: JobRun, group: str) -> LogStream:
    """Open the stream of the job's only host."""
    stream = f"{run.name}/algo-1-{time.time_ns() // 1_000_000_000}"
    return LogStream(run.cloud, region=run.region, group=group, stream=stream)


def host_program(program: str, image: Image) -> str:
    """Map an image's `python` to the interpreter that stands for it."""
    return image.interpreter if program in ("python", "python3") else program


def host_argv(argv: Sequence[str], image: Image, layout: ContainerLayout) -> tuple[str, ...]:
    """Turn a container's command line into one for this machine."""
    program, *arguments = (layout.rewrite(argument) for argument in argv)
    return (host_program(program, image), *arguments)
