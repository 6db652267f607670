"""What a command line asks for is refused before anything begins when it cannot be meant."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from pipeline.core.errors import UsageError
from pipeline.core.modes import FACTS, TAKEN_BY, Mode
from pipeline.core.plan_record import ApprovedPlan
from pipeline.request import options_of, require_writable

REQUEST = ("request_id", "request_cause", "request_time")
TRIGGERED = {
    "CI_PIPELINE_ID": "77",
    "MLOPS_REQUEST_CAUSE": "iris-model-staging/rollback",
    "MLOPS_REQUEST_ID": "11111111-2222",
    "MLOPS_REQUEST_TIME": "2026-01-31T12:00:00Z",
}


def flags(**given: Any) -> dict[str, Any]:
    nothing = dict.fromkeys(
        (
            "mode",
            "training_job",
            "endpoint_name",
            "approved",
            "plan_dir",
            "verify_folder",
            "labels_file",
            "window",
            "reason",
            "since",
            "stop_after",
            "to",
            "confirm",
            "from_environment",
            *REQUEST,
        )
    )
    switches = dict.fromkeys(
        (
            *("deployment_only", "force", "yes", "break_lease", "with_data", "dry_run", "explain"),
            *("follow", "verify", "watch"),
        ),
        False,
    )
    return {**nothing, **switches, **given}


def test_without_flags_the_mode_is_full() -> None:
    assert options_of(flags(), {}).mode is Mode.FULL


def test_deployment_only_is_the_mode_deployment() -> None:
    assert options_of(flags(deployment_only=True), {}).mode is Mode.DEPLOYMENT


GIVEN = {
    "approved": "d" * 64,
    "break_lease": True,
    "confirm": "staging",
    "dry_run": True,
    "explain": True,
    "follow": True,
    "force": True,
    "from_environment": "staging",
    "labels_file": Path("labels.csv"),
    "plan_dir": Path("out/plan"),
    "reason": "it drifts",
    "since": "15m",
    "stop_after": "train",
    "to": "r-20260102-120000-aaaaaa",
    "window": "2026-01-31T00:00Z/2026-02-01T00:00Z",
    "training_job": "iris-20260102-120000",
    "verify": True,
    "verify_folder": Path("kept"),
    "watch": True,
    "with_data": True,
    "yes": True,
}


@pytest.mark.parametrize("mode", Mode)
@pytest.mark.parametrize("name", GIVEN)
def test_a_flag_that_a_mode_would_ignore_is_refused(name: str, mode: Mode) -> None:
    needed = {each: GIVEN[each] for each in FACTS[mode].needs}
    given = flags(mode=mode.value, **{**needed, name: GIVEN[name]})
    if mode in TAKEN_BY[name]:
        assert options_of(given, {}).mode is mode
        return
    with pytest.raises(UsageError, match=f"does not belong to --mode {mode.value}"):
        options_of(given, {})


@pytest.mark.parametrize(
    ("mode", "name"), [(mode, name) for mode in Mode for name in FACTS[mode].needs]
)
def test_a_mode_without_what_it_needs_is_refused(mode: Mode, name: str) -> None:
    needed = {each: GIVEN[each] for each in FACTS[mode].needs if each != name}
    with pytest.raises(UsageError, match=f"--mode {mode.value} needs --") as refused:
        options_of(flags(mode=mode.value, **needed), {})
    assert refused.value.remedy == FACTS[mode].needs[name]


def test_every_flag_of_some_modes_is_tried() -> None:
    assert GIVEN.keys() == TAKEN_BY.keys()


APPLY = {"mode": "apply", "plan_dir": Path("out/plan")}


def test_an_approved_plan_is_named_by_a_variable_and_a_flag_beats_it(tmp_path: Path) -> None:
    carried = {"MLOPS_APPROVED_PLAN_DIGEST": "a" * 64}
    assert options_of(flags(**APPLY), {}).approved is None
    assert options_of(flags(**APPLY), carried).approved == ApprovedPlan(digest="a" * 64)
    assert options_of(flags(mode="rollback"), carried).approved is None
    file = tmp_path / "plan.facts"
    file.write_text(f"{'b' * 64}\none\ntwo\n")
    named = options_of(flags(**APPLY, approved=str(file)), carried).approved
    assert named == ApprovedPlan(digest="b" * 64, facts=("one", "two"))


@pytest.mark.parametrize("text", ["abc", "A" * 64, "no/such/file"])
def test_what_is_no_digest_approves_nothing(text: str) -> None:
    with pytest.raises(UsageError, match="No digest of a plan"):
        options_of(flags(**APPLY, approved=text), {})


def test_a_dry_run_takes_no_request_up() -> None:
    sent = {"MLOPS_REQUEST_ID": "one", "MLOPS_REQUEST_CAUSE": "an alarm"}
    assert options_of(flags(mode="rollback", dry_run=True), sent).request is None
    with pytest.raises(UsageError, match="--request-id does not go with --dry-run"):
        options_of(flags(mode="rollback", dry_run=True, request_id="one"), {})


@pytest.mark.parametrize("text", ["...", "-", "?!"])
def test_a_reason_that_says_nothing_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="says nothing"):
        options_of(flags(mode="rollback", reason=text), {})


def test_deployment_only_with_another_mode_is_refused() -> None:
    with pytest.raises(UsageError, match="contradicts --mode training"):
        options_of(flags(deployment_only=True, mode="training"), {})


@pytest.mark.parametrize(("value", "in_ci"), [("true", True), ("1", True), ("false", False)])
def test_the_variable_ci_says_whether_it_is_ci(value: str, in_ci: bool) -> None:
    assert options_of(flags(), {"CI": value}).in_ci is in_ci


@pytest.mark.parametrize("name", ["training_job", "endpoint_name", "to", "reason"])
@pytest.mark.parametrize("text", ["", "  "])
def test_an_empty_text_does_not_choose_for_the_user(name: str, text: str) -> None:
    with pytest.raises(UsageError, match=f"--{name.replace('_', '-')} is empty"):
        options_of(flags(**{name: text}), {})


@pytest.mark.parametrize("text", ["two\nlines", "bell\x07", "not utf-8: \udcff"])
def test_a_reason_that_cannot_be_kept_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="--reason holds characters"):
        options_of(flags(reason=text), {})


def test_a_reason_too_long_to_be_kept_is_refused() -> None:
    with pytest.raises(UsageError, match="501 characters, 500 are possible"):
        options_of(flags(reason="x" * 501), {})


def test_a_reason_may_hold_quotes_and_what_looks_like_code() -> None:
    reason = "\"it\" said 'so': $(id) ${x} {{ y }} \u00fc"
    assert options_of(flags(mode="rollback", reason=reason), {}).reason == reason


@pytest.mark.parametrize("name", ["x; $(id)", "../x", "a" * 64])
def test_an_endpoint_name_that_sagemaker_does_not_accept_is_refused(name: str) -> None:
    with pytest.raises(UsageError, match="endpoint name"):
        options_of(flags(endpoint_name=name), {})


@pytest.mark.parametrize("mode", ["full", "training", "deployment", "rollback"])
def test_the_variables_of_a_trigger_are_a_request(mode: str) -> None:
    request = options_of(flags(mode=mode), TRIGGERED).request
    assert request is not None
    assert (request.request_id, request.cause) == ("11111111-2222", "iris-model-staging/rollback")
    assert request.time == datetime(2026, 1, 31, 12, tzinfo=UTC)
    assert request.pipeline_id == "77"


def test_a_flag_of_a_request_wins_over_the_variable() -> None:
    request = options_of(flags(request_id="of-a-flag"), TRIGGERED).request
    assert request is not None
    assert (request.request_id, request.cause) == ("of-a-flag", "iris-model-staging/rollback")


def test_without_variables_or_flags_nothing_is_requested() -> None:
    empty = dict.fromkeys(TRIGGERED, "")
    assert options_of(flags(), {}).request is options_of(flags(), empty).request is None


def test_other_modes_leave_the_variables_of_a_trigger_alone() -> None:
    assert options_of(flags(mode="status"), {"MLOPS_REQUEST_ID": "not one of ours"}).request is None


def test_a_request_for_a_mode_that_takes_none_is_refused() -> None:
    with pytest.raises(UsageError, match="--request-id does not belong to --mode prune"):
        options_of(flags(mode="prune", request_id="x"), {})


@pytest.mark.parametrize("name", ["id", "cause", "time"])
def test_a_request_that_is_not_whole_is_refused(name: str) -> None:
    variables = {**TRIGGERED, f"MLOPS_REQUEST_{name.upper()}": ""}
    with pytest.raises(UsageError, match=f"is set, but no {name}"):
        options_of(flags(), variables)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        *(("id", text) for text in ("../x", "a b", "x" * 65, "-", "\u0661")),
        *(("cause", text) for text in ("two\nlines", "x" * 601)),
        *(("time", text) for text in ("noon", "2026-01-31T12:00:00", "2026-13-31T12:00:00Z", "1")),
    ],
)
@pytest.mark.parametrize("given", ["flag", "variable"])
def test_what_no_trigger_sends_is_refused(name: str, text: str, given: str) -> None:
    named = {f"request_{name}": text} if given == "flag" else {}
    variables = TRIGGERED if named else {**TRIGGERED, f"MLOPS_REQUEST_{name.upper()}": text}
    with pytest.raises(UsageError):
        options_of(flags(mode="rollback", **named), variables)


@pytest.mark.parametrize("name", REQUEST)
def test_an_empty_flag_of_a_request_is_refused(name: str) -> None:
    with pytest.raises(UsageError, match="is empty"):
        options_of(flags(**{name: ""}), TRIGGERED)


def test_places_that_can_be_written_pass_and_are_made(tmp_path: Path) -> None:
    require_writable(tmp_path / "out put", tmp_path / "copies" / "results.json")
    assert (tmp_path / "out put").is_dir()


@pytest.mark.parametrize(
    "name", ["results.json", "results.env", "run.log", "junit.xml", "metrics.txt"]
)
def test_a_folder_in_the_place_of_a_result_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / name).mkdir()
    with pytest.raises(UsageError, match=f"{name} is a folder"):
        require_writable(tmp_path, None)


def test_a_folder_as_output_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is a folder"):
        require_writable(tmp_path / "out", tmp_path)


def test_an_output_file_below_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(UsageError, match="--output-file"):
        require_writable(tmp_path / "out", tmp_path / "file" / "results.json")
