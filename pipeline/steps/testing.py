"""Mode testing: the endpoint tests alone, on this configuration's endpoint or on another one."""

from pipeline.context import Context, Workspace
from pipeline.core.errors import EndpointTestsFailed
from pipeline.core.records import Release, TestLimits
from pipeline.steps import recorded
from pipeline.steps.probe import held_out, probe


def require_passing(workspace: Workspace) -> None:
    """Test what the endpoint serves with rows that it never saw. Raises EndpointTestsFailed."""
    context = workspace.context
    release = recorded.live_release(workspace, workspace.hosting.observe(context.endpoint))
    limits, whose = limits_for(context, release)
    if context.endpoint != context.own_endpoint:
        context.recorder.note(f"The limits of the tests are those of {whose}.")
    with context.recorder.phase("testing"):
        report = probe(workspace, held_out(workspace, release), limits)
    context.recorder.add(probe=report, release_id=release.release_id)
    if not report.passed:
        message = (
            f"Endpoint {context.endpoint} fails its tests by the limits of {whose}: "
            f"{report.failures}"
        )
        remedy = "Look at its logs. To go back to the previous release, type: --mode rollback"
        raise EndpointTestsFailed(message, remedy=remedy)


def limits_for(context: Context, release: Release) -> tuple[TestLimits, str]:
    """Return what to ask of the endpoint of this run, and whose limits these are.

    What the configuration asks for is meant for its own endpoint; another one has its own model.
    """
    if context.endpoint == context.own_endpoint:
        return context.settings.test_limits_for(release.evaluation), "this configuration"
    return release.test_limits, f"release {release.release_id}, with which it was deployed"
