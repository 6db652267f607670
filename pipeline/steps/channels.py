"""Which channels the settings ask for, each ready to send."""

from collections.abc import Callable

from pydantic import SecretStr

from pipeline.context import Workspace
from pipeline.core.errors import PipelineError
from pipeline.core.messages import Severity
from pipeline.core.outbox import Answer
from pipeline.core.wording import Said
from pipeline.gateways.channels import Channel, failed
from pipeline.gateways.mail import SesMail, SmtpMail, SmtpServer
from pipeline.gateways.secrets_manager import looked_up
from pipeline.gateways.slack import SlackWebhook
from pipeline.gateways.slack_bot import SlackBot
from pipeline.gateways.sns import SnsTopics
from pipeline.gateways.webhook import Webhook


class Unusable:
    """A channel that is configured and cannot be made: it says why, to whoever sends."""

    def __init__(self, name: str, error: PipelineError) -> None:
        self.name = name
        self._answer = failed(error.message.rstrip("."), remedy=error.remedy, is_off=True)

    def send(self, said: Said) -> Answer:
        del said
        return self._answer

    def look(self) -> Answer:
        return self._answer


def channels_of(workspace: Workspace) -> dict[str, Channel]:
    """Return the channels by name; secrets are read and clients made here, in one thread."""
    makers = {"sns": _sns, "slack": _slack, "email": _email, "webhook": _webhook}
    made = (_made(name, maker, workspace) for name, maker in makers.items())
    return {channel.name: channel for channel in made if channel is not None}


def _made(
    name: str, maker: Callable[[Workspace], Channel | None], workspace: Workspace
) -> Channel | None:
    try:
        return maker(workspace)
    except PipelineError as error:
        return Unusable(name, error)


def _sns(workspace: Workspace) -> Channel:
    settings, foundation = workspace.settings, workspace.foundation
    topics = {
        severity: settings.sns_topic_arn
        or foundation.topic_arns.get(severity.value, foundation.topic_arn)
        for severity in Severity
    }
    return SnsTopics(workspace.context.cloud, topics, chat=settings.notifications.chat_schema)


def _slack(workspace: Workspace) -> Channel | None:
    """With a bot token there are threads, so it wins over a webhook."""
    settings = workspace.settings.notifications
    if settings.slack_bot_token and settings.slack_channel:
        return SlackBot(_secret(workspace, settings.slack_bot_token), settings.slack_channel)
    given = workspace.settings.slack_webhook_url
    if given:
        return SlackWebhook(given.get_secret_value())
    if settings.slack_webhook_secret_arn:
        return SlackWebhook(looked_up(workspace.context.cloud, settings.slack_webhook_secret_arn))
    return None


def _email(workspace: Workspace) -> Channel | None:
    """Without a sender the recipients are subscribed to the topics, by the foundation."""
    settings, recipients = workspace.settings.notifications, workspace.settings.email_recipients
    if not settings.email_sender or not recipients:
        return None
    if not settings.smtp_host:
        cloud = workspace.context.cloud
        return SesMail(cloud, sender=settings.email_sender, recipients=recipients)
    password = settings.smtp_password
    server = SmtpServer(
        host=settings.smtp_host,
        port=settings.smtp_port,
        user=settings.smtp_user,
        password=_secret(workspace, password) if password else None,
    )
    return SmtpMail(server, sender=settings.email_sender, recipients=recipients)


def _webhook(workspace: Workspace) -> Channel | None:
    settings = workspace.settings.notifications
    if not settings.webhook_url:
        return None
    signing = settings.webhook_signing_secret
    return Webhook(
        _secret(workspace, settings.webhook_url),
        secret=_secret(workspace, signing) if signing else None,
        form=settings.webhook_format,
    )


def _secret(workspace: Workspace, given: SecretStr) -> str:
    return looked_up(workspace.context.cloud, given.get_secret_value())
