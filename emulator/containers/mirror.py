"""Copies of a container's directory in S3 that follow it while the container runs.

Checkpoints and outputs with upload mode Continuous. What is deleted locally stays in S3.
"""

from __future__ import annotations

import contextlib
import logging
import shutil
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from emulator.containers import storage

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

logger = logging.getLogger(__name__)

INTERVAL_S = 10.0
_State = tuple[int, int]


@dataclass(frozen=True, kw_only=True)
class Mirror:
    """One directory and its URI; `scratch` takes the copy that a changing file is sent from."""

    client: Any
    directory: Path
    uri: str
    scratch: Path
    kms_key_id: str | None = None
    _sent: dict[str, _State] = field(default_factory=dict)

    def accept_present(self) -> None:
        """Take what is there now for known in S3: it has just come from there."""
        for name, path in storage.files_below(self.directory).items():
            self._sent[name] = _state(path)

    def send_changes(self) -> None:
        """Upload every file that is new or changed; StorageError when S3 refuses."""
        for name, path in storage.files_below(self.directory).items():
            with contextlib.suppress(FileNotFoundError):
                self._send(name, path)

    def _send(self, name: str, path: Path) -> None:
        state = _state(path)
        if self._sent.get(name) == state:
            return
        copy = self.scratch / "mirrored"
        shutil.copyfile(path, copy)
        uri = storage.join_uri(self.uri, name)
        storage.upload_file(self.client, copy, uri, kms_key_id=self.kms_key_id)
        copy.unlink()
        self._sent[name] = state

    def send_changes_or_say(self) -> None:
        """Upload what S3 takes now; the rest is tried again with the next changes."""
        try:
            self.send_changes()
        except (storage.StorageError, OSError) as error:
            logger.warning("mirror_behind uri=%s cause=%s", self.uri, error)


def _state(path: Path) -> _State:
    found = path.stat()
    return found.st_mtime_ns, found.st_size


@contextlib.contextmanager
def repeating(actions: Sequence[Callable[[], None]], *, interval_s: float) -> Iterator[None]:
    """Call all actions every interval while the block runs; they must not raise."""
    ended = threading.Event()

    def repeat() -> None:
        while not ended.wait(interval_s):
            for act in actions:
                act()

    thread = threading.Thread(target=repeat, daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
