"""The surroundings root under test: variables in, planned and applied actions out."""

from collections.abc import Mapping
from typing import Any

from tests.terraform.stacks import Stack

ROOT = "surroundings"


def surroundings(endpoint: str, *release_ids: str, **given: Any) -> dict[str, Any]:
    """Return the variables for one ml.m5.large of the last release; nothing is on unless given."""
    return {
        "endpoint_name": endpoint,
        "instance_count": 1,
        "instance_type": "ml.m5.large",
        "region": "us-east-1",
        "release_ids": list(release_ids),
        "s3_use_path_style": True,
        "tags": {"mlops:project": "table"},
        **given,
    }


def planned_and_applied(stack: Stack, values: Mapping[str, Any]) -> dict[str, str]:
    """Return the planned actions, after applying them and seeing an empty plan."""
    planned = stack.plan_values(values)
    if planned:
        applied = stack.apply()
        assert applied.exit_code == 0, applied.stderr
        assert stack.plan_values(values) == {}
    return planned
