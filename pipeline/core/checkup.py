"""What mode doctor finds: one line for each check, with its fix, and the exit code of them all.

Pure judgements on what the gateways read; nothing here looks at the machine or at AWS.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from pipeline.core import naming
from pipeline.core.errors import CloudUnusable, PipelineError, UsageError
from pipeline.core.head import LedgerHead
from pipeline.core.lease import Lease
from pipeline.core.outcomes import EndpointObservation, EndpointStatus

_OLDEST_PYTHON = (3, 11)
BOOTSTRAP = "Remove .venv and start ./run_mlops_pipeline.sh, which makes it anew."
_SAGEMAKER = "sagemaker.amazonaws.com"
_NOT_CHECKED = "not checked:"
# AWS refuses a signature that is 15 minutes off (S3 and STS: RequestTimeTooSkewed and the like).
_MOST_SKEW_S = 300.0
_WORTH_A_WORD_S = 30.0
_LEAST_FREE_MB = 200
_SCANT_FREE_MB = 2000
_PIN = re.compile(r"([A-Za-z0-9._-]+)==([^\s;]+)")


class Grade(StrEnum):
    OK = "ok"
    WARNING = "warning"
    FAILED = "failed"


@dataclass(frozen=True, kw_only=True)
class Finding:
    """What one check found. `kind` is the error class that a failed one ends the command with."""

    check: str
    grade: Grade
    what: str
    fix: str = ""
    kind: type[PipelineError] = CloudUnusable

    @property
    def line(self) -> str:
        """One line, whatever AWS or a program has said."""
        return f"{self.found} {self.to_do}" if self.to_do else self.found

    @property
    def found(self) -> str:
        """The line without its fix; it may quote."""
        return f"{self.grade.value:<7}  {self.check}: {_folded(self.what)}"

    @property
    def to_do(self) -> str:
        return f"Fix: {_folded(self.fix)}" if self.fix else ""


def _folded(text: str) -> str:
    return " ".join(text.split())


def ok(check: str, what: str) -> Finding:
    return Finding(check=check, grade=Grade.OK, what=what)


def warning(check: str, what: str, *, fix: str) -> Finding:
    return Finding(check=check, grade=Grade.WARNING, what=what, fix=fix)


def failed(
    check: str, what: str, *, fix: str, kind: type[PipelineError] = CloudUnusable
) -> Finding:
    return Finding(check=check, grade=Grade.FAILED, what=what, fix=fix, kind=kind)


def of_error(check: str, error: PipelineError) -> Finding:
    """Return the finding of a check that could not be made: its error says why and what to do."""
    return failed(check, error.message, fix=error.remedy, kind=type(error))


def unreadable(check: str, error: PipelineError) -> Finding:
    """Return the finding of something that runs do without, and that nobody may look at here."""
    return not_checked(check, because=error.message, fix=error.remedy)


def not_checked(check: str, *, because: str, fix: str) -> Finding:
    return warning(check, f"{_NOT_CHECKED} {because}", fix=fix)


def failure(findings: Iterable[Finding]) -> PipelineError | None:
    """Return the error of a command that found these; None when nothing failed.

    The first failed check gives it its kind: they are ordered from the ground up.
    """
    bad = [each for each in findings if each.grade is Grade.FAILED]
    if not bad:
        return None
    names = tuple(dict.fromkeys(each.check for each in bad))
    noun = "check" if len(names) == 1 else "checks"
    message = f"{len(names)} {noun} failed: {', '.join(names)}."
    return bad[0].kind(message, remedy="Mend the first one first; each line above names its fix.")


def judge_python(version: Sequence[int]) -> Finding:
    text = ".".join(map(str, version[:3]))
    if tuple(version[:2]) >= _OLDEST_PYTHON:
        return ok("python", text)
    fix = "Install Python 3.11 or newer, remove .venv, and start ./run_mlops_pipeline.sh."
    return failed("python", f"{text} is too old.", fix=fix, kind=UsageError)


def pins(requirements: str) -> dict[str, str]:
    """Return the pinned version of each package; of platforms that are not asked for, too."""
    found = map(_PIN.match, requirements.splitlines())
    return {match[1]: match[2] for match in found if match}


def judge_packages(pinned: Mapping[str, str], installed: Mapping[str, str | None]) -> Finding:
    missing = [name for name in pinned if installed.get(name) is None]
    if missing:
        what = f"not installed: {', '.join(missing)}."
        return failed("packages", what, fix=BOOTSTRAP, kind=UsageError)
    others = [
        f"{name} {installed[name]} instead of {version}"
        for name, version in pinned.items()
        if installed[name] != version
    ]
    if others:
        what = f"other versions than the pinned ones: {', '.join(others)}."
        return warning("packages", what, fix=BOOTSTRAP)
    return ok("packages", f"all {len(pinned)} as pinned in requirements.txt")


def judge_disk(check: str, *, folder: str, free_mb: int, fix: str) -> Finding:
    what = f"{folder} has {free_mb} MB free"
    if free_mb < _LEAST_FREE_MB:
        return failed(check, f"{what}; a run needs {_LEAST_FREE_MB} MB.", fix=fix, kind=UsageError)
    if free_mb < _SCANT_FREE_MB:
        return warning(check, f"{what}.", fix=fix)
    return ok(check, what)


def judge_clock(skew_s: float | None) -> Finding:
    """`skew_s`: how far this machine's clock is ahead of AWS's."""
    if skew_s is None:
        return not_checked("clock", because="AWS named no time.", fix="Compare it by hand: date -u")
    direction = "ahead of" if skew_s > 0 else "behind"
    what = f"{abs(skew_s):.0f} s {direction} AWS"
    fix = "Set this machine's clock (NTP)."
    if abs(skew_s) > _MOST_SKEW_S:
        return failed("clock", f"{what}: it refuses signatures of another time.", fix=fix)
    if abs(skew_s) > _WORTH_A_WORD_S:
        return warning("clock", f"{what}.", fix=fix)
    return ok("clock", "agrees with AWS")


def judge_role(arn: str, trust_policy: Mapping[str, Any] | None) -> Finding:
    """None for a role that does not exist."""
    if trust_policy is None:
        fix = "Name another one with --role-arn, or run --mode bootstrap, which makes one."
        return failed("role", f"{arn} does not exist.", fix=fix)
    if any(map(_lets_sagemaker_in, _as_list(trust_policy.get("Statement")))):
        return ok("role", f"{arn} trusts SageMaker")
    fix = f"Allow sts:AssumeRole to the service {_SAGEMAKER} in the role's trust policy."
    return failed("role", f"{arn} does not trust SageMaker.", fix=fix)


def _lets_sagemaker_in(statement: Mapping[str, Any]) -> bool:
    principal = statement.get("Principal")
    services = _as_list(principal.get("Service")) if isinstance(principal, Mapping) else [principal]
    actions = _as_list(statement.get("Action"))
    return (
        statement.get("Effect") == "Allow"
        and any(each in (_SAGEMAKER, "*") for each in services)
        and any(each in ("sts:AssumeRole", "sts:*", "*") for each in actions)
    )


def _as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value] if value is not None else []


def judge_endpoint(head: LedgerHead, seen: EndpointObservation) -> Finding:
    """Compare what the ledger believes with what SageMaker says."""
    check, look = "endpoint", "Look at --mode status; --mode settle finishes it."
    if head.move:
        what = f"a move of {seen.name} to {head.move.target} is under way, or its run died."
        return warning(check, what, fix=look)
    if head.live is None:
        if seen.status is EndpointStatus.ABSENT:
            return ok(check, f"there is no {seen.name} yet")
        what = f"{seen.name} is {seen.status.value}, but the ledger knows of nothing live."
        return warning(check, what, fix="Read docs/operations.md, section about the ledger.")
    if seen.serves(naming.endpoint_config_name(head.endpoint, head.live)):
        return ok(check, f"{seen.name} serves {head.live}, as the ledger says")
    serving = f", serves {seen.config_name}" if seen.config_name else ""
    what = f"the ledger says {head.live} is live; {seen.name} is {seen.status.value}{serving}."
    return failed(check, what, fix=look)


def judge_lease(lease: Lease | None, *, now: datetime, owner_is_dead: bool) -> Finding:
    if lease is None or lease.released:
        return ok("lease", "free")
    holder = f"run {lease.owner.run_id} of {lease.owner.who} on {lease.owner.host}"
    if owner_is_dead:
        return ok("lease", f"free: {holder} is dead; the next run takes it over")
    if now >= lease.expires_at:
        return ok("lease", f"free: that of {holder} has expired")
    fix = f"Wait until it ends. If it is dead, its lease is free at {lease.expires_at:%H:%M} UTC."
    return warning("lease", f"held by {holder}, process {lease.owner.pid}.", fix=fix)


def judge_quotas(wanted: Mapping[str, int], found: Mapping[str, float], *, fix: str) -> Finding:
    """Compare the instances that a run needs at once with the quotas, by the quota's name."""
    short = [
        f"{name} is {found[name]:.0f}, needed {count}"
        for name, count in wanted.items()
        if name in found and found[name] < count
    ]
    if short:
        return failed("quotas", f"too low: {'; '.join(short)}.", fix=fix)
    unknown = [name for name in wanted if name not in found]
    if unknown:
        return warning("quotas", f"Service Quotas does not list: {'; '.join(unknown)}.", fix=fix)
    return ok("quotas", "; ".join(f"{name}: {found[name]:.0f}" for name in wanted))
