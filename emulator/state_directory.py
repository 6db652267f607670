"""One state directory, at most one server: its files, its locks and who answers on its port."""

import contextlib
import errno
import fcntl
import http.client
import json
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

HOST = "127.0.0.1"
# Why a directory cannot take what is written into it.
UNWRITABLE = (
    *(errno.EACCES, errno.EDQUOT, errno.EEXIST, errno.ENOSPC, errno.ENOTDIR, errno.EPERM),
    *(errno.EROFS, errno.EISDIR, errno.ELOOP, errno.ENAMETOOLONG, errno.ENOENT, errno.EIO),
)
_HEALTH_TIMEOUT_S = 5.0
_LEAST_ROOM_BYTES = 1 << 20
_OWN_FILES = ("emulator.json", "server.lock", "server.log")
_OWN_DIRECTORIES = ("work", "snapshot", "snapshot-set-aside-*")


class StateDirectoryError(Exception):
    """What happened, to which directory, and what to do."""


@dataclass(frozen=True, kw_only=True)
class ServerRecord:
    """emulator.json. The port stays when the server ends: addresses handed out stay valid.

    The last three say how the server began; see `persistence.keeper.Restored`.
    """

    pid: int
    port: int
    instance_id: str
    version: str
    restored: str = "no"
    unclean: bool = False
    snapshot_age_s: float | None = None

    @property
    def endpoint_url(self) -> str:
        return f"http://{HOST}:{self.port}"


@dataclass(frozen=True, kw_only=True)
class StateDirectory:
    path: Path

    @property
    def log_path(self) -> Path:
        return self.path / "server.log"

    @property
    def work_path(self) -> Path:
        """Where containers keep their files."""
        return self.path / "work"

    @property
    def snapshot_path(self) -> Path:
        """What survives a restart."""
        return self.path / "snapshot"

    def require_room(self) -> None:
        """Raise OSError now, where a server could not even write down why it ends."""
        with tempfile.NamedTemporaryFile(dir=self.path) as probe:
            probe.write(bytes(_LEAST_ROOM_BYTES))
            probe.flush()

    def unwritable(self, error: OSError) -> str:
        """Say that the directory cannot be used, and what to do."""
        return (
            f"The state directory {self.path} cannot be written: {error.strerror}. Make room or "
            "rights there, or name another one with EMULATOR_STATE_DIR or --state-dir."
        )

    def read_record(self) -> ServerRecord | None:
        try:
            record = ServerRecord(**json.loads(self._record_path.read_text()))
            _check_port(record.port)
        except (FileNotFoundError, NotADirectoryError):
            return None
        except (ValueError, TypeError, RecursionError) as error:
            text = f"{self._record_path} is damaged ({error}); delete it and start again."
            raise StateDirectoryError(text) from error
        return record

    def write_record(self, record: ServerRecord) -> None:
        draft = self._record_path.with_suffix(".new")
        draft.write_text(json.dumps(asdict(record)) + "\n")
        draft.replace(self._record_path)

    def running(self) -> ServerRecord | None:
        """Return the record of the server that answers as this directory's, else None."""
        record = self.read_record()
        if record is None:
            return None
        health = read_health(record.port) or {}
        return record if health.get("instance_id") == record.instance_id else None

    def is_served(self) -> bool:
        """Whether a server process, healthy or not, holds the directory."""
        return self.server_pid() is not None

    def server_pid(self) -> int | None:
        """Return the process that holds the directory; never the pid of one that has ended."""
        try:
            descriptor = os.open(self._lock_path, os.O_RDWR)
        except (FileNotFoundError, NotADirectoryError):
            return None
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return int(os.pread(descriptor, 32, 0) or b"0") or None
        finally:
            os.close(descriptor)
        return None

    def hold(self) -> int:
        """Take the server's lock for the life of this process; return its descriptor."""
        descriptor = os.open(self._lock_path, os.O_RDWR | os.O_CREAT, 0o600)
        deadline = time.monotonic() + 1.0
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if time.monotonic() > deadline:
                    text = f"{self.path} is already served by another process."
                    raise StateDirectoryError(text) from None
                time.sleep(0.02)  # `is_served` holds the lock for a moment
            else:
                os.ftruncate(descriptor, 0)
                os.pwrite(descriptor, str(os.getpid()).encode(), 0)
                return descriptor

    def is_held(self, descriptor: int) -> bool:
        """Whether the lock from `hold` is still this path's: nobody has moved or deleted it."""
        try:
            return os.path.samestat(os.fstat(descriptor), self._lock_path.stat())
        except OSError:
            return False

    @contextlib.contextmanager
    def commands_locked(self) -> Iterator[None]:
        """Let one start, stop or reset at a time work on the directory (which is the lock)."""
        while True:
            self.path.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(self.path, os.O_RDONLY)
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            if self._is_directory(descriptor):
                break
            os.close(descriptor)  # deleted by a reset while we waited
        try:
            yield
        finally:
            os.close(descriptor)

    def _is_directory(self, descriptor: int) -> bool:
        try:
            return os.path.samestat(os.fstat(descriptor), self.path.stat())
        except FileNotFoundError:
            return False

    def delete_content(self) -> None:
        """Delete what the emulator wrote, and the directory if nothing else is in it."""
        for name in _OWN_FILES:
            (self.path / name).unlink(missing_ok=True)
        for pattern in _OWN_DIRECTORIES:
            for path in self.path.glob(pattern):
                shutil.rmtree(path, ignore_errors=True)
        with contextlib.suppress(OSError):
            self.path.rmdir()

    @property
    def _record_path(self) -> Path:
        return self.path / "emulator.json"

    @property
    def _lock_path(self) -> Path:
        return self.path / "server.lock"


def _check_port(port: object) -> None:
    if not isinstance(port, int) or not 0 < port < 65536:
        text = f"port is {port!r}"
        raise ValueError(text)


def read_health(port: int) -> dict[str, Any] | None:
    """Return what the emulator on this port says of itself; None when none answers."""
    connection = http.client.HTTPConnection(HOST, port, timeout=_HEALTH_TIMEOUT_S)
    try:
        connection.request("GET", "/_emu/health")
        health = json.loads(connection.getresponse().read())
    except (OSError, ValueError, http.client.HTTPException):
        return None
    finally:
        connection.close()
    return health if isinstance(health, dict) else None
