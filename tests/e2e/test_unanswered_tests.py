"""The endpoint could not be asked: that says nothing about any release, and nobody is barred."""

from pathlib import Path

import pytest

from tests.e2e.agreement import require_agreement
from tests.e2e.command_line import Outcome
from tests.e2e.moments import going_back, wait_for
from tests.e2e.three import Three
from tests.support.printed import commands

BACK = ("--mode", "rollback", "--reason", "a story")
ASKED = {"service": "sagemaker-runtime", "action": "InvokeEndpoint"}
UNAVAILABLE = {"code": "ServiceUnavailable", "message": "try again", "status": 503}
THROTTLED = {"code": "ThrottlingException", "message": "Rate exceeded", "status": 429}


def command_to_type(ended: Outcome, mode: str) -> str:
    """Return the command of this mode that a run tells to type, exactly as it is printed."""
    return next(each for each in commands(ended.error) if f"--mode {mode}" in each)


@pytest.mark.soak
def test_one_503_during_a_rollback_is_no_news(three: Three, tmp_path: Path) -> None:
    three.aws.add_fault({**ASKED, "error": UNAVAILABLE, "times": 1})
    back = three.run(*BACK)
    assert back.exit_code == 0, back.stdout
    require_agreement(three, tmp_path, serves=three.b, barred=(three.c,))


@pytest.mark.soak
def test_a_rollback_that_cannot_be_tested_is_proved_by_the_command_that_it_prints(
    three: Three, tmp_path: Path
) -> None:
    three.aws.add_fault({**ASKED, "error": UNAVAILABLE})
    failed = three.run(*BACK)
    assert failed.exit_code == 6, failed.stdout
    assert three.serves(three.b)
    assert [each.release_id for each in three.ledger().quarantined] == [three.c]

    three.aws.clear_faults()
    again = three.command.typed(command_to_type(failed, "rollback"))
    assert again.exit_code == 0, again.stdout
    require_agreement(three, tmp_path, serves=three.b, barred=(three.c,))


@pytest.mark.soak
def test_one_429_during_the_tests_of_a_deployment_is_no_news(three: Three, tmp_path: Path) -> None:
    three.aws.add_fault({**ASKED, "error": THROTTLED, "times": 1})
    deployed = three.deploy_d()
    assert deployed.exit_code == 0, deployed.stdout
    require_agreement(three, tmp_path, serves=deployed.release)


@pytest.mark.soak
def test_a_deployment_that_cannot_be_tested_goes_back_and_bars_nobody(
    three: Three, tmp_path: Path
) -> None:
    three.aws.add_fault({**ASKED, "error": THROTTLED})
    running = three.begin_d()
    wait_for(three, running, going_back)
    three.aws.clear_faults()
    failed = running.ended()
    assert failed.exit_code == 5, failed.stdout
    require_agreement(three, tmp_path, serves=three.c)

    again = three.deploy_d()
    assert again.exit_code == 0, again.stdout
    require_agreement(three, tmp_path, serves=again.release)
