"""--disable-auto-deploy: a model that passes is registered and goes no further."""

from tests.e2e.story import Story


def test_a_passing_model_is_only_registered(story: Story) -> None:
    done = story.run("--mode", "full", "--disable-auto-deploy")
    assert (done.exit_code, done.results["pipeline_status"]) == (0, "success")
    assert done.results["decision"]["verdict"] == "deploy"
    assert done.results["summary"]["deployment_occurred"] is False
    assert done.variables["MLOPS_DEPLOYED"] == "false"
    assert story.packages_of(done.job) == ["Approved"]
    assert not story.has_endpoint()
