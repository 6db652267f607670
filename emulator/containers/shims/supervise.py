"""Run one command as a container's main process: `supervise <program> <argument>...`.

Passes SIGTERM on, ends with the command's own exit code, and dies with the server.
"""

from __future__ import annotations

import signal
import subprocess
import sys
from typing import TYPE_CHECKING

from emulator.containers.shims.guard import die_with_parent, end_with_stdin, forget_import_path

if TYPE_CHECKING:
    from collections.abc import Sequence

_CANNOT_EXECUTE = 127


def main(argv: Sequence[str]) -> int:
    """Run the command and return its exit code; 128 + N when signal N ended it."""
    end_with_stdin()
    forget_import_path()
    try:
        # preexec_fn is safe here: the only other thread waits in a read and holds no lock.
        command = subprocess.Popen(list(argv), preexec_fn=die_with_parent)
    except OSError as error:
        print(f"{argv[0]}: {error.strerror}", file=sys.stderr)
        return _CANNOT_EXECUTE
    signal.signal(signal.SIGTERM, lambda *_: command.terminate())
    return exit_code(command.wait())


def exit_code(returncode: int) -> int:
    """Express a Popen return code the way a container engine does."""
    return returncode if returncode >= 0 else 128 - returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
