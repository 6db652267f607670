"""Real messages of Terraform 1.11, and what a person reads of them."""

from dataclasses import replace

import pytest

from pipeline.core.errors import CloudUnusable, LeaseHeld
from pipeline.gateways.process import Completed
from pipeline.gateways.terraform_words import STATE_LOCKED, error_text, failure

FRAMED = """\
There are some problems with the CLI configuration:
╷
│ Warning: Unable to open CLI configuration file
│
│ The CLI configuration file at "/home/x/.terraformrc" does not exist.
╵

\x1b[31m╷\x1b[0m
\x1b[31m│\x1b[0m \x1b[1mError: Invalid value for variable\x1b[0m
\x1b[31m│\x1b[0m
\x1b[31m│\x1b[0m   on main.tf line 2, in variable "n":
\x1b[31m│\x1b[0m    2:   validation {
\x1b[31m│\x1b[0m     ├────────────────
\x1b[31m│\x1b[0m     │ var.n is 3
\x1b[31m│\x1b[0m
\x1b[31m│\x1b[0m It must be 4.
\x1b[31m╵\x1b[0m
"""
UNFRAMED = """\

Error: Error acquiring the state lock

Error message: resource temporarily unavailable
Lock Info:
  ID:        2accf825-3df0-166d-bdba-6a945329b8c3
  Path:      terraform.tfstate
  Operation: OperationTypeApply
  Who:       root@vm
  Version:   1.11.4
"""
CHECKSUMS = """\
Error: Failed to install provider

Error while installing hashicorp/aws v5.100.0: the local package for
registry.terraform.io/hashicorp/aws 5.100.0 doesn't match any of the
checksums previously recorded in the dependency lock file
"""
NO_RIGHTS = """\
Error: Error acquiring the state lock

Error message: operation error S3: PutObject, https response error
StatusCode: 403, RequestID: , HostID: , api error AccessDenied: no
"""


def that_said(stderr: str, *, stdout: str = "") -> Completed:
    return Completed(exit_code=1, stdout=stdout, stderr=stderr, duration_s=1)


def test_an_error_is_read_without_colour_frame_and_warnings() -> None:
    assert error_text(that_said(FRAMED)) == (
        "Error: Invalid value for variable\n"
        "\n"
        '  on main.tf line 2, in variable "n":\n'
        "   2:   validation {\n"
        "\n"
        "var.n is 3\n"
        "\n"
        "It must be 4."
    )


def test_what_is_no_error_message_is_shown_by_its_last_lines() -> None:
    assert error_text(that_said("", stdout="panic: x\ngoroutine 1")) == "panic: x\ngoroutine 1"


def test_the_signal_that_ended_it_is_named() -> None:
    killed = replace(that_said("", stdout="Still modifying"), exit_code=-9)
    assert error_text(killed) == "Terraform was ended by signal 9. Still modifying"


def test_a_very_long_message_is_cut() -> None:
    said = error_text(that_said("Error: " + "x" * 10_000))
    assert said.endswith(" [...]")
    assert len(said) < 3100


def test_a_held_lock_is_another_run() -> None:
    error = failure("plan", "serving", that_said(UNFRAMED))
    assert isinstance(error, LeaseHeld)
    assert error.code == STATE_LOCKED
    assert "2accf825-3df0-166d-bdba-6a945329b8c3" in error.message
    assert "docs/operations.md, Unlock a Terraform state" in error.remedy


@pytest.mark.parametrize("said", [NO_RIGHTS, FRAMED, ""])
def test_anything_else_is_what_terraform_names(said: str) -> None:
    error = failure("plan", "serving", that_said(said))
    assert isinstance(error, CloudUnusable)
    assert "terraform plan of serving failed with exit code 1" in error.message


def test_a_provider_that_is_not_the_one_of_the_lock_file_is_a_missing_one() -> None:
    error = failure("init", "serving", that_said(CHECKSUMS))
    assert "cannot get the provider hashicorp/aws 5.100.0" in error.message
    assert "TF_CLI_CONFIG_FILE" in error.remedy
