"""A real SMTP server on loopback: STARTTLS, AUTH, and recipients that it refuses."""

import socket
import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword

USER, PASSWORD = "runner", "s3cr3t-of-smtp"


@dataclass(kw_only=True)
class MailServer:
    """`refuses` maps a recipient to the line that it is refused with."""

    port: int = 0
    refuses: dict[str, str] = field(default_factory=dict)
    mails: list[EmailMessage] = field(default_factory=list)
    recipients: list[list[str]] = field(default_factory=list)

    async def handle_RCPT(  # noqa: N802 -- aiosmtpd's name
        self, server: Any, session: Any, envelope: Any, address: str, options: Any
    ) -> str:
        del server, session, options
        if address in self.refuses:
            return self.refuses[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(  # noqa: N802 -- aiosmtpd's name
        self, server: Any, session: Any, envelope: Any
    ) -> str:
        del server, session
        mail = message_from_bytes(envelope.content, policy=policy.default)
        assert isinstance(mail, EmailMessage)
        self.mails.append(mail)
        self.recipients.append(list(envelope.rcpt_tos))
        return "250 OK"


class _Controller(Controller):
    """aiosmtpd leaves the connections open that its clients have left."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._protocols: list[Any] = []

    def factory(self) -> Any:
        protocol = super().factory()  # type: ignore[no-untyped-call]
        self._protocols.append(protocol)
        return protocol

    def hang_up(self) -> None:
        for protocol in self._protocols:
            for transport in (protocol.transport, protocol._original_transport):
                if transport is not None:
                    self.loop.call_soon_threadsafe(transport.abort)
        time.sleep(0.05)


@contextmanager
def a_mail_server(certificate: tuple[Path, Path] | None, **refuses: str) -> Iterator[MailServer]:
    """Run one; without a certificate it offers no TLS."""
    server = MailServer(port=_free_port(), refuses=refuses)
    context = None
    if certificate is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*certificate)
    controller = _Controller(
        server,
        hostname="127.0.0.1",
        port=server.port,
        tls_context=context,
        require_starttls=context is not None,
        auth_required=context is not None,
        authenticator=_authenticated,
    )
    controller.start()
    try:
        yield server
    finally:
        controller.hang_up()
        controller.stop()


def _authenticated(server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> Any:
    del server, session, envelope, mechanism
    known = isinstance(data, LoginPassword) and (data.login, data.password) == (
        USER.encode(),
        PASSWORD.encode(),
    )
    return AuthResult(success=known, handled=False)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
