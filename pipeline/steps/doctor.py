"""What works and what does not, from the ground up: a line for each check, with its fix.

Changes and starts nothing; the embedded AWS is not started for it.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial

from pipeline.configuration.loading import PROJECT_ROOT
from pipeline.context import Context, Workspace
from pipeline.core import checkup, naming
from pipeline.core.checkup import Finding
from pipeline.core.errors import ConfigError, PipelineError, UsageError
from pipeline.core.outbox import Verdict
from pipeline.core.version import VERSION
from pipeline.gateways import embedded, leases, owners, provider_mirror, registry, state_bucket
from pipeline.gateways.aws import Cloud, local_cloud, real_cloud, require_region
from pipeline.gateways.channels import Channel
from pipeline.gateways.terraform_words import PROVIDER_REMEDY
from pipeline.steps.bootstrap import find_workspace, is_current
from pipeline.steps.channels import channels_of


def examine(context: Context, refused: ConfigError | None) -> None:
    """Show what each check finds, as it is found. Raises what the worst of them calls for."""
    findings = []
    for finding in doctor(context, refused):
        findings.append(finding)
        context.recorder.show(finding.found, to_do=finding.to_do)
    error = checkup.failure(findings)
    if error is not None:
        raise error


def doctor(context: Context, refused: ConfigError | None) -> Iterator[Finding]:
    """Yield what each check finds. `refused`: the configuration cannot be used, and why."""
    yield checkup.ok("version", f"{VERSION}, commit {context.git_sha[:12] or 'unknown'}")
    yield _found("terraform", lambda: _terraform(context))
    yield _found("provider", lambda: _provider(context))
    if refused is not None:
        fix = "Correct it where it came from; docs/configuration.md lists what is allowed."
        for problem in refused.problems:
            yield checkup.failed("configuration", problem.line, fix=fix, kind=UsageError)
        because = "the configuration is not valid."
        yield checkup.not_checked("AWS", because=because, fix="Mend it, then ask again.")
        return
    yield checkup.ok("configuration", f"valid, environment {context.settings.environment}")
    try:
        cloud = _cloud(context)
    except PipelineError as error:  # there is no place that could be asked
        yield checkup.of_error("backend", error)
        return
    if cloud is None:
        because = "the embedded AWS does not run."
        yield checkup.not_checked("AWS", because=because, fix="To start it: --mode full")
        return
    yield from _in_account(replace(context, cloud=replace(cloud, is_hurried=True)))


def _found(check: str, look: Callable[[], Finding]) -> Finding:
    try:
        return look()
    except PipelineError as error:
        return checkup.of_error(check, error)


def _terraform(context: Context) -> Finding:
    engine = context.engine
    return checkup.ok("terraform", f"{engine.version} ({' '.join(engine.argv)})")


def _provider(context: Context) -> Finding:
    name = f"hashicorp/aws {provider_mirror.PROVIDER_VERSION}"
    place = provider_mirror.source(context.cloud.inherited, home=context.home)
    if place is not None:
        return checkup.ok("provider", f"{name} from {place}")
    why = registry.refusal()
    if why is None:
        return checkup.ok("provider", f"{name} from the registry, which answers")
    what = f"there is no mirror of {name}, and the registry cannot be reached: {why}."
    return checkup.failed("provider", what, fix=PROVIDER_REMEDY)


def _cloud(context: Context) -> Cloud | None:
    """Return the AWS of this configuration; None for an embedded one that does not run."""
    region, environment = context.cloud.region, context.cloud.inherited
    require_region(region)
    if context.settings.backend == "aws":
        return real_cloud(region=region, environment=environment)
    url = environment.get("AWS_ENDPOINT_URL") or embedded.find(PROJECT_ROOT, environment)
    return local_cloud(url, region=region, environment=environment) if url else None


def _in_account(context: Context) -> Iterator[Finding]:
    """Each check stands on the ones before it: without credentials all would fail alike."""
    try:
        caller = context.cloud.caller()
    except PipelineError as error:
        yield checkup.of_error("credentials", error)
        yield checkup.not_checked("AWS", because="nobody is signed in.", fix=error.remedy)
        return
    yield checkup.ok("credentials", f"{caller}, account {context.account}")
    context.recorder.add(account=context.account)
    try:
        workspace = find_workspace(context)
    except PipelineError as error:
        missing = checkup.of_error("foundation", error)
        # What the embedded AWS lacks, the next run makes; in a real account somebody has to.
        grade = checkup.Grade.WARNING if context.cloud.is_local else missing.grade
        yield replace(missing, grade=grade)
        return
    yield _found("foundation", lambda: _foundation(workspace))
    yield _found("endpoint", lambda: _endpoint(workspace))
    yield _found("lease", lambda: _lease(workspace))
    yield _found("state lock", lambda: _state_lock(workspace))
    for name, channel in channels_of(workspace).items():
        yield _found(f"channel {name}", partial(_channel, channel))


def _foundation(workspace: Workspace) -> Finding:
    environment = workspace.settings.environment
    if is_current(workspace.context, workspace.foundation):
        return checkup.ok("foundation", f"that of {environment}, as this version makes it")
    what = f"that of {environment} was made from other Terraform files or settings."
    fix = "--mode bootstrap brings it up to date; on the embedded AWS the next run does."
    return checkup.warning("foundation", what, fix=fix)


def _endpoint(workspace: Workspace) -> Finding:
    head = workspace.ledger.read().head
    return checkup.judge_endpoint(head, workspace.hosting.observe(head.endpoint))


def _lease(workspace: Workspace) -> Finding:
    lease = leases.find(workspace.store, workspace.context.endpoint)
    dead = lease is not None and owners.is_dead(lease.owner)
    return checkup.judge_lease(lease, now=workspace.context.now(), owner_is_dead=dead)


def _state_lock(workspace: Workspace) -> Finding:
    """A Terraform that was killed leaves its lock behind, and that has no expiry."""
    context = workspace.context
    key = naming.serving_state_key(context.settings.environment, context.endpoint)
    lock = state_bucket.find_lock(context.cloud, context.state_bucket, key)
    if lock is None:
        return checkup.ok("state lock", "free")
    what = f"{lock.path} is locked by {lock.who} since {lock.created_at:%Y-%m-%d %H:%M:%S} UTC."
    fix = "If that run is dead: docs/operations.md, Unlock a Terraform state."
    return checkup.warning("state lock", what, fix=fix)


def _channel(channel: Channel) -> Finding:
    """Look whether a channel to people can be reached, and send nothing."""
    check, answer = f"channel {channel.name}", channel.look()
    if answer.verdict is Verdict.TAKEN:
        return checkup.ok(check, "can be reached")
    fix = answer.remedy or "Run doctor again; a run goes on without it, and the next one sends."
    return checkup.warning(check, f"{answer.said}.", fix=fix)
