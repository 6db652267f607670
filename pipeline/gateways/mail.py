"""Mail: by SES v2 with the role of a run, or by an SMTP server with verified TLS.

Both send the same bytes. Sources: RFC 5322; RFC 3834 (Auto-Submitted); SES API v2, SendEmail;
Python's smtplib, whose `starttls` without a context accepts any certificate.
"""

import smtplib
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from email import policy
from email.message import EmailMessage
from email.utils import format_datetime
from typing import Any

from botocore.exceptions import ClientError

from pipeline.core.outbox import Answer, Verdict
from pipeline.core.payloads import attributes
from pipeline.core.wording import Said
from pipeline.gateways.aws import FAILURES, Cloud
from pipeline.gateways.channels import TAKEN, failed
from pipeline.gateways.https import TIMEOUT_S
from pipeline.gateways.sns import ONE_TRY, of_aws

_AGAIN = {"InternalServerError", "LimitExceededException", "TooManyRequestsException"}
_REMEDIES = {
    "AccessDeniedException": "Let this run's role send: ses:SendEmail for the sender's identity.",
    "AccountSuspendedException": "SES has suspended sending for this account; see its console.",
    "MailFromDomainNotVerifiedException": "Verify the MAIL FROM domain of the sender in SES.",
    "MessageRejected": (
        "Verify notifications.email_sender in SES here; in its sandbox each recipient too."
    ),
    "NotFoundException": "Verify notifications.email_sender in SES in this region.",
    "SendingPausedException": "Sending is paused for this account; see SES's console.",
}
_AT_ONCE_TLS_PORT = 465
# RFC 5322, 2.1.1. Folded earlier, a long title would begin with a space.
_LONG_LINES = policy.SMTP.clone(max_line_length=998)


def mail_of(said: Said, *, sender: str, recipients: tuple[str, ...]) -> EmailMessage:
    """Return a mail of text and HTML; mails of one run are one thread."""
    host = sender.rpartition("@")[2]
    mail = EmailMessage(policy=_LONG_LINES)
    mail["From"] = sender
    mail["To"] = ", ".join(recipients)
    mail["Subject"] = " ".join(said.title.split())
    mail["Date"] = format_datetime(said.event.when)
    mail["Message-ID"] = f"<{said.id}@{host}>"
    mail["References"] = f"<run-{said.event.run_id}@{host}>"
    mail["Auto-Submitted"] = "auto-generated"
    for name, value in attributes(said).items():
        mail[f"X-Mlops-{name.replace('_', '-')}"] = value
    mail.set_content(said.text)
    mail.add_alternative(said.html, subtype="html")
    return mail


class SesMail:
    """Amazon SES v2; the sender's identity must be verified there."""

    name = "email"

    def __init__(self, cloud: Cloud, *, sender: str, recipients: tuple[str, ...]) -> None:
        self._client: Any = cloud.client_with("sesv2", ONE_TRY)
        self._sender = sender
        self._recipients = recipients

    def send(self, said: Said) -> Answer:
        mail = mail_of(said, sender=self._sender, recipients=self._recipients)
        return self._asked(
            "send_email",
            FromEmailAddress=self._sender,
            Destination={"ToAddresses": list(self._recipients)},
            Content={"Raw": {"Data": mail.as_bytes()}},
        )

    def look(self) -> Answer:
        return self._asked("get_email_identity", EmailIdentity=self._sender)

    def _asked(self, action: str, **arguments: Any) -> Answer:
        try:
            getattr(self._client, action)(**arguments)
        except ClientError as error:
            return of_aws(error, again=_AGAIN, remedies=_REMEDIES)
        except FAILURES as error:
            return failed(type(error).__name__)
        return TAKEN


@dataclass(frozen=True, kw_only=True)
class SmtpServer:
    """`password` is a secret; without a user nobody signs in."""

    host: str
    port: int
    user: str | None = None
    password: str | None = None


class SmtpMail:
    """An SMTP server by TLS, which is begun by STARTTLS unless the port is 465."""

    name = "email"

    def __init__(self, server: SmtpServer, *, sender: str, recipients: tuple[str, ...]) -> None:
        self._server = server
        self._sender = sender
        self._recipients = recipients

    def send(self, said: Said) -> Answer:
        mail = mail_of(said, sender=self._sender, recipients=self._recipients)
        return self._connected(lambda client: client.send_message(mail))

    def look(self) -> Answer:
        return self._connected(lambda client: client.noop() and {})

    def _connected(self, act: Any) -> Answer:
        try:
            with self._client() as client:
                self._signed_in(client)
                refused: Mapping[str, tuple[int, bytes]] = act(client)
        except smtplib.SMTPRecipientsRefused as error:
            return _of_refused(error.recipients)
        except (smtplib.SMTPException, OSError) as error:
            return _of_error(error)
        return _of_refused(refused) if refused else TAKEN

    def _client(self) -> smtplib.SMTP:
        server = self._server
        if server.port == _AT_ONCE_TLS_PORT:
            context = ssl.create_default_context()
            return smtplib.SMTP_SSL(server.host, server.port, timeout=TIMEOUT_S, context=context)
        return smtplib.SMTP(server.host, server.port, timeout=TIMEOUT_S)

    def _signed_in(self, client: smtplib.SMTP) -> None:
        if not isinstance(client, smtplib.SMTP_SSL):
            client.starttls(context=ssl.create_default_context())
        if self._server.user and self._server.password:
            client.login(self._server.user, self._server.password)


def _of_refused(recipients: Mapping[str, tuple[int, bytes]]) -> Answer:
    """Some were refused: those for good are named, and the others have the mail.

    A temporary refusal is not tried again where others have the mail already.
    """
    codes = ", ".join(sorted({str(code) for code, _ in recipients.values()}))
    said = f"SMTP {codes} for {', '.join(sorted(recipients))}"
    if all(code < 500 for code, _ in recipients.values()):
        return failed(said)
    remedy = "Correct email_recipients."
    return Answer(verdict=Verdict.REFUSED, said=said, remedy=remedy)


def _of_error(error: Exception) -> Answer:
    if isinstance(error, smtplib.SMTPNotSupportedError):
        remedy = "Name a port with STARTTLS, or 465; nothing is sent in the clear."
        return failed("the server offers no TLS", remedy=remedy, is_off=True)
    if isinstance(error, smtplib.SMTPAuthenticationError):
        remedy = "Correct notifications.smtp_user and its password."
        return failed(f"SMTP {error.smtp_code}: not signed in", remedy=remedy, is_off=True)
    if isinstance(error, smtplib.SMTPResponseException):
        return failed(f"SMTP {error.smtp_code}", is_off=error.smtp_code >= 500)
    if isinstance(error, ssl.SSLCertVerificationError):
        said = f"its certificate is not valid: {error.verify_message}"
        return failed(said, remedy="Correct notifications.smtp_host.", is_off=True)
    if isinstance(error, TimeoutError):
        return failed(f"no answer within {TIMEOUT_S:.0f} s")
    return failed(getattr(error, "strerror", None) or type(error).__name__)
