"""`kill -9` of the runner, in every mode and at several moments: the same command then works.

Names do not collide, the lease of the dead run is known to be one, and the ledger and SageMaker
agree again. The quick part of this is in test_interrupted.
"""

import re
import signal
from collections.abc import Callable
from typing import Any

import pytest

from tests.e2e.story import Story

# Lines on stderr after which the run is killed: while it starts, in the middle, near the end.
MOMENTS = (1, 6, 25, 70)
GATE_HOLDS = ("--accuracy-threshold", "0.999", "--minimum-accuracy", "0.5")
# What a command says that finds its work done by the run that was killed.
DONE_ALREADY = {"rollback": {0, 2}}

Command = tuple[str, ...]


@pytest.fixture(scope="module")
def killed(a_story: Callable[[str], Story], trained_job: str, other_job: str) -> Story:
    """An endpoint with two releases, of which either may serve."""
    story = a_story("killed")
    for job in (trained_job, other_job):
        assert story.deploy(job).exit_code == 0
    return story


def command_of(story: Story, mode: str, jobs: tuple[str, str]) -> Command:
    live = live_release(story)
    away = next(each for each in retained(story) if each != live)
    of_job = ("--training-job", jobs[0])
    flags: dict[str, Command] = {
        "approve": (*of_job, "--reason", "a story", *GATE_HOLDS),
        "deployment": ("--training-job", job_of_another(story, live, jobs), "--force"),
        "evaluation": of_job,
        "registration": of_job,
        "rollback": ("--to", away, "--force"),
    }
    return ("--mode", mode, *flags.get(mode, ()))


def retained(story: Story) -> list[str]:
    lines = story.run("--mode", "status").results["listing"]
    return [found[1] for line in lines if (found := re.match(r"  (r-[0-9a-f-]+) \(", line))]


def live_release(story: Story) -> str:
    return story.serving_model().removeprefix(f"{story.endpoint}-")


def job_of_another(story: Story, live: str, jobs: tuple[str, str]) -> str:
    """Return the job whose model does not serve; the older release is that of the first job."""
    return jobs[1] if live == sorted(retained(story))[0] else jobs[0]


def kill_after(story: Story, lines: int, *command: str, **variables: Any) -> int:
    """Run a command, kill it after so many lines, and return its exit code."""
    running = story.command.start(*command, "--verbose", "--log-format", "json", **variables)
    stderr = running.process.stderr
    assert stderr is not None
    for _ in range(lines):
        if not stderr.readline():
            break
    running.process.kill()
    return running.ended().exit_code


def require_sound(story: Story) -> None:
    """Nothing of a dead run is in anybody's way."""
    doctor = story.run("--mode", "doctor")
    assert any(line.startswith("ok       lease: free") for line in doctor.results["listing"])
    status = story.run("--mode", "status").results["listing"]
    assert not any("otherwise" in line or "under way" in line for line in status)
    assert story.status() == "InService"
    told = story.run("--mode", "history").results["listing"]
    assert not any("not whole" in line for line in told)


@pytest.mark.soak
@pytest.mark.parametrize("moment", MOMENTS)
@pytest.mark.parametrize(
    "mode",
    [
        *("full", "training", "evaluation", "registration", "approve", "deployment", "testing"),
        *("rollback", "status", "history", "bootstrap", "validate", "doctor"),
    ],
)
def test_after_a_kill_the_same_command_works(
    killed: Story, mode: str, moment: int, trained_job: str, other_job: str
) -> None:
    command = command_of(killed, mode, (trained_job, other_job))
    assert kill_after(killed, moment, *command) in {-signal.SIGKILL, 0}
    again = killed.run(*command)
    assert again.exit_code in DONE_ALREADY.get(mode, {0}), again.stderr
    if mode == "rollback":
        assert live_release(killed) == command[3]
    require_sound(killed)


@pytest.mark.soak
def test_a_killed_training_leaves_no_name_that_the_next_one_could_meet(story: Story) -> None:
    assert kill_after(story, 6, "--mode", "training", "--stop-after", "train") == -signal.SIGKILL
    again = story.run("--mode", "training", "--stop-after", "train")
    assert again.exit_code == 0
    assert again.variables["MLOPS_TRAINING_JOB"]
