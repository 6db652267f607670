"""Fault rules from JSON: each key is known and each value allowed, or the rule is refused."""

from collections.abc import Mapping
from typing import Any, cast, get_args

from emulator.fault_rules import (
    ApiFault,
    ApiRule,
    ErrorAnswer,
    HostingFault,
    HostingRule,
    RollbackEnd,
    RollbackMode,
    RollbackReason,
    Rule,
    ServingFault,
    ServingRule,
    ShownDeployment,
    TrainingFault,
    TrainingRule,
    UpdateRule,
)

# More milliseconds or seconds than anyone waits, and what no clock can hold.
_MOST = 1e9
# Longer than the callers' own limits, so that they give up first.
_HELD_MS = 120_000.0


# What rules for fleets that serve say besides `endpoint_config`, `fault` and `times`.
_NEEDED: Mapping[str, tuple[str, ...]] = {
    "error_share": ("share",),
    "slow": ("latency_ms",),
    "crash_after": ("requests",),
}
_POSSIBLE: Mapping[str, tuple[str, ...]] = {
    "slow": ("share",),
    "hang": ("share",),
    "wrong_answers": ("share",),
}


class InvalidFault(ValueError):
    """A rule that cannot be understood; the text says which key and what is allowed."""


def parse_rule(rule: Mapping[str, Any]) -> Rule | RollbackMode:
    """Turn the JSON of one rule into a record.

    Raises InvalidFault when the rule is of no known kind or a value is not allowed.
    """
    if "hosting" in rule:
        return _hosting_rule(rule["hosting"])
    if "training" in rule:
        names = ("job", "fault", "times", "after_s", "exit_code")
        return _training_rule(_known(rule["training"], *names))
    if "update" in rule:
        return _update_rule(_known(rule["update"], "endpoint", "times", "stay_s"))
    if "rollback" in rule:
        members = ("reason", "visible", "ends", "last_deployment_config")
        return _rollback_mode(_known(rule["rollback"], *members))
    api_names = ("service", "action", "times", "after", "latency_ms", "error", "fault")
    return _api_rule(_known(rule, *api_names))


def _hosting_rule(rule: object) -> HostingRule | ServingRule:
    faults = (*get_args(HostingFault), *get_args(ServingFault))
    fault = _one_of(_mapping(rule).get("fault"), "fault", allowed=faults)
    needed, possible = _NEEDED.get(fault, ()), _POSSIBLE.get(fault, ())
    known = _known(rule, "endpoint_config", "fault", "times", *needed, *possible)
    config, times = str(known.get("endpoint_config", "*")), _times(known)
    if fault in get_args(HostingFault):
        name = cast("HostingFault", fault)
        return HostingRule(endpoint_config=config, fault=name, times=times)
    for key in needed:
        if key not in known:
            text = f"a hosting rule with `fault` {fault} needs `{key}`"
            raise InvalidFault(text)
    return ServingRule(
        endpoint_config=config,
        fault=cast("ServingFault", fault),
        times=times,
        share=_share(known.get("share", 1)),
        latency_ms=_number(known.get("latency_ms", 0), "latency_ms", least=0),
        requests=_count(known.get("requests", 0), "requests", least=0),
    )


def _share(value: object) -> float:
    share = _number(value, "share", least=0)
    if not 0 < share <= 1:
        text = f"`share` is {value!r}; allowed is a number above 0, up to 1"
        raise InvalidFault(text)
    return share


def _training_rule(rule: Mapping[str, Any]) -> TrainingRule:
    fault = _one_of(rule.get("fault"), "fault", allowed=get_args(TrainingFault))
    return TrainingRule(
        job=str(rule.get("job", "*")),
        fault=cast("TrainingFault", fault),
        times=_times(rule),
        after_s=_number(rule.get("after_s", 0), "after_s", least=0),
        exit_code=int(_number(rule.get("exit_code", 1), "exit_code", least=1)),
    )


def _update_rule(rule: Mapping[str, Any]) -> UpdateRule:
    if "stay_s" not in rule:
        text = "an update rule needs `stay_s`"
        raise InvalidFault(text)
    return UpdateRule(
        endpoint=str(rule.get("endpoint", "*")),
        times=_times(rule),
        stay_s=_number(rule["stay_s"], "stay_s", least=0),
    )


