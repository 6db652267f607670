"""Run one processing job to its end and report every change of its description."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from emulator.containers import jobs, storage
from emulator.containers.environment import container_environment
from emulator.containers.jobs import Ending, JobFailed, JobRun
from emulator.containers.layout import read_message
from emulator.containers.processes import Command
from emulator.containers.processing_files import write_config_files
from emulator.containers.processing_record import ProcessingRecord

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Mapping

    from emulator.cloud import Cloud

LOG_GROUP = "/aws/sagemaker/ProcessingJobs"


def run_processing_job(
    job: Mapping[str, Any],
    *,
    cloud: Cloud,
    region: str,
    update: Callable[[Mapping[str, Any]], None],
    stop: threading.Event,
) -> None:
    """Block until the job is Completed, Failed or Stopped; never raise, never leave it InProgress.

    `job` is the CreateProcessingJob request plus ProcessingJobArn. `update` gets the fields of
    DescribeProcessingJob that changed (times as aware datetimes).
    `stop` is set by StopProcessingJob.
    """
    record = ProcessingRecord(update)
    name = job["ProcessingJobName"]
    with jobs.ending_in(record, name):
        layout = jobs.prepare_layout(cloud.state_dir, name)
        run = JobRun(
            name=name, job=job, cloud=cloud, region=region, update=update, stop=stop, layout=layout
        )
        _run(run, record)


def _run(run: JobRun, record: ProcessingRecord) -> None:
    command = _command(run)
    run.stop_if_asked()
    record.start()
    _prepare_files(run)
    run.stop_if_asked()
    logs = jobs.log_stream(run, LOG_GROUP)
    ending, exit_code = jobs.run_process(
        run,
        command,
        logs=logs,
        sink=logs.write,
        stopping=lambda ending: record.stopping() if ending is Ending.STOPPED else None,
    )
    _upload_outputs(run)
    message = read_message(run.layout.message_file)
    said = {"ExitMessage": message} if message else {}
    if ending is not Ending.EXITED:
        record.end("Stopped", **said)
    elif exit_code == 0:
        record.end("Completed", **said)
    else:
        record.fail(jobs.algorithm_error(message, exit_code), **said)


def _command(run: JobRun) -> Command:
    application = run.job["AppSpecification"]
    image = jobs.usable_image(application["ImageUri"])
    entry_point = application.get("ContainerEntrypoint", ())
    if not entry_point:
        text = (
            "ClientError: The embedded AWS has no image with an entry point of its own. "
            "Give AppSpecification.ContainerEntrypoint."
        )
        raise JobFailed(text)
    isolated = bool(run.job.get("NetworkConfig", {}).get("EnableNetworkIsolation"))
    environment = container_environment(
        run.job.get("Environment", {}),
        layout=run.layout,
        region=run.region,
        endpoint_url=run.aws_endpoint_url(isolated=isolated),
    )
    argv = [*entry_point, *application.get("ContainerArguments", ())]
    return Command(
        interpreter=image.interpreter,
        shim="supervise",
        arguments=jobs.host_argv(argv, image, run.layout),
        environment=environment,
        directory=run.layout.base,
    )


def _prepare_files(run: JobRun) -> None:
    """Write the config files, download the inputs, make the output directories."""
    write_config_files(run.job, run.layout)
    for entry in run.job.get("ProcessingInputs", ()):
        source = entry.get("S3Input")
        if source is None or source.get("S3DataType", "S3Prefix") != "S3Prefix":
            text = (
                f"ClientError: Input {entry['InputName']}: the embedded AWS supports only "
                "S3Input with S3DataType S3Prefix."
            )
            raise JobFailed(text)
        target = run.layout.host_path(source["LocalPath"])
        jobs.download(run, source["S3Uri"], target, what=entry["InputName"])
    for output in _outputs(run):
        run.layout.host_path(output["LocalPath"]).mkdir(parents=True, exist_ok=True)


def _outputs(run: JobRun) -> list[Mapping[str, Any]]:
    config = run.job.get("ProcessingOutputConfig", {})
    return [entry["S3Output"] for entry in config.get("Outputs", ()) if "S3Output" in entry]


def _upload_outputs(run: JobRun) -> None:
    """Upload every output, also after a failure: what the container wrote may say why."""
    kms_key_id = run.job.get("ProcessingOutputConfig", {}).get("KmsKeyId") or None
    for output in _outputs(run):
        source = run.layout.host_path(output["LocalPath"])
        try:
            storage.upload_directory(run.s3(), source, output["S3Uri"], kms_key_id=kms_key_id)
        except storage.StorageError as error:
            text = f"ClientError: Output upload failed:{error}"
            raise JobFailed(text) from error
