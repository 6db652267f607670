"""Two deployments of one endpoint at the same time: one wins, the other names it and leaves."""

from tests.e2e.story import Story


def test_the_run_that_comes_second_names_the_first(plain_story: Story, trained_job: str) -> None:
    story = plain_story
    deploy = ("--mode", "deployment", "--training-job", trained_job)
    both = [story.command.start(*deploy), story.command.start(*deploy)]
    winner, loser = sorted((each.ended() for each in both), key=lambda ended: ended.exit_code)
    assert (winner.exit_code, loser.exit_code) == (0, 9)
    assert winner.results["run_id"] in loser.error
    assert loser.results["summary"]["deployment_occurred"] is False
    assert story.serves(winner.release)
