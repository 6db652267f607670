"""The digest of a plan: equal on another machine and day, another for what counts as different."""

import copy
import random
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.core.outcomes import Action, PlanSummary
from pipeline.core.plan_digest import PlanContent, differences, digest_of, facts_of
from tests.unit.plan_builders import a_change, a_summary, an_attribute

OLD, NEW, LATER = "r-20260101-000000-aaaaaa", "r-20260102-120000-bbbbbb", "r-20260105-070809-bbbbbb"
SERVING: Mapping[str, Any] = {
    "endpoint_configs": {
        f"{OLD}-n1": {"release": OLD, "instance_count": 1},
        f"{NEW}-n1": {"release": NEW, "instance_count": 1},
    },
    "live_config": f"{NEW}-n1",
    "deployment": {"strategy": "canary", "alarm_names": [f"iris-{NEW}-n1-errors"]},
    "releases": {
        OLD: {"artifact_sha256": "a" * 64, "subnet_ids": []},
        NEW: {"artifact_sha256": "b" * 64, "subnet_ids": ["subnet-1", "subnet-2"]},
    },
    "tags": {},
}


def a_content(**changes: Any) -> PlanContent:
    config = f'module.endpoint.aws_sagemaker_endpoint_configuration.release["{NEW}-n1"]'
    count = "production_variants[0].initial_instance_count"
    attributes = (an_attribute(count, "1"), an_attribute("name", f"iris-{NEW}-n1"))
    content = PlanContent(
        place={"account": "000000000000", "endpoint": "iris"},
        code={"terraform/serving/main.tf": "c" * 64, "terraform/serving/.lock": "d" * 64},
        variables={"serving": SERVING},
        summaries={"serving": a_summary(a_change(config, Action.CREATE, attributes=attributes))},
        new_release=NEW,
    )
    return replace(content, **changes)


def digest(content: PlanContent) -> str:
    return digest_of(facts_of(content))


def with_variable(*path: Any, value: Any) -> PlanContent:
    variables = copy.deepcopy(dict(SERVING))
    place = variables
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    return a_content(variables={"serving": variables})


def renamed(content: PlanContent, old: str, new: str) -> PlanContent:
    """Return the same plan as text would have it with another name."""

    def walk(value: Any) -> Any:
        if isinstance(value, Mapping):
            return {walk(key): walk(inner) for key, inner in value.items()}
        if isinstance(value, list):
            return [walk(inner) for inner in value]
        return value.replace(old, new) if isinstance(value, str) else value

    def summary(each: PlanSummary) -> PlanSummary:
        changes = tuple(
            replace(
                change,
                address=change.address.replace(old, new),
                attributes=tuple(
                    replace(one, after=one.after.replace(old, new)) for one in change.attributes
                ),
            )
            for change in each.changes
        )
        return replace(each, changes=changes)

    return replace(
        content,
        variables=walk(content.variables),
        summaries={root: summary(each) for root, each in content.summaries.items()},
        new_release=content.new_release.replace(old, new) if content.new_release else None,
    )


def test_the_same_plan_on_another_day_has_the_same_digest() -> None:
    later = renamed(a_content(), NEW, LATER)
    assert later.new_release == LATER
    assert digest(later) == digest(a_content())


def test_another_retained_release_has_another_digest() -> None:
    assert digest(renamed(a_content(), OLD, LATER)) != digest(a_content())


@given(count=st.integers(2, 999))
def test_instance_counts_do_not_change_it(count: int) -> None:
    content = renamed(a_content(), f"{NEW}-n1", f"{NEW}-n{count}")
    variables = copy.deepcopy(dict(content.variables["serving"]))
    variables["endpoint_configs"][f"{NEW}-n{count}"]["instance_count"] = count
    (change,) = content.summaries["serving"].changes
    counted = replace(change.attributes[0], after=str(count))
    changed = replace(change, attributes=(counted, *change.attributes[1:]))
    grown = replace(
        content, variables={"serving": variables}, summaries={"serving": a_summary(changed)}
    )
    assert digest(grown) == digest(a_content())


