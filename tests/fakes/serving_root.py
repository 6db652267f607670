"""terraform/serving as data: what its variables ask for, and the order in which it is made.

Attributes have their paths in Terraform's plans. Held to the real Terraform by
tests/gateways/test_contracts.py.
"""

import functools
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pipeline.core import intents, naming
from pipeline.core.head import DeploymentConfig, Strategy
from pipeline.core.intents import ALARM, CONFIG, MODEL
from tests.fakes.cloud import ARTIFACT_OF_MODEL, COUNT_OF_CONFIG, MODEL_OF_CONFIG, Attributes

ENDPOINT = "aws_sagemaker_endpoint"
POINTER = "endpoint_config_name"
_DEPLOYMENT = "deployment_config[0]."
AUTO_ROLLBACK = f"{_DEPLOYMENT}auto_rollback_configuration[0]"
_ROLLING = f"{_DEPLOYMENT}rolling_update_policy[0]."
_POLICY = f"{_DEPLOYMENT}blue_green_update_policy[0]."
_ROUTING = f"{_POLICY}traffic_routing_configuration[0]."
_TYPES = {"all_at_once": "ALL_AT_ONCE", "canary": "CANARY", "linear": "LINEAR"}


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """One object that the variables ask for. `object_id` is its name in AWS."""

    address: str
    resource_type: str
    object_id: str
    attributes: Attributes


@functools.lru_cache(maxsize=4096)
def wanted_by(variables: str) -> Mapping[str, Wanted]:
    """Return all that these variables ask for, by address, in an order in which it can be made."""
    given = json.loads(variables)
    endpoint, tags = given["endpoint_name"], _tags(given["tags"])
    objects: list[Wanted] = []
    for release, settings in sorted(given["releases"].items()):
        objects.append(_model(endpoint, release, settings, tags))
    for key, config in sorted(given["endpoint_configs"].items()):
        settings = given["releases"][config["release"]]
        objects.append(_config(endpoint, key, config, settings, tags))
        objects += _alarms(endpoint, key, settings, tags)
    quiet = naming.quiet_alarm_name(endpoint)
    objects.append(
        Wanted(
            address=intents.QUIET_ALARM,
            resource_type=ALARM,
            object_id=quiet,
            attributes={"alarm_name": quiet, **tags},
        )
    )
    pointer = f"{endpoint}-{given['live_config']}"
    attributes = {
        "name": endpoint,
        POINTER: pointer,
        **_deployment_attributes(given["deployment"]),
        **tags,
    }
    objects.append(
        Wanted(
            address=intents.ENDPOINT,
            resource_type=ENDPOINT,
            object_id=endpoint,
            attributes=attributes,
        )
    )
    return {each.address: each for each in objects}


@functools.lru_cache(maxsize=4096)
def imported_by(variables: str) -> frozenset[str]:
    """Return the addresses that these variables ask to take into the state."""
    imports = json.loads(variables).get("imports", {})
    endpoint = [intents.ENDPOINT] if imports.get("endpoint") else []
    models = [intents.model_address(each) for each in imports.get("releases", ())]
    configs = [intents.config_address(each) for each in imports.get("endpoint_configs", ())]
    return frozenset((*endpoint, *models, *configs))


def _model(endpoint: str, release: str, settings: Any, tags: Attributes) -> Wanted:
    attributes = {
        "name": f"{endpoint}-{release}",
        ARTIFACT_OF_MODEL: settings["artifact_uri"],
        "primary_container[0].image": settings["image_uri"],
        "execution_role_arn": settings["execution_role_arn"],
        "vpc_config": json.dumps([settings["subnet_ids"], settings["security_group_ids"]]),
        **tags,
    }
    return Wanted(
        address=intents.model_address(release),
        resource_type=MODEL,
        object_id=attributes["name"],
        attributes=attributes,
    )


def _config(endpoint: str, key: str, config: Any, settings: Any, tags: Attributes) -> Wanted:
    attributes = {
        "name": f"{endpoint}-{key}",
        MODEL_OF_CONFIG: f"{endpoint}-{config['release']}",
        COUNT_OF_CONFIG: str(config["instance_count"]),
        "production_variants[0].instance_type": settings["instance_type"],
        "production_variants[0].variant_name": naming.VARIANT_NAME,
        **tags,
    }
    return Wanted(
        address=intents.config_address(key),
        resource_type=CONFIG,
        object_id=attributes["name"],
        attributes=attributes,
    )


