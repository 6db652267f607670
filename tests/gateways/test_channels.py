"""Channels against real servers on loopback: what is taken, refused, and tried again."""

import hashlib
import hmac
import json
import socket
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pipeline.core.messages import EventKind
from pipeline.core.outbox import Verdict
from pipeline.gateways.channels import retry_after_s
from pipeline.gateways.mail import SmtpMail, SmtpServer, mail_of
from pipeline.gateways.slack import SlackWebhook
from pipeline.gateways.slack_bot import SlackBot
from pipeline.gateways.webhook import Webhook
from tests.support.answering import Reply, answering
from tests.support.certificates import a_certificate
from tests.support.mail_server import PASSWORD, USER, MailServer, a_mail_server
from tests.support.message_builders import said

TAKEN, REFUSED, FAILED = Verdict.TAKEN, Verdict.REFUSED, Verdict.FAILED
SECRET = "services/T0/B0/s3cr3t-of-slack"


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return a_certificate(tmp_path_factory.mktemp("certificate"))


@pytest.fixture
def trusted(certificate: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch) -> tuple[Path, Path]:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate[0]))
    return certificate


SLACK: list[tuple[str, Reply, Verdict, bool, str]] = [
    ("ok", Reply(), TAKEN, False, ""),
    ("200 that is not ok", Reply(body="no"), FAILED, True, "HTTP 200: no"),
    ("too fast", Reply(status=429, headers={"Retry-After": "7"}), FAILED, False, "HTTP 429"),
    ("down", Reply(status=503, body="<html>"), FAILED, False, "HTTP 503"),
    ("rollup", Reply(status=500, body="rollup_error"), FAILED, False, "HTTP 500"),
    (
        "redirect",
        Reply(status=302, body="", headers={"Location": "/elsewhere"}),
        FAILED,
        True,
        "HTTP 302, a redirect",
    ),
    ("gone", Reply(status=404, body="no_service"), FAILED, True, "HTTP 404: no_service"),
    ("archived", Reply(status=410, body="channel_is_archived"), FAILED, True, "HTTP 410"),
    ("forbidden", Reply(status=403, body="action_prohibited"), FAILED, True, "HTTP 403"),
    ("blocks", Reply(status=400, body="invalid_blocks"), REFUSED, False, "HTTP 400"),
    ("a page", Reply(status=404, body="<html>x"), FAILED, True, "HTTP 404: no word of Slack"),
    ("hangs up", Reply(hangs_up=True), FAILED, False, ""),
]


@pytest.mark.parametrize(
    ("reply", "verdict", "is_off", "text"), [c[1:] for c in SLACK], ids=[c[0] for c in SLACK]
)
def test_what_slack_answers_to_a_webhook_and_what_it_means(
    reply: Reply, verdict: Verdict, is_off: bool, text: str
) -> None:
    with answering(reply) as slack:
        answer = SlackWebhook(f"{slack.url}/{SECRET}").send(said())
    assert (answer.verdict, answer.is_off) == (verdict, is_off)
    assert answer.said.startswith(text)
    assert bool(answer.remedy) == (is_off or verdict is REFUSED)
    assert SECRET not in f"{answer}"
    assert len(slack.asked) == 1  # no redirect was followed


@pytest.mark.parametrize(
    ("value", "seconds"),
    [(None, None), ("0", 0.0), ("1", 1.0), ("3600", 60.0), ("Wed, 21 Oct 2026 07:28:00 GMT", 60.0)],
)
def test_retry_after_is_never_longer_than_a_minute(
    value: str | None, seconds: float | None
) -> None:
    assert retry_after_s(value) == seconds


def test_a_port_where_nobody_listens_and_a_name_that_nobody_has() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    answer = SlackWebhook(f"http://127.0.0.1:{port}/{SECRET}").send(said())
    assert (answer.verdict, answer.said) == (FAILED, "Connection refused")
    nobody = SlackWebhook("https://nobody.invalid/" + SECRET).send(said())
    assert (nobody.verdict, nobody.is_off) == (FAILED, False)
    assert "s3cr3t" not in f"{answer} {nobody}"


@pytest.mark.parametrize(
    "address",
    ["http://example.com/s3cr3t", "xoxb-s3cr3t", "file:///etc/s3cr3t", "https://a b/s3cr3t", ""],
)
def test_nothing_is_sent_in_the_clear_or_to_what_is_no_address(
    address: str, caplog: pytest.LogCaptureFixture
) -> None:
    channels = (SlackWebhook(address), Webhook(address, secret=None, form="teams"))
    for answer in (*(each.send(said()) for each in channels), channels[1].look()):
        assert (answer.verdict, answer.said) == (FAILED, "its address does not begin with https://")
        assert "s3cr3t" not in f"{answer}{caplog.text}"


