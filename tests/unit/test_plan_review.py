"""The guard passes what was meant and refuses everything else, naming it."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.core import ledger
from pipeline.core.head import LedgerHead
from pipeline.core.intents import (
    ENDPOINT,
    QUIET_ALARM,
    IntentKind,
    MoveIntent,
    addresses_of_all,
    alarm_addresses,
    config_address,
    intent_of,
    model_address,
)
from pipeline.core.outcomes import Action, EndpointStatus, ResourceChange
from pipeline.core.plan import summarize
from pipeline.core.plan_review import (
    leaves_endpoint_alone,
    replaces_for_its_deployment_config,
    review,
    tainted,
)
from tests.unit.core_builders import an_endpoint
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
    moving_to,
)
from tests.unit.test_plan import the_plan

LIVE = live_on(R0)
NEVER_UP = moving_to(R1, ledger.drop_move(FIRST))
MOVES = [IntentKind.DEPLOY, IntentKind.ROLLBACK, IntentKind.SETTLE]


def an_intent(
    head: LedgerHead, kind: IntentKind = IntentKind.DEPLOY, *, seen: EndpointStatus | None = None
) -> MoveIntent:
    """What a plan of this head is for, while the endpoint is as the head has it."""
    found = an_endpoint(head.live)
    return intent_of(head, kind, replace(found, status=seen) if seen else found)


def a_pruning(
    head: LedgerHead, *, releases: tuple[str, ...], configs: tuple[str, ...] = ()
) -> MoveIntent:
    named = addresses_of_all(releases, configs)
    return intent_of(head, IntentKind.PRUNE, an_endpoint(head.live), removable=named)


@pytest.mark.parametrize(
    ("plan", "head", "kind"),
    [
        ("first_deploy", FIRST, IntentKind.DEPLOY),
        ("next_release", SECOND, IntentKind.DEPLOY),
        ("back", BACK, IntentKind.ROLLBACK),
        ("back", LIVE, IntentKind.SETTLE),
        ("one_more_retained", ledger.drop_move(SECOND), IntentKind.DEPLOY),
        ("one_more_retained", ledger.drop_move(SECOND), IntentKind.PRUNE),
        ("nothing", SECOND, IntentKind.DEPLOY),
        ("nothing", LIVE, IntentKind.PRUNE),
        ("nothing", LIVE, IntentKind.SETTLE),
    ],
)
def test_the_plans_of_the_design_pass(plan: str, head: LedgerHead, kind: IntentKind) -> None:
    assert review(summarize(the_plan(plan)), an_intent(head, kind)) == ()


@pytest.mark.parametrize("head", [NEVER_UP, SECOND])
def test_an_endpoint_that_sagemaker_calls_failed_may_be_replaced(head: LedgerHead) -> None:
    summary = summarize(the_plan("failed_first_create"))
    assert review(summary, an_intent(head, seen=EndpointStatus.FAILED)) == ()


@pytest.mark.parametrize("kind", MOVES)
def test_a_failed_endpoint_is_replaced_by_what_is_meant_alone(kind: IntentKind) -> None:
    elsewhere = an_attribute("endpoint_config_name", f"iris-model-staging-{OTHER}-n1")
    summary = a_summary(a_change(ENDPOINT, Action.REPLACE, attributes=(elsewhere,)))
    (refusal,) = review(summary, an_intent(SECOND, kind, seen=EndpointStatus.FAILED))
    assert f"not iris-model-staging-{K1}" in refusal


def test_a_pruning_does_not_replace_a_failed_endpoint_either() -> None:
    same = an_attribute("endpoint_config_name", f"iris-model-staging-{K0}")
    summary = a_summary(a_change(ENDPOINT, Action.REPLACE, attributes=(same,)))
    intent = an_intent(LIVE, IntentKind.PRUNE, seen=EndpointStatus.FAILED)
    assert len(review(summary, intent)) == 1


@pytest.mark.parametrize("head", [NEVER_UP, SECOND])
@pytest.mark.parametrize("seen", [each for each in EndpointStatus if each.value != "Failed"])
def test_an_endpoint_that_did_not_fail_is_never_replaced(
    head: LedgerHead, seen: EndpointStatus
) -> None:
    (refusal,) = review(summarize(the_plan("failed_first_create")), an_intent(head, seen=seen))
    assert refusal.startswith(f"{ENDPOINT} would be replaced")


def test_what_is_left_of_a_release_that_never_lived_may_go_only_when_nothing_serves() -> None:
    summary = a_summary(a_change(address=model_address(R1), action=Action.DELETE))
    for nothing_serves in (EndpointStatus.ABSENT, EndpointStatus.FAILED):
        assert review(summary, an_intent(FIRST, seen=nothing_serves)) == ()
    (refusal,) = review(summary, an_intent(FIRST, seen=EndpointStatus.IN_SERVICE))
    assert refusal.startswith(f"{model_address(R1)} would be deleted")
    (refusal,) = review(summary, an_intent(LIVE, seen=EndpointStatus.ABSENT))
    assert refusal.startswith(f"{model_address(R1)} would be deleted")


def test_an_endpoint_that_only_terraform_does_not_know_is_not_created_again() -> None:
    summary = summarize(the_plan("first_deploy"))
    (refusal,) = review(summary, an_intent(FIRST, seen=EndpointStatus.CREATING))
    assert "iris-model-staging exists and was not imported" in refusal


@pytest.mark.parametrize("kind", list(IntentKind))
def test_an_endpoint_that_is_gone_is_made_again_only_by_what_may_move_it(
    kind: IntentKind,
) -> None:
    served = an_attribute("endpoint_config_name", f"iris-model-staging-{K0}")
    summary = a_summary(a_change(ENDPOINT, Action.CREATE, attributes=(served,)))
    refusals = review(summary, an_intent(LIVE, kind, seen=EndpointStatus.ABSENT))
    if kind in (IntentKind.PRUNE, IntentKind.INFRASTRUCTURE):
        (refusal,) = refusals
        assert "is gone. To make it again: --mode settle --yes" in refusal
    else:
        assert refusals == ()


def test_a_changed_setting_of_the_live_release_is_refused() -> None:
    (refusal,) = review(summarize(the_plan("setting_changed")), an_intent(LIVE, IntentKind.SETTLE))
    assert refusal.startswith(f"{model_address(R0)} would be replaced (primary_container[0].image")
    assert "new release" in refusal


def test_a_pruning_deletes_what_it_names() -> None:
    remaining = ledger.prune(live_on(R1, LIVE), keep=0)[1]
    intent = a_pruning(remaining, releases=(R0,), configs=(K0,))
    assert review(summarize(the_plan("prune")), intent) == ()


def test_a_pruning_deletes_nothing_else() -> None:
    refusals = review(summarize(the_plan("prune")), a_pruning(live_on(R1), releases=(OTHER,)))
    assert len(refusals) == 4
    assert all("does not name it" in refusal for refusal in refusals)


def test_a_pruning_never_touches_the_endpoint() -> None:
    (refusal,) = review(summarize(the_plan("back")), a_pruning(LIVE, releases=()))
    assert "by a prune, which would relaunch its fleet" in refusal


@pytest.mark.parametrize("path", ["endpoint_config_name", "deployment_config[0].x"])
def test_settling_may_change_the_endpoint_to_what_is_live(path: str) -> None:
    attribute = an_attribute(path, f"iris-model-staging-{K0}")
    summary = a_summary(a_change(ENDPOINT, Action.UPDATE, attributes=(attribute,)))
    assert review(summary, an_intent(LIVE, IntentKind.SETTLE)) == ()


def test_settling_points_the_endpoint_at_nothing_but_what_is_live() -> None:
    attribute = an_attribute("endpoint_config_name", f"iris-model-staging-{K1}")
    summary = a_summary(a_change(ENDPOINT, Action.UPDATE, attributes=(attribute,)))
    (refusal,) = review(summary, an_intent(LIVE, IntentKind.SETTLE))
    assert f"not iris-model-staging-{K0}" in refusal


@pytest.mark.parametrize("action", [Action.DELETE, Action.REPLACE, Action.FORGET])
@pytest.mark.parametrize("kind", list(IntentKind))
@pytest.mark.parametrize(
    "address", [ENDPOINT, model_address(R0), config_address(K0), *alarm_addresses(K0)]
)
def test_nothing_that_serves_is_ever_taken_away(
    action: Action, kind: IntentKind, address: str
) -> None:
    intent = replace(a_pruning(LIVE, releases=(R0,), configs=(K0,)), kind=kind)
    (refusal,) = review(a_summary(a_change(address, action)), intent)
    assert refusal.startswith(address)


@pytest.mark.parametrize("kind", MOVES)
def test_a_move_deletes_nothing_at_all(kind: IntentKind) -> None:
    summary = a_summary(a_change(model_address(OTHER), Action.DELETE))
    (refusal,) = review(summary, an_intent(SECOND, kind))
    assert f"a {kind.value} removes nothing" in refusal


@pytest.mark.parametrize("address", [model_address(R1), config_address(K1)])
@pytest.mark.parametrize("kind", list(IntentKind))
def test_models_and_configs_are_never_edited(address: str, kind: IntentKind) -> None:
    change = a_change(address, Action.UPDATE, attributes=(an_attribute("container[0].x", "b"),))
    (refusal,) = review(a_summary(change), an_intent(SECOND, kind))
    assert "would be edited (container[0].x)" in refusal


@pytest.mark.parametrize(
    "address", [model_address(OTHER), "aws_s3_bucket.x", "aws_sagemaker_endpoint.other"]
)
@pytest.mark.parametrize("action", [Action.CREATE, Action.UPDATE, Action.DELETE])
def test_anything_outside_the_ledger_is_refused(address: str, action: Action) -> None:
    (refusal,) = review(a_summary(a_change(address, action)), an_intent(SECOND))
    assert refusal.startswith(address)


def test_another_variant_name_is_refused() -> None:
    attribute = an_attribute("production_variants[0].variant_name", "AllTraffic")
    change = a_change(config_address(K1), Action.CREATE, attributes=(attribute,))
    (refusal,) = review(a_summary(change), an_intent(SECOND))
    assert "AllTraffic, not primary" in refusal


def test_an_endpoint_pointed_elsewhere_is_refused() -> None:
    attribute = an_attribute("endpoint_config_name", f"iris-model-staging-{K0}")
    change = a_change(ENDPOINT, Action.UPDATE, attributes=(attribute,))
    (refusal,) = review(a_summary(change), an_intent(SECOND))
    assert f"not iris-model-staging-{K1}" in refusal


@pytest.mark.parametrize("kind", MOVES)
@pytest.mark.parametrize(
    "path", ["name", "deployment_configs", "endpoint_config_name_prefix", "tagsx", "nothing.tags"]
)
def test_an_endpoint_changed_in_anything_else_is_refused(kind: IntentKind, path: str) -> None:
    change = a_change(ENDPOINT, Action.UPDATE, attributes=(an_attribute(path, "b"),))
    (refusal,) = review(a_summary(change), an_intent(SECOND, kind))
    assert f"changed in {path}, which is no part of a {kind.value}" in refusal


EVERYWHERE = [
    ENDPOINT,
    QUIET_ALARM,
    model_address(R0),
    config_address(K0),
    *alarm_addresses(K0),
    model_address(OTHER),
    "aws_s3_bucket.x",
]


@pytest.mark.parametrize("kind", list(IntentKind))
@pytest.mark.parametrize("address", EVERYWHERE)
@pytest.mark.parametrize("path", ["tags.owner", "tags_all.owner"])
def test_tags_may_always_change(kind: IntentKind, address: str, path: str) -> None:
    change = a_change(address, Action.UPDATE, attributes=(an_attribute(path, "b"),))
    assert review(a_summary(change), an_intent(SECOND, kind)) == ()


@pytest.mark.parametrize("kind", list(IntentKind))
@pytest.mark.parametrize("address", EVERYWHERE)
@pytest.mark.parametrize("action", [Action.REPLACE, Action.DELETE, Action.FORGET])
def test_tags_excuse_nothing_but_a_change_in_place(
    kind: IntentKind, address: str, action: Action
) -> None:
    change = a_change(address, action, attributes=(an_attribute("tags.owner", "b"),))
    assert len(review(a_summary(change), an_intent(SECOND, kind))) == 1


@pytest.mark.parametrize("kind", list(IntentKind))
@pytest.mark.parametrize("address", [model_address(R0), config_address(K0), "aws_s3_bucket.x"])
def test_tags_excuse_nothing_beside_them(kind: IntentKind, address: str) -> None:
    both = (an_attribute("tags.owner", "b"), an_attribute("other", "b"))
    change = a_change(address, Action.UPDATE, attributes=both)
    assert len(review(a_summary(change), an_intent(SECOND, kind))) == 1


@pytest.mark.parametrize(
    "address", [ENDPOINT, model_address(R0), config_address(K0), "aws_s3_bucket.x"]
)
def test_a_change_of_nothing_visible_is_not_taken_for_one_of_tags(address: str) -> None:
    change = a_change(address, Action.UPDATE, attributes=())
    assert len(review(a_summary(change), an_intent(LIVE, IntentKind.PRUNE))) == 1


@pytest.mark.parametrize("kind", list(IntentKind))
@pytest.mark.parametrize("address", [QUIET_ALARM, *alarm_addresses(K0), *alarm_addresses(K1)])
@pytest.mark.parametrize("action", [Action.CREATE, Action.UPDATE])
def test_our_own_alarms_become_again_what_they_were(
    kind: IntentKind, address: str, action: Action
) -> None:
    change = a_change(address, action, attributes=(an_attribute("threshold", "9"),))
    change = replace(change, resource_type="aws_cloudwatch_metric_alarm")
    assert review(a_summary(change), an_intent(SECOND, kind)) == ()


@pytest.mark.parametrize("kind", list(IntentKind))
@pytest.mark.parametrize("address", [*alarm_addresses(f"{OTHER}-n1"), 'module.x.alarm["y"]'])
def test_alarms_of_somebody_else_are_left_alone(kind: IntentKind, address: str) -> None:
    change = a_change(address, Action.UPDATE, attributes=(an_attribute("threshold", "9"),))
    change = replace(change, resource_type="aws_cloudwatch_metric_alarm")
    (refusal,) = review(a_summary(change), an_intent(SECOND, kind))
    assert refusal.startswith(address)


@pytest.mark.parametrize("path", ["tags.owner", "something"])
@pytest.mark.parametrize("action", [Action.DELETE, Action.UPDATE])
def test_a_deposed_object_is_refused(path: str, action: Action) -> None:
    attributes = (an_attribute(path, "b"),)
    change = a_change(model_address(OTHER), action, attributes=attributes, deposed=True)
    (refusal,) = review(a_summary(change), a_pruning(LIVE, releases=(OTHER,)))
    assert "deposed" in refusal


SERVES = [ENDPOINT, model_address(R0), config_address(K0)]
TAKES_AWAY = (Action.DELETE, Action.REPLACE, Action.FORGET)
INTENTS = st.one_of(
    st.builds(
        an_intent,
        st.sampled_from([FIRST, NEVER_UP, SECOND, BACK, LIVE]),
        st.sampled_from(IntentKind),
        seen=st.none() | st.sampled_from(EndpointStatus),
    ),
    st.just(a_pruning(LIVE, releases=(R0, R1), configs=(K0,))),
)
ATTRIBUTES = st.lists(
    st.builds(
        an_attribute,
        st.sampled_from(["endpoint_config_name", "deployment_config[0].x", "threshold", "tags.a"]),
        st.sampled_from([f"iris-model-staging-{K0}", "y"]),
        forces=st.booleans(),
    ),
    max_size=2,
).map(tuple)
CHANGES = st.builds(
    a_change,
    st.sampled_from([*SERVES, QUIET_ALARM, *alarm_addresses(K0), model_address(R1), "a.b"]),
    st.sampled_from(Action),
    attributes=ATTRIBUTES,
    deposed=st.booleans(),
)


@given(
    st.lists(CHANGES),
    st.builds(a_change, st.sampled_from(SERVES), st.sampled_from(TAKES_AWAY)),
    st.lists(CHANGES),
    INTENTS,
)
def test_no_plan_that_takes_away_what_serves_ever_passes(
    before: list[ResourceChange],
    fatal: ResourceChange,
    after: list[ResourceChange],
    intent: MoveIntent,
) -> None:
    served = replace(intent, live=K0, is_failed=False)
    assert review(a_summary(*before, fatal, *after), served) != ()


@given(st.lists(CHANGES), st.sampled_from(MOVES))
def test_no_plan_that_passes_takes_anything_away_from_a_move(
    changes: list[ResourceChange], kind: IntentKind
) -> None:
    if review(a_summary(*changes), an_intent(SECOND, kind)) == ():
        assert not any(each.action in TAKES_AWAY for each in changes)


@given(st.lists(CHANGES))
def test_no_pruning_that_passes_does_more_to_the_endpoint_than_tag_it(
    changes: list[ResourceChange],
) -> None:
    if review(a_summary(*changes), a_pruning(LIVE, releases=(R1,))) == ():
        # An import that also changes something is an update in Terraform's plans.
        touched = [
            each
            for each in changes
            if each.address == ENDPOINT and each.action is not Action.IMPORT
        ]
        paths = {attribute.path for each in touched for attribute in each.attributes}
        assert paths <= {"tags.a"}


def test_a_replacement_is_told_to_be_only_terraforms_distrust() -> None:
    distrusted = a_change(ENDPOINT, Action.REPLACE, reason="replace_because_tainted")
    forced = a_change(ENDPOINT, Action.REPLACE, reason="replace_because_cannot_update")
    assert tainted(a_summary(distrusted)) == (ENDPOINT,)
    assert tainted(a_summary(forced)) == ()


FORCES_SHIFT = an_attribute("deployment_config[0].x", "y", forces=True)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (a_change(ENDPOINT, Action.REPLACE, attributes=(FORCES_SHIFT,)), True),
        (
            a_change(
                ENDPOINT,
                Action.REPLACE,
                attributes=(FORCES_SHIFT, an_attribute("endpoint_config_name", "y")),
            ),
            True,
        ),
        (
            a_change(
                ENDPOINT,
                Action.REPLACE,
                attributes=(FORCES_SHIFT, an_attribute("name", "y", forces=True)),
            ),
            False,
        ),
        (
            a_change(
                ENDPOINT,
                Action.REPLACE,
                attributes=(an_attribute("deployment_config[0].x", "y"),),
                reason="replace_because_tainted",
            ),
            False,
        ),
        (a_change(ENDPOINT, Action.REPLACE, attributes=()), False),
        (a_change(ENDPOINT, Action.UPDATE, attributes=(FORCES_SHIFT,)), False),
        (a_change(model_address(R0), Action.REPLACE, attributes=(FORCES_SHIFT,)), False),
    ],
)
def test_a_replacement_is_told_to_be_only_for_the_settings_of_the_last_update(
    change: ResourceChange, told: bool
) -> None:
    assert replaces_for_its_deployment_config(a_summary(change)) is told


TAGGED = (an_attribute("tags.owner", "b"),)


@pytest.mark.parametrize(
    ("changes", "alone"),
    [
        ((), True),
        ((a_change(model_address(R1), Action.CREATE),), True),
        ((a_change(ENDPOINT, Action.UPDATE, attributes=TAGGED),), True),
        ((a_change(ENDPOINT, Action.UPDATE),), False),
        ((a_change(ENDPOINT, Action.UPDATE, attributes=()),), False),
        ((a_change(model_address(R1), Action.CREATE), a_change(ENDPOINT, Action.UPDATE)), False),
        ((a_change(ENDPOINT, Action.CREATE),), False),
        ((a_change(ENDPOINT, Action.REPLACE, attributes=TAGGED),), False),
        ((a_change(ENDPOINT, Action.DELETE),), False),
    ],
)
def test_a_plan_leaves_the_endpoint_alone_that_changes_nothing_but_its_tags(
    changes: tuple[ResourceChange, ...], alone: bool
) -> None:
    assert leaves_endpoint_alone(a_summary(*changes)) is alone
