"""Deploying what serves already: nothing to do, and nothing touched."""

from tests.e2e.story import Story


def test_deploying_the_same_model_again_is_nothing_to_do(serving: Story, trained_job: str) -> None:
    before = serving.described()
    again = serving.deploy(trained_job)
    assert again.exit_code == 0
    assert again.deployment["deployment_results"]["status"] == "nothing_to_do"
    assert again.results["summary"]["deployment_occurred"] is False
    assert again.variables["MLOPS_DEPLOYED"] == "false"
    assert serving.described()["LastModifiedTime"] == before["LastModifiedTime"]
