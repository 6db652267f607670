"""A better model goes, a worse one stays out, and between the two a person decides."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.e2e import user_code
from tests.e2e.command_line import Outcome
from tests.e2e.story import COMPARES, Story

# Limits that even the worst of these models passes
EASY = {"ACCURACY_THRESHOLD": "0.6", "MINIMUM_ACCURACY": "0.5", **COMPARES}


def below(length: float) -> Mapping[str, str]:
    """Return the variables for a model that is wrong about all flowers that are smaller."""
    return {"MLOPS_TRAINING__HYPERPARAMETERS": f'{{"below": {length}}}', **EASY}


def test_a_worse_model_stays_out(serving: Story, tmp_path: Path) -> None:
    live = serving.serving_model().removeprefix(f"{serving.endpoint}-")
    worse = serving.run("--mode", "full", *user_code.spoiled(tmp_path), **below(5.1))
    require_kept(serving, worse, live=live)


def require_kept(story: Story, worse: Outcome, *, live: str) -> None:
    assert (worse.exit_code, worse.results["decision"]["verdict"]) == (3, "keep")
    assert worse.variables["MLOPS_VERDICT"] == "keep"
    assert f"Champion: {live}" in worse.stdout
    assert story.serves(live)
    assert story.packages_of(worse.job) == ["PendingManualApproval"]
    told = story.run("--mode", "history").results["history"]["events"][-1]
    assert told["what"] == "kept"
    assert told["details"]["release"] == live
    assert told["details"]["job"] == worse.job
    assert "the live release is better and stays" in told["details"]["reason"]


@pytest.mark.soak
def test_a_better_model_goes_a_worse_one_stays_out_and_a_person_decides_between(
    story: Story, tmp_path: Path
) -> None:
    flags = user_code.spoiled(tmp_path)

    def run(mode: str, length: float) -> Outcome:
        return story.run("--mode", mode, *flags, **below(length))

    first = run("full", 5.1)
    assert first.exit_code == 0, first.stderr
    assert "nothing is live" in " ".join(first.results["decision"]["reasons"])

    better = run("full", 4.0)
    assert better.exit_code == 0, better.stderr
    comparison = better.training["evaluation_results"]["comparison"]
    assert comparison["release_id"] == first.release
    assert comparison["only_challenger_right"] - comparison["only_champion_right"] == 10
    assert comparison["champion"] < comparison["challenger"]
    assert comparison["baseline"] < comparison["champion"]
    assert story.serves(better.release)

    worse = run("full", 5.1)
    require_kept(story, worse, live=better.release)

    unsure = run("training", 4.6)
    assert (unsure.exit_code, unsure.results["decision"]["verdict"]) == (3, "hold")
    assert story.deploy(unsure.job, *flags, **EASY).exit_code == 3
    approve = ("--mode", "approve", "--training-job", unsure.job)
    assert story.run(*approve, *flags, **EASY).exit_code == 2  # nobody passes without a reason
    assert story.run(*approve, "--reason", "two rows are no proof", *flags, **EASY).exit_code == 0
    deployed = story.deploy(unsure.job, *flags, **EASY)
    assert deployed.exit_code == 0, deployed.stderr
    assert story.serves(deployed.release)
