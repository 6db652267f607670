"""The rules by which tests make the embedded AWS misbehave.

API rules make calls slow or fail; hosting rules make a fleet fail to start; training rules end a
job's containers; the rollback mode says how a rolled-back deployment looks from outside (both ways
were seen on AWS).
"""

import fnmatch
import threading
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal, cast, get_args

HostingFault = Literal["ping_fail", "launch_fail"]
RollbackReason = Literal["set", "empty"]
TrainingFault = Literal["interrupt", "exit", "out_of_memory", "disk_full"]


# More milliseconds or seconds than anyone waits, and what no clock can hold.
_MOST = 1e9


class InvalidFault(ValueError):
    """A rule that cannot be understood; the text says which key and what is allowed."""


@dataclass(frozen=True, kw_only=True)
class ErrorAnswer:
    code: str
    message: str
    status: int


@dataclass(frozen=True, kw_only=True)
class ApiRule:
    service: str
    action: str
    times: int | None
    latency_ms: float
    error: ErrorAnswer | None


@dataclass(frozen=True, kw_only=True)
class HostingRule:
    endpoint_config: str
    fault: HostingFault
    times: int | None


@dataclass(frozen=True, kw_only=True)
class TrainingRule:
    """`after_s` counts from the start of the containers; disk_full comes at the upload."""

    job: str
    fault: TrainingFault
    times: int | None
    after_s: float
    exit_code: int


@dataclass(frozen=True, kw_only=True)
class RollbackMode:
    reason: RollbackReason = "set"
    visible: bool = False


Rule = ApiRule | HostingRule | TrainingRule


class Faults:
    """All rules in force; every method may be called from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._rules: list[Rule] = []
        self._rollback = RollbackMode()

    @property
    def rollback(self) -> RollbackMode:
        with self._lock:
            return self._rollback

    def add(self, rule: Mapping[str, Any]) -> None:
        parsed = parse_rule(rule)
        with self._lock:
            if isinstance(parsed, RollbackMode):
                self._rollback = parsed
            else:
                self._rules.append(parsed)

    def clear(self) -> None:
        with self._lock:
            self._rules.clear()
            self._rollback = RollbackMode()

    def listing(self) -> tuple[tuple[Rule, ...], RollbackMode]:
        with self._lock:
            return tuple(self._rules), self._rollback

    def api_rule(self, service: str, action: str) -> ApiRule | None:
        """Return the first rule for this call and count it as used."""
        with self._lock:
            for rule in self._rules:
                if isinstance(rule, ApiRule) and _matches_call(rule, service, action=action):
                    self._use(rule)
                    return rule
            return None

    def hosting_fault(self, endpoint_config: str) -> HostingFault | None:
        """Return how the fleet of this endpoint config is to fail, and count the rule as used."""
        with self._lock:
            for rule in self._rules:
                if isinstance(rule, HostingRule) and fnmatch.fnmatchcase(
                    endpoint_config, rule.endpoint_config
                ):
                    self._use(rule)
                    return rule.fault
            return None

    def training_fault(
        self, job_name: str, *, among: tuple[TrainingFault, ...]
    ) -> TrainingRule | None:
        """Return how this job is to suffer, and count the rule as used."""
        with self._lock:
            for rule in self._rules:
                if (
                    isinstance(rule, TrainingRule)
                    and rule.fault in among
                    and fnmatch.fnmatchcase(job_name, rule.job)
                ):
                    self._use(rule)
                    return rule
            return None

    def _use(self, rule: Rule) -> None:
        if rule.times is None:
            return
        position = self._rules.index(rule)
        if rule.times <= 1:
            del self._rules[position]
        else:
            self._rules[position] = replace(rule, times=rule.times - 1)


def _matches_call(rule: ApiRule, service: str, *, action: str) -> bool:
    return fnmatch.fnmatchcase(service, rule.service) and fnmatch.fnmatchcase(action, rule.action)


def parse_rule(rule: Mapping[str, Any]) -> Rule | RollbackMode:
    """Turn the JSON of one rule into a record.

    Raises InvalidFault when the rule is of no known kind or a value is not allowed.
    """
    if "hosting" in rule:
        return _hosting_rule(_known(rule["hosting"], "endpoint_config", "fault", "times"))
    if "training" in rule:
        names = ("job", "fault", "times", "after_s", "exit_code")
        return _training_rule(_known(rule["training"], *names))
    if "rollback" in rule:
        return _rollback_mode(_known(rule["rollback"], "reason", "visible"))
    return _api_rule(_known(rule, "service", "action", "times", "latency_ms", "error"))


def _hosting_rule(rule: Mapping[str, Any]) -> HostingRule:
    return HostingRule(
        endpoint_config=str(rule.get("endpoint_config", "*")),
        fault=cast(
            "HostingFault", _one_of(rule.get("fault"), "fault", allowed=get_args(HostingFault))
        ),
        times=_times(rule),
    )


def _training_rule(rule: Mapping[str, Any]) -> TrainingRule:
    fault = _one_of(rule.get("fault"), "fault", allowed=get_args(TrainingFault))
    return TrainingRule(
        job=str(rule.get("job", "*")),
        fault=cast("TrainingFault", fault),
        times=_times(rule),
        after_s=_number(rule.get("after_s", 0), "after_s", least=0),
        exit_code=int(_number(rule.get("exit_code", 1), "exit_code", least=1)),
    )


def _number(value: object, name: str, *, least: float) -> float:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not is_number or not least <= cast("float", value) <= _MOST:
        text = f"`{name}` is {value!r}; allowed is a number of at least {least:g}"
        raise InvalidFault(text)
    return float(cast("float", value))


def _rollback_mode(rule: Mapping[str, Any]) -> RollbackMode:
    reason = _one_of(rule.get("reason", "set"), "reason", allowed=get_args(RollbackReason))
    return RollbackMode(
        reason=cast("RollbackReason", reason), visible=bool(rule.get("visible", False))
    )


def _api_rule(rule: Mapping[str, Any]) -> ApiRule:
    if "error" not in rule and "latency_ms" not in rule:
        text = "an API rule needs `error` or `latency_ms`"
        raise InvalidFault(text)
    return ApiRule(
        service=str(rule.get("service", "*")),
        action=str(rule.get("action", "*")),
        times=_times(rule),
        latency_ms=_number(rule.get("latency_ms", 0), "latency_ms", least=0),
        error=_error(rule.get("error")),
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
    if times is not None and (isinstance(times, bool) or not isinstance(times, int) or times < 1):
        text = f"`times` is {times!r}; allowed is an integer of at least 1, or nothing for always"
        raise InvalidFault(text)
    return times


def _one_of(value: object, name: str, *, allowed: tuple[str, ...]) -> str:
    if value not in allowed:
        text = f"`{name}` is {value!r}; allowed are {', '.join(allowed)}"
        raise InvalidFault(text)
    return str(value)


def _known(rule: object, *names: str) -> Mapping[str, Any]:
    if not isinstance(rule, Mapping):
        text = f"{rule!r} is not a JSON object"
        raise InvalidFault(text)
    unknown = sorted(set(rule) - set(names))
    if unknown:
        text = f"unknown keys {', '.join(unknown)}; allowed are {', '.join(names)}"
        raise InvalidFault(text)
    return rule
