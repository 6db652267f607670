"""What training and processing jobs share: their surroundings, an image, inputs, an end."""

from __future__ import annotations

import errno
import logging
import shutil
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from emulator.containers import s3_objects, storage
from emulator.containers.cluster import CannotStart, Cluster, Host, Outcome, Watch, prepare_hosts
from emulator.containers.images import Image, UnusableImage, resolve

if TYPE_CHECKING:
    import threading
    from collections.abc import Iterator, Mapping, Sequence

    from emulator.cloud import Cloud
    from emulator.containers.layout import ContainerLayout
    from emulator.containers.processes import Command

logger = logging.getLogger(__name__)

FAILURE_REASON_LIMIT = 1024
DEFAULT_MAX_RUNTIME_S = 86_400


class JobFailed(Exception):
    """The job cannot go on; the text becomes its FailureReason."""


class JobStopped(Exception):
    """StopTrainingJob or StopProcessingJob came before the processes were started."""


@dataclass(frozen=True, kw_only=True)
class JobRun:
    """One job while it runs: its request, its surroundings and the names of its hosts.

    `kind` (training, processing) keeps jobs of one name apart.
    """

    kind: str
    name: str
    job: Mapping[str, Any]
    cloud: Cloud
    region: str
    stop: threading.Event
    host_names: tuple[str, ...]

    def s3(self) -> Any:
        return self.cloud.client("s3", self.region)

    @property
    def directory(self) -> Path:
        return self.cloud.state_dir / "jobs" / self.region / self.kind / self.name

    def new_hosts(self) -> tuple[Host, ...]:
        """Make empty directories; what an earlier attempt left is gone."""
        return prepare_hosts(self.directory, self.host_names)

    def forget_files(self) -> None:
        """Delete what a job that completed left on this machine; its results are in S3."""
        shutil.rmtree(self.directory, ignore_errors=True)

    def max_runtime_s(self) -> float:
        limits = self.job.get("StoppingCondition", {})
        return float(limits.get("MaxRuntimeInSeconds", DEFAULT_MAX_RUNTIME_S))

    def stop_if_asked(self) -> None:
        """Raise JobStopped when a stop was requested."""
        if self.stop.is_set():
            raise JobStopped

    def aws_endpoint_url(self, *, isolated: bool) -> str | None:
        return None if isolated else self.cloud.endpoint_url

    def run_processes(
        self, commands: Sequence[tuple[Host, Command]], *, log_group: str, watch: Watch
    ) -> Outcome:
        """Run one process per host to their end."""
        cluster = Cluster(
            cloud=self.cloud,
            region=self.region,
            job_name=self.name,
            log_group=log_group,
            commands=commands,
        )
        try:
            return cluster.run(watch)
        except CannotStart as error:
            text = f"InternalServerError: {error}"
            raise JobFailed(text) from error


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


@contextmanager
def transferring(what: str) -> Iterator[None]:
    """Fail the job in AWS's words when a download or upload is impossible."""
    try:
        yield
    except storage.StorageError as error:
        text = f"ClientError: {what} failed:{error}"
        raise JobFailed(text) from error
    except OSError as error:
        if error.errno == errno.ENOSPC:
            raise insufficient_disk(what) from error
        name = Path(error.filename).name if isinstance(error.filename, str) else "a file"
        text = f"ClientError: {what} failed:{name}: {error.strerror or error}"
        raise JobFailed(text) from error


def download(run: JobRun, source: Mapping[str, Any], targets: Sequence[Path], *, what: str) -> None:
    """Copy the objects of a source to each directory, or to each its share with ShardedByS3Key.

    Fails the job if that is impossible.
    """
    with transferring("Data download"):
        try:
            found = s3_objects.objects_of(run.s3(), source)
            sharded = source.get("S3DataDistributionType") == "ShardedByS3Key"
            for number, target in enumerate(targets):
                share = found[number :: len(targets)] if sharded else found
                s3_objects.download(run.s3(), share, target)
        except storage.NothingFound as error:
            text = (
                f"ClientError: Data download failed:{error} given in input data source {what}. "
                "Please ensure that the bucket exists in the selected region "
                f"({run.region}), and that objects exist under that S3 prefix."
            )
            raise JobFailed(text) from error


def _host_program(program: str, image: Image) -> str:
    """Map an image's `python` to the interpreter that stands for it."""
    return image.interpreter if program in ("python", "python3") else program


def host_argv(argv: Sequence[str], image: Image, layout: ContainerLayout) -> tuple[str, ...]:
    """Turn a container's command line into one for this machine."""
    program, *arguments = (layout.rewrite(argument) for argument in argv)
    return (_host_program(program, image), *arguments)


def insufficient_disk(what: str) -> JobFailed:
    """The failure of a transfer for which the volume is too small."""
    return JobFailed(f"ClientError: {what} failed:Insufficient disk space")
