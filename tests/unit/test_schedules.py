"""Which schedules the configuration takes: those of the table, and no other."""

import pytest

from pipeline.core.errors import ConfigError
from tests.support.schedules import RULE, SCALING, TAKEN_BY
from tests.unit.config_files import NIGHT, Load, load

__all__ = ["load"]


def is_accepted(load: Load, **keys: object) -> bool:
    try:
        load(**keys)
    except ConfigError:
        return False
    return True


@pytest.mark.parametrize("expression", TAKEN_BY)
def test_drift_and_retraining_take_what_a_rule_of_eventbridge_takes(
    load: Load, expression: str
) -> None:
    taken = RULE in TAKEN_BY[expression]
    assert is_accepted(load, drift={"schedule": expression}) is taken
    assert is_accepted(load, retraining={"schedule": expression}) is taken


@pytest.mark.parametrize("expression", TAKEN_BY)
def test_scaling_takes_what_application_auto_scaling_takes(load: Load, expression: str) -> None:
    autoscaling = {"scheduled": [NIGHT | {"schedule": expression}]}
    assert is_accepted(load, autoscaling=autoscaling) is (SCALING in TAKEN_BY[expression])
