"""Fault rules: what they match, how often, and what is not a rule."""

import threading
import time
from typing import Any

import pytest

from emulator.fault_parsing import InvalidFault
from emulator.faults import Faults

ERROR = {"code": "Throttling", "message": "slow down", "status": 400}


def faults(*rules: dict[str, Any]) -> Faults:
    made = Faults()
    for rule in rules:
        made.add(rule)
    return made


def test_a_rule_is_used_up_after_its_times() -> None:
    made = faults({"service": "s3", "action": "Get*", "times": 1, "error": ERROR})
    assert made.api_rule("s3", "PutObject") is None
    assert made.api_rule("s3", "GetObject") is not None
    assert made.api_rule("s3", "GetObject") is None


def test_a_rule_without_times_always_matches() -> None:
    made = faults({"latency_ms": 5})
    assert [made.api_rule("any", "Thing") is not None for _ in range(3)] == [True] * 3


def test_a_rule_lets_as_many_calls_pass_first_as_it_says() -> None:
    made = faults({"service": "s3", "after": 2, "times": 1, "fault": "reset"})
    assert made.api_rule("sts", "GetCallerIdentity") is None
    hits = [made.api_rule("s3", "PutObject") is not None for _ in range(4)]
    assert hits == [False, False, True, False]


def test_a_call_that_a_rule_lets_pass_meets_the_next_rule() -> None:
    made = faults({"after": 1, "fault": "reset"}, {"fault": "truncated"})
    hits = [made.api_rule("s3", "PutObject") for _ in range(2)]
    assert [rule and rule.kind for rule in hits] == ["truncated", "reset"]


def test_a_call_is_held_for_longer_than_callers_wait() -> None:
    rule = faults({"fault": "timeout_before"}).api_rule("s3", "PutObject")
    assert rule is not None
    assert rule.latency_ms == 120_000


def test_a_hosting_rule_matches_configs_by_pattern() -> None:
    made = faults({"hosting": {"endpoint_config": "x-r-2*", "fault": "ping_fail"}})
    assert made.hosting_fault("x-r-2026-n1") == "ping_fail"
    assert made.hosting_fault("y-r-2026-n1") is None


def test_hosting_rules_do_not_touch_calls() -> None:
    made = faults({"hosting": {"endpoint_config": "*", "fault": "launch_fail"}})
    assert made.api_rule("sagemaker", "UpdateEndpoint") is None


def test_clearing_resets_the_rollback_mode() -> None:
    made = faults({"rollback": {"reason": "empty", "visible": True}})
    assert (made.rollback.reason, made.rollback.visible) == ("empty", True)
    made.clear()
    assert (made.rollback.reason, made.rollback.visible) == ("set", False)


def test_a_rollback_ends_in_service_with_the_old_deployment_config_unless_told() -> None:
    assert (Faults().rollback.ends, Faults().rollback.last_deployment_config) == (
        "in_service",
        "old",
    )


def test_an_update_is_held_until_the_rules_are_removed() -> None:
    made = faults({"update": {"endpoint": "held-*", "stay_s": 600}})
    made.hold_update("other")
    held = threading.Thread(target=made.hold_update, args=["held-1"], daemon=True)
    held.start()
    held.join(0.2)
    assert held.is_alive()
    made.clear()
    held.join(10)
    assert not held.is_alive()


def test_as_many_updates_are_held_as_the_rule_says() -> None:
    made = faults({"update": {"stay_s": 0.2, "times": 1}})
    started = time.monotonic()
    made.hold_update("endpoint")
    held_s = time.monotonic() - started
    made.hold_update("endpoint")
    assert 0.2 <= held_s <= time.monotonic() - started < held_s + 0.2


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        ({"service": "s3"}, "needs `error`, `fault` or `latency_ms`"),
        ({"latency_ms": 1, "chance": 0.5}, "unknown keys chance"),
        ({"latency_ms": 1, "times": 0}, "at least 1"),
        ({"hosting": {"fault": "explode"}}, "allowed are ping_fail, launch_fail, error_share"),
        ({"latency_ms": 1, "times": True}, "at least 1"),
        ({"latency_ms": 1, "after": -1}, "`after` is -1; allowed is an integer of at least 0"),
        ({"latency_ms": 1, "after": 1.5}, "`after` is 1.5"),
        ({"fault": "explode"}, "allowed are reset, timeout_before, lost_answer, truncated"),
        ({"fault": None}, "`fault` is None"),
        ({"fault": "reset", "error": ERROR}, "`error` or `fault`, not both"),
        ({"latency_ms": -5}, "`latency_ms` is -5"),
        ({"latency_ms": float("nan")}, "`latency_ms` is nan"),
        ({"error": {"status": 99}}, "`status` is 99; allowed is an integer from 400 to 599"),
        ({"training": {"fault": "exit", "exit_code": float("inf")}}, "`exit_code` is inf"),
        ({"training": {"fault": "explode"}}, "allowed are interrupt, exit, out_of_memory"),
        ({"training": {"fault": "exit", "after_s": -1}}, "`after_s` is -1"),
        ({"training": {"fault": "exit", "exit_code": "9"}}, "`exit_code` is '9'"),
        ({"rollback": {"reason": "maybe"}}, "allowed are set, empty"),
        ({"rollback": {"visible": "no"}}, "`visible` is 'no'; allowed are true and false"),
        ({"rollback": {"ends": "well"}}, "allowed are in_service, failed"),
        ({"rollback": {"last_deployment_config": None}}, "allowed are old, new"),
        ({"update": {"endpoint": "e"}}, "an update rule needs `stay_s`"),
        ({"update": {"stay_s": -1}}, "`stay_s` is -1; allowed is a number of at least 0"),
        ({"update": {"stay_s": 1, "endpoint_config": "c"}}, "unknown keys endpoint_config"),
        ({"rollback": "visible"}, "not a JSON object"),
    ],
)
def test_what_is_not_a_rule_is_refused(rule: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidFault, match=message):
        faults(rule)


def test_a_training_rule_matches_jobs_and_kinds_of_fault() -> None:
    made = faults({"training": {"job": "mine-*", "fault": "exit", "exit_code": 3, "times": 1}})
    assert made.training_fault("other", among=("exit",)) is None
    assert made.training_fault("mine-1", among=("disk_full",)) is None
    found = made.training_fault("mine-1", among=("interrupt", "exit"))
    assert found is not None
    assert (found.exit_code, found.after_s) == (3, 0)
    assert made.training_fault("mine-1", among=("exit",)) is None
