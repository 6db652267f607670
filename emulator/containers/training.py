"""Run one training job to its end and report every change of its description."""

from __future__ import annotations

import logging
import re
from typing import TYPE_CHECKING, Any

from emulator.containers import jobs, storage
from emulator.containers.archives import pack_directory
from emulator.containers.environment import container_environment
from emulator.containers.jobs import Ending, JobFailed, JobRun
from emulator.containers.layout import read_message
from emulator.containers.log_metrics import LogMetrics
from emulator.containers.processes import Command
from emulator.containers.training_files import input_mode, write_config_files
from emulator.containers.training_record import TrainingRecord

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from emulator.cloud import Cloud

logger = logging.getLogger(__name__)

LOG_GROUP = "/aws/sagemaker/TrainingJobs"
_CHECKPOINTS = "/opt/ml/checkpoints"


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
    record = TrainingRecord(update)
    name = job["TrainingJobName"]
    with jobs.ending_in(record, name):
        layout = jobs.prepare_layout(cloud.state_dir, name)
        run = JobRun(
            name=name, job=job, cloud=cloud, region=region, update=update, stop=stop, layout=layout
        )
        _train(run, record)


def _train(run: JobRun, record: TrainingRecord) -> None:
    metrics = _metrics(run)
    record.enter("Starting")
    command = _command(run)
    run.stop_if_asked()
    record.enter("Downloading")
    _download_inputs(run)
    run.stop_if_asked()
    record.enter("Training")
    ending, exit_code = _run_container(run, command, metrics=metrics, record=record)
    found = {"FinalMetricDataList": metrics.final()} if metrics.final() else {}
    metrics.publish(run.cloud.client("cloudwatch", run.region), run.name)
    _upload_checkpoints(run)
    if ending is Ending.EXITED and exit_code != 0:
        message = read_message(run.layout.failure_file)
        raise JobFailed(jobs.algorithm_error(message, exit_code))
    status = "InProgress" if ending is Ending.EXITED else "Stopping"
    record.enter("Uploading", status=status, **found)
    artifacts = {"ModelArtifacts": {"S3ModelArtifacts": _upload_outputs(run)}}
    _end(record, ending, {**artifacts, **found})


def _end(record: TrainingRecord, ending: Ending, fields: Mapping[str, Any]) -> None:
    if ending is Ending.EXITED:
        record.end("Completed", **fields)
    elif ending is Ending.STOPPED:
        record.end("Stopped", **fields)
    else:
        record.end("Stopped", secondary="MaxRuntimeExceeded", **fields)


def _metrics(run: JobRun) -> LogMetrics:
    try:
        return LogMetrics(run.job["AlgorithmSpecification"].get("MetricDefinitions", ()))
    except re.error as error:
        text = f"ClientError: MetricDefinitions: {error}. Correct the regular expression."
        raise JobFailed(text) from error


def _command(run: JobRun) -> Command:
    """Decide what the container runs: its own entry point, or the toolkit's `train`."""
    algorithm = run.job["AlgorithmSpecification"]
    image = jobs.usable_image(algorithm["TrainingImage"])
    entry_point = algorithm.get("ContainerEntrypoint", ())
    arguments = algorithm.get("ContainerArguments", ())
    if entry_point:
        shim, argv = "supervise", jobs.host_argv([*entry_point, *arguments], image, run.layout)
    else:
        shim, argv = "train", (str(run.layout.base),)
    isolated = bool(run.job.get("EnableNetworkIsolation"))
    platform = {"TRAINING_JOB_NAME": run.name, "TRAINING_JOB_ARN": run.job["TrainingJobArn"]}
    environment = container_environment(
        {**run.job.get("Environment", {}), **platform},
        layout=run.layout,
        region=run.region,
        endpoint_url=run.aws_endpoint_url(isolated=isolated),
    )
    return Command(
        interpreter=image.interpreter,
        shim=shim,
        arguments=argv,
        environment=environment,
        directory=run.layout.base,
    )


