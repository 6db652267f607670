"""What a training job takes from S3 to each of its hosts, and what it leaves there."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from emulator.containers import jobs, s3_objects, storage
from emulator.containers.archives import pack_directories
from emulator.containers.jobs import JobFailed, JobRun
from emulator.containers.mirror import Mirror
from emulator.containers.training_files import channels_of, input_mode, write_config_files

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from emulator.containers.cluster import Host

logger = logging.getLogger(__name__)

_CHECKPOINTS = "/opt/ml/checkpoints"


def download_inputs(run: JobRun, hosts: Sequence[Host]) -> None:
    """Give every host its configuration files and its channels."""
    for host in hosts:
        write_config_files(run.job, host)
    for channel in run.job.get("InputDataConfig", ()):
        source = _channel_source(channel, run.job)
        name = channel["ChannelName"]
        targets = [
            host.layout.input_data / name
            for host in hosts
            if channel in channels_of(run.job, host.name)
        ]
        jobs.download(run, source, targets, what=f"of channel {name}")


def _channel_source(channel: Mapping[str, Any], job: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the channel's S3 source, or refuse what the embedded AWS cannot deliver."""
    source: Mapping[str, Any] | None = channel["DataSource"].get("S3DataSource")
    if source is None:
        unsupported = "a file system as data source"
    elif source["S3DataType"] not in s3_objects.SUPPORTED_TYPES:
        unsupported = f"S3DataType {source['S3DataType']}"
    elif input_mode(channel, job) == "Pipe":
        unsupported = "input mode Pipe"
    elif channel.get("CompressionType", "None") != "None":
        unsupported = f"CompressionType {channel['CompressionType']}"
    else:
        return source
    text = (
        f"ClientError: Channel {channel['ChannelName']}: the embedded AWS does not support "
        f"{unsupported}. Use S3DataType {' or '.join(s3_objects.SUPPORTED_TYPES)}, input mode "
        "File, no compression."
    )
    raise JobFailed(text)


def restored_checkpoints(run: JobRun, hosts: Sequence[Host]) -> list[Mirror]:
    """Download the checkpoints to every host; return what keeps them up to date in S3."""
    config = run.job.get("CheckpointConfig")
    if not config:
        return []
    mirrors = [_checkpoint_mirror(run, host, config) for host in hosts]
    for mirror in mirrors:
        with jobs.transferring("Checkpoint download"):
            try:
                present = s3_objects.objects_of(run.s3(), {"S3Uri": mirror.uri})
                s3_objects.download(run.s3(), present, mirror.directory)
            except storage.NothingFound:
                logger.info("no_checkpoints_yet job=%s uri=%s", run.name, mirror.uri)
        mirror.accept_present()
    return mirrors


def _checkpoint_mirror(run: JobRun, host: Host, config: Mapping[str, Any]) -> Mirror:
    return Mirror(
        client=run.s3(),
        directory=host.layout.host_path(config.get("LocalPath", _CHECKPOINTS)),
        uri=f"{config['S3Uri'].rstrip('/')}/",
        scratch=host.layout.scratch,
    )


def upload_checkpoints(mirrors: Sequence[Mirror]) -> None:
    with jobs.transferring("Checkpoint upload"):
        for mirror in mirrors:
            mirror.send_changes()


def upload_outputs(run: JobRun, hosts: Sequence[Host]) -> str:
    """Store model and output data of all hosts; return the model artifact's URI."""
    upload = "Artifact upload"
    if run.cloud.faults.training_fault(run.name, among=("disk_full",)):
        raise jobs.insufficient_disk(upload)
    config = run.job["OutputDataConfig"]
    prefix = storage.join_uri(config["S3OutputPath"], run.name, "output")
    models = [host.layout.model for host in hosts]
    data = [host.layout.output_data for host in hosts]
    with jobs.transferring(upload):
        for directory in (*models, *data):
            directory.mkdir(parents=True, exist_ok=True)  # in a container no script can delete it
        if any(entry for directory in data for entry in directory.iterdir()):
            _upload_archive(run, data, f"{prefix}/output.tar.gz")
        if config.get("CompressionType") == "NONE":
            return _upload_files(run, models, f"{prefix}/model/")
        return _upload_archive(run, models, f"{prefix}/model.tar.gz")


def _upload_files(run: JobRun, directories: Sequence[Path], uri: str) -> str:
    for directory in reversed(directories):
        storage.upload_directory(run.s3(), directory, uri, kms_key_id=_kms_key_id(run))
    return uri


def _upload_archive(run: JobRun, directories: Sequence[Path], uri: str) -> str:
    archive = run.directory / uri.rpartition("/")[2]
    pack_directories(directories, archive)
    storage.upload_file(run.s3(), archive, uri, kms_key_id=_kms_key_id(run))
    return uri


def _kms_key_id(run: JobRun) -> str | None:
    return run.job["OutputDataConfig"].get("KmsKeyId") or None
