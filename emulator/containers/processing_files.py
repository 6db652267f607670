"""The configuration files that SageMaker writes into a processing container, as plain values.

Source: "How Amazon SageMaker Processing Configures Input and Output For Your Processing
Container" in the developer guide.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from emulator.containers.cluster import Host


def write_config_files(job: Mapping[str, Any], host: Host, hosts: Sequence[Host]) -> None:
    """Write processingjobconfig and resourceconfig below config."""
    names = [each.name for each in hosts]
    files = {
        "processingjobconfig.json": _processing_job_config(job),
        "resourceconfig.json": {"current_host": host.name, "hosts": names},
    }
    for name, content in files.items():
        path = host.layout.processing_config / name
        path.write_text(json.dumps(host.layout.rewrite_all(content)), encoding="utf-8")


def _processing_job_config(job: Mapping[str, Any]) -> dict[str, Any]:
    """The job as its container sees it; optional parts that were not given are absent."""
    config: dict[str, Any] = {
        "ProcessingJobArn": job["ProcessingJobArn"],
        "ProcessingJobName": job["ProcessingJobName"],
        "AppSpecification": job["AppSpecification"],
        "Environment": job.get("Environment", {}),
        "ProcessingInputs": list(job.get("ProcessingInputs", ())),
        "ProcessingResources": job["ProcessingResources"],
        "RoleArn": job["RoleArn"],
    }
    for name in ("ProcessingOutputConfig", "StoppingCondition", "NetworkConfig"):
        if name in job:
            config[name] = job[name]
    return config
