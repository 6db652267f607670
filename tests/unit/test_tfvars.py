"""Whatever a release holds reaches Terraform literally, or is refused by name."""

import json
import math
import re
import unicodedata
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.core import tfvars
from pipeline.core.errors import CorruptRecord, UsageError
from pipeline.core.head import LedgerHead, Move, Strategy
from pipeline.core.records import DataCapture, Release
from pipeline.core.surroundings import NOTHING, Surroundings
from tests.unit.core_builders import (
    a_head_retaining,
    a_move,
    a_release,
    a_shift,
    serving_settings,
)

PROJECT = Path(__file__).parents[2]
TEMPLATES = PROJECT / "templates"
TEMPLATE = (TEMPLATES / tfvars.RELEASE_TEMPLATE).read_text()
SURROUNDINGS_TEMPLATE = (TEMPLATES / tfvars.SURROUNDINGS_TEMPLATE).read_text()
PLACE = tfvars.Place(region="us-east-1", s3_use_path_style=True, tags={"a": "b"})
LAST = a_shift(alarm_names=("old",))
HEAD = replace(a_head_retaining("r1", "r2"), live="r1-n1")
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


def variables_of(
    releases: dict[str, Release] = RELEASES, *, nudged: bool = False, **changes: Any
) -> dict[str, Any]:
    """The variables of terraform/serving for the head with these changes."""
    head = replace(HEAD, **changes)
    return tfvars.release_variables(
        head, releases, place=PLACE, deployment_config=LAST, nudged=nudged
    )


def surroundings_of(
    head: LedgerHead = HEAD, surroundings: Surroundings = NOTHING, **serving: Any
) -> dict[str, Any]:
    live = a_release("r1", serving=serving_settings(**serving))
    return tfvars.surroundings_variables(head, live, place=PLACE, surroundings=surroundings)


def rendered(variables: dict[str, Any], template: str = TEMPLATE) -> str:
    return tfvars.render(variables, template, name="the.template")


