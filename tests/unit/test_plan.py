"""Plans of the real Terraform are summarised faithfully, and secrets never get into a summary."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.core.errors import CloudUnusable, PlanRefused
from pipeline.core.outcomes import Action, PlanSummary
from pipeline.core.plan import SENSITIVE, UNKNOWN, in_words, summarize

PLANS = Path(__file__).parent / "plans"


def the_plan(name: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((PLANS / f"{name}.json").read_text())
    return document


def a_plan(change: dict[str, Any], **entry: Any) -> dict[str, Any]:
    """A plan with one changed resource."""
    resource = {"address": "a.b", "type": "a", "change": {"actions": ["update"], **change}, **entry}
    return {"terraform_version": "1.11.4", "resource_changes": [resource]}


@pytest.mark.parametrize(
    ("name", "create", "update", "delete", "replace"),
    [
        ("first_deploy", 5, 0, 0, 0),
        ("next_release", 4, 1, 0, 0),
        ("back", 0, 1, 0, 0),
        ("one_more_retained", 4, 0, 0, 0),
        ("prune", 0, 0, 4, 0),
        ("failed_first_create", 5, 0, 1, 1),
        ("setting_changed", 1, 0, 1, 1),
        ("nothing", 0, 0, 0, 0),
    ],
)
def test_real_plans_are_counted_as_gitlab_counts(
    name: str, create: int, update: int, delete: int, replace: int
) -> None:
    found = summarize(the_plan(name))
    assert (found.create, found.update, found.delete, found.replace) == (
        create,
        update,
        delete,
        replace,
    )


def test_an_empty_plan_is_empty() -> None:
    assert summarize(the_plan("nothing")).is_empty
    assert summarize({"terraform_version": "1.11.4"}).is_empty


def test_a_move_back_changes_the_pointer_and_its_alarms_only() -> None:
    (change,) = summarize(the_plan("back")).changes
    assert change.action is Action.UPDATE
    names = {each.path.rsplit(".", 1)[-1] for each in change.attributes}
    assert names == {"endpoint_config_name", "alarm_name"}
    assert not any(each.forces_replacement for each in change.attributes)


def test_the_attribute_that_forces_a_replacement_is_named() -> None:
    (change,) = summarize(the_plan("setting_changed")).changes
    forcing = [each for each in change.attributes if each.forces_replacement]
    assert [(each.path, each.before, each.after) for each in forcing] == [
        ("primary_container[0].image", "image:1", "image:2")
    ]


def test_the_cause_of_a_replacement_is_kept() -> None:
    replaced = [e for e in summarize(the_plan("failed_first_create")).changes if e.reason]
    assert [change.reason for change in replaced] == ["replace_because_tainted"]


def test_a_summary_survives_its_storage() -> None:
    found = summarize(the_plan("next_release"))
    assert PlanSummary.from_json(found.to_json()) == found


@given(st.text(min_size=5), st.sampled_from([{"a": True}, {"a": {"b": [True]}}, True]))
def test_a_sensitive_value_never_gets_into_a_summary(secret: str, marks: object) -> None:
    value = {"a": {"b": [f"secret-{secret}"]}}
    for side, other in (("before", "after"), ("after", "before")):
        change = {side: value, other: {}, f"{side}_sensitive": marks}
        text = summarize(a_plan(change)).to_json()
        assert "secret-" not in text
        assert SENSITIVE in text


def test_a_changed_secret_shows_that_it_is_there() -> None:
    change = {
        "before": {"a": "one"},
        "after": {"a": "two"},
        "before_sensitive": {"a": True},
        "after_sensitive": {"a": True},
    }
    (attribute,) = summarize(a_plan(change)).changes[0].attributes
    assert (attribute.path, attribute.before, attribute.after) == ("a", SENSITIVE, SENSITIVE)


def test_a_value_known_after_apply_says_so() -> None:
    change = {"before": {"a": "x"}, "after": {}, "after_unknown": {"a": True}}
    (attribute,) = summarize(a_plan(change)).changes[0].attributes
    assert (attribute.before, attribute.after) == ("x", UNKNOWN)


def test_reading_a_data_source_is_no_change() -> None:
    assert summarize(a_plan({"actions": ["read"], "after": {"x": 1}})).is_empty


@pytest.mark.parametrize(
    "broken",
    [
        {"resource_changes": [{}], "terraform_version": "1"},
        {"resource_changes": "x", "terraform_version": "1"},
        {"resource_changes": []},
        {"errored": True, "terraform_version": "1"},
    ],
)
def test_a_plan_that_is_not_whole_is_refused(broken: dict[str, Any]) -> None:
    with pytest.raises(CloudUnusable):
        summarize(broken)


def test_an_action_of_a_later_terraform_is_refused() -> None:
    with pytest.raises(PlanRefused, match=r"a\.b.*teleport"):
        summarize(a_plan({"actions": ["teleport"]}))


@pytest.mark.parametrize(
    ("name", "words"),
    [
        (
            "next_release",
            [
                "new alarm r-20260101-000001-aaaaa1-n1/errors",
                "new alarm r-20260101-000001-aaaaa1-n1/latency",
                "moves endpoint to iris-model-staging-r-20260101-000001-aaaaa1-n1",
                "new endpoint config r-20260101-000001-aaaaa1-n1",
                "new model r-20260101-000001-aaaaa1",
            ],
        ),
        ("setting_changed", ["replaces model r-20260101-000000-aaaaa0"]),
        ("nothing", []),
    ],
)
def test_a_plan_is_told_in_words_that_people_use(name: str, words: list[str]) -> None:
    assert [in_words(each) for each in summarize(the_plan(name)).changes] == words


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (
            {"address": "module.around[0].aws_cloudwatch_dashboard.this[0]", "actions": ["create"]},
            "new dashboard",
        ),
        (
            {
                "address": "module.m.aws_iam_role.jobs",
                "actions": ["update"],
                "before": {"tags": {"a": "1"}, "path": "/"},
                "after": {"tags": {"a": "2"}, "path": "/x/"},
            },
            "changes iam role jobs (path, tags)",
        ),
        ({"address": "aws_s3_bucket.logs", "actions": ["delete"]}, "removes s3 bucket logs"),
    ],
)
def test_what_has_no_word_of_its_own_is_told_by_its_type(
    change: dict[str, Any], words: str
) -> None:
    kind = change["address"].split(".")[-2]
    plan = a_plan(change, address=change["address"], type=kind)
    (found,) = summarize(plan).changes
    assert in_words(found) == words
