"""What a person is told to do about a window in which something was found (exit code 8)."""

import shlex

import pytest

from pipeline.cli import command as cli
from pipeline.core.monitoring import what_then
from pipeline.core.retraining import Check
from pipeline.request import options_of
from tests.support.printed import commands
from tests.support.windows import a_monitored, a_record

DEGRADED = a_record(degraded=("accuracy 0.8 is below 0.9",))


@pytest.mark.parametrize("asks_pipeline", [True, False])
@pytest.mark.parametrize("check", Check)
def test_a_command_that_can_be_typed_ends_each_remedy(check: Check, asks_pipeline: bool) -> None:
    remedy = what_then(a_monitored(DEGRADED, check), asks_pipeline=asks_pipeline)
    [command] = commands(remedy)
    assert remedy.endswith(f"type: {command}")
    options = options_of(dict(cli.make_context("typed", shlex.split(command)).params), {})
    assert options.mode.value == command.split()[1]
    is_asked = check in (Check.ASKED, Check.CLAIMED)
    assert ("No retraining was asked for: a reason." in remedy) != is_asked
    assert ("--mode history" in command) == is_asked


@pytest.mark.parametrize("asks_pipeline", [True, False])
def test_a_retraining_goes_to_the_pipeline_only_where_there_is_one(asks_pipeline: bool) -> None:
    remedy = what_then(a_monitored(DEGRADED, Check.COOL_DOWN), asks_pipeline=asks_pipeline)
    wanted = '--mode retrain --reason "no drift; the model is degraded"'
    assert commands(remedy) == (wanted if asks_pipeline else "--mode full",)


def test_a_fault_of_the_data_is_mended_where_the_rows_come_from() -> None:
    record = a_record(faults=("40 of 500 rows lack this column",))
    remedy = what_then(a_monitored(record, Check.DATA_QUALITY), asks_pipeline=True)
    assert remedy.startswith("Mend what sends these rows: a: 40 of 500 rows lack this column.")
    assert commands(remedy) == ("--mode monitor",)
