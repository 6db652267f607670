"""`kill -9` of the runner in every mode that moves no endpoint: the same command then works.

What moves one is in test_kill_matrix, and the quick part of this in test_killed_rollback.
"""

from pathlib import Path

import pytest

from tests.e2e.agreement import require_agreement
from tests.e2e.moments import Moment, called, killed_at, told
from tests.e2e.test_hands_on_the_endpoint import update_by_hand
from tests.e2e.three import Three

pytestmark = pytest.mark.soak

GATE_HOLDS = ("--accuracy-threshold", "0.999", "--minimum-accuracy", "0.5")
# What comes after a moment takes long enough for the kill to come before it.
SLOWLY = (
    {"service": "s3", "action": "*Object", "latency_ms": 300},
    {"service": "sagemaker", "action": "Create*", "latency_ms": 500},
)
MOMENTS: dict[str, Moment] = {
    "training, job made": called("CreateTrainingJob"),
    "training, evaluation begun": called("CreateProcessingJob"),
    "training, registered": called("CreateModelPackage"),
    "evaluation, begun": called("CreateProcessingJob"),
    "registration, looking": called("ListModelPackages"),
    "approve, written": called("PutObject", "/approval.json"),
    "testing, asking": called("InvokeEndpoint"),
    "status, begun": called("GetCallerIdentity"),
    "history, begun": called("GetCallerIdentity"),
    "doctor, begun": called("GetCallerIdentity"),
    "bootstrap, planning": called("PutObject", ".tfstate.tflock"),
}


def command_of(three: Three, mode: str) -> tuple[str, ...]:
    of_job = ("--training-job", three.job)
    flags = {
        "approve": (*of_job, "--reason", "a story", *GATE_HOLDS),
        "evaluation": of_job,
        "registration": of_job,
    }
    return ("--mode", mode, *flags.get(mode, ()))


def kill_at(three: Three, moment: Moment, *command: str) -> None:
    for rule in SLOWLY:
        three.aws.add_fault(rule)
    three.aws.clear_requests()
    killed_at(three, moment, *command)
    three.aws.clear_faults()


@pytest.mark.parametrize("moment", MOMENTS)
def test_after_a_kill_the_same_command_works(three: Three, tmp_path: Path, moment: str) -> None:
    command = command_of(three, moment.partition(",")[0])
    kill_at(three, MOMENTS[moment], *command)
    again = three.run(*command)
    assert again.exit_code == 0, again.stdout + again.stderr
    require_agreement(three, tmp_path, serves=three.c)


@pytest.mark.parametrize(
    "moment", [called("CreateTrainingJob"), called("CreateModelPackage"), called("UpdateEndpoint")]
)
def test_after_a_kill_of_a_whole_run_the_next_one_deploys(
    three: Three, tmp_path: Path, moment: Moment
) -> None:
    kill_at(three, moment, "--mode", "full")
    again = three.run("--mode", "full")
    assert again.exit_code == 0, again.stdout + again.stderr
    require_agreement(three, tmp_path, serves=again.release)


@pytest.mark.parametrize("moment", [called("UpdateEndpoint"), told("settled")])
def test_after_a_kill_of_a_settling_the_same_command_settles(
    three: Three, tmp_path: Path, moment: Moment
) -> None:
    settle = ("--mode", "settle", "--yes")
    update_by_hand(three, three.config_of(three.b))
    kill_at(three, moment, *settle)
    again = three.run(*settle)
    assert again.exit_code == 0, again.stdout + again.stderr
    require_agreement(three, tmp_path, serves=three.b)
