"""What around the endpoint passes the guard: almost nothing of a move, all of a convergence."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.core import ledger
from pipeline.core.intents import (
    CPU_ALARM,
    DASHBOARD,
    ENDPOINT,
    IntentKind,
    MoveIntent,
    addresses_of_all,
    alarm_addresses,
    config_address,
    converge_intent,
    intent_of,
    model_address,
    prune_intent,
)
from pipeline.core.outcomes import Action, ResourceChange
from pipeline.core.plan_review import review, touches_surroundings
from tests.unit.plan_builders import (
    BACK,
    K0,
    OTHER,
    R0,
    R1,
    SECOND,
    a_change,
    a_summary,
    an_attribute,
    live_on,
)

SCALING = "module.autoscaling[0].aws_appautoscaling_target.this"
LATENCY = 'module.alarms[0].aws_cloudwatch_metric_alarm.metric["latency_p95_ms"]'
AROUND = (SCALING, LATENCY, CPU_ALARM, DASHBOARD, "module.autoscaling[0].terraform_data.bounds")
SERVES = (ENDPOINT, model_address(R0), config_address(K0))
TAKES_AWAY = (Action.DELETE, Action.REPLACE, Action.FORGET)

LIVE = live_on(R0)
CONVERGE = converge_intent(LIVE)
ADDS = a_change(model_address(R1), Action.CREATE)
DRAWN = a_change(DASHBOARD, Action.UPDATE, attributes=(an_attribute("dashboard_body", "y"),))
COUNTED = a_change(CPU_ALARM, Action.UPDATE, attributes=(an_attribute("threshold", "360"),))


def passes(intent: MoveIntent, *changes: ResourceChange) -> bool:
    summary = a_summary(*changes)
    passed = review(summary, intent) == ()
    assert not (passed and touches_surroundings(summary, intent))
    return passed


@pytest.mark.parametrize("address", AROUND)
@pytest.mark.parametrize(
    "action", [Action.CREATE, Action.UPDATE, Action.REPLACE, Action.DELETE, Action.FORGET]
)
def test_a_convergence_does_anything_around_the_endpoint_but_forget(
    address: str, action: Action
) -> None:
    assert passes(CONVERGE, a_change(address, action)) == (action is not Action.FORGET)


def test_a_convergence_clears_what_an_earlier_one_left_half_replaced() -> None:
    assert passes(CONVERGE, a_change(LATENCY, Action.DELETE, deposed=True))


@pytest.mark.parametrize(
    "address",
    [
        *SERVES,
        *alarm_addresses(K0),
        model_address(OTHER),
        "module.alarms.x",
        "module.alarms[1].aws_cloudwatch_metric_alarm.x",
        "module.dashboards[0].x",
        "aws_s3_bucket.x",
    ],
)
@pytest.mark.parametrize("action", [Action.CREATE, Action.UPDATE, Action.DELETE, Action.REPLACE])
def test_a_convergence_does_nothing_elsewhere(address: str, action: Action) -> None:
    assert not passes(CONVERGE, a_change(address, action))


def test_a_dashboard_gets_the_line_of_a_new_release() -> None:
    intent = intent_of(SECOND, IntentKind.DEPLOY)
    assert passes(intent, ADDS, DRAWN)
    assert not passes(intent, DRAWN)
    assert not passes(intent, ADDS, a_change(DASHBOARD, Action.REPLACE))
    assert not passes(intent, ADDS, replace(DRAWN, attributes=(an_attribute("name", "y"),)))


def test_a_dashboard_loses_the_line_of_a_pruned_release() -> None:
    pruned = ledger.Pruned(releases=(OTHER,), configs=())
    intent = prune_intent(LIVE, pruned)
    assert passes(intent, a_change(model_address(OTHER), Action.DELETE), DRAWN)
    assert not passes(intent, DRAWN)


def test_a_rollback_touches_nothing_around_the_endpoint() -> None:
    intent = intent_of(BACK, IntentKind.ROLLBACK)
    for change in (DRAWN, COUNTED, a_change(SCALING, Action.CREATE)):
        assert not passes(intent, change)
        assert touches_surroundings(a_summary(change), intent)


@pytest.mark.parametrize("kind", [IntentKind.DEPLOY, IntentKind.ROLLBACK])
def test_only_a_move_to_another_instance_type_counts_the_cpu_anew(kind: IntentKind) -> None:
    intent = intent_of(BACK, kind, changes_type=True)
    assert passes(intent, COUNTED, DRAWN)
    assert not passes(intent, replace(COUNTED, action=Action.REPLACE))
    assert not passes(intent, replace(COUNTED, attributes=(an_attribute("period", "1"),)))
    assert not passes(intent, a_change(LATENCY, Action.UPDATE))


@pytest.mark.parametrize("path", ["deployment_configs", "endpoint_config_name_prefix"])
def test_attributes_are_known_by_their_whole_names(path: str) -> None:
    change = a_change(ENDPOINT, Action.UPDATE, attributes=(an_attribute(path, "y"),))
    assert not passes(intent_of(BACK, IntentKind.ROLLBACK), change)


INTENTS = st.one_of(
    st.builds(
        intent_of,
        st.sampled_from([SECOND, BACK, LIVE]),
        st.sampled_from([IntentKind.DEPLOY, IntentKind.ROLLBACK]),
        nothing_serves=st.booleans(),
        endpoint_exists=st.booleans(),
        changes_type=st.booleans(),
    ),
    st.just(CONVERGE),
    st.just(prune_intent(LIVE, ledger.Pruned(releases=(R0, R1), configs=(K0,)))),
)
ATTRIBUTES = st.lists(
    st.builds(
        an_attribute,
        st.sampled_from(["endpoint_config_name", "dashboard_body", "threshold", "tags.a"]),
        st.sampled_from([f"iris-model-staging-{K0}", "y"]),
    ),
    max_size=2,
).map(tuple)
CHANGES = st.builds(
    a_change,
    st.sampled_from([*SERVES, *AROUND, *addresses_of_all([R1, OTHER], [f"{R1}-n1"]), "a.b"]),
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
    served = replace(intent, live=K0)
    assert not passes(served, *before, fatal, *after)


@given(st.lists(CHANGES))
def test_no_convergence_that_passes_touches_a_release(changes: list[ResourceChange]) -> None:
    if passes(CONVERGE, *changes):
        assert all(each.address.startswith(AROUND) for each in changes)
