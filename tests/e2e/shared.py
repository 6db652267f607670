"""What all workers of a test session share: one embedded AWS, and what was made in it only once."""

import fcntl
import os
import pickle
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import pytest

from emulator.tests.support import embedded_aws

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Shared:
    """A folder that all workers see; whoever comes first makes a thing, the others wait for it."""

    folder: Path

    @property
    def state_dir(self) -> Path:
        return self.folder / "state"

    def once(self, name: str, make: Callable[[], T]) -> T:
        """Return what `make` returned when it was called for this name, by whichever worker."""
        with self.locked(name):
            made = self.folder / f"{name}.made"
            if not made.exists():
                made.write_bytes(pickle.dumps(make()))
            found: T = pickle.loads(made.read_bytes())
            return found

    @contextmanager
    def aws(self) -> Iterator[str]:
        """Yield the URL of the embedded AWS; the last worker that leaves ends it."""
        users = self.folder / "users"
        with self.locked("users"):
            users.mkdir(exist_ok=True)
            (users / str(os.getpid())).touch()
            endpoint_url = embedded_aws.start(self.state_dir)
        try:
            yield endpoint_url
        finally:
            with self.locked("users"):
                (users / str(os.getpid())).unlink()
                if not any(users.iterdir()):
                    embedded_aws.stop(self.state_dir)
                    self._forget()

    def _forget(self) -> None:
        """What was made is gone with the AWS it was made in."""
        for made in self.folder.glob("*.made"):
            made.unlink()

    @contextmanager
    def locked(self, name: str) -> Iterator[None]:
        """Let one worker at a time be in here."""
        with (self.folder / f"{name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def shared_by_workers(factory: pytest.TempPathFactory) -> Shared:
    base = factory.getbasetemp()
    whole_session = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    folder = whole_session / "e2e"
    folder.mkdir(exist_ok=True)
    return Shared(folder=folder)
