"""The configuration files that SageMaker writes into a training container, as plain values.

Source: "How Amazon SageMaker AI Provides Training Information" in the developer guide.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from emulator.containers.cluster import Host
    from emulator.containers.layout import ContainerLayout

_HOMOGENEOUS = "homogeneousCluster"
_DEFAULT_INSTANCE_TYPE = "ml.m5.large"


def write_config_files(job: Mapping[str, Any], host: Host) -> None:
    """Write hyperparameters, inputdataconfig and resourceconfig below input/config."""
    files = {
        "hyperparameters.json": hyperparameters(job, host.layout),
        "inputdataconfig.json": input_data_config(job, host.name),
        "resourceconfig.json": resource_config(job, host.name),
    }
    for name, content in files.items():
        path = host.layout.input_config / name
        path.write_text(json.dumps(content), encoding="utf-8")


def instance_groups(job: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The groups of resourceconfig.json; hosts are counted through all of them."""
    resources = job["ResourceConfig"]
    one_group = {"InstanceGroupName": _HOMOGENEOUS, "InstanceCount": 1, **resources}
    groups, first = [], 1
    for group in resources.get("InstanceGroups") or [one_group]:
        end = first + group["InstanceCount"]
        groups.append(
            {
                "instance_group_name": group["InstanceGroupName"],
                "instance_type": group.get("InstanceType", _DEFAULT_INSTANCE_TYPE),
                "hosts": [f"algo-{number}" for number in range(first, end)],
            }
        )
        first = end
    return groups


def host_names(job: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(host for group in instance_groups(job) for host in group["hosts"])


def _group_of(job: Mapping[str, Any], host_name: str) -> dict[str, Any]:
    return next(group for group in instance_groups(job) if host_name in group["hosts"])


def channels_of(job: Mapping[str, Any], host_name: str) -> list[Mapping[str, Any]]:
    """The channels that a host gets: all but those meant for other instance groups."""
    group = _group_of(job, host_name)["instance_group_name"]
    return [
        channel
        for channel in job.get("InputDataConfig", ())
        if group in (_groups_of_channel(channel) or [group])
    ]


def _groups_of_channel(channel: Mapping[str, Any]) -> list[str]:
    source = channel["DataSource"].get("S3DataSource", {})
    groups: list[str] = source.get("InstanceGroupNames", [])
    return groups


def hyperparameters(job: Mapping[str, Any], layout: ContainerLayout) -> dict[str, str]:
    """The request's strings, `/opt/ml` moved."""
    given = job.get("HyperParameters", {})
    return {name: layout.rewrite(value) for name, value in given.items()}


def input_data_config(job: Mapping[str, Any], host_name: str) -> dict[str, dict[str, str]]:
    """What the container is told about its channels."""
    return {
        channel["ChannelName"]: _channel_config(channel, job)
        for channel in channels_of(job, host_name)
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


def resource_config(job: Mapping[str, Any], host_name: str) -> dict[str, Any]:
    """What a host is told about itself and the others."""
    group = _group_of(job, host_name)
    return {
        "current_host": host_name,
        "current_instance_type": group["instance_type"],
        "current_group_name": group["instance_group_name"],
        "hosts": list(host_names(job)),
        "instance_groups": instance_groups(job),
        "network_interface_name": "eth0",
    }
