"""One event's whole way on the embedded AWS: outbox in S3, SNS to a queue, Slack on loopback."""

import json
from datetime import timedelta

import pytest

from emulator.tests.support.buses import a_queue, messages, received
from emulator.tests.support.embedded import Embedded, unique
from pipeline.core.errors import UsageError
from pipeline.core.messages import EventKind, Severity
from pipeline.core.outbox import Verdict
from pipeline.core.outcomes import NoticeState
from pipeline.gateways.mail import SesMail
from pipeline.gateways.secrets_manager import looked_up
from pipeline.gateways.slack import SlackWebhook
from pipeline.gateways.sns import SnsTopics
from tests.gateways.gateways import a_store, cloud_of
from tests.support.answering import Reply, answering
from tests.support.message_builders import Clock, a_failure, a_report, an_office, said

pytestmark = pytest.mark.emulated


def a_topic(embedded: Embedded) -> tuple[str, str]:
    """Return the ARN of a topic, and the URL of a queue that hears it."""
    topic: str = embedded.client("sns").create_topic(Name=unique("topic"))["TopicArn"]
    url, queue = a_queue(embedded)
    embedded.client("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue)
    return topic, url


def topics(embedded: Embedded, arn: str) -> SnsTopics:
    return SnsTopics(cloud_of(embedded), dict.fromkeys(Severity, arn))


def test_a_failed_run_is_told_by_sns_and_slack_once(embedded: Embedded) -> None:
    topic, queue = a_topic(embedded)
    store = a_store(embedded)
    with answering() as slack:
        channels = (topics(embedded, topic), SlackWebhook(f"{slack.url}/services/T/B/x"))
        office = an_office(store, channels)
        office.post(a_report(failure=a_failure(6, message="Nothing serves.")))
        assert {each.state for each in office.notices} == {NoticeState.PENDING}
        office.deliver()
        an_office(store, channels, run_id="another").deliver()
    envelope = json.loads(received(embedded, queue)["Body"])
    assert envelope["Subject"] == "[staging] iris-model-staging: No earlier release is serving"
    assert "Why: Nothing serves." in envelope["Message"]
    assert envelope["MessageAttributes"]["severity"]["Value"] == "critical"
    assert messages(embedded, queue) == []
    assert len(slack.asked) == 1
    assert "Nothing serves." in slack.asked[0].body.decode()
    assert {(each.channel, each.state) for each in office.notices} == {
        ("sns", NoticeState.SENT),
        ("slack", NoticeState.SENT),
    }


def test_what_a_channel_did_not_take_is_sent_by_the_next_run(embedded: Embedded) -> None:
    store = a_store(embedded)
    with answering(otherwise=Reply(status=503)) as down:
        office = an_office(store, [SlackWebhook(down.url)])
        office.post(a_report(failure=a_failure(10)))
        office.deliver()
        assert len(down.asked) == 3
    (notice,) = office.notices
    assert (notice.state, notice.tries, notice.error) == (NoticeState.PENDING, 3, "HTTP 503.")
    with answering() as up:
        an_office(store, [SlackWebhook(up.url)], run_id="later").deliver()
        an_office(store, [SlackWebhook(up.url)], run_id="latest").deliver()
        assert len(up.asked) == 1


def test_two_runs_at_once_send_a_message_once(embedded: Embedded) -> None:
    store, clock = a_store(embedded), Clock()
    with answering() as slack:
        first = an_office(store, [SlackWebhook(slack.url)], clock=clock)
        first.post(a_report(failure=a_failure(6)))
        assert first._claimed(set()) is not None  # it dies here
        second = an_office(store, [SlackWebhook(slack.url)], clock=clock, run_id="second")
        second.deliver()
        assert slack.asked == []
        clock.moment += timedelta(minutes=2)
        second.deliver()
    assert len(slack.asked) == 1
    assert "you may read it twice" in slack.asked[0].body.decode()


@pytest.mark.parametrize("kind", EventKind)
def test_sns_takes_every_event(embedded: Embedded, kind: EventKind) -> None:
    topic, queue = a_topic(embedded)
    assert topics(embedded, topic).send(said(kind)).verdict is Verdict.TAKEN
    attributes = json.loads(received(embedded, queue)["Body"])["MessageAttributes"]
    assert attributes["event"]["Value"] == kind.value


def test_a_topic_that_is_gone_switches_sns_off_with_a_remedy(embedded: Embedded) -> None:
    gone = topics(embedded, "arn:aws:sns:us-east-1:000000000000:gone")
    for answer in (gone.send(said()), gone.look()):
        assert (answer.verdict, answer.is_off, answer.said) == (Verdict.FAILED, True, "NotFound")
        assert "sns_topic_arn" in answer.remedy


def by_ses(embedded: Embedded, sender: str) -> SesMail:
    return SesMail(cloud_of(embedded), sender=sender, recipients=("a@example.com",))


def test_mail_goes_by_ses_from_a_verified_sender_only(embedded: Embedded) -> None:
    sender = f"{unique('runner')}@example.com"
    embedded.client("sesv2").create_email_identity(EmailIdentity=sender)
    assert by_ses(embedded, sender).send(said()).verdict is Verdict.TAKEN
    assert by_ses(embedded, sender).look().verdict is Verdict.TAKEN
    answer = by_ses(embedded, "no@nobody.example").send(said())
    assert (answer.verdict, answer.is_off) == (Verdict.FAILED, True)
    assert answer.said == "MessageRejected"
    assert "email_sender" in answer.remedy


@pytest.mark.parametrize(
    "kept", ["xoxb-1", ' {"url": "xoxb-1"}', '{"value": "xoxb-1", "other": 7}', "xoxb-1\n"]
)
def test_a_secret_is_a_text_or_json_with_it(embedded: Embedded, kept: str) -> None:
    arn = a_secret(embedded, kept)
    assert looked_up(cloud_of(embedded), arn) == "xoxb-1"
    assert looked_up(cloud_of(embedded), "given itself") == "given itself"


@pytest.mark.parametrize("kept", ['{"token": "xoxb-1"}', '{"url": 7}', " "])
def test_a_secret_that_holds_none_is_refused_without_being_shown(
    embedded: Embedded, kept: str
) -> None:
    arn = a_secret(embedded, kept)
    with pytest.raises(UsageError) as refused:
        looked_up(cloud_of(embedded), arn)
    assert arn in str(refused.value)
    assert "xoxb-1" not in str(refused.value)


def a_secret(embedded: Embedded, kept: str) -> str:
    manager = embedded.client("secretsmanager")
    arn: str = manager.create_secret(Name=unique("secret"), SecretString=kept)["ARN"]
    return arn


def test_a_subscription_that_nobody_confirmed_is_seen(embedded: Embedded) -> None:
    topic, _ = a_topic(embedded)
    assert topics(embedded, topic).look().verdict is Verdict.TAKEN
    embedded.client("sns").subscribe(
        TopicArn=topic, Protocol="http", Endpoint="http://127.0.0.1:9/never-confirmed"
    )
    answer = topics(embedded, topic).look()
    assert (answer.verdict, answer.is_off) == (Verdict.FAILED, False)
    assert answer.said.startswith("1 of the subscriptions of ")
