"""Script mode: arguments, SM_* variables, failure messages, environments, images."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from emulator.containers.environment import container_environment
from emulator.containers.images import UnusableImage, pinned_version
from emulator.containers.jobs import algorithm_error
from emulator.containers.layout import ContainerLayout
from emulator.containers.logs import batches
from emulator.containers.shims.traceback_tail import TracebackTail
from emulator.containers.shims.training_environment import (
    TrainingConfig,
    read_config,
    script_arguments,
    script_environment,
)

# Every variable of the toolkit's environment.py but SM_HP_* and SM_CHANNEL_*.
TOOLKIT_VARIABLES = (
    "CHANNELS", "CURRENT_HOST", "CURRENT_INSTANCE_GROUP", "CURRENT_INSTANCE_GROUP_HOSTS",
    "CURRENT_INSTANCE_TYPE", "DISTRIBUTION_INSTANCE_GROUPS", "FRAMEWORK_MODULE",
    "FRAMEWORK_PARAMS", "HOSTS", "HPS", "INPUT_CONFIG_DIR", "INPUT_DATA_CONFIG", "INPUT_DIR",
    "INSTANCE_GROUPS", "INSTANCE_GROUPS_DICT", "IS_HETERO", "LOG_LEVEL", "MODEL_DIR",
    "MODULE_DIR", "MODULE_NAME", "NETWORK_INTERFACE_NAME", "NUM_CPUS", "NUM_GPUS",
    "NUM_NEURONS", "OUTPUT_DATA_DIR", "OUTPUT_DIR", "OUTPUT_INTERMEDIATE_DIR",
    "RESOURCE_CONFIG", "TRAINING_ENV", "USER_ARGS", "USER_ENTRY_POINT",
)  # fmt: skip


def a_config(tmp_path: Path, hyperparameters: Mapping[str, str]) -> TrainingConfig:
    directory = tmp_path / "input" / "config"
    directory.mkdir(parents=True)
    group = {"instance_group_name": "g", "instance_type": "ml.m5.large", "hosts": ["algo-1"]}
    resources = {
        "current_host": "algo-1",
        "current_instance_type": "ml.m5.large",
        "current_group_name": "g",
        "hosts": ["algo-1"],
        "instance_groups": [group],
        "network_interface_name": "eth0",
    }
    parts: dict[str, Any] = {
        "hyperparameters": {"sagemaker_program": '"train.py"', **hyperparameters},
        "inputdataconfig": {"train": {}, "code": {}},
        "resourceconfig": resources,
    }
    for name, content in parts.items():
        (directory / f"{name}.json").write_text(json.dumps(content))
    return read_config(tmp_path)


def test_arguments_are_sorted_and_one_letter_names_get_one_dash() -> None:
    given = {"n-estimators": 10, "C": 0.5, "on": True, "map": {"b": 1, "a": 2}, "none": None}
    joined = "|".join(script_arguments(given))
    assert joined == "-C|0.5|--map|a=2,b=1|--n-estimators|10|--none||--on|True"


def test_every_variable_of_the_toolkit_is_set(tmp_path: Path) -> None:
    environment = script_environment(a_config(tmp_path, {"depth": "3"}))
    expected = {f"SM_{name}" for name in TOOLKIT_VARIABLES}
    channels = {"SM_CHANNEL_TRAIN", "SM_CHANNEL_CODE"}
    assert set(environment) == expected | channels | {"SM_HP_DEPTH"}


def test_strings_are_plain_and_the_rest_is_compact_json(tmp_path: Path) -> None:
    environment = script_environment(a_config(tmp_path, {"depth": "3", "name": '"x y"'}))
    assert environment["SM_HP_NAME"] == "x y"
    assert environment["SM_HP_DEPTH"] == "3"
    assert environment["SM_HPS"] == '{"depth":3,"name":"x y"}'
    assert environment["SM_CHANNELS"] == '["code","train"]'
    assert environment["SM_MODEL_DIR"] == str(tmp_path / "model")
    assert environment["SM_MODULE_NAME"] == "train"


def test_the_toolkits_own_hyperparameters_do_not_reach_the_script(tmp_path: Path) -> None:
    config = a_config(tmp_path, {"sagemaker_region": '"eu-west-1"', "sagemaker_mpi_enabled": "1"})
    assert config.hyperparameters == {}
    assert script_environment(config)["SM_FRAMEWORK_PARAMS"] == '{"sagemaker_mpi_enabled":1}'


def tail_of(text: str) -> str:
    tail = TracebackTail()
    for line in text.splitlines():
        tail.read(line)
    return tail.message()


def test_the_last_exception_is_the_message() -> None:
    chained = (
        "warning\nTraceback (most recent call last):\n  File 'a'\nKeyError: 'x'\n\n"
        "During handling of the above exception, another exception occurred:\n\n"
        "Traceback (most recent call last):\n  File 'b'\n    raise\nValueError: bad target\n"
    )
    assert tail_of(chained) == "ValueError: bad target"


def test_a_message_of_several_lines_is_kept_whole() -> None:
    text = "Traceback (most recent call last):\n  File 'a'\nValueError: bad\ncolumn: x\n"
    assert tail_of(text) == "ValueError: bad\ncolumn: x"


def test_without_a_traceback_the_last_line_is_the_message() -> None:
    assert tail_of("usage: train.py\ntrain.py: error: missing --depth\n\n") == (
        "train.py: error: missing --depth"
    )
    assert tail_of("") == ""


def test_a_failure_reason_keeps_its_exit_code_however_long_the_message() -> None:
    assert algorithm_error("no rows", 1) == "AlgorithmError: no rows, exit code: 1"
    assert len(algorithm_error("x" * 1024, 137)) == 1024
    assert algorithm_error("x" * 1024, 137).endswith("x, exit code: 137")


def test_a_container_inherits_the_path_and_no_secret() -> None:
    layout = ContainerLayout(base=Path("/base/ml"))
    host = {"PATH": "/bin", "GITLAB_TOKEN": "secret", "AWS_SECRET_ACCESS_KEY": "real"}
    environment = container_environment(
        {"DATA": "/opt/ml/x"}, layout=layout, region="r", endpoint_url=None, host=host
    )
    assert environment["PATH"] == "/bin"
    assert environment["DATA"] == "/base/ml/x"
    assert not {"GITLAB_TOKEN", "AWS_SECRET_ACCESS_KEY", "AWS_ENDPOINT_URL"} & set(environment)


@pytest.mark.parametrize(
    ("tag", "version"),
    [("1.9-0-cpu-py3", "1.9.0"), ("1.4-2", "1.4.2"), ("0.20.0-cpu-py3", "0.20.0")],
)
def test_the_tag_of_an_image_pins_scikit_learn(tag: str, version: str) -> None:
    assert pinned_version(f"1.dkr.ecr.r.amazonaws.com/sagemaker-scikit-learn:{tag}") == version


@pytest.mark.parametrize(
    "uri", ["1.dkr.ecr.r.amazonaws.com/xgboost:1.7-1", "sagemaker-scikit-learn"]
)
def test_an_unknown_image_is_refused_with_what_is_supported(uri: str) -> None:
    with pytest.raises(UnusableImage, match=r"sagemaker-scikit-learn:1\.9-0-cpu-py3"):
        pinned_version(uri)


def test_log_batches_stay_within_the_limit_of_one_request() -> None:
    events = [{"message": "x" * 400_000} for _ in range(5)]
    assert [len(batch) for batch in batches(events)] == [2, 2, 1]