def is_literal_to_terraform(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return "\0" not in text and unicodedata.normalize("NFC", text) == text


def test_the_rendered_file_says_what_was_meant() -> None:
    assert json.loads(rendered(variables_of())) == variables_of()


def test_the_rendered_file_is_for_the_place_of_the_root() -> None:
    for variables in (variables_of(), surroundings_of()):
        assert variables["region"] == "us-east-1"
        assert variables["s3_use_path_style"] is True
        assert variables["tags"] == {"a": "b"}


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
    assert release["rollback_alarms"] == {
        "latency_p95_ms": 500.0,
        "error_rate": 0.01,
        "minimum_request_count": 10,
    }


def test_data_capture_and_network_are_passed_on() -> None:
    capture = DataCapture(
        percentage=10, destination_uri="s3://b/capture", csv_content_types=("text/csv",)
    )
    settings = serving_settings(data_capture=capture, subnet_ids=("s",), security_group_ids=("g",))
    releases = {**RELEASES, "r1": a_release("r1", serving=settings)}
    found = json.loads(rendered(variables_of(releases)))["releases"]["r1"]
    assert found["data_capture"] == {
        "percentage": 10,
        "destination_uri": "s3://b/capture",
        "csv_content_types": ["text/csv"],
        "json_content_types": [],
    }
    assert (found["subnet_ids"], found["security_group_ids"]) == (["s"], ["g"])


@pytest.mark.parametrize("root", ["serving", "surroundings"])
def test_exactly_the_variables_of_the_root_are_rendered(root: str) -> None:
    variables = variables_of() if root == "serving" else surroundings_of()
    declared = (PROJECT / "terraform" / root / "variables.tf").read_text()
    assert sorted(variables) == re.findall(r'^variable "(.*)"', declared, re.MULTILINE)


def test_without_a_move_the_settings_of_the_last_update_are_rendered_unchanged() -> None:
    variables = variables_of()
    assert variables["live_config"] == "r1-n1"
    assert variables["deployment"]["alarm_names"] == ["old"]


def test_a_move_that_was_begun_brings_its_own_settings() -> None:
    canary = a_shift(strategy=Strategy.CANARY, step_percentage=25, alarm_names=("new",))
    variables = variables_of(move=a_move("r2-n1", deployment_config=canary))
    assert variables["live_config"] == "r2-n1"
    assert variables["deployment"] == {
        "alarm_names": ["new"],
        "maximum_execution_timeout_s": 1800,
        "step_percentage": 25,
        "strategy": "canary",
        "termination_wait_s": 0,
        "wait_interval_s": 0,
    }


@pytest.mark.parametrize("move", [None, a_move("r2-n1")])
def test_a_nudge_changes_the_time_limit_by_a_second_and_nothing_else(move: Move | None) -> None:
    plain, nudged = variables_of(move=move), variables_of(move=move, nudged=True)
    assert nudged["deployment"].pop("maximum_execution_timeout_s") == 1801
    assert plain["deployment"].pop("maximum_execution_timeout_s") == 1800
    assert nudged == plain


def test_a_first_move_needs_nothing_live() -> None:
    assert variables_of(live=None, move=a_move("r2-n1"))["live_config"] == "r2-n1"


def test_a_move_that_has_arrived_is_rendered_as_sagemaker_has_it() -> None:
    """Anything else would send an update that relaunches the fleet."""
    new = a_shift(alarm_names=("new",))
    arrived = a_move("r2-n1", deployment_config=new, has_arrived=True)
    variables = variables_of(live="r2-n1", move=arrived)
    assert variables["live_config"] == "r2-n1"
    assert variables["deployment"]["alarm_names"] == ["old"]


def test_what_surrounds_the_endpoint_is_what_is_asked_for() -> None:
    asked = Surroundings(alarms={"thresholds": {"error_rate": 0.5}}, topic_arns={"info": "arn"})
    variables = surroundings_of(surroundings=asked)
    assert variables["alarms"] == {"thresholds": {"error_rate": 0.5}}
    assert (variables["autoscaling"], variables["topic_arns"]) == (None, {"info": "arn"})
    text = rendered(variables, SURROUNDINGS_TEMPLATE)
    assert json.loads(text) == variables


def test_the_surroundings_know_what_serves_and_what_is_retained() -> None:
    variables = surroundings_of(replace(HEAD, live="r2-n1"), instance_type="ml.c5.xlarge")
    assert (variables["endpoint_name"], variables["instance_type"]) == (
        HEAD.endpoint,
        "ml.c5.xlarge",
    )
    assert (variables["instance_count"], variables["release_ids"]) == (1, ["r1", "r2"])


def test_the_vcpus_are_those_of_what_is_live() -> None:
    watched = Surroundings(alarms={})
    for instance_type, vcpus in (("ml.m5.large", None), ("ml.t2.medium", 2)):
        variables = surroundings_of(surroundings=watched, instance_type=instance_type)
        assert variables["vcpus"] == vcpus


def test_with_nothing_live_there_is_nothing_to_render() -> None:
    with pytest.raises(UsageError, match="Nothing is live"):
        variables_of(live=None)


def test_a_retained_release_without_a_record_is_named() -> None:
    with pytest.raises(CorruptRecord, match="r2"):
        variables_of({"r1": RELEASES["r1"]})


@given(NASTY, NASTY)
def test_any_text_goes_through_literally_or_is_refused(name: str, value: str) -> None:
    variables = variables_of()
    variables["releases"]["r1"]["container_environment"] = {name: value}
    variables["tags"] = {value: name}
    if is_literal_to_terraform(name) and is_literal_to_terraform(value):
        assert json.loads(rendered(variables)) == variables
    else:
        with pytest.raises(UsageError, match="literally"):
            rendered(variables)


@given(NASTY)
def test_any_text_around_the_endpoint_goes_through_literally_or_is_refused(value: str) -> None:
    asked = Surroundings(topic_arns={"info": value}, dashboard={value: value})
    variables = surroundings_of(surroundings=asked)
    if is_literal_to_terraform(value):
        assert json.loads(rendered(variables, SURROUNDINGS_TEMPLATE)) == variables
    else:
        with pytest.raises(UsageError, match="literally"):
            rendered(variables, SURROUNDINGS_TEMPLATE)


@given(NASTY)
def test_release_ids_and_config_keys_are_text_like_any_other(name: str) -> None:
    variables = variables_of()
    variables["endpoint_configs"] = {name: {"release": name, "instance_count": 1}}
    variables["releases"] = {name: variables["releases"]["r1"]}
    if is_literal_to_terraform(name):
        assert json.loads(rendered(variables)) == variables
    else:
        with pytest.raises(UsageError):
            rendered(variables)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_a_number_json_does_not_know_is_refused_by_its_place(value: float) -> None:
    variables = variables_of()
    variables["releases"]["r1"]["rollback_alarms"]["error_rate"] = value
    with pytest.raises(UsageError, match=r"releases\.r1\.rollback_alarms\.error_rate"):
        rendered(variables)


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
    with pytest.raises(UsageError, match=r"templates/the\.template .*Restore the template"):
        rendered(variables_of(), template)
