"""The configuration files that SageMaker writes into a training container, as plain values.

Source: "How Amazon SageMaker AI Provides Training Information" in the developer guide.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from emulator.containers.layout import ContainerLayout

HOST = "algo-1"
INSTANCE_GROUP = "homogeneousCluster"


def write_config_files(job: Mapping[str, Any], layout: ContainerLayout) -> None:
    """Write hyperparameters, inputdataconfig and resourceconfig below input/config."""
    files = {
        "hyperparameters.json": hyperparameters(job, layout),
        "inputdataconfig.json": input_data_config(job),
        "resourceconfig.json": resource_config(job),
    }
    for name, content in files.items():
        (layout.input_config / name).write_text(json.dumps(content), encoding="utf-8")


def hyperparameters(job: Mapping[str, Any], layout: ContainerLayout) -> dict[str, str]:
    """The request's strings, `/opt/ml` moved."""
    given = job.get("HyperParameters", {})
    return {name: layout.rewrite(value) for name, value in given.items()}


def input_data_config(job: Mapping[str, Any]) -> dict[str, dict[str, str]]:
    """What the container is told about its channels."""
    return {
        channel["ChannelName"]: _channel_config(channel, job)
        for channel in job.get("InputDataConfig", ())
    }


def _channel_config(channel: Mapping[str, Any], job: Mapping[str, Any]) -> dict[str, str]:
    source = channel["DataSource"].get("S3DataSource", {})
    config = {
        "TrainingInputMode": input_mode(channel, job),
        "S3DistributionType": source.get("S3DataDistributionType", "FullyReplicated"),
        "RecordWrapperType": channel.get("RecordWrapperType", "None"),
    }
    if "ContentType" in channel:
        config["ContentType"] = channel["ContentType"]
    return config


def input_mode(channel: Mapping[str, Any], job: Mapping[str, Any]) -> str:
    """The channel's input mode, else the job's."""
    default = job["AlgorithmSpecification"].get("TrainingInputMode", "File")
    return str(channel.get("InputMode", default))


def resource_config(job: Mapping[str, Any]) -> dict[str, Any]:
    """One host: the embedded AWS runs every job on one machine."""
    instance_type = job["ResourceConfig"].get("InstanceType", "ml.m5.large")
    group = {"instance_group_name": INSTANCE_GROUP, "instance_type": instance_type, "hosts": [HOST]}
    return {
        "current_host": HOST,
        "current_instance_type": instance_type,
        "current_group_name": INSTANCE_GROUP,
        "hosts": [HOST],
        "instance_groups": [group],
        "network_interface_name": "eth0",
    }