DIFFERENT = {
    "account": a_content(place={"account": "111111111111", "endpoint": "iris"}),
    "endpoint": a_content(place={"account": "000000000000", "endpoint": "wine"}),
    "code": a_content(code={"terraform/serving/main.tf": "e" * 64}),
    "lock": a_content(
        code={"terraform/serving/main.tf": "c" * 64, "terraform/serving/.lock": "e" * 64}
    ),
    "renamed file": a_content(
        code={"terraform/serving/other.tf": "c" * 64, "terraform/serving/.lock": "d" * 64}
    ),
    "artifact": with_variable("releases", NEW, "artifact_sha256", value="f" * 64),
    "order of subnets": with_variable(
        "releases", NEW, "subnet_ids", value=["subnet-2", "subnet-1"]
    ),
    "no subnets": with_variable("releases", NEW, "subnet_ids", value=[]),
    "strategy": with_variable("deployment", "strategy", value="linear"),
    "pointer": with_variable("live_config", value=f"{OLD}-n1"),
    "a tag": with_variable("tags", value={"team": "blue"}),
    "an empty tag": with_variable("tags", value={"team": ""}),
    "text for a number": with_variable("deployment", "wait", value="1"),
    "a number for text": with_variable("deployment", "wait", value=1),
    "another root": a_content(
        variables={"serving": SERVING, "surroundings": {}},
    ),
    "another action": a_content(
        summaries={"serving": a_summary(a_change("module.endpoint.x", Action.DELETE))}
    ),
    "the same thing replaced": a_content(
        summaries={
            "serving": a_summary(
                replace(a_content().summaries["serving"].changes[0], action=Action.REPLACE)
            )
        }
    ),
    "an empty plan": a_content(summaries={"serving": a_summary()}),
    "no plan": a_content(summaries={}),
    "twice the same": a_content(
        summaries={
            "serving": a_summary(*a_content().summaries["serving"].changes * 2),
        }
    ),
}


@pytest.mark.parametrize("name", DIFFERENT)
def test_any_other_difference_has_another_digest(name: str) -> None:
    others = [digest(content) for key, content in DIFFERENT.items() if key != name]
    assert digest(DIFFERENT[name]) not in {digest(a_content()), *others}


@given(seed=st.integers())
def test_the_order_of_what_is_found_does_not_matter(seed: int) -> None:
    chance = random.Random(seed)

    def shuffled(value: Any) -> Any:
        if isinstance(value, Mapping):
            keys = list(value)
            chance.shuffle(keys)
            return {key: shuffled(value[key]) for key in keys}
        return value

    content = a_content()
    facts = list(facts_of(content))
    chance.shuffle(facts)
    mixed = replace(
        content,
        code=shuffled(content.code),
        place=shuffled(content.place),
        variables=shuffled(content.variables),
    )
    assert digest(mixed) == digest(content) == digest_of(tuple(facts))


_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=8,
)


def plain(value: Any) -> Any:
    """Return a value in which True is no 1."""
    if isinstance(value, Mapping):
        return {key: plain(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [plain(inner) for inner in value]
    return (type(value).__name__, value)


@given(one=_VALUES, other=_VALUES)
def test_two_values_have_one_digest_only_where_they_are_equal(one: Any, other: Any) -> None:
    contents = [a_content(variables={"serving": {"tags": each}}) for each in (one, other)]
    assert (digest(contents[0]) == digest(contents[1])) is (plain(one) == plain(other))


def test_what_differs_is_shown_from_both_sides() -> None:
    now = with_variable("deployment", "strategy", value="linear")
    gone, new = differences(facts_of(a_content()), facts_of(now))
    assert gone.startswith("- reviewed: ")
    assert new.startswith("+ now: ")
    assert ("canary" in gone, "linear" in new) == (True, True)


def test_of_many_differences_the_first_are_shown() -> None:
    lines = differences(facts_of(a_content()), ())
    assert len(lines) == 13
    assert lines[-1].startswith("and ")