def _alarms(endpoint: str, key: str, settings: Any, tags: Attributes) -> list[Wanted]:
    names = naming.rollback_alarm_names(endpoint, key)
    limits = settings["rollback_alarms"]
    thresholds = (limits["error_rate"], limits["latency_p95_ms"], 0)
    return [
        Wanted(
            address=address,
            resource_type=ALARM,
            object_id=name,
            attributes={"alarm_name": name, "threshold": str(threshold), **tags},
        )
        for address, name, threshold in zip(
            intents.alarm_addresses(key), names, thresholds, strict=True
        )
    ]


def _tags(tags: Mapping[str, str]) -> Attributes:
    return {f"tags_all.{name}": value for name, value in tags.items()}


def _deployment_attributes(deployment: Any) -> Attributes:
    """Name the settings of an update as the plan of the root does."""
    share = deployment.get("step_percentage")
    strategy = deployment.get("strategy", "all_at_once")
    if strategy == Strategy.ROLLING:
        return _rolling_attributes(deployment)
    step = {"canary": "canary_size", "linear": "linear_step_size"}.get(strategy)
    return {
        **_watching(deployment),
        f"{_POLICY}maximum_execution_timeout_in_seconds": str(
            deployment.get("maximum_execution_timeout_s", 1800)
        ),
        f"{_POLICY}termination_wait_in_seconds": str(deployment.get("termination_wait_s", 0)),
        f"{_ROUTING}type": _TYPES[strategy],
        f"{_ROUTING}wait_interval_in_seconds": str(deployment.get("wait_interval_s", 0)),
        **({f"{_ROUTING}{step}[0].value": str(share)} if step else {}),
    }


def _rolling_attributes(deployment: Any) -> Attributes:
    return {
        **_watching(deployment),
        f"{_ROLLING}maximum_batch_size[0].value": str(deployment["step_percentage"]),
        f"{_ROLLING}maximum_execution_timeout_in_seconds": str(
            deployment["maximum_execution_timeout_s"]
        ),
        f"{_ROLLING}wait_interval_in_seconds": str(deployment["wait_interval_s"]),
    }


def _watching(deployment: Any) -> Attributes:
    return {
        f"{AUTO_ROLLBACK}.alarms[{number}].alarm_name": name
        for number, name in enumerate(sorted(deployment["alarm_names"]))
    }


@functools.lru_cache(maxsize=4096)
def attributes_of(deployment: DeploymentConfig | None) -> Attributes:
    """Return what Terraform reads of SageMaker's LastDeploymentConfig."""
    if deployment is None:
        return {}
    return _deployment_attributes(
        {
            "alarm_names": deployment.alarm_names,
            "maximum_execution_timeout_s": deployment.maximum_execution_timeout_s,
            "step_percentage": deployment.step_percentage,
            "strategy": deployment.strategy.value,
            "termination_wait_s": deployment.termination_wait_s,
            "wait_interval_s": deployment.wait_interval_s,
        }
    )


def deployment_of(attributes: Attributes) -> DeploymentConfig:
    """Return the settings of the update that these attributes of an endpoint ask for."""
    if f"{_ROUTING}type" not in attributes:
        return _rolling_of(attributes)
    strategies = {name: Strategy(value) for value, name in _TYPES.items()}
    strategy = strategies[attributes[f"{_ROUTING}type"]]
    step = {Strategy.CANARY: "canary_size", Strategy.LINEAR: "linear_step_size"}.get(strategy)
    return DeploymentConfig(
        strategy=strategy,
        step_percentage=int(attributes[f"{_ROUTING}{step}[0].value"]) if step else None,
        wait_interval_s=int(attributes[f"{_ROUTING}wait_interval_in_seconds"]),
        termination_wait_s=int(attributes[f"{_POLICY}termination_wait_in_seconds"]),
        maximum_execution_timeout_s=int(
            attributes[f"{_POLICY}maximum_execution_timeout_in_seconds"]
        ),
        alarm_names=_alarm_names(attributes),
    )


def _rolling_of(attributes: Attributes) -> DeploymentConfig:
    return DeploymentConfig(
        strategy=Strategy.ROLLING,
        step_percentage=int(attributes[f"{_ROLLING}maximum_batch_size[0].value"]),
        wait_interval_s=int(attributes[f"{_ROLLING}wait_interval_in_seconds"]),
        termination_wait_s=0,
        maximum_execution_timeout_s=int(
            attributes[f"{_ROLLING}maximum_execution_timeout_in_seconds"]
        ),
        alarm_names=_alarm_names(attributes),
    )


def _alarm_names(attributes: Attributes) -> tuple[str, ...]:
    return tuple(value for path, value in attributes.items() if path.startswith(AUTO_ROLLBACK))
