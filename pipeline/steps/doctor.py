"""What works and what does not: each check by itself, in bounded time, and none changes anything.

First what this machine needs, then what AWS must offer. The embedded AWS is not started for it.
"""

import logging
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path

from pipeline.configuration.loading import PROJECT_ROOT
from pipeline.context import Context
from pipeline.core import checkup
from pipeline.core.checkup import Finding
from pipeline.core.errors import ConfigError, ConfigProblem, PipelineError, UsageError
from pipeline.core.version import VERSION
from pipeline.gateways import embedded, provider_mirror, this_machine
from pipeline.gateways.aws import local_cloud, real_cloud, require_region
from pipeline.gateways.side_by_side import NoAnswer, at_once
from pipeline.gateways.terraform_words import PROVIDER_REMEDY
from pipeline.steps import doctor_account
from pipeline.steps.bootstrap import find_workspace

logger = logging.getLogger(__name__)

Checks = Mapping[str, Callable[[], Finding]]

LIMIT_S = 20.0
_REGISTRY = "https://registry.terraform.io/.well-known/terraform.json"
_MOVE = "Make room, or name another place: --output-dir, TMPDIR, EMULATOR_STATE_DIR."


def doctor(context: Context, refused: ConfigError | None) -> Iterator[Finding]:
    """Yield what each check finds. `refused`: the configuration cannot be used, and why."""
    yield checkup.ok("version", f"{VERSION}, commit {context.git_sha[:12] or 'unknown'}")
    yield from _made(_machine_checks(context))
    if refused is not None:
        yield from map(_refused_value, refused.problems)
        yield checkup.not_checked(
            "AWS", because="the configuration is not valid.", fix="Mend it, then ask again."
        )
        return
    yield checkup.ok("configuration", f"valid, environment {context.settings.environment}")
    try:
        require_region(context.cloud.region)
        real = context.settings.backend == "aws"
        yield from _real(context) if real else _embedded(context)
    except PipelineError as error:  # there is no place that could be asked
        yield checkup.of_error("backend", error)
    yield _channels(context)


def _machine_checks(context: Context) -> Checks:
    folders = {
        "disk for results": context.output_dir,
        "disk for temporary files": this_machine.temporary_folder(),
    }
    return {
        "python": lambda: checkup.judge_python(this_machine.python_version()),
        "packages": _packages,
        **{name: partial(_disk, name, folder) for name, folder in folders.items()},
        "terraform": lambda: _terraform(context),
        "provider": lambda: _provider(context),
    }


def _packages() -> Finding:
    pinned = checkup.pins((PROJECT_ROOT / "requirements.txt").read_text(encoding="utf-8"))
    return checkup.judge_packages(pinned, this_machine.installed(pinned))


def _disk(check: str, folder: Path) -> Finding:
    free_mb = this_machine.free_mb(folder)
    return checkup.judge_disk(check, folder=str(folder), free_mb=free_mb, fix=_MOVE)


def _terraform(context: Context) -> Finding:
    engine = context.engine
    return checkup.ok("terraform", f"{engine.version} ({' '.join(engine.argv)})")


def _provider(context: Context) -> Finding:
    name = f"hashicorp/aws {provider_mirror.PROVIDER_VERSION}"
    place = provider_mirror.source(context.cloud.inherited, home=context.home)
    if place is not None:
        return checkup.ok("provider", f"{name} from {place}")
    why = this_machine.refusal(_REGISTRY, timeout_s=LIMIT_S / 2)
    if why is None:
        return checkup.ok("provider", f"{name} from the registry, which answers")
    what = f"there is no mirror of {name}, and the registry cannot be reached: {why}."
    return checkup.failed("provider", what, fix=PROVIDER_REMEDY)


def _refused_value(problem: ConfigProblem) -> Finding:
    fix = "Correct it where it came from; docs/configuration.md lists what is allowed."
    return checkup.failed("configuration", problem.line, fix=fix, kind=UsageError)


def _embedded(context: Context) -> Iterator[Finding]:
    url = context.cloud.inherited.get("AWS_ENDPOINT_URL")
    if not url:
        found = embedded.find(PROJECT_ROOT, context.cloud.inherited)
        yield _disk("disk for the embedded AWS", found.state_dir)
        url = found.endpoint_url
    if not url:
        fix = "To start it: --mode full"
        yield checkup.not_checked("AWS", because="the embedded AWS does not run.", fix=fix)
        return
    cloud = local_cloud(url, region=context.cloud.region, environment=context.cloud.inherited)
    yield from _in_account(replace(context, cloud=cloud))


def _real(context: Context) -> Iterator[Finding]:
    cloud = real_cloud(region=context.cloud.region, environment=context.cloud.inherited)
    yield from _in_account(replace(context, cloud=cloud))


def _in_account(context: Context) -> Iterator[Finding]:
    """Everything else waits for credentials: without them every check would fail alike."""
    (first,) = _made({"credentials": lambda: doctor_account.credentials(context)})
    yield first
    if first.grade is checkup.Grade.FAILED:
        yield checkup.not_checked("AWS", because="nobody is signed in.", fix=first.fix)
        return
    context.recorder.add(account=context.account)
    yield from _made(doctor_account.checks_of_account(context))
    try:
        workspace = find_workspace(context)
    except PipelineError:
        because = "there is no foundation that could be asked."
        yield checkup.not_checked("everything in it", because=because, fix="See foundation.")
        return
    yield from _made(doctor_account.checks_of_workspace(workspace))


def _made(checks: Checks) -> Iterator[Finding]:
    found = at_once(checks, limit_s=LIMIT_S, on_error=_of_error)
    yield from found.values()


def _of_error(check: str, error: Exception) -> Finding:
    logger.debug("check %s", check, exc_info=error)
    if isinstance(error, PipelineError):
        return checkup.of_error(check, error)
    if isinstance(error, NoAnswer):
        return checkup.failed(check, str(error), fix="Check network, proxy and region.")
    what = f"the check itself failed: {type(error).__name__}: {error}"
    fix = "Please report it with the run.log of this command."
    return checkup.failed(check, what, fix=fix, kind=PipelineError)


def _channels(context: Context) -> Finding:
    names = ("sns_topic_arn", "slack_webhook_url", "email_recipients")
    given = ", ".join(name for name in names if getattr(context.settings, name)) or "none"
    fix = "Watch the exit code, results.env or junit of your CI; leave them out to silence this."
    if given == "none":
        return checkup.ok("notifications", "no channel is configured")
    what = f"{given}: accepted, but this version sends no notifications yet."
    return checkup.warning("notifications", what, fix=fix)
