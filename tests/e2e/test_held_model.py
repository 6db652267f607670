"""A model between the thresholds waits for a person; one below both never passes.

The model that waits is of a user's own class, with a gate on the user's own metric, and gets all
that can be around an endpoint: one story for what no step of it minds.
"""

import pytest

from tests.e2e.story import Story
from tests.e2e.surrounded import ALL, EVERYTHING, what_surrounds
from tests.e2e.three import Three
from tests.support.project import PROJECT_ROOT

OWN = ("--config-file", str(PROJECT_ROOT / "examples" / "custom_config.json"))
# The model keeps its group, so that the foundation need not be changed for it.
HOLDS = {"ACCURACY_THRESHOLD": "0.999", "MODEL_NAME_PREFIX": "iris-classifier"}
REJECTS = {"ACCURACY_THRESHOLD": "0.999", "MINIMUM_ACCURACY": "0.998"}


def test_a_held_model_is_deployed_after_a_person_approved_it(story: Story) -> None:
    held = story.run("--mode", "full", *OWN, **HOLDS)
    assert (held.exit_code, held.results["pipeline_status"]) == (3, "stopped")
    assert held.results["decision"]["verdict"] == "hold"
    metrics = held.training["evaluation_results"]["custom_metrics"]
    assert set(metrics) >= {"f1_score", "precision", "recall"}
    assert any(reason.startswith("f1_score ") for reason in held.results["decision"]["reasons"])
    assert story.packages_of(held.job) == ["PendingManualApproval"]

    refused = story.deploy(held.job, *OWN, **HOLDS)
    assert refused.exit_code == 3
    assert not story.has_endpoint()

    approve = ("--mode", "approve", "--training-job", held.job, *OWN)
    assert story.run(*approve, **HOLDS).exit_code == 2
    assert story.packages_of(held.job) == ["PendingManualApproval"]
    assert story.run(*approve, "--reason", "seen by a person", **HOLDS).exit_code == 0
    assert story.packages_of(held.job) == ["Approved"]

    deployed = story.deploy(held.job, *OWN, **HOLDS, **EVERYTHING)
    assert (deployed.exit_code, deployed.results["decision"]["verdict"]) == (0, "hold")
    assert story.serves(deployed.release)
    assert what_surrounds(story) == ALL
    # Nearest centroids know no probabilities: it is that class which answers.
    answer = story.ask()
    assert answer["predictions"] == ["virginica", "setosa"]
    assert "probabilities" not in answer


@pytest.mark.soak
def test_what_a_pipeline_may_not_approve_is_deployed_and_its_approval_left_to_a_person(
    three: Three,
) -> None:
    """In an AWS of its own: others would be denied by the rule, too."""
    denied = {"code": "AccessDeniedException", "message": "no", "status": 400}
    three.aws.add_fault({"service": "sagemaker", "action": "UpdateModelPackage", "error": denied})
    trained = three.run("--mode", "training")
    assert (trained.exit_code, trained.results["decision"]["verdict"]) == (0, "deploy")
    assert trained.training["approval_status"] == "PendingManualApproval"
    assert any("this role may not approve it" in note for note in trained.results["notes"])

    newest = three.run("--mode", "deployment")
    assert newest.exit_code == 0
    assert newest.results["decision"]["verdict"] == "deploy"
    assert three.serves(newest.release)
    assert three.packages_of(trained.job) == ["PendingManualApproval"]


@pytest.mark.soak
def test_a_rejected_model_cannot_be_approved(story: Story) -> None:
    rejected = story.run("--mode", "training", **REJECTS)
    assert rejected.exit_code == 3
    assert rejected.variables["MLOPS_VERDICT"] == "reject"
    assert story.packages_of(rejected.job) == ["Rejected"]

    asked = story.run(
        "--mode", "approve", "--training-job", rejected.job, "--reason", "please", **REJECTS
    )
    assert asked.exit_code == 3
    assert story.packages_of(rejected.job) == ["Rejected"]
    assert story.deploy(rejected.job, **REJECTS).exit_code == 3
