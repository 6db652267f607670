"""The fault rules for fleets that serve, and which request each of them hits.

By counting and never by chance, so that a test sees the same every time. Each fleet (endpoint
config and variant) has a count of its own, from the moment when the rule was posted.
"""

import fnmatch
import math
import threading
from collections import Counter
from dataclasses import dataclass, field, replace

from emulator.fault_rules import ServingRule

# What binary fractions lack: ten times 0.7 is to be seven.
_ROUNDING = 1e-9


@dataclass(kw_only=True)
class _Entry:
    rule: ServingRule
    served: Counter[tuple[str, str]] = field(default_factory=Counter)

    def hits_next(self, fleet: tuple[str, str]) -> bool:
        """Count a request to this fleet, and say whether it is hit."""
        self.served[fleet] += 1
        return hits(self.rule, self.served[fleet])


class ServingRules:
    """All such rules in force; every method may be called from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._entries: list[_Entry] = []

    def add(self, rule: ServingRule) -> None:
        with self._lock:
            self._entries.append(_Entry(rule=rule))

    def clear(self) -> None:
        with self._lock:
            self._entries.clear()

    def listing(self) -> tuple[ServingRule, ...]:
        with self._lock:
            return tuple(entry.rule for entry in self._entries)

    def hit(self, endpoint_config: str, variant: str) -> ServingRule | None:
        """Return the first rule that hits the request which this fleet now gets; None if none."""
        with self._lock:
            for entry in self._entries:
                named = fnmatch.fnmatchcase(endpoint_config, entry.rule.endpoint_config)
                if named and entry.hits_next((endpoint_config, variant)):
                    self._use(entry)
                    return entry.rule
            return None

    def _use(self, entry: _Entry) -> None:
        times = entry.rule.times
        if times == 1:
            self._entries.remove(entry)
        elif times is not None:
            entry.rule = replace(entry.rule, times=times - 1)


def hits(rule: ServingRule, number: int) -> bool:
    """Whether the rule hits a fleet's request of this number, the first being 1."""
    if rule.fault == "crash_after":
        return number % (rule.requests + 1) == 0
    return _due(rule.share, number) > _due(rule.share, number - 1)


def _due(share: float, number: int) -> int:
    """How many of so many requests are to be hit."""
    return math.floor(number * share + _ROUNDING)
