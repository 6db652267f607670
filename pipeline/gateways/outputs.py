"""stdout and stderr of this process, which may be full, or closed by whoever started it.

What cannot be written there ends no run in the middle, and is no traceback: the stream is sent to
nowhere, and why is kept until the end.
"""

import io
import os
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

_STREAMS = {"stdout": 1, "stderr": 2}


class _Sink(io.FileIO):
    """A file descriptor to which every write succeeds; `failure` is the first that did not."""

    failure: OSError | None = None

    def write(self, data: "ReadableBuffer", /) -> int:
        try:
            return super().write(data)
        except OSError as error:
            self.failure = error
            _send_to_nowhere(self.fileno())
            return memoryview(data).nbytes


class Outputs:
    """stdout and stderr as long as this process runs."""

    def __init__(self, sinks: Mapping[str, _Sink]) -> None:
        self._sinks = sinks

    def failures(self) -> dict[str, str]:
        """Return why a stream has not taken everything, by its name."""
        for name in self._sinks:
            getattr(sys, name).flush()
        failed = {name: sink.failure for name, sink in self._sinks.items()}
        return {name: str(error.strerror) for name, error in failed.items() if error}


def has_reader() -> bool:
    """Tell whether what is written to stdout still arrives; `head` for one stops reading."""
    sys.stdout.flush()
    raw = getattr(getattr(sys.stdout, "buffer", None), "raw", None)
    return not isinstance(raw, _Sink) or raw.failure is None


def guard() -> Outputs:
    """Replace sys.stdout and sys.stderr by streams that never fail."""
    _occupy_closed()
    return Outputs({name: _replace(name, fd) for name, fd in _STREAMS.items()})


def _occupy_closed() -> None:
    """Take the place of each closed standard stream, else the next file would: it refuses writes.

    A file that is opened gets the lowest free descriptor (open(2)).
    """
    while (fd := os.open(os.devnull, os.O_RDONLY)) <= max(_STREAMS.values()):
        pass
    os.close(fd)


def _replace(name: str, fd: int) -> _Sink:
    before: TextIO | None = getattr(sys, name)
    sink = _Sink(fd, "w", closefd=False)
    stream = io.TextIOWrapper(
        io.BufferedWriter(sink),
        encoding=before.encoding if before else "utf-8",
        errors=before.errors if before else "replace",
        line_buffering=True,
    )
    setattr(sys, name, stream)
    return sink


def _send_to_nowhere(fd: int) -> None:
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, fd)
    os.close(nowhere)
