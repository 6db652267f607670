"""How a run ended, as its report says it: status and failure, by exit code and exception."""

import errno

from pipeline.core.errors import (
    CloudUnusable,
    GateNotPassed,
    LeaseHeld,
    PipelineError,
    UsageError,
)
from pipeline.core.outcomes import FailureReport, RunStatus

BUG = 1
INTERRUPTED = 130
TERMINATED = 143
# What a machine answers that cannot take what is written, whoever writes.
_FULL = (errno.EDQUOT, errno.ENOSPC, errno.EROFS)


def status(code: int) -> RunStatus:
    if code in (INTERRUPTED, TERMINATED):
        return RunStatus.INTERRUPTED
    if code == GateNotPassed.exit_code:
        return RunStatus.STOPPED
    return RunStatus.FAILED if code else RunStatus.SUCCESS


def is_told(code: int) -> bool:
    """Tell whether a run that ended so has come to an end that its user knows.

    After a bug, an interruption, or an AWS that did not answer, the same command goes on.
    """
    return code not in (BUG, LeaseHeld.exit_code, CloudUnusable.exit_code, INTERRUPTED, TERMINATED)


def of_error(error: PipelineError) -> FailureReport:
    return FailureReport(
        code=error.code, message=error.message, remedy=error.remedy, exit_code=error.exit_code
    )


def of_interruption(code: int) -> FailureReport:
    return FailureReport(
        code="Interrupted",
        message="The run was interrupted.",
        remedy="Type the same command again: it finishes what this run began.",
        exit_code=code,
    )


def of_exception(error: Exception, log_file: str) -> FailureReport:
    """Return the failure of an exception that no step expected."""
    if isinstance(error, ModuleNotFoundError):
        return _of_missing_package(error)
    if isinstance(error, OSError) and error.errno in _FULL:
        return _of_full_machine(error)
    return _of_bug(error, log_file)


def _of_bug(error: Exception, log_file: str) -> FailureReport:
    return FailureReport(
        code="Bug",
        message=f"This is a bug in this software: {type(error).__name__}: {error}",
        remedy=f"Please report it with {log_file}.",
        exit_code=BUG,
    )


def _of_missing_package(error: ModuleNotFoundError) -> FailureReport:
    return FailureReport(
        code="PackageMissing",
        message=f"The package {error.name} is not installed in the Python of this run.",
        remedy="Remove .venv and start ./run_mlops_pipeline.sh.",
        exit_code=UsageError.exit_code,
    )


def _of_full_machine(error: OSError) -> FailureReport:
    where = f"{error.filename} cannot be written" if error.filename else "A file cannot be written"
    return FailureReport(
        code="NoRoom",
        message=f"{where}: {error.strerror}.",
        remedy=(
            "Make room, or name other places with TMPDIR and --output-dir; then look at --mode "
            "status and run the same command again."
        ),
        exit_code=CloudUnusable.exit_code,
    )