def _rollback_mode(rule: Mapping[str, Any]) -> RollbackMode:
    reason = _one_of(rule.get("reason", "set"), "reason", allowed=get_args(RollbackReason))
    ends = _one_of(rule.get("ends", "in_service"), "ends", allowed=get_args(RollbackEnd))
    shown = _one_of(
        rule.get("last_deployment_config", "old"),
        "last_deployment_config",
        allowed=get_args(ShownDeployment),
    )
    return RollbackMode(
        reason=cast("RollbackReason", reason),
        visible=_flag(rule.get("visible", False), "visible"),
        ends=cast("RollbackEnd", ends),
        last_deployment_config=cast("ShownDeployment", shown),
    )


def _flag(value: object, name: str) -> bool:
    if not isinstance(value, bool):
        text = f"`{name}` is {value!r}; allowed are true and false"
        raise InvalidFault(text)
    return value


def _api_rule(rule: Mapping[str, Any]) -> ApiRule:
    if not {"error", "fault", "latency_ms"} & set(rule):
        text = "an API rule needs `error`, `fault` or `latency_ms`"
        raise InvalidFault(text)
    if {"error", "fault"} <= set(rule):
        text = "an API rule has `error` or `fault`, not both: which of them would end the call?"
        raise InvalidFault(text)
    fault = rule.get("fault")
    if "fault" in rule:
        _one_of(fault, "fault", allowed=get_args(ApiFault))
    held_ms = _HELD_MS if fault == "timeout_before" else 0
    return ApiRule(
        service=str(rule.get("service", "*")),
        action=str(rule.get("action", "*")),
        times=_times(rule),
        after=_count(rule.get("after", 0), "after", least=0),
        latency_ms=_number(rule.get("latency_ms", held_ms), "latency_ms", least=0),
        error=_error(rule.get("error")),
        fault=cast("ApiFault | None", fault),
    )


def _error(error: Mapping[str, Any] | None) -> ErrorAnswer | None:
    if error is None:
        return None
    known = _known(error, "code", "message", "status")
    return ErrorAnswer(
        code=str(known.get("code", "InternalFailure")),
        message=str(known.get("message", "injected by a fault rule")),
        status=_status(known.get("status", 500)),
    )


def _status(status: object) -> int:
    if not isinstance(status, int) or not 400 <= status <= 599:
        text = f"`status` is {status!r}; allowed is an integer from 400 to 599"
        raise InvalidFault(text)
    return status


def _times(rule: Mapping[str, Any]) -> int | None:
    times = rule.get("times")
    return None if times is None else _count(times, "times", least=1)


def _count(value: object, name: str, *, least: int) -> int:
    is_integer = isinstance(value, int) and not isinstance(value, bool)
    if not is_integer or not least <= cast("int", value) <= _MOST:
        text = f"`{name}` is {value!r}; allowed is an integer of at least {least}"
        raise InvalidFault(text)
    return cast("int", value)


def _number(value: object, name: str, *, least: float) -> float:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not is_number or not least <= cast("float", value) <= _MOST:
        text = f"`{name}` is {value!r}; allowed is a number of at least {least:g}"
        raise InvalidFault(text)
    return float(cast("float", value))


def _one_of(value: object, name: str, *, allowed: tuple[str, ...]) -> str:
    if value not in allowed:
        text = f"`{name}` is {value!r}; allowed are {', '.join(allowed)}"
        raise InvalidFault(text)
    return str(value)


def _known(rule: object, *names: str) -> Mapping[str, Any]:
    given = _mapping(rule)
    unknown = sorted(set(given) - set(names))
    if unknown:
        text = f"unknown keys {', '.join(unknown)}; allowed are {', '.join(names)}"
        raise InvalidFault(text)
    return given


def _mapping(rule: object) -> Mapping[str, Any]:
    if not isinstance(rule, Mapping):
        text = f"{rule!r} is not a JSON object"
        raise InvalidFault(text)
    return rule
