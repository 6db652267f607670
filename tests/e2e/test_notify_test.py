"""Mode notify-test: one message to each channel, and what each answered."""

from tests.e2e.story import Story
from tests.support.answering import Reply, answering

NOTIFY_TEST = ("--mode", "notify-test")
HOOK = "/services/T0/B0/not-for-any-log"


def test_each_channel_gets_one_message_and_its_answer_is_told(quiet: Story) -> None:
    for severity in ("", "-warning", "-critical"):
        quiet.aws.client("sns").create_topic(Name=f"mlops-staging-notifications{severity}")
    with answering() as slack, answering(otherwise=Reply(status=404, body="")) as hook:
        variables = {
            "SLACK_WEBHOOK_URL": f"{slack.url}{HOOK}",
            "MLOPS_NOTIFICATIONS__WEBHOOK_URL": f"{hook.url}{HOOK}",
        }
        asked = quiet.run(*NOTIFY_TEST, **variables)
        looked = quiet.run("--mode", "doctor", **variables)
    assert asked.exit_code == 2
    assert asked.results["listing"] == [
        "sns: sent",
        "slack: sent",
        "webhook: HTTP 404. Check notifications.webhook_url: it must be whole, with all of its "
        "query.",
    ]
    assert "1 of 3 channels failed: webhook." in asked.error
    assert slack.asked[0].document["text"].endswith("A test message")
    assert len(slack.asked) == 2  # doctor sends what Slack refuses and shows to nobody
    assert slack.asked[1].document == {}
    assert len(hook.asked) == 1
    assert "ok       channel sns: can be reached" in looked.results["listing"]
    assert "not-for-any-log" not in f"{asked.stdout}{asked.stderr}{looked.stdout}{looked.stderr}"
