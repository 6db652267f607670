"""Who is told of a run: the channels and routes of its settings, and what there is to tell."""

from pipeline.configuration.loading import PROJECT_ROOT
from pipeline.context import Context, Workspace
from pipeline.core import messages, wording
from pipeline.core.errors import UsageError
from pipeline.core.messages import EventKind
from pipeline.core.outbox import Delivery, Letter
from pipeline.core.outcomes import Notice, RunReport
from pipeline.gateways.gitlab import job_pages
from pipeline.gateways.outbox import OutboxStore
from pipeline.steps.bootstrap import known_workspace
from pipeline.steps.channels import channels_of
from pipeline.steps.post_office import EVENT_S, PostOffice, Routes, quietly

# Reading the environment, the ledger and the outbox: an AWS that hangs holds no end of a run up.
_POST_S = 8.0


def started(context: Context) -> None:
    """Tell that a run has begun, where somebody asked for that."""
    if not _routes(context)[EventKind.STARTED]:
        return

    def tell() -> None:
        workspace = known_workspace(context)
        if workspace is not None:
            office = office_of(workspace)
            office.post_started()
            office.deliver()

    quietly("tell that this run has begun", tell, limit_s=EVENT_S)


def posted(context: Context, report: RunReport, *, keeps: bool) -> PostOffice | None:
    """Post what a run has to tell; None where there is no environment yet, or none answers.

    A run that may write nothing `keeps` nothing either, and publishes nothing in AWS.
    """
    offices: list[PostOffice] = []

    def post() -> None:
        workspace = known_workspace(context)
        if workspace is not None:
            office = office_of(workspace)
            if not keeps:
                office.keeps = False
                office.channels = {
                    name: channel for name, channel in office.channels.items() if name != "sns"
                }
            offices.append(office)
            office.post(report)

    quietly("keep what this run has to tell", post, limit_s=_POST_S)
    return offices[0] if offices else None


def test_channels(workspace: Workspace) -> None:
    """Send one test message to each channel, and show what each made of it. Raises UsageError."""
    notices = _tested(office_of(workspace))
    for notice in notices:
        workspace.context.recorder.show(f"{notice.channel}: {notice.error or notice.state.value}")
    silent = [notice.channel for notice in notices if notice.error]
    if silent:
        message = f"{len(silent)} of {len(notices)} channels failed: {', '.join(silent)}."
        raise UsageError(message, remedy="Each line above says why, and what to do.")


def _tested(office: PostOffice) -> tuple[Notice, ...]:
    event = messages.event_of(EventKind.TEST, office.setting, office.run_id)
    letter = Letter(event=event, deliveries={name: Delivery() for name in office.channels})
    office.send(letter, until=office.clock() + EVENT_S)
    return office.notices


def office_of(workspace: Workspace) -> PostOffice:
    context = workspace.context
    return PostOffice(
        box=OutboxStore(workspace.store, context.endpoint),
        book=workspace.ledger,
        channels=channels_of(workspace),
        routes=_routes(context),
        setting=_setting(context),
        run_id=context.run_id,
        templates=templates(),
        now=context.now,
    )


def _routes(context: Context) -> Routes:
    given = context.settings.notifications
    return messages.routes(given.routes, on_success=given.on_success, on_failure=given.on_failure)


def templates() -> dict[str, str]:
    folder = PROJECT_ROOT / "templates" / "messages"
    return {
        name: (folder / f"{name}.j2").read_text(encoding="utf-8") for name in wording.TEMPLATE_NAMES
    }


def _setting(context: Context) -> messages.Setting:
    job = context.cloud.inherited.get("CI_JOB_URL", "")
    return messages.Setting(
        endpoint=context.endpoint,
        environment=context.settings.environment,
        who=context.who,
        now=context.now(),
        completed=context.recorder.completed,
        asked_by=context.request.cause if context.request else "",
        links={"Job": job} if job else {},
        pages=job_pages(context.output_dir, context.cloud.inherited),
    )
