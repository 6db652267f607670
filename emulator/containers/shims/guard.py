"""Tie a container's processes to the server: when it dies, however it dies, they die too.

The server holds the write end of the shim's stdin and never writes. End of file means that the
server is gone. Where the system has it (Linux), the kernel's parent-death signal is set as well:
it also ends a process whose threads cannot run, for example inside a long native call.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import sys
import threading

_PR_SET_PDEATHSIG = 1


def die_with_parent() -> None:
    """Have the kernel kill this process when the thread that started it ends; Linux only."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def end_with_stdin() -> None:
    """Kill this process's whole group at the end of stdin, then hide the pipe from user code."""
    pipe = os.dup(0)
    with open(os.devnull, "rb") as nothing:  # noqa: PTH123 - Path.open is the same, with an import
        os.dup2(nothing.fileno(), 0)
    threading.Thread(target=_kill_group_at_end, args=(pipe,), daemon=True).start()


def _kill_group_at_end(pipe: int) -> None:
    with contextlib.suppress(OSError):
        while os.read(pipe, 4096):
            pass
    os.killpg(os.getpgrp(), signal.SIGKILL)


def forget_import_path() -> None:
    """Take the emulator's own directory, PYTHONPATH's first, away: user code must not see it."""
    root, _, rest = os.environ.pop("PYTHONPATH", "").partition(os.pathsep)
    if rest:
        os.environ["PYTHONPATH"] = rest
    sys.path[:] = [entry for entry in sys.path if entry != root]
