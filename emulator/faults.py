"""The rules by which tests make the embedded AWS misbehave.

API rules make calls slow or fail, or end their connections; hosting rules make a fleet fail to
start, or to serve well (serving_rules); training rules end a job's containers; update rules make a
deployment take long; the rollback mode says how a rolled-back one looks from outside.
"""

import fnmatch
import threading
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, TypeVar

from emulator.fault_parsing import parse_rule
from emulator.fault_rules import (
    ApiRule,
    CountedRule,
    HostingFault,
    HostingRule,
    RollbackMode,
    Rule,
    ServingRule,
    TrainingFault,
    TrainingRule,
    UpdateRule,
)
from emulator.serving_rules import ServingRules

_Kind = TypeVar("_Kind", bound=CountedRule)


class Faults:
    """All rules in force; every method may be called from any thread."""

    def __init__(self) -> None:
        self.serving = ServingRules()
        self._lock = threading.Lock()
        self._rules: list[CountedRule] = []
        self._rollback = RollbackMode()
        self._removed = threading.Condition(self._lock)
        self._removals = 0

    @property
    def rollback(self) -> RollbackMode:
        with self._lock:
            return self._rollback

    def add(self, rule: Mapping[str, Any]) -> None:
        """Take one rule as JSON; InvalidFault when it cannot be understood."""
        parsed = parse_rule(rule)
        if isinstance(parsed, ServingRule):
            self.serving.add(parsed)
            return
        with self._lock:
            if isinstance(parsed, RollbackMode):
                self._rollback = parsed
            else:
                self._rules.append(parsed)

    def clear(self) -> None:
        self.serving.clear()
        with self._lock:
            self._rules.clear()
            self._rollback = RollbackMode()
            self._removals += 1
            self._removed.notify_all()

    def listing(self) -> tuple[tuple[Rule, ...], RollbackMode]:
        with self._lock:
            return (*self._rules, *self.serving.listing()), self._rollback

    def api_rule(self, service: str, action: str) -> ApiRule | None:
        """Return the first rule for this call and count it as used.

        A rule that is to let calls pass first (`after`) counts this one and is left out.
        """
        with self._lock:
            for position, rule in enumerate(self._rules):
                if not isinstance(rule, ApiRule) or not _matches_call(rule, service, action=action):
                    continue
                if not rule.after:
                    self._use(rule)
                    return rule
                self._rules[position] = replace(rule, after=rule.after - 1)
            return None

    def hosting_fault(self, endpoint_config: str) -> HostingFault | None:
        """Return how the fleet of this endpoint config is to fail, and count the rule as used."""
        rule = self._first(
            HostingRule, lambda rule: fnmatch.fnmatchcase(endpoint_config, rule.endpoint_config)
        )
        return rule.fault if rule is not None else None

    def training_fault(
        self, job_name: str, *, among: tuple[TrainingFault, ...]
    ) -> TrainingRule | None:
        """Return how this job is to suffer, and count the rule as used."""
        return self._first(
            TrainingRule,
            lambda rule: rule.fault in among and fnmatch.fnmatchcase(job_name, rule.job),
        )

    def hold_update(self, endpoint_name: str) -> None:
        """Wait as long as a rule wants this update to take, or until the rules are removed."""
        rule = self._first(
            UpdateRule, lambda rule: fnmatch.fnmatchcase(endpoint_name, rule.endpoint)
        )
        if rule is None:
            return
        with self._removed:
            removals = self._removals
            self._removed.wait_for(lambda: self._removals != removals, rule.stay_s)

    def _first(self, kind: type[_Kind], matches: Callable[[_Kind], bool]) -> _Kind | None:
        """Return the first rule of the kind that matches, and count it as used."""
        with self._lock:
            for rule in self._rules:
                if isinstance(rule, kind) and matches(rule):
                    self._use(rule)
                    return rule
            return None

    def _use(self, rule: CountedRule) -> None:
        if rule.times is None:
            return
        position = self._rules.index(rule)
        if rule.times <= 1:
            del self._rules[position]
        else:
            self._rules[position] = replace(rule, times=rule.times - 1)


def _matches_call(rule: ApiRule, service: str, *, action: str) -> bool:
    return fnmatch.fnmatchcase(service, rule.service) and fnmatch.fnmatchcase(action, rule.action)
