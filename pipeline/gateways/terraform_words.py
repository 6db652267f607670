"""What Terraform says when it fails, and what a person is told to do about it."""

import re

from pipeline.core.errors import CloudUnusable, LeaseHeld
from pipeline.core.plan_record import PLAN_STALE
from pipeline.gateways.process import Completed
from pipeline.gateways.provider_mirror import PROVIDER_VERSION

STATE_LOCKED = "StateLocked"
# Terraform's own words (1.11): the tests make it say them.
_STALE = "Error: Saved plan is stale"
_LOCKED = "Error: Error acquiring the state lock"
# S3 refused the second lock object, or the file is locked. Without one of these the lock could not
# even be tried, for want of rights or of a network.
_HOLDER = re.compile(r"PreconditionFailed|ConditionalRequestConflict|temporarily\s+unavailable")
_NO_PROVIDER = re.compile(r"Error: Failed to (query available provider packages|install provider)")
PROVIDER_REMEDY = (
    "Give this machine access to registry.terraform.io, or put a filesystem mirror with a folder "
    "registry.terraform.io below your home's .terraform.d or .local/share, /usr/local/share, "
    "/usr/share or /opt (terraform providers mirror makes one), or name a CLI configuration in "
    "TF_CLI_CONFIG_FILE."
)
_MOST_SAID = 3000
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
_FRAME = re.compile(r"^(?:\s*[╷│╵├─])+ ?")


def failure(command: str, root: str, completed: Completed) -> CloudUnusable | LeaseHeld:
    """Turn a failed command into the error that says what to do next."""
    said = error_text(completed)
    if _LOCKED in said and _HOLDER.search(said):
        return _locked(root, said)
    if _STALE in said:
        message = f"The Terraform state of {root} has changed since the plan was made.\n{said}"
        return LeaseHeld(
            message,
            remedy="Another run was faster: run the same command again.",
            code=PLAN_STALE,
        )
    if command == "init" and _NO_PROVIDER.search(said):
        message = f"Terraform cannot get the provider hashicorp/aws {PROVIDER_VERSION} for {root}."
        return CloudUnusable(f"{message}\n{said}", remedy=PROVIDER_REMEDY)
    return CloudUnusable(
        f"terraform {command} of {root} failed with exit code {completed.exit_code}.\n{said}",
        remedy="Mend what Terraform names, then run the same command again.",
    )


def _locked(root: str, said: str) -> LeaseHeld:
    return LeaseHeld(
        f"The Terraform state of {root} is locked by another run.\n{said}",
        remedy=(
            "Wait for that run. If it is dead, and the same command does not release its lock: "
            "docs/operations.md, Unlock a Terraform state."
        ),
        code=STATE_LOCKED,
    )


def error_text(completed: Completed) -> str:
    """Return Terraform's own error messages without its drawing; its last lines if there are none.

    Warnings before the first error are left out; the whole is in the log.
    """
    text = _drawing_removed(completed.stderr)
    found = re.search(r"^Error: ", text, flags=re.MULTILINE)
    if found is None:
        return f"{_end(completed)} {completed.last_lines(20)}".strip()
    said = text[found.start() :].strip()
    return said if len(said) <= _MOST_SAID else said[:_MOST_SAID].rstrip() + " [...]"


def _end(completed: Completed) -> str:
    """Name the signal that ended Terraform, of which it could say nothing itself."""
    if completed.exit_code >= 0:
        return ""
    return f"Terraform was ended by signal {-completed.exit_code}."


def _drawing_removed(text: str) -> str:
    """Terraform frames its messages, and the values inside them also where -no-color is given."""
    lines = (_FRAME.sub("", line).rstrip() for line in _COLOUR.sub("", text).splitlines())
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()
