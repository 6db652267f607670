"""The command that a person is told to type means the endpoint that the run meant."""

import shlex

from pipeline.core.typed import command_line
from tests.unit.config_files import Load, load

__all__ = ["load"]


def test_flags_without_a_value_are_left_out() -> None:
    typed = command_line({"--mode": "rollback", "--config-file": None}, variables={})
    assert typed == "./run_mlops_pipeline.sh --mode rollback"


def test_values_are_quoted_for_a_shell() -> None:
    typed = command_line({"--config-file": "/a b/é'.json"}, variables={"ENDPOINT_PREFIX": "x y"})
    assert shlex.split(typed) == [
        "ENDPOINT_PREFIX=x y",
        "./run_mlops_pipeline.sh",
        "--config-file",
        "/a b/é'.json",
    ]


def test_settings_name_the_variables_that_gave_their_values(load: Load) -> None:
    settings = load({"ENDPOINT_PREFIX": "mine"}, s3_bucket="a-bucket")
    assert settings.given_by_environment("endpoint_prefix", "s3_bucket", "project") == {
        "ENDPOINT_PREFIX": "mine"
    }
