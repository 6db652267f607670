"""What the SageMaker training toolkit tells a script: arguments and SM_* variables.

Follows ENVIRONMENT_VARIABLES.md of the sagemaker-training-toolkit. Strings are passed plainly,
everything else as compact JSON with sorted keys.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_LOG_LEVEL_INFO = 20
_FRAMEWORK_MODULE = "sagemaker_sklearn_container.training:main"
_PREFIX = "sagemaker_"
# Consumed by the toolkit itself; other names with the prefix become framework parameters.
_TOOLKIT_NAMES = frozenset(
    {
        "sagemaker_program",
        "sagemaker_submit_directory",
        "sagemaker_enable_cloudwatch_metrics",
        "sagemaker_region",
        "sagemaker_container_log_level",
        "sagemaker_job_name",
        "default_user_module_name",
        "_tuning_objective_metric",
        "sagemaker_s3_output",
    }
)


@dataclass(frozen=True, kw_only=True)
class TrainingConfig:
    """The configuration files of one training container, hyperparameters decoded."""

    base: Path
    hyperparameters: Mapping[str, Any]
    toolkit: Mapping[str, Any]
    input_data: Mapping[str, Any]
    resources: Mapping[str, Any]

    @property
    def code(self) -> Path:
        return self.base / "code"

    @property
    def program(self) -> str:
        return str(self.toolkit.get("sagemaker_program", ""))

    @property
    def submit_directory(self) -> str:
        return str(self.toolkit.get("sagemaker_submit_directory", self.code))


def read_config(base: Path) -> TrainingConfig:
    """Read input/config below the base directory."""
    directory = base / "input" / "config"
    given = json.loads((directory / "hyperparameters.json").read_text(encoding="utf-8"))
    decoded = {name: _decoded_value(text) for name, text in given.items()}
    toolkit = {
        name: value
        for name, value in decoded.items()
        if name in _TOOLKIT_NAMES or name.startswith(_PREFIX)
    }
    return TrainingConfig(
        base=base,
        hyperparameters={name: decoded[name] for name in decoded if name not in toolkit},
        toolkit=toolkit,
        input_data=json.loads((directory / "inputdataconfig.json").read_text(encoding="utf-8")),
        resources=json.loads((directory / "resourceconfig.json").read_text(encoding="utf-8")),
    )


def _decoded_value(text: str) -> Any:
    """Hyperparameters are JSON when they can be, else plain text."""
    try:
        return json.loads(text)
    except ValueError:
        return text


def script_arguments(hyperparameters: Mapping[str, Any]) -> list[str]:
    """Sorted `--name value` pairs; a one-letter name gets a single dash."""
    arguments: list[str] = []
    for name in sorted(hyperparameters):
        dashes = "--" if len(name) > 1 else "-"
        arguments += [f"{dashes}{name}", _argument(hyperparameters[name])]
    return arguments


def _argument(value: Any) -> str:
    if isinstance(value, dict):
        return ",".join(f"{name}={item}" for name, item in sorted(value.items()))
    return "" if value is None else str(value)


def script_environment(config: TrainingConfig) -> dict[str, str]:
    """Every SM_* variable of the toolkit."""
    values = _basic_values(config)
    values["training_env"] = _training_env(config, values)
    values["hps"] = dict(config.hyperparameters)
    values["user_args"] = script_arguments(config.hyperparameters)
    values |= {f"channel_{name}": path for name, path in _channel_paths(config).items()}
    values |= {f"hp_{name}": value for name, value in config.hyperparameters.items()}
    return {f"SM_{name.upper()}": _plain(value) for name, value in values.items()}


def _basic_values(config: TrainingConfig) -> dict[str, Any]:
    base = config.base
    directories = {
        "input_dir": base / "input",
        "input_config_dir": base / "input" / "config",
        "output_dir": base / "output",
        "output_data_dir": base / "output" / "data",
        "output_intermediate_dir": base / "output" / "intermediate",
        "model_dir": base / "model",
    }
    return {
        **{name: str(path) for name, path in directories.items()},
        **_resource_values(config.resources),
        "user_entry_point": config.program,
        "module_name": config.program.removesuffix(".py"),
        "module_dir": config.submit_directory,
        "framework_module": _FRAMEWORK_MODULE,
        "framework_params": {
            name: value for name, value in config.toolkit.items() if name not in _TOOLKIT_NAMES
        },
        "resource_config": config.resources,
        "input_data_config": config.input_data,
        "channels": sorted(config.input_data),
        "log_level": config.toolkit.get("sagemaker_container_log_level", _LOG_LEVEL_INFO),
        "num_cpus": os.cpu_count() or 1,
        "num_gpus": 0,
        "num_neurons": 0,
    }


def _resource_values(resources: Mapping[str, Any]) -> dict[str, Any]:
    groups = resources["instance_groups"]
    by_name = {group["instance_group_name"]: group for group in groups}
    current = resources["current_group_name"]
    return {
        "hosts": resources["hosts"],
        "current_host": resources["current_host"],
        "current_instance_type": resources["current_instance_type"],
        "current_instance_group": current,
        "current_instance_group_hosts": by_name[current]["hosts"],
        "instance_groups": list(by_name),
        "instance_groups_dict": by_name,
        "distribution_instance_groups": [],
        "is_hetero": len(groups) > 1,
        "network_interface_name": resources["network_interface_name"],
    }


def _training_env(config: TrainingConfig, values: Mapping[str, Any]) -> dict[str, Any]:
    """SM_TRAINING_ENV: the same facts once more, under the toolkit's property names."""
    renamed = {"framework_params": "additional_framework_parameters"}
    shared = {renamed.get(name, name): value for name, value in values.items()}
    del shared["channels"]
    master = config.resources["hosts"][0]
    return {
        **shared,
        "channel_input_dirs": _channel_paths(config),
        "hyperparameters": dict(config.hyperparameters),
        "job_name": os.environ.get("TRAINING_JOB_NAME"),
        "distribution_hosts": [],
        "master_hostname": master,
        "is_master": config.resources["current_host"] == master,
    }


def _channel_paths(config: TrainingConfig) -> dict[str, str]:
    return {name: str(config.base / "input" / "data" / name) for name in config.input_data}


def _plain(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    return json.dumps(value, sort_keys=True, separators=(",", ":"))
