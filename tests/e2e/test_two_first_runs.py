"""Two first runs at once on an AWS that has nothing yet: one sets it up, the other waits for it."""

from pathlib import Path

import pytest

from emulator.tests.support.embedded_aws import embedded_aws
from tests.e2e.command_line import CommandLine


@pytest.mark.soak
def test_both_find_the_foundation_in_the_end(tmp_path: Path) -> None:
    state = tmp_path / "state"
    command = CommandLine(tmp_path, EMULATOR_STATE_DIR=str(state))
    with embedded_aws(state):
        both = [command.start("--mode", "bootstrap"), command.start("--mode", "bootstrap")]
        ended = [each.ended() for each in both]
    assert [each.exit_code for each in ended] == [0, 0], [each.stdout for each in ended]
    assert ended[0].results["listing"] == ended[1].results["listing"]
