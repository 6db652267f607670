"""What surrounds an endpoint: scaling, alarms, dashboard. No part of a release, none of a move.

The values are Terraform's own: variables of terraform/surroundings, None for what there is not.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from pydantic import JsonValue

Variable = Mapping[str, JsonValue]

# SageMaker scales no burstable instances.
_NEVER_SCALED = re.compile(r"ml\.t\d")
# Terraform reads the vCPUs of all sizes from large on in a type's name. AWS's pages of the types:
# a medium is 2 vCPUs of the burstable families and 1 of all others.
_TELLS_VCPUS = re.compile(r"ml\.[a-z0-9-]+\.[0-9]*x?large")
_MEDIUM = re.compile(r"ml\.[a-z0-9-]+\.medium")


@dataclass(frozen=True, kw_only=True)
class Surroundings:
    """Variables of terraform/surroundings; `topic_arns` hear of the alarms, by severity."""

    alarms: Variable | None = None
    autoscaling: Variable | None = None
    dashboard: Variable | None = None
    topic_arns: Mapping[str, str] | None = None

    @property
    def counts_cpu(self) -> bool:
        """Tell whether anything here needs to know the vCPUs of an instance."""
        scales_by_cpu = bool(self.autoscaling and self.autoscaling.get("cpu"))
        return scales_by_cpu or self.alarms is not None or self.dashboard is not None

    def variables(self, instance_type: str) -> dict[str, Any]:
        """Return the variables for an endpoint on this type of instance."""
        vcpus = vcpus_of(instance_type) if self.counts_cpu else None
        return {
            "alarms": self.alarms,
            "autoscaling": self.autoscaling,
            "dashboard": self.dashboard,
            "topic_arns": self.topic_arns,
            "vcpus": vcpus,
        }


NOTHING = Surroundings()


def without_scaling(surroundings: Surroundings) -> Surroundings:
    return replace(surroundings, autoscaling=None)


def fitting(surroundings: Surroundings, instance_type: str) -> Surroundings:
    """Return what of these an endpoint on this type of instance can have."""
    return surroundings if can_scale(instance_type) else without_scaling(surroundings)


def can_scale(instance_type: str) -> bool:
    return _NEVER_SCALED.match(instance_type) is None


def vcpus_of(instance_type: str) -> int | None:
    """Return the vCPUs of a type where Terraform cannot tell them; None where it can."""
    if _MEDIUM.fullmatch(instance_type) is None:
        return None
    return 1 if can_scale(instance_type) else 2


def tells_vcpus(instance_type: str) -> bool:
    """Tell whether the vCPUs of a type are known here or to Terraform."""
    return any(each.fullmatch(instance_type) for each in (_TELLS_VCPUS, _MEDIUM))