def test_a_certificate_that_nobody_vouches_for_is_refused(
    certificate: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    with answering(certificate=certificate) as server:
        answer = SlackWebhook(f"{server.url}/{SECRET}").send(said())
        assert (answer.verdict, answer.is_off) == (FAILED, True)
        assert "certificate is not valid" in answer.said
        assert server.asked == []
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate[0]))
        assert SlackWebhook(f"{server.url}/{SECRET}").send(said()).verdict is TAKEN


@pytest.mark.parametrize("kind", EventKind)
def test_slack_and_a_webhook_take_every_event(kind: EventKind) -> None:
    with answering() as server:
        channels = (
            SlackWebhook(server.url),
            Webhook(server.url, secret="k", form="cloudevents"),
            Webhook(server.url, secret=None, form="teams"),
        )
        assert [channel.send(said(kind)).verdict for channel in channels] == [TAKEN] * 3
    slack, event, card = (asked.document for asked in server.asked)
    assert slack["blocks"]
    assert event["type"] == f"mlops.{kind.value}"
    assert card["type"] == "message"


def test_a_workflow_is_no_incoming_webhook_and_is_seen_by_its_address() -> None:
    answer = SlackWebhook("https://hooks.slack.com/triggers/T/1/x").look()
    assert (answer.verdict, "workflow" in answer.said) == (FAILED, True)


def test_looking_at_slack_shows_nothing_in_it() -> None:
    with answering(Reply(status=400, body="no_text"), Reply(status=404, body="no_team")) as slack:
        webhook = SlackWebhook(slack.url)
        assert webhook.look().verdict is TAKEN
        assert webhook.look().verdict is FAILED
    assert [asked.document for asked in slack.asked] == [{}, {}]


def test_a_receiver_can_tell_who_signed_a_webhook_and_when() -> None:
    with answering(Reply(status=202, body="")) as server:
        hook = Webhook(server.url, secret="key", form="cloudevents", clock=lambda: 1000.5)
        assert hook.send(said()).verdict is TAKEN
    (asked,) = server.asked
    digest = hmac.new(b"key", b"1000." + asked.body, hashlib.sha256).hexdigest()
    assert asked.headers["x-mlops-signature"] == f"sha256={digest}"
    assert asked.headers["x-mlops-timestamp"] == "1000"
    assert asked.headers["content-type"].startswith("application/cloudevents+json")


@pytest.mark.parametrize(
    ("status", "verdict", "is_off"),
    [(200, TAKEN, False), (204, TAKEN, False), (400, REFUSED, False), (401, FAILED, True)],
)
def test_what_a_webhook_answers(status: int, verdict: Verdict, is_off: bool) -> None:
    with answering(Reply(status=status, body="")) as server:
        answer = Webhook(server.url, secret=None, form="teams").send(said())
    assert (answer.verdict, answer.is_off) == (verdict, is_off)


def a_post(ts: str = "1.1") -> Reply:
    return Reply(body=json.dumps({"ok": True, "channel": "C1", "ts": ts, "message": "x" * 9000}))


def test_a_bot_keeps_a_run_in_one_thread_and_edits_its_first_message() -> None:
    with answering(a_post(), a_post("1.2")) as slack:
        bot = SlackBot("xoxb-s3cr3t", "#releases", api=slack.url)
        first = bot.send(said(EventKind.STARTED))
        assert first.thread == "C1/1.1"
        assert bot.send(replace(said(), thread=first.thread)).verdict is TAKEN
    paths = [asked.path for asked in slack.asked]
    assert paths == ["/chat.postMessage", "/chat.postMessage", "/chat.update"]
    opened, followed, edited = (asked.document for asked in slack.asked)
    assert opened["channel"] == "#releases"
    assert "thread_ts" not in opened
    assert (followed["channel"], followed["thread_ts"]) == ("C1", "1.1")
    assert (edited["channel"], edited["ts"]) == ("C1", "1.1")
    assert slack.asked[0].headers["authorization"] == "Bearer xoxb-s3cr3t"


