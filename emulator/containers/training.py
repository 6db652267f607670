"""Run one training job to its end and report every change of its description."""

from __future__ import annotations

import contextlib
import re
from typing import TYPE_CHECKING, Any

from emulator.containers import jobs
from emulator.containers.cluster import Ending, Host, Outcome, Watch
from emulator.containers.environment import container_environment
from emulator.containers.jobs import JobFailed, JobRun
from emulator.containers.layout import read_message
from emulator.containers.log_metrics import LogMetrics
from emulator.containers.mirror import INTERVAL_S, repeating
from emulator.containers.processes import Command
from emulator.containers.training_files import host_names
from emulator.containers.training_limits import Limits
from emulator.containers.training_record import TrainingRecord
from emulator.containers.training_transfers import (
    download_inputs,
    restored_checkpoints,
    upload_checkpoints,
    upload_outputs,
)

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Mapping, Sequence

    from emulator.cloud import Cloud

LOG_GROUP = "/aws/sagemaker/TrainingJobs"
_OUT_OF_MEMORY = (
    "ClientError: Please use an instance type with more memory, or reduce the size of training "
    "data processed on an instance."
)


def run_training_job(
    job: Mapping[str, Any],
    *,
    cloud: Cloud,
    region: str,
    update: Callable[[Mapping[str, Any]], None],
    stop: threading.Event,
) -> None:
    """Block until the job is Completed, Failed or Stopped; never raise, never leave it InProgress.

    `job` is the CreateTrainingJob request plus TrainingJobArn. `update` gets the fields of
    DescribeTrainingJob that changed (times as aware datetimes, lists always whole).
    `stop` is set by StopTrainingJob.
    """
    name = job["TrainingJobName"]
    record = TrainingRecord(update, spot=bool(job.get("EnableManagedSpotTraining")))
    with jobs.ending_in(record, name):
        run = JobRun(
            kind="training",
            name=name,
            job=job,
            cloud=cloud,
            region=region,
            stop=stop,
            host_names=host_names(job),
        )
        with contextlib.closing(_metrics(run)) as metrics:
            _train(run, record, metrics=metrics)


def _train(run: JobRun, record: TrainingRecord, *, metrics: LogMetrics) -> None:
    limits = Limits(run)
    while True:
        hosts, outcome = _attempt(run, record, metrics=metrics, limits=limits)
        if outcome.ending is not Ending.INTERRUPTED:
            break
        record.enter("Interrupted")
        waited = limits.wait_for_capacity()
        if waited is not None:
            _end(record, waited, {})
            return
    record.measured(metrics.final())
    _fail_if_failed(outcome, limits)
    status = "InProgress" if outcome.ending is Ending.EXITED else "Stopping"
    record.enter("Uploading", status=status)
    artifacts = {"ModelArtifacts": {"S3ModelArtifacts": upload_outputs(run, hosts)}}
    _end(record, outcome.ending, artifacts)
    if outcome.ending is Ending.EXITED:
        run.forget_files()


def _attempt(
    run: JobRun, record: TrainingRecord, *, metrics: LogMetrics, limits: Limits
) -> tuple[Sequence[Host], Outcome]:
    """Run the containers once, on new instances, from the last checkpoints on."""
    record.enter("Starting")
    hosts = run.new_hosts()
    commands = [(host, _command(run, host)) for host in hosts]
    run.stop_if_asked()
    record.enter("Downloading")
    download_inputs(run, hosts)
    checkpoints = restored_checkpoints(run, hosts)
    run.stop_if_asked()
    record.enter("Training")

    def stopping(ending: Ending) -> None:
        if ending is Ending.STOPPED:
            record.enter("Stopping", status="Stopping")

    watch = Watch(read=metrics.read, reason_to_end=limits.reason_to_end, stopping=stopping)
    limits.begin()
    reports = [*(each.send_changes_or_say for each in checkpoints), lambda: _publish(run, metrics)]
    with repeating(reports, interval_s=INTERVAL_S / run.cloud.time_scale):
        outcome = run.run_processes(commands, log_group=LOG_GROUP, watch=watch)
    limits.finish()
    _publish(run, metrics)
    upload_checkpoints(checkpoints)
    return hosts, outcome


def _publish(run: JobRun, metrics: LogMetrics) -> None:
    metrics.publish(run.cloud.client("cloudwatch", run.region), run.name)


def _fail_if_failed(outcome: Outcome, limits: Limits) -> None:
    if outcome.ending is Ending.CRASHED and limits.fault is not None:
        if limits.fault.fault == "out_of_memory":
            raise JobFailed(_OUT_OF_MEMORY)
        raise JobFailed(jobs.algorithm_error("", limits.fault.exit_code))
    if outcome.ending is Ending.EXITED and outcome.exit_code != 0:
        message = read_message(outcome.host.layout.failure_file)
        raise JobFailed(jobs.algorithm_error(message, outcome.exit_code))


def _end(record: TrainingRecord, ending: Ending, fields: Mapping[str, Any]) -> None:
    match ending:
        case Ending.EXITED:
            record.end("Completed", **fields)
        case Ending.MAX_RUNTIME:
            record.end("Stopped", secondary="MaxRuntimeExceeded", **fields)
        case Ending.MAX_WAIT:
            record.end("Stopped", secondary="MaxWaitTimeExceeded", **fields)
        case _:
            record.end("Stopped", **fields)


def _metrics(run: JobRun) -> LogMetrics:
    try:
        return LogMetrics(run.job["AlgorithmSpecification"].get("MetricDefinitions", ()))
    except re.error as error:
        text = f"ClientError: MetricDefinitions: {error}. Correct the regular expression."
        raise JobFailed(text) from error


def _command(run: JobRun, host: Host) -> Command:
    """Decide what the container runs: its own entry point, or the toolkit's `train`."""
    algorithm = run.job["AlgorithmSpecification"]
    image = jobs.usable_image(algorithm["TrainingImage"])
    entry_point = algorithm.get("ContainerEntrypoint", ())
    arguments = algorithm.get("ContainerArguments", ())
    if entry_point:
        shim, argv = "supervise", jobs.host_argv([*entry_point, *arguments], image, host.layout)
    else:
        shim, argv = "train", (str(host.layout.base),)
    isolated = bool(run.job.get("EnableNetworkIsolation"))
    platform = {"TRAINING_JOB_NAME": run.name, "TRAINING_JOB_ARN": run.job["TrainingJobArn"]}
    environment = container_environment(
        {**run.job.get("Environment", {}), **platform},
        layout=host.layout,
        region=run.region,
        endpoint_url=run.aws_endpoint_url(isolated=isolated),
    )
    return Command(
        interpreter=image.interpreter,
        shim=shim,
        arguments=argv,
        environment=environment,
        directory=host.layout.base,
    )
