"""Run one processing job to its end and report every change of its description."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from emulator.containers import jobs, s3_objects
from emulator.containers.cluster import Ending, Host, Watch, host_names
from emulator.containers.environment import container_environment
from emulator.containers.jobs import JobFailed, JobRun
from emulator.containers.layout import read_message
from emulator.containers.mirror import INTERVAL_S, Mirror, repeating
from emulator.containers.processes import Command
from emulator.containers.processing_files import write_config_files
from emulator.containers.processing_record import ProcessingRecord
from emulator.containers.programs import with_programs

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Mapping, Sequence

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
        run = JobRun(
            kind="processing",
            name=name,
            job=job,
            cloud=cloud,
            region=region,
            stop=stop,
            host_names=host_names(job["ProcessingResources"]["ClusterConfig"]["InstanceCount"]),
        )
        _run(run, record)


def _run(run: JobRun, record: ProcessingRecord) -> None:
    hosts = run.new_hosts()
    commands = [(host, _command(run, host)) for host in hosts]
    run.stop_if_asked()
    record.start()
    _prepare_files(run, hosts)
    run.stop_if_asked()
    outputs = [(output, _mirror(run, host, output)) for host in hosts for output in _outputs(run)]
    continuous = [
        mirror for output, mirror in outputs if output.get("S3UploadMode") == "Continuous"
    ]
    uploads = [mirror.send_changes_or_say for mirror in continuous]
    with repeating(uploads, interval_s=INTERVAL_S / run.cloud.time_scale):
        outcome = run.run_processes(commands, log_group=LOG_GROUP, watch=_watch(run, record))
    # Also after a failure: what the container wrote may say why.
    with jobs.transferring("Output upload"):
        for _, mirror in outputs:
            mirror.send_changes()
    message = _message(hosts)
    said = {"ExitMessage": message} if message else {}
    if outcome.ending is not Ending.EXITED:
        record.end("Stopped", **said)
    elif outcome.exit_code == 0:
        record.end("Completed", **said)
        run.forget_files()
    else:
        failure = read_message(outcome.host.layout.message_file)
        record.fail(jobs.algorithm_error(failure, outcome.exit_code), **said)


def _watch(run: JobRun, record: ProcessingRecord) -> Watch:
    deadline = time.monotonic() + run.max_runtime_s()

    def reason_to_end() -> Ending | None:
        if run.stop.is_set():
            return Ending.STOPPED
        return Ending.MAX_RUNTIME if time.monotonic() >= deadline else None

    def stopping(ending: Ending) -> None:
        if ending is Ending.STOPPED:
            record.stopping()

    return Watch(read=lambda _: None, reason_to_end=reason_to_end, stopping=stopping)


def _message(hosts: Sequence[Host]) -> str:
    """The first message that a host left."""
    messages = (read_message(host.layout.message_file) for host in hosts)
    return next((message for message in messages if message), "")


def _command(run: JobRun, host: Host) -> Command:
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
        layout=host.layout,
        region=run.region,
        endpoint_url=run.aws_endpoint_url(isolated=isolated),
    )
    argv = [*entry_point, *application.get("ContainerArguments", ())]
    return Command(
        interpreter=image.interpreter,
        shim="supervise",
        arguments=jobs.host_argv(argv, image, host.layout),
        environment=with_programs(environment, image=image, layout=host.layout),
        directory=host.layout.base,
    )


def _prepare_files(run: JobRun, hosts: Sequence[Host]) -> None:
    """Write the config files, download the inputs, make the output directories."""
    for entry in run.job.get("ProcessingInputs", ()):
        source = _source(entry)
        targets = [host.layout.host_path(source["LocalPath"]) for host in hosts]
        jobs.download(run, source, targets, what=entry["InputName"])
    for host in hosts:
        write_config_files(run.job, host, hosts)
        for output in _outputs(run):
            host.layout.host_path(output["LocalPath"]).mkdir(parents=True, exist_ok=True)


def _source(entry: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the input's S3 source, or refuse what the embedded AWS cannot deliver."""
    source: Mapping[str, Any] = entry.get("S3Input", {})
    supported = (
        "LocalPath" in source
        and source.get("S3DataType", "S3Prefix") in s3_objects.SUPPORTED_TYPES
        and source.get("S3InputMode", "File") == "File"
        and source.get("S3CompressionType", "None") == "None"
    )
    if supported:
        return source
    text = (
        f"ClientError: Input {entry['InputName']}: the embedded AWS supports only S3Input with "
        f"a LocalPath, S3DataType {' or '.join(s3_objects.SUPPORTED_TYPES)}, S3InputMode File "
        "and no compression."
    )
    raise JobFailed(text)


def _outputs(run: JobRun) -> list[Mapping[str, Any]]:
    config = run.job.get("ProcessingOutputConfig", {})
    outputs = config.get("Outputs", ())
    for entry in outputs:
        if "LocalPath" not in entry.get("S3Output", {}):
            text = (
                f"ClientError: Output {entry['OutputName']}: the embedded AWS supports only "
                "S3Output with a LocalPath."
            )
            raise JobFailed(text)
    return [entry["S3Output"] for entry in outputs]


def _mirror(run: JobRun, host: Host, output: Mapping[str, Any]) -> Mirror:
    return Mirror(
        client=run.s3(),
        directory=host.layout.host_path(output["LocalPath"]),
        uri=output["S3Uri"],
        scratch=host.layout.scratch,
        kms_key_id=run.job.get("ProcessingOutputConfig", {}).get("KmsKeyId") or None,
    )