@pytest.mark.parametrize(
    ("body", "verdict", "is_off"),
    [
        ('{"ok": false, "error": "invalid_auth"}', FAILED, True),
        ('{"ok": false, "error": "not_in_channel"}', FAILED, True),
        ('{"ok": false, "error": "ratelimited"}', FAILED, False),
        ('{"ok": false, "error": "invalid_blocks"}', REFUSED, False),
        ("[]", FAILED, True),
        ("<html>", FAILED, False),
    ],
)
def test_a_bot_reads_the_body_of_a_200(body: str, verdict: Verdict, is_off: bool) -> None:
    with answering(Reply(body=body)) as slack:
        answer = SlackBot("xoxb-s3cr3t", "C1", api=slack.url).send(said())
    assert (answer.verdict, answer.is_off) == (verdict, is_off)
    assert "s3cr3t" not in f"{answer}"


@pytest.fixture
def mail_server(trusted: tuple[Path, Path]) -> Iterator[MailServer]:
    with a_mail_server(trusted) as server:
        yield server


def by_smtp(server: MailServer, *recipients: str, **changes: Any) -> SmtpMail:
    place = {
        "host": "127.0.0.1",
        "port": server.port,
        "user": USER,
        "password": PASSWORD,
        **changes,
    }
    return SmtpMail(
        SmtpServer(**place),
        sender="runner@example.com",
        recipients=recipients or ("a@example.com", "b@example.com"),
    )


@pytest.mark.parametrize("kind", EventKind)
def test_every_event_arrives_by_smtp_as_text_and_html(
    mail_server: MailServer, kind: EventKind
) -> None:
    words = said(kind, why="Grüße 🔥\nline two")
    assert by_smtp(mail_server).send(words).verdict is TAKEN
    (mail,) = mail_server.mails
    assert mail["Subject"] == words.title
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["Message-ID"] == f"<{words.id}@example.com>"
    assert mail_server.recipients == [["a@example.com", "b@example.com"]]
    text, html = mail.get_body(("plain",)), mail.get_body(("html",))
    assert text is not None
    assert html is not None
    assert "Grüße 🔥" in text.get_content()
    assert words.what.split(" ")[0] in html.get_content()


def test_mails_of_one_run_are_one_thread() -> None:
    kinds = (EventKind.STARTED, EventKind.DEPLOYED)
    mails = [mail_of(said(k), sender="r@x.de", recipients=("a@x.de",)) for k in kinds]
    assert mails[0]["References"] == mails[1]["References"]
    assert mails[0]["Message-ID"] != mails[1]["Message-ID"]


def test_a_password_that_is_wrong_switches_mail_off(mail_server: MailServer) -> None:
    answer = by_smtp(mail_server, password="other").send(said())
    assert (answer.verdict, answer.is_off) == (FAILED, True)
    assert "smtp_user" in answer.remedy
    assert mail_server.mails == []


@pytest.mark.parametrize(
    ("refuses", "verdict", "mails"),
    [
        ({"a@example.com": "550 nobody here"}, REFUSED, 1),
        ({"a@example.com": "550 no", "b@example.com": "550 no"}, REFUSED, 0),
        ({"a@example.com": "451 later", "b@example.com": "451 later"}, FAILED, 0),
    ],
)
def test_recipients_that_a_server_refuses_are_named(
    mail_server: MailServer, refuses: dict[str, str], verdict: Verdict, mails: int
) -> None:
    mail_server.refuses = refuses
    answer = by_smtp(mail_server).send(said())
    assert answer.verdict is verdict
    assert "a@example.com" in answer.said
    assert len(mail_server.mails) == mails


def test_nothing_goes_to_a_server_without_tls_or_with_a_bad_certificate(
    certificate: tuple[Path, Path],
) -> None:
    with a_mail_server(None) as plain:
        answer = by_smtp(plain).send(said())
    assert (answer.said, answer.is_off, plain.mails) == ("the server offers no TLS", True, [])
    with a_mail_server(certificate) as server:
        answer = by_smtp(server).send(said())
    assert (answer.is_off, server.mails) == (True, [])
    assert "certificate is not valid" in answer.said


def test_looking_at_a_mail_server_sends_nothing(mail_server: MailServer) -> None:
    assert by_smtp(mail_server).look().verdict is TAKEN
    assert mail_server.mails == []


def test_looking_at_a_webhook_connects_and_asks_nothing() -> None:
    with answering() as server:
        assert Webhook(server.url, secret=None, form="teams").look().verdict is TAKEN
    assert server.asked == []
    answer = Webhook(server.url, secret=None, form="teams").look()
    assert (answer.verdict, answer.said) == (FAILED, "Connection refused")
