"""A model between the thresholds waits for a person; one below both never passes."""

from tests.e2e.story import Story
from tests.e2e.three import Three

HOLDS = {"ACCURACY_THRESHOLD": "0.999"}
REJECTS = {"ACCURACY_THRESHOLD": "0.999", "MINIMUM_ACCURACY": "0.998"}


def test_a_held_model_is_deployed_after_a_person_approved_it(story: Story) -> None:
    held = story.run("--mode", "full", **HOLDS)
    assert (held.exit_code, held.results["pipeline_status"]) == (3, "stopped")
    assert held.results["decision"]["verdict"] == "hold"
    assert story.packages_of(held.job) == ["PendingManualApproval"]

    refused = story.deploy(held.job, **HOLDS)
    assert refused.exit_code == 3
    assert not story.has_endpoint()

    approve = ("--mode", "approve", "--training-job", held.job)
    assert story.run(*approve, **HOLDS).exit_code == 2
    assert story.packages_of(held.job) == ["PendingManualApproval"]
    assert story.run(*approve, "--reason", "seen by a person", **HOLDS).exit_code == 0
    assert story.packages_of(held.job) == ["Approved"]

    deployed = story.deploy(held.job, **HOLDS)
    assert (deployed.exit_code, deployed.results["decision"]["verdict"]) == (0, "hold")
    assert story.serves(deployed.release)


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
