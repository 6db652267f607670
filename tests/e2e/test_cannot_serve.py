"""A model that no container can serve: rejected by its evaluation, and nobody can let it pass."""

from tests.e2e import user_code
from tests.e2e.story import Story


def test_a_model_that_cannot_serve_reaches_no_endpoint(story: Story) -> None:
    refused = story.run(*user_code.unservable(story.folder))
    assert refused.exit_code == 3
    assert refused.results["decision"]["verdict"] == "reject"
    assert "the lookup table is not on this machine" in refused.error
    assert not story.has_endpoint()
    assert story.packages_of(refused.job) == ["Rejected"]

    approve = ("--mode", "approve", "--training-job", refused.job, "--reason", "please")
    assert story.run(*approve).exit_code == 3
    assert story.packages_of(refused.job) == ["Rejected"]
    again = story.deploy(refused.job)
    assert again.exit_code == 3
    assert not story.has_endpoint()
