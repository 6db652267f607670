"""The guard passes what was meant and refuses everything else, naming it."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.core import ledger
from pipeline.core.head import LedgerHead
from pipeline.core.intents import (
    ENDPOINT,
    IntentKind,
    alarm_addresses,
    config_address,
    intent_of,
    model_address,
    prune_intent,
)
from pipeline.core.outcomes import Action, ResourceChange
from pipeline.core.plan import summarize
from pipeline.core.plan_review import replaces_because_tainted, review
from tests.unit.plan_builders import (
    BACK,
    FIRST,
    K0,
    K1,
    OTHER,
    R0,
    R1,
    SECOND,
    a_change,
    a_summary,
    an_attribute,
    live_on,
)
from tests.unit.test_plan import the_plan


@pytest.mark.parametrize(
    ("plan", "head", "kind"),
    [
        ("first_deploy", FIRST, IntentKind.DEPLOY),
        ("next_release", SECOND, IntentKind.DEPLOY),
        ("back", BACK, IntentKind.ROLLBACK),
        ("one_more_retained", replace(SECOND, target=None), IntentKind.DEPLOY),
        ("nothing", SECOND, IntentKind.DEPLOY),
        ("nothing", live_on(R0), IntentKind.CONVERGE),
    ],
)
def test_the_plans_of_the_design_pass(plan: str, head: LedgerHead, kind: IntentKind) -> None:
    assert review(summarize(the_plan(plan)), intent_of(head, kind)) == ()


def test_a_failed_first_create_may_be_replaced_only_when_allowed() -> None:
    summary = summarize(the_plan("failed_first_create"))
    allowed = intent_of(SECOND, IntentKind.DEPLOY, allow_failed_create_replacement=True)
    assert review(summary, allowed) == ()
    (refusal,) = review(summary, intent_of(SECOND, IntentKind.DEPLOY))
    assert refusal.startswith(f"{ENDPOINT} would be replaced")


def test_what_is_left_of_a_release_that_never_lived_may_go_only_when_nothing_serves() -> None:
    summary = a_summary(a_change(address=model_address(R1), action=Action.DELETE))
    nothing_serves = intent_of(FIRST, IntentKind.DEPLOY, nothing_serves=True)
    assert review(summary, nothing_serves) == ()
    (refusal,) = review(summary, intent_of(FIRST, IntentKind.DEPLOY))
    assert refusal.startswith(f"{model_address(R1)} would be deleted")


def test_an_endpoint_that_only_terraform_does_not_know_is_not_created_again() -> None:
    summary = summarize(the_plan("first_deploy"))
    (refusal,) = review(summary, intent_of(FIRST, IntentKind.DEPLOY, endpoint_exists=True))
    assert f"terraform import {ENDPOINT} iris-model-staging" in refusal


def test_a_changed_setting_of_the_live_release_is_refused() -> None:
    intent = intent_of(live_on(R0), IntentKind.CONVERGE)
    (refusal,) = review(summarize(the_plan("setting_changed")), intent)
    assert refusal.startswith(f"{model_address(R0)} would be replaced (primary_container[0].image")
    assert "new release" in refusal


def test_a_pruning_deletes_what_it_names() -> None:
    both = live_on(R1, live_on(R0))
    pruned = ledger.Pruned(releases=(R0,), configs=(K0,))
    remaining = ledger.prune(both, keep=0)[1]
    assert review(summarize(the_plan("prune")), prune_intent(remaining, pruned)) == ()


def test_a_pruning_deletes_nothing_else() -> None:
    intent = prune_intent(live_on(R1), ledger.Pruned(releases=(OTHER,), configs=()))
    refusals = review(summarize(the_plan("prune")), intent)
    assert len(refusals) == 4
    assert all("does not name it" in refusal for refusal in refusals)


def test_a_pruning_never_touches_the_endpoint() -> None:
    intent = prune_intent(live_on(R0), ledger.Pruned(releases=(), configs=()))
    (refusal,) = review(summarize(the_plan("back")), intent)
    assert "by a pruning" in refusal


@pytest.mark.parametrize("action", [Action.DELETE, Action.REPLACE, Action.FORGET])
@pytest.mark.parametrize("kind", list(IntentKind))
@pytest.mark.parametrize(
    "address", [ENDPOINT, model_address(R0), config_address(K0), *alarm_addresses(K0)]
)
def test_nothing_that_serves_is_ever_taken_away(
    action: Action, kind: IntentKind, address: str
) -> None:
    named = ledger.Pruned(releases=(R0,), configs=(K0,))
    intent = replace(prune_intent(live_on(R0), named), kind=kind)
    (refusal,) = review(a_summary(a_change(address, action)), intent)
    assert refusal.startswith(address)


@pytest.mark.parametrize("kind", [IntentKind.DEPLOY, IntentKind.ROLLBACK, IntentKind.CONVERGE])
def test_a_move_deletes_nothing_at_all(kind: IntentKind) -> None:
    summary = a_summary(a_change(model_address(OTHER), Action.DELETE))
    (refusal,) = review(summary, intent_of(SECOND, kind))
    assert f"a {kind.value} removes nothing" in refusal


@pytest.mark.parametrize("address", [model_address(R1), config_address(K1)])
@pytest.mark.parametrize("kind", list(IntentKind))
def test_models_and_configs_are_never_edited(address: str, kind: IntentKind) -> None:
    change = a_change(address, Action.UPDATE, attributes=(an_attribute("tags.a", "b"),))
    (refusal,) = review(a_summary(change), replace(intent_of(SECOND, kind)))
    assert "would be edited (tags.a)" in refusal


@pytest.mark.parametrize(
    "address", [model_address(OTHER), "aws_s3_bucket.x", "aws_sagemaker_endpoint.other"]
)
@pytest.mark.parametrize("action", [Action.CREATE, Action.UPDATE, Action.DELETE])
def test_anything_outside_the_ledger_is_refused(address: str, action: Action) -> None:
    (refusal,) = review(a_summary(a_change(address, action)), intent_of(SECOND, IntentKind.DEPLOY))
    assert refusal.startswith(address)


def test_another_variant_name_is_refused() -> None:
    attribute = an_attribute("production_variants[0].variant_name", "AllTraffic")
    change = a_change(config_address(K1), Action.CREATE, attributes=(attribute,))
    (refusal,) = review(a_summary(change), intent_of(SECOND, IntentKind.DEPLOY))
    assert "AllTraffic, not primary" in refusal


def test_an_endpoint_pointed_elsewhere_is_refused() -> None:
    attribute = an_attribute("endpoint_config_name", f"iris-model-staging-{K0}")
    change = a_change(ENDPOINT, Action.UPDATE, attributes=(attribute,))
    (refusal,) = review(a_summary(change), intent_of(SECOND, IntentKind.DEPLOY))
    assert f"not iris-model-staging-{K1}" in refusal


def test_an_endpoint_changed_in_anything_else_is_refused() -> None:
    change = a_change(ENDPOINT, Action.UPDATE, attributes=(an_attribute("tags.owner", "b"),))
    (refusal,) = review(a_summary(change), intent_of(SECOND, IntentKind.DEPLOY))
    assert "tags.owner" in refusal


def test_a_deposed_object_is_refused() -> None:
    change = a_change(model_address(OTHER), Action.DELETE, deposed=True)
    intent = prune_intent(live_on(R0), ledger.Pruned(releases=(OTHER,), configs=()))
    (refusal,) = review(a_summary(change), intent)
    assert "deposed" in refusal


ADDRESSES = st.sampled_from(
    [ENDPOINT, model_address(R0), model_address(R1), config_address(K0), config_address(K1), "a.b"]
)


@given(
    st.lists(st.builds(a_change, ADDRESSES, st.sampled_from(Action), deposed=st.booleans())),
    st.sampled_from(IntentKind),
)
def test_no_plan_that_passes_takes_anything_away_from_a_move(
    changes: list[ResourceChange], kind: IntentKind
) -> None:
    taken = [each for each in changes if each.action in (Action.DELETE, Action.REPLACE)]
    if review(a_summary(*changes), intent_of(SECOND, kind)) == ():
        assert taken == []


def test_a_replacement_is_told_to_be_only_terraforms_distrust() -> None:
    distrusted = a_change(ENDPOINT, Action.REPLACE, reason="replace_because_tainted")
    forced = a_change(ENDPOINT, Action.REPLACE, reason="replace_because_cannot_update")
    assert replaces_because_tainted(a_summary(distrusted))
    assert not replaces_because_tainted(a_summary(forced))
