"""Every error this software raises on purpose: what happened, what to do, and the exit code.

One class for each exit code of docs/commands.md. Its name is its `code`, a stable word for machines
(`results.json`), which a case of it may refine; its text is for people.
"""

from dataclasses import dataclass
from typing import ClassVar


class PipelineError(Exception):
    """What happened to which thing (`message`) and what a person does next (`remedy`)."""

    exit_code: ClassVar[int] = 1

    def __init__(self, message: str, *, remedy: str, code: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy
        self.code = code or type(self).__name__

    def __str__(self) -> str:
        return f"{self.message} {self.remedy}"


class UsageError(PipelineError):
    """A flag, a name or a file given by the user cannot be used."""

    exit_code = 2


class GateNotPassed(PipelineError):
    """The gate said hold or reject; nothing was deployed."""

    exit_code = 3


class EndpointTestsFailed(PipelineError):
    """An endpoint answered, but not as it must (mode testing)."""

    exit_code = 4


class RolledBack(PipelineError):
    """A deployment failed and the previous release is serving again."""

    exit_code = 5


class NotServing(PipelineError):
    """A deployment or rollback failed and no earlier release is serving."""

    exit_code = 6


# The code of a NotServing for a rollback of a person's that leads nowhere: what is live stays.
NOTHING_EARLIER = "NothingEarlier"
# The code of a PlanRefused for content that was taken back before.
QUARANTINED = "Quarantined"


class PlanRefused(PipelineError):
    """The guard refused a plan, or what should serve is quarantined."""

    exit_code = 7


class SomethingFound(PipelineError):
    """Mode monitor found drift, degradation, or a fault of the data."""

    exit_code = 8


class LeaseHeld(PipelineError):
    """Another run holds the lease, the ledger moved on, or the state is locked."""

    exit_code = 9


class JobFailed(PipelineError):
    """A training or processing job ended in failure or did not end in time."""

    exit_code = 10


class CloudUnusable(PipelineError):
    """AWS or Terraform cannot be used, or answered something that cannot be understood."""

    exit_code = 11


class CorruptRecord(CloudUnusable):
    """A stored document is not what this software wrote."""


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