def _download_inputs(run: JobRun) -> None:
    write_config_files(run.job, run.layout)
    for channel in run.job.get("InputDataConfig", ()):
        uri = _channel_uri(channel, run.job)
        name = channel["ChannelName"]
        jobs.download(run, uri, run.layout.input_data / name, what=f"of channel {name}")
    checkpoints = run.job.get("CheckpointConfig")
    if checkpoints:
        target = _checkpoint_directory(run, checkpoints)
        target.mkdir(parents=True, exist_ok=True)
        try:
            storage.download_prefix(run.s3(), checkpoints["S3Uri"], target)
        except storage.NothingFound:
            logger.info("no_checkpoints_yet job=%s uri=%s", run.name, checkpoints["S3Uri"])


def _channel_uri(channel: Mapping[str, Any], job: Mapping[str, Any]) -> str:
    """Return the channel's S3 prefix, or refuse what the embedded AWS cannot deliver."""
    source = channel["DataSource"].get("S3DataSource")
    if source is None:
        unsupported = "a file system as data source"
    elif source["S3DataType"] != "S3Prefix":
        unsupported = f"S3DataType {source['S3DataType']}"
    elif input_mode(channel, job) == "Pipe":
        unsupported = "input mode Pipe"
    elif channel.get("CompressionType", "None") != "None":
        unsupported = f"CompressionType {channel['CompressionType']}"
    else:
        return str(source["S3Uri"])
    text = (
        f"ClientError: Channel {channel['ChannelName']}: the embedded AWS does not support "
        f"{unsupported}. Use S3DataType S3Prefix, input mode File, no compression."
    )
    raise JobFailed(text)


def _run_container(
    run: JobRun, command: Command, *, metrics: LogMetrics, record: TrainingRecord
) -> tuple[Ending, int]:
    logs = jobs.log_stream(run, LOG_GROUP)

    def sink(line: str) -> None:
        metrics.read(line)
        logs.write(line)

    def stopping(ending: Ending) -> None:
        if ending is Ending.STOPPED:
            record.enter("Stopping", status="Stopping")

    return jobs.run_process(run, command, logs=logs, sink=sink, stopping=stopping)


def _upload_outputs(run: JobRun) -> str:
    """Store model and output data; return the model artifact's URI."""
    config = run.job["OutputDataConfig"]
    prefix = storage.join_uri(config["S3OutputPath"], run.name, "output")
    try:
        if any(run.layout.output_data.iterdir()):
            _upload_archive(run, run.layout.output_data, f"{prefix}/output.tar.gz")
        if config.get("CompressionType") == "NONE":
            uri = f"{prefix}/model/"
            storage.upload_directory(run.s3(), run.layout.model, uri, kms_key_id=_kms_key_id(run))
        else:
            uri = f"{prefix}/model.tar.gz"
            _upload_archive(run, run.layout.model, uri)
    except storage.StorageError as error:
        text = f"ClientError: Artifact upload failed:{error}"
        raise JobFailed(text) from error
    return uri


def _upload_archive(run: JobRun, source: Path, uri: str) -> None:
    archive = run.layout.base.parent / uri.rpartition("/")[2]
    pack_directory(source, archive)
    storage.upload_file(run.s3(), archive, uri, kms_key_id=_kms_key_id(run))


def _kms_key_id(run: JobRun) -> str | None:
    return run.job["OutputDataConfig"].get("KmsKeyId") or None


def _checkpoint_directory(run: JobRun, config: Mapping[str, Any]) -> Path:
    return run.layout.host_path(config.get("LocalPath", _CHECKPOINTS))


def _upload_checkpoints(run: JobRun) -> None:
    config = run.job.get("CheckpointConfig")
    if config:
        storage.upload_directory(run.s3(), _checkpoint_directory(run, config), config["S3Uri"])
