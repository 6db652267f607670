"""What a project has in one account and region, found by its tags and by what it published.

The endpoints come from SageMaker's Search, which filters by tag, shows instance counts, and takes a
page for every 100 (API reference, Search); it may be some seconds behind.
"""

import logging
from collections.abc import Mapping
from typing import Any

from botocore.exceptions import ClientError

from pipeline.core import naming
from pipeline.core.errors import CorruptRecord
from pipeline.core.foundation import Foundation
from pipeline.core.listed import Hosted
from pipeline.gateways.aws import Cloud, attempting, error_code
from pipeline.gateways.observations import observation_of
from pipeline.gateways.side_by_side import mapped

logger = logging.getLogger(__name__)

_PAGE = 100
_PROJECT, _ENVIRONMENT, _MODEL = "mlops:project", "mlops:environment", "mlops:model"


def hosted_endpoints(cloud: Cloud, project: str) -> tuple[Hosted, ...]:
    """Return every endpoint that is tagged as this project's, each with its instance type."""
    condition = {"Name": f"Tags.{_PROJECT}", "Operator": "Equals", "Value": project}
    pages = cloud.client("sagemaker").get_paginator("search")
    with attempting("search for Endpoint by tag"):
        found = [
            each["Endpoint"]
            for page in pages.paginate(
                Resource="Endpoint",
                SearchExpression={"Filters": [condition]},
                PaginationConfig={"PageSize": _PAGE},
            )
            for each in page["Results"]
        ]
    configs = [each["EndpointConfigName"] for each in found]
    types = mapped(lambda name: _instance_type(cloud, name), configs)
    return tuple(map(_hosted, found, types))


def _hosted(found: Mapping[str, Any], instance_type: str | None) -> Hosted:
    tags = {each["Key"]: each["Value"] for each in found.get("Tags", ())}
    return Hosted(
        seen=observation_of(found),
        created_at=found.get("CreationTime"),
        environment=tags.get(_ENVIRONMENT, ""),
        model=tags.get(_MODEL, ""),
        instance_type=instance_type,
    )


def _instance_type(cloud: Cloud, config: str) -> str | None:
    """Return the instance type of a config; None where it is gone, as SageMaker lets it be."""
    with attempting(f"describe the endpoint config {config}"):
        try:
            described = cloud.client("sagemaker").describe_endpoint_config(
                EndpointConfigName=config
            )
        except ClientError as error:
            if error_code(error) == "ValidationException" and "Could not find" in str(error):
                return None
            raise
    variants = described["ProductionVariants"]
    return variants[0].get("InstanceType") if variants else None


def foundations(cloud: Cloud, project: str) -> tuple[Foundation, ...]:
    """Return what the environments of a project published here, as far as it can be read."""
    path = naming.foundation_parameters_path(project)
    pages = cloud.client("ssm").get_paginator("get_parameters_by_path")
    with attempting(f"list the parameters below {path}"):
        found = [
            parameter
            for page in pages.paginate(Path=path, Recursive=True)
            for parameter in page["Parameters"]
        ]
    named = (each for each in found if each["Name"].endswith("/foundation"))
    return tuple(each for each in map(_published, named) if each)


def _published(parameter: Mapping[str, Any]) -> Foundation | None:
    """A parameter that somebody else wrote over hides no other environment."""
    try:
        return Foundation.from_json(parameter["Value"], place=parameter["Name"])
    except CorruptRecord as error:
        logger.warning("%s", error.message)
        return None


def ringing_by_endpoint(cloud: Cloud) -> Mapping[str, tuple[str, ...]]:
    """Return the metric alarms that ring, by the endpoint whose metrics they watch."""
    pages = cloud.client("cloudwatch").get_paginator("describe_alarms")
    ringing: dict[str, set[str]] = {}
    with attempting("list the alarms that ring"):
        for page in pages.paginate(StateValue="ALARM", AlarmTypes=["MetricAlarm"]):
            for alarm in page["MetricAlarms"]:
                for endpoint in _watched(alarm):
                    ringing.setdefault(endpoint, set()).add(alarm["AlarmName"])
    return {endpoint: tuple(sorted(names)) for endpoint, names in ringing.items()}


def _watched(alarm: Mapping[str, Any]) -> frozenset[str]:
    metrics = [
        each["MetricStat"]["Metric"] for each in alarm.get("Metrics", ()) if "MetricStat" in each
    ]
    dimensions = [
        *alarm.get("Dimensions", ()),
        *(d for m in metrics for d in m.get("Dimensions", ())),
    ]
    return frozenset(each["Value"] for each in dimensions if each["Name"] == "EndpointName")
