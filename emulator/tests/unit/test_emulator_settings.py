"""What the server reads from its environment."""

import pytest

from emulator.settings import BadSetting, settings_from

NUMBERS = (
    "EMULATOR_INVOCATION_TIMEOUT_S",
    "EMULATOR_SNAPSHOT_INTERVAL_S",
    "EMULATOR_TIME_SCALE",
)


def test_without_variables_there_are_defaults() -> None:
    settings = settings_from({"EMULATOR_TIME_SCALE": " "})
    assert (settings.snapshot_interval_s, settings.time_scale) == (60, 1)
    assert settings.invocation_timeout_s == 60


def test_variables_are_numbers() -> None:
    given = {"EMULATOR_SNAPSHOT_INTERVAL_S": "0.5", "EMULATOR_TIME_SCALE": "100"}
    settings = settings_from(given)
    assert (settings.snapshot_interval_s, settings.time_scale) == (0.5, 100)


@pytest.mark.parametrize("name", NUMBERS)
@pytest.mark.parametrize("value", ["abc", "0", "-5", "nan", "inf", "1e400"])
def test_nonsense_is_refused_by_its_name(name: str, value: str) -> None:
    with pytest.raises(BadSetting, match=rf"{name} is '{value}'; allowed is a number from"):
        settings_from({name: value})
