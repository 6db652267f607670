"""Every error this software raises on purpose: what happened, what to do, and the exit code.

One class for each exit code of docs/commands.md. A class may be refined by its `code`, a stable
word for machines (`results.json`), never by its text.
"""

from dataclasses import dataclass
from typing import ClassVar


class PipelineError(Exception):
    """What happened to which thing (`message`) and what a person does next (`remedy`)."""

    exit_code: ClassVar[int] = 1
    default_code: ClassVar[str] = "PipelineError"

    def __init__(self, message: str, *, remedy: str, code: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy
        self.code = code or self.default_code

    def __str__(self) -> str:
        return f"{self.message} {self.remedy}"


class UsageError(PipelineError):
    """A flag, a name or a file given by the user cannot be used."""

    exit_code = 2
    default_code = "UsageError"


class GateNotPassed(PipelineError):
    """The gate said hold or reject; nothing was deployed."""

    exit_code = 3
    default_code = "GateNotPassed"


class EndpointTestsFailed(PipelineError):
    """An endpoint answered, but not as it must (mode testing)."""

    exit_code = 4
    default_code = "EndpointTestsFailed"


class RolledBack(PipelineError):
    """A deployment failed and the previous release is serving again."""

    exit_code = 5
    default_code = "RolledBack"


class NotServing(PipelineError):
    """A deployment or rollback failed and no earlier release is serving."""

    exit_code = 6
    default_code = "NotServing"


class PlanRefused(PipelineError):
    """The guard refused a plan, or what should serve is quarantined."""

    exit_code = 7
    default_code = "PlanRefused"


class LeaseHeld(PipelineError):
    """Another run holds the lease, the ledger moved on, or the state is locked."""

    exit_code = 9
    default_code = "LeaseHeld"


class JobFailed(PipelineError):
    """A training or processing job ended in failure or did not end in time."""

    exit_code = 10
    default_code = "JobFailed"


class CloudUnusable(PipelineError):
    """AWS or Terraform cannot be used, or answered something that cannot be understood."""

    exit_code = 11
    default_code = "CloudUnusable"


class CorruptRecord(CloudUnusable):
    """A stored document is not what this software wrote."""

    default_code = "CorruptRecord"


@dataclass(frozen=True, kw_only=True)
class ConfigProblem:
    """One refused value: the key as the user writes it, what is allowed, where it came from.

    `value` is text already fit for printing: secrets are redacted before they get here.
    """

    key: str
    value: str
    allowed: str
    source: str

    @property
    def line(self) -> str:
        """One line, whatever the user wrote: what a terminal would obey is escaped."""
        text = f"{self.key} = {self.value}: {self.allowed} ({self.source})"
        return "".join(
            each if each.isprintable() else each.encode("unicode_escape").decode() for each in text
        )


class ConfigError(UsageError):
    """The configuration is refused; carries every problem found, one line each."""

    default_code = "ConfigError"

    def __init__(self, problems: tuple[ConfigProblem, ...]) -> None:
        count = len(problems)
        noun = "value" if count == 1 else "values"
        super().__init__(
            "\n".join(problem.line for problem in problems),
            remedy=f"Correct the {noun} named above; nothing was started.",
        )
        self.problems = problems

    def __str__(self) -> str:
        return self.message
