"""Becomes another program, after what has to be done in a process of its own: process.py starts it.

Started as `python -I -S launcher.py PARENT CHANNEL`. The descriptor CHANNEL brings the program's
arguments and environment. It is closed when the program begins, and tells an errno where the
program cannot begin. Python code between fork and exec may deadlock in a process with threads
(Python documentation, subprocess, preexec_fn); this program has none.
"""

import ctypes
import marshal
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1
_CHUNK_BYTES = 65536
# What is ignored stays ignored in the program: SIGINT in a shell's background job, the others in
# each Python that has started (as this one).
_NOT_INHERITED = (signal.SIGINT, signal.SIGPIPE, signal.SIGXFSZ)


def main(parent: int, channel: int) -> None:
    for number in _NOT_INHERITED:
        signal.signal(number, signal.SIG_DFL)
    _end_with(parent)
    argv, environment = marshal.loads(_read(channel))
    os.set_inheritable(channel, False)
    try:
        os.execvpe(argv[0], argv, environment)
    except OSError as error:
        os.write(channel, str(error.errno).encode())
        os._exit(127)


def _end_with(parent: int) -> None:
    """Ask the kernel for a SIGTERM when the parent dies; it may have died before (prctl(2))."""
    if sys.platform != "linux":
        return
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != parent:
        os.kill(os.getpid(), signal.SIGTERM)


def _read(channel: int) -> bytes:
    chunks = iter(lambda: os.read(channel, _CHUNK_BYTES), b"")
    return b"".join(chunks)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
