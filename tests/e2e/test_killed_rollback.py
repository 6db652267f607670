"""A rollback that dies on its way: the same command ends it, and goes no step further."""

import signal
from pathlib import Path

import pytest

from tests.e2e.agreement import require_agreement
from tests.e2e.moments import killed_at, serving, told, updating, wait_for
from tests.e2e.three import Three

BACK = ("--mode", "rollback", "--reason", "a story")


def test_the_endpoint_was_moved_and_the_ledger_had_not_heard_of_it(
    three: Three, tmp_path: Path
) -> None:
    three.write_slowly()
    killed_at(three, serving(three.b), *BACK)
    three.aws.clear_faults()
    again = three.run(*BACK)
    assert again.exit_code == 0, again.stdout
    require_agreement(three, tmp_path, serves=three.b, barred=(three.c,))


@pytest.mark.soak
def test_a_named_target_that_serves_already_is_proved_and_not_barred(
    three: Three, tmp_path: Path
) -> None:
    three.write_slowly()
    named = (*BACK, "--to", three.b)
    killed_at(three, serving(three.b), *named)
    three.aws.clear_faults()
    again = three.run(*named)
    assert again.exit_code == 0, again.stdout
    require_agreement(three, tmp_path, serves=three.b, barred=(three.c,))


@pytest.mark.soak
def test_a_rollback_that_was_terminated_while_sagemaker_moved_the_endpoint(
    three: Three, tmp_path: Path
) -> None:
    running = three.begin(*BACK)
    wait_for(three, running, updating)
    running.process.send_signal(signal.SIGTERM)
    assert running.ended().exit_code == 143
    again = three.run(*BACK)
    assert again.exit_code == 0, again.stdout
    require_agreement(three, tmp_path, serves=three.b, barred=(three.c,))


@pytest.mark.soak
def test_a_rollback_that_was_finished_and_could_not_say_so_is_not_done_twice(
    three: Three, tmp_path: Path
) -> None:
    three.write_slowly()
    killed_at(three, told("rolled back"), *BACK)
    three.aws.clear_faults()
    again = three.run(*BACK)
    assert again.exit_code == 0, again.stdout
    assert "was cut off before it could say so" in again.stdout
    require_agreement(three, tmp_path, serves=three.b, barred=(three.c,))
