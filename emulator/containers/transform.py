"""Run one transform job over workers of its own and report every change of its description.

An object is uploaded only when all of it was transformed; one that fails fails the job, after the
others were tried.
"""

from __future__ import annotations

import functools
import time
import uuid
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

from emulator.containers import jobs
from emulator.containers.fleet import (
    ContainerCrashed,
    ContainerResponse,
    ContainerUnavailable,
    Fleet,
    InvocationTimedOut,
    LaunchFailed,
    NeverAnswered,
    Variant,
    launch,
)
from emulator.containers.jobs import JobFailed, JobRun
from emulator.containers.logs import LogStream
from emulator.containers.transform_objects import input_objects, transformed
from emulator.containers.transform_payloads import (
    DEFAULT_PAYLOAD_MB,
    Association,
    Cut,
    UnusableRecord,
)
from emulator.containers.transform_record import TransformRecord

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Mapping, Sequence

    from emulator.cloud import Cloud
    from emulator.containers.s3_objects import StoredObject

LOG_GROUP = "/aws/sagemaker/TransformJobs"
_TIMEOUT_S = 600
_RETRIES = 3
_RETRY_PAUSE_S = 0.2
_POLL_S = 0.1
_CLIENT, _ALGORITHM = (
    f"{side}: See job logs for more information" for side in ("ClientError", "AlgorithmError")
)


def run_transform_job(
    job: Mapping[str, Any],
    variant: Variant,
    *,
    cloud: Cloud,
    update: Callable[[Mapping[str, Any]], None],
    stop: threading.Event,
) -> None:
    """Block until the job is Completed, Failed or Stopped; never raise, never leave it InProgress.

    `job` is the CreateTransformJob request; `variant` says what serves. `update` gets the fields
    of DescribeTransformJob that changed. `stop` is set by StopTransformJob.
    """
    record = TransformRecord(update)
    name = job["TransformJobName"]
    with jobs.ending_in(record, name):
        run = JobRun(
            kind="transform",
            name=name,
            job=job,
            cloud=cloud,
            region=variant.region,
            stop=stop,
            host_names=("algo-1",),
        )
        record.start()
        _Transform(run, variant).run()
        run.stop_if_asked()
        record.end("Completed")
        run.forget_files()


class _Transform:
    def __init__(self, run: JobRun, variant: Variant) -> None:
        self._run = run
        self._variant = variant
        self._cut = Cut.of(run.job)
        self._association = Association.of(run.job)
        client = run.job.get("ModelClientConfig", {})
        self._timeout_s = client.get("InvocationsTimeoutInSeconds", _TIMEOUT_S)
        self._retries = client.get("InvocationsMaxRetries", _RETRIES)

    def run(self) -> None:
        """Raise JobFailed with AWS's reason when any object failed."""
        objects = input_objects(self._run)
        layout = self._run.new_hosts()[0].layout
        self._run.stop_if_asked()
        threads = self._variant.instance_count * self._concurrent()
        with ExitStack() as ending:
            fleet = self._fleet()
            ending.callback(fleet.stop)
            logs = self._data_log()
            ending.callback(logs.close)
            pool = ending.enter_context(ThreadPoolExecutor(max_workers=threads))
            transform = functools.partial(self._one, fleet, logs, scratch=layout.scratch)
            running = [pool.submit(transform, each) for each in objects]
            self._follow(running, fleet)
            failures = [reason for each in running if (reason := each.result())]
        self._run.stop_if_asked()
        if failures:
            raise JobFailed(failures[0])

    def _follow(self, running: Sequence[Future[str | None]], fleet: Fleet) -> None:
        """Wait for all objects; a stop request ends the workers, and so the requests to them."""
        while wait(running, timeout=_POLL_S).not_done:
            if self._run.stop.is_set():
                fleet.stop()

    def _fleet(self) -> Fleet:
        try:
            return launch(self._variant, self._run.cloud)
        except NeverAnswered as failure:
            raise JobFailed(_ALGORITHM) from failure
        except LaunchFailed as failure:
            text = f"ClientError: {failure.reason}"
            raise JobFailed(text) from failure

    def _concurrent(self) -> int:
        return self._run.job.get("MaxConcurrentTransforms") or 1

    def _data_log(self) -> LogStream:
        epoch = time.time_ns() // 1_000_000_000
        stream = f"{self._run.name}/i-{uuid.uuid4().hex[:17]}-{epoch}/data-log"
        logs = LogStream(self._run.cloud, region=self._run.region, group=LOG_GROUP, stream=stream)
        payload_mb = self._run.job.get("MaxPayloadInMB", DEFAULT_PAYLOAD_MB)
        strategy = "SINGLE_RECORD" if self._cut.single else "MULTI_RECORD"
        logs.write(
            f"[sagemaker logs]: MaxConcurrentTransforms={self._concurrent()}, "
            f"MaxPayloadInMB={payload_mb}, BatchStrategy={strategy}"
        )
        return logs

    def _one(
        self, fleet: Fleet, logs: LogStream, source: StoredObject, *, scratch: Any
    ) -> str | None:
        """Transform one object; return the reason when that failed."""

        def say(text: str) -> None:
            for line in text.splitlines() or [""]:
                logs.write(f"[sagemaker logs]: {source.bucket}/{source.key}: {line}")

        try:
            transformed(
                self._run,
                source,
                cut=self._cut,
                association=self._association,
                ask=functools.partial(self._ask, fleet),
                scratch=scratch,
            )
        except UnusableRecord as error:
            say(str(error))
            return _CLIENT
        except _BadAnswer as error:
            say(str(error))
            return _CLIENT if 400 <= error.status < 500 else _ALGORITHM
        except jobs.JobStopped:
            return None
        return None

    def _ask(self, fleet: Fleet, body: bytes) -> bytes:
        """Send one payload; raise _BadAnswer when the last try failed, too."""
        answer = self._try(fleet, body)
        for _ in range(self._retries):
            if answer.status < 500:
                break
            self._run.stop_if_asked()
            time.sleep(_RETRY_PAUSE_S)
            answer = self._try(fleet, body)
        if answer.status >= 400:
            raise _BadAnswer(answer)
        return answer.body

    def _try(self, fleet: Fleet, body: bytes) -> ContainerResponse:
        self._run.stop_if_asked()
        types = {
            "Content-Type": self._run.job["TransformInput"].get("ContentType"),
            "Accept": self._run.job["TransformOutput"].get("Accept"),
        }
        headers = {name: value for name, value in types.items() if value}
        try:
            return fleet.invoke(body=body, headers=headers, timeout_s=self._timeout_s)
        except InvocationTimedOut:
            return _no_answer(f"Model server did not respond within {self._timeout_s} s")
        except (ContainerCrashed, ContainerUnavailable):
            return _no_answer("Model server did not respond to /invocations request")


def _no_answer(text: str) -> ContainerResponse:
    return ContainerResponse(status=503, headers={}, body=text.encode())


class _BadAnswer(Exception):
    def __init__(self, answer: ContainerResponse) -> None:
        body = answer.body.decode("utf-8", errors="replace")
        super().__init__(
            f"Bad HTTP status received from algorithm: {answer.status}\n\nMessage:\n{body}"
        )
        self.status = answer.status
