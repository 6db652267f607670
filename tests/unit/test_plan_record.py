"""When a reviewed plan may not be applied, and what is said then."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.core import history, plan_record
from pipeline.core.errors import PipelineError, PlanRefused, UsageError
from pipeline.core.plan_digest import digest_of
from pipeline.core.plan_record import ApprovedPlan, PlanClaim, PlanKind, PlanRecord
from tests.unit.core_builders import NOON, a_release
from tests.unit.plan_builders import R0, R1, live_on

PLACE = {"account": "000000000000", "environment": "staging", "endpoint": "iris-staging"}
FACTS = ('["code","a","1"]', '["code","b","2"]')
HEAD = history.tell(live_on(R0), "deployed", who="ann", when=NOON, details={})
DAY = timedelta(days=1)


def a_record(**changes: Any) -> PlanRecord:
    record = PlanRecord(
        schema_version=plan_record.SCHEMA_VERSION,
        plan_id="20260102-120000-abcd",
        kind=PlanKind.RELEASE,
        made_at=NOON,
        made_by="ann",
        place=PLACE,
        commit="a" * 40,
        terraform_version="1.11.4",
        digest=digest_of(FACTS),
        facts=FACTS,
        files={},
        roots=("serving",),
        head_digest=plan_record.head_digest(HEAD),
        head_line=plan_record.head_line(HEAD),
        training_job="iris-1",
        release=a_release(R1),
        target=f"{R1}-n2",
    )
    return replace(record, **changes)


REFUSED: dict[str, tuple[Callable[[], object], str]] = {
    "another Terraform": (
        lambda: plan_record.require_terraform_version(a_record(), "1.12.0"),
        "made by Terraform 1.11.4; here is 1.12.0",
    ),
    "too old": (
        lambda: plan_record.require_young(a_record(), NOON + 2 * DAY, most=DAY),
        "48.0 h ago; it may be applied for 24.0 h",
    ),
    "from the future": (
        lambda: plan_record.require_young(a_record(), NOON - DAY, most=DAY),
        "may be applied for 24.0 h",
    ),
    "an older commit": (
        lambda: plan_record.require_newer_commit(a_record(), "b" * 40, is_older=True),
        "is of commit aaaaaaaaaaaa, which is older than bbbbbbbbbbbb",
    ),
    "an endpoint that moved": (
        lambda: plan_record.require_unmoved(
            a_record(), history.tell(HEAD, "rolled back", who="bob", when=NOON, details={})
        ),
        "line 2 of its history, 'rolled back' by bob at 2026-01-02 12:00 UTC",
    ),
    "another digest": (
        lambda: plan_record.require_same(a_record(), (FACTS[0],), hidden=str.upper),
        '- REVIEWED: ["CODE","B","2"]',
    ),
}


OTHER_FACTS = (FACTS[0], '["change","serving","a.b","create",null,null,[]]')


def a_review(facts: tuple[str, ...]) -> ApprovedPlan:
    """Carry a review as mode plan writes it: plan.facts."""
    text = plan_record.facts_text(digest_of(facts), facts, hidden=str)
    return ApprovedPlan.read(text)


def test_the_plan_that_was_approved_elsewhere_is_applied_without_another_review() -> None:
    for approved in (a_review(FACTS), ApprovedPlan.read(f"{digest_of(FACTS)}\n")):
        plan_record.require_approved(a_record(), approved, hidden=str)


def test_another_plan_than_the_approved_one_is_refused_and_the_difference_shown() -> None:
    with pytest.raises(PlanRefused) as refused:
        plan_record.require_approved(a_record(), a_review(OTHER_FACTS), hidden=str)
    assert refused.value.exit_code == 7
    assert f"- reviewed: {OTHER_FACTS[1]}" in refused.value.message
    assert f"+ now: {FACTS[1]}" in refused.value.message
    assert refused.value.remedy.endswith(digest_of(FACTS))


def test_where_only_a_digest_was_carried_the_changes_of_the_other_plan_are_shown() -> None:
    record = a_record(facts=OTHER_FACTS, digest=digest_of(OTHER_FACTS))
    with pytest.raises(PlanRefused) as refused:
        plan_record.require_approved(record, ApprovedPlan.read("a" * 64), hidden=str.upper)
    assert f"+ now: {OTHER_FACTS[1].upper()}" in refused.value.message
    assert OTHER_FACTS[0] not in refused.value.message
    assert "what was approved has aaaaaaaaaaaa." in refused.value.message


@pytest.mark.parametrize("name", REFUSED)
def test_each_refusal_shows_what_differs_and_what_to_type(name: str) -> None:
    refuse, said = REFUSED[name]
    with pytest.raises(PlanRefused) as refused:
        refuse()
    assert said in refused.value.message
    assert refused.value.exit_code == 7
    assert refused.value.remedy.endswith("--mode plan --training-job iris-1")


def test_a_plan_of_infrastructure_is_made_again_without_a_job() -> None:
    record = a_record(training_job=None)
    with pytest.raises(PlanRefused) as refused:
        plan_record.require_terraform_version(record, "1.12.0")
    assert refused.value.remedy.endswith("--mode plan")


def test_a_second_use_names_the_first() -> None:
    claim = PlanClaim(plan_id="p", digest="d", commit="c", run_id="run-1", who="bob", when=NOON)
    refusal = plan_record.used(a_record(), claim)
    assert "was applied by bob at 2026-01-02 12:00 UTC (run run-1)" in refusal.message
    assert refusal.exit_code == 7


def test_where_git_cannot_tell_it_is_fetched_first() -> None:
    with pytest.raises(PlanRefused, match="git cannot tell") as refused:
        plan_record.require_newer_commit(a_record(), "b" * 40, is_older=None)
    assert "git fetch --unshallow" in refused.value.remedy


@pytest.mark.parametrize("name", PLACE)
def test_a_plan_for_another_place_is_refused_by_name(name: str) -> None:
    with pytest.raises(UsageError, match=f"{name} {PLACE[name]} \\(here: other\\)"):
        plan_record.require_place(a_record(), {**PLACE, name: "other"})


def test_what_may_be_applied_passes_every_check() -> None:
    record = a_record()
    plan_record.require_place(record, dict(PLACE))
    plan_record.require_terraform_version(record, "1.11.4")
    plan_record.require_young(record, NOON + DAY, most=DAY)
    plan_record.require_newer_commit(record, "b" * 40, is_older=False)
    plan_record.require_unmoved(record, replace(HEAD, fencing=7, unheard="run"))
    plan_record.require_same(record, FACTS[::-1], hidden=str)
    assert plan_record.planned_count(record) == 2


CHANGED_HEADS = {
    "live": live_on(R1, live_on(R0)),
    "due": replace(HEAD, surroundings_due=not HEAD.surroundings_due),
    "state": replace(HEAD, state_due=not HEAD.state_due),
    "applied": replace(HEAD, applied_commit="f" * 40),
    "nothing": replace(HEAD, live=None),
}


@pytest.mark.parametrize("name", CHANGED_HEADS)
def test_a_head_that_differs_is_another_one(name: str) -> None:
    with pytest.raises(PlanRefused):
        plan_record.require_unmoved(a_record(), CHANGED_HEADS[name])


def test_a_record_comes_back_from_its_text() -> None:
    assert PlanRecord.from_json(a_record().to_json()) == a_record()


@given(
    age=st.timedeltas(min_value=timedelta(0), max_value=timedelta(days=60)),
    most=st.timedeltas(min_value=timedelta(minutes=1), max_value=timedelta(days=30)),
)
def test_a_plan_is_good_for_exactly_its_age(age: timedelta, most: timedelta) -> None:
    try:
        plan_record.require_young(a_record(), NOON + age, most=most)
        is_young = True
    except PipelineError:
        is_young = False
    assert is_young is (age <= most)
