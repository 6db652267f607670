"""Whatever a release holds reaches Terraform literally, or is refused by name."""

import json
import math
import unicodedata
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.core import tfvars
from pipeline.core.errors import CorruptRecord, UsageError
from pipeline.core.records import DataCapture
from pipeline.core.surroundings import Surroundings
from tests.unit.core_builders import (
    a_head_retaining,
    a_move,
    a_release,
    serving_settings,
)

TEMPLATE = (Path(__file__).parents[2] / "templates" / tfvars.TEMPLATE_NAME).read_text()
HEAD = replace(a_head_retaining("r1", "r2"), live="r1-n1", last_move=a_move(alarm_names=("old",)))
RELEASES = {name: a_release(name) for name in ("r1", "r2")}
PIECES = (
    *("${", "%{", "{{", "}}", "{%", "#}", "$$", '"', "'", "\\", "\n", "\r", "\t", "</script>", "x"),
    *("\0", "\ud800", "e\u0301", "\u2028", "\U0001f600", "\\u0041"),
)
NASTY = st.one_of(
    st.text(),
    st.lists(st.sampled_from(PIECES)).map("".join),
    st.text(st.characters()),
)


def variables_of(**changes: Any) -> dict[str, Any]:
    return tfvars.release_variables(
        replace(HEAD, **changes),
        RELEASES,
        region="us-east-1",
        s3_use_path_style=True,
        tags={"a": "b"},
    )


def is_literal_to_terraform(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return "\0" not in text and unicodedata.normalize("NFC", text) == text


def test_the_rendered_file_says_what_was_meant() -> None:
    assert json.loads(tfvars.render(variables_of(), TEMPLATE)) == variables_of()


def test_a_release_carries_exactly_the_variables_of_terraform() -> None:
    release = variables_of()["releases"]["r1"]
    assert sorted(release) == [
        "artifact_sha256",
        "artifact_uri",
        "container_environment",
        "data_capture",
        "execution_role_arn",
        "image_uri",
        "instance_type",
        "kms_key_arn",
        "model_package_arn",
        "network_isolation",
        "rollback_alarms",
        "security_group_ids",
        "startup_timeout_s",
        "subnet_ids",
    ]
    assert release["rollback_alarms"] == {"latency_p95_ms": 500.0, "error_rate": 0.01}


def test_data_capture_and_network_are_passed_on() -> None:
    capture = DataCapture(percentage=10, destination_uri="s3://b/capture")
    settings = serving_settings(data_capture=capture, subnet_ids=("s",), security_group_ids=("g",))
    releases = {**RELEASES, "r1": a_release("r1", serving=settings)}
    variables = tfvars.release_variables(
        HEAD, releases, region="us-east-1", s3_use_path_style=False, tags={}
    )
    found = json.loads(tfvars.render(variables, TEMPLATE))["releases"]["r1"]
    assert found["data_capture"] == {"percentage": 10, "destination_uri": "s3://b/capture"}
    assert (found["subnet_ids"], found["security_group_ids"]) == (["s"], ["g"])


def test_without_a_move_the_last_one_is_rendered_unchanged() -> None:
    variables = variables_of()
    assert variables["live_config"] == "r1-n1"
    assert variables["deployment"]["alarm_names"] == ["old"]


def test_a_move_brings_its_own_settings() -> None:
    variables = variables_of(target="r2-n1", target_move=a_move(alarm_names=("new",)))
    assert variables["live_config"] == "r2-n1"
    assert variables["deployment"]["alarm_names"] == ["new"]


def test_what_surrounds_the_endpoint_is_what_was_last_applied() -> None:
    applied = Surroundings(alarms={"thresholds": {"error_rate": 0.5}}, topic_arns={"info": "arn"})
    wanted = Surroundings(autoscaling={})
    variables = variables_of(surroundings=applied, wanted=wanted)
    assert variables["alarms"] == {"thresholds": {"error_rate": 0.5}}
    assert (variables["autoscaling"], variables["topic_arns"]) == (None, {"info": "arn"})
    assert json.loads(tfvars.render(variables, TEMPLATE)) == variables


def test_the_vcpus_are_those_of_the_config_that_is_to_serve() -> None:
    medium = {"r2": a_release("r2", serving=serving_settings(instance_type="ml.t2.medium"))}
    watched = replace(HEAD, surroundings=Surroundings(alarms={}), target_move=a_move())
    vcpus = [
        tfvars.release_variables(
            head, RELEASES | medium, region="r", s3_use_path_style=True, tags={}
        )["vcpus"]
        for head in (watched, replace(watched, target="r2-n1"))
    ]
    assert vcpus == [None, 2]


def test_with_nothing_live_there_is_nothing_to_render() -> None:
    with pytest.raises(UsageError, match="Nothing is live"):
        variables_of(live=None)


def test_a_retained_release_without_a_record_is_named() -> None:
    with pytest.raises(CorruptRecord, match="r2"):
        tfvars.release_variables(
            HEAD, {"r1": RELEASES["r1"]}, region="r", s3_use_path_style=True, tags={}
        )


@given(NASTY, NASTY)
def test_any_text_goes_through_literally_or_is_refused(name: str, value: str) -> None:
    variables = variables_of()
    variables["releases"]["r1"]["container_environment"] = {name: value}
    variables["tags"] = {value: name}
    if is_literal_to_terraform(name) and is_literal_to_terraform(value):
        assert json.loads(tfvars.render(variables, TEMPLATE)) == variables
    else:
        with pytest.raises(UsageError, match="literally"):
            tfvars.render(variables, TEMPLATE)


@given(NASTY)
def test_release_ids_and_config_keys_are_text_like_any_other(name: str) -> None:
    variables = variables_of()
    variables["endpoint_configs"] = {name: {"release": name, "instance_count": 1}}
    variables["releases"] = {name: variables["releases"]["r1"]}
    if is_literal_to_terraform(name):
        assert json.loads(tfvars.render(variables, TEMPLATE)) == variables
    else:
        with pytest.raises(UsageError):
            tfvars.render(variables, TEMPLATE)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_a_number_json_does_not_know_is_refused_by_its_place(value: float) -> None:
    variables = variables_of()
    variables["releases"]["r1"]["rollback_alarms"]["error_rate"] = value
    with pytest.raises(UsageError, match=r"releases\.r1\.rollback_alarms\.error_rate"):
        tfvars.render(variables, TEMPLATE)


@pytest.mark.parametrize(
    "template",
    [
        TEMPLATE.replace("live_config | tojson", "endpoint_name | tojson"),
        TEMPLATE.replace("{{ live_config | tojson }}", '"{{ live_config }}x"'),
        TEMPLATE.replace("live_config |", "live_confg |"),
        TEMPLATE.replace('"tags":', '"region": "x", "tags":'),
        TEMPLATE.replace("{%", "{"),
        "",
    ],
)
def test_a_broken_template_renders_nothing(template: str) -> None:
    with pytest.raises(UsageError, match="Restore the template"):
        tfvars.render(variables_of(), template)
