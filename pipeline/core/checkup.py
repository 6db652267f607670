"""What mode doctor finds: one line for each check, with its fix, and the exit code of them all.

Pure judgements on what the gateways read; nothing here looks at the machine or at AWS.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from pipeline.core import naming
from pipeline.core.errors import CloudUnusable, PipelineError
from pipeline.core.head import LedgerHead
from pipeline.core.lease import Lease
from pipeline.core.outcomes import EndpointObservation, EndpointStatus


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
    def found(self) -> str:
        """One line, whatever AWS or a program has said; it may quote."""
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


def not_checked(check: str, *, because: str, fix: str) -> Finding:
    return warning(check, f"not checked: {because}", fix=fix)


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
