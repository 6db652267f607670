"""Each mode is done in one place, and what is done without more ado changes nothing."""

import pytest

from pipeline import changing, workflow
from pipeline.core.modes import FACTS, Mode


def test_each_mode_is_done_in_one_place() -> None:
    assert sorted([*workflow._LOOKS, *changing._MODES]) == sorted(Mode)


@pytest.mark.parametrize("mode", workflow._LOOKS)
def test_a_mode_that_is_done_at_once_only_looks(mode: Mode) -> None:
    facts = FACTS[mode]
    assert facts.only_looks
    assert not facts.needs_terraform
    assert "dry_run" not in facts.takes
