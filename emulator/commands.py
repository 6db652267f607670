"""What the commands do to a state directory's server; every one returns what it found or did."""

import contextlib
import os
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, TextIO

from emulator.state_directory import ServerRecord, StateDirectory, read_health

ERROR = "error: "  # how a command begins the line that says what is wrong
_START_LIMIT_S = 60.0
_STOP_LIMIT_S = 45.0
_POLL_S = 0.05
_LOG_TAIL_LINES = 15
_PROJECT_ROOT = Path(__file__).resolve().parent.parent


class CommandFailed(Exception):
    """What happened, to which server, and what to do."""


def start(directory: StateDirectory) -> dict[str, Any]:
    """Return the endpoint of the healthy server, starting one when there is none."""
    with directory.commands_locked():
        running = directory.running()
        if running is not None:
            return _described(directory, running, started=False)
        if directory.is_served():
            return _described(directory, _await_health(directory, None), started=False)
        directory.require_room()
        return _described(directory, _await_health(directory, _spawn(directory)), started=True)


def _described(directory: StateDirectory, record: ServerRecord, *, started: bool) -> dict[str, Any]:
    return {
        "endpoint_url": record.endpoint_url,
        "pid": record.pid,
        "instance_id": record.instance_id,
        "state_dir": str(directory.path),
        "started": started,
        "restored": record.restored,
        "unclean": record.unclean,
        "snapshot_age_s": record.snapshot_age_s,
    }


def _spawn(directory: StateDirectory) -> subprocess.Popen[bytes]:
    with directory.log_path.open("ab") as log:
        return subprocess.Popen(
            [sys.executable, "-m", "emulator", "serve", "--state-dir", str(directory.path)],
            cwd=_PROJECT_ROOT,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


def _await_health(
    directory: StateDirectory, server: subprocess.Popen[bytes] | None
) -> ServerRecord:
    deadline = time.monotonic() + _START_LIMIT_S
    while time.monotonic() < deadline:
        running = directory.running()
        if running is not None:
            return running
        if server is not None and server.poll() is not None:
            raise CommandFailed(_why_it_ended(directory, server.returncode))
        time.sleep(_POLL_S)
    raise CommandFailed(not_healthy(directory))


def not_healthy(directory: StateDirectory) -> str:
    """Say that a server has begun and does not answer, and how to look at it and end it."""
    return (
        f"The server of {directory.path} did not become healthy within {_START_LIMIT_S:.0f} s. "
        f"It may still: `{_typed(directory, 'status')}` tells, `{_typed(directory, 'logs')}` says "
        f"what it does, `{_typed(directory, 'stop')}` ends it and keeps its snapshot."
    )


def _typed(directory: StateDirectory, command: str) -> str:
    """Return a command as it can be typed anywhere: for this directory, by this Python."""
    root, state_dir, python = map(
        shlex.quote, (str(_PROJECT_ROOT), str(directory.path), sys.executable)
    )
    return f"cd {root} && EMULATOR_STATE_DIR={state_dir} {python} -m emulator {command}"


def _why_it_ended(directory: StateDirectory, code: int) -> str:
    tail = _log_tail(directory)
    last = tail.rpartition("\n")[2]
    if last.startswith(ERROR):  # it said why itself
        return last.removeprefix(ERROR)
    return (
        f"The server of {directory.path} ended with code {code} while starting. "
        f"Its last words:\n{tail}"
    )


def _log_tail(directory: StateDirectory) -> str:
    lines = directory.log_path.read_text(errors="replace").splitlines()
    return "\n".join(lines[-_LOG_TAIL_LINES:])


def stop(directory: StateDirectory) -> dict[str, Any]:
    """Stop the server and wait for its end.

    `stopped` is false when none ran; `killed` is true when it did not end by itself: what came
    after its last snapshot is lost.
    """
    with directory.commands_locked():
        return {"state_dir": str(directory.path), **_stop(directory)}


def _stop(directory: StateDirectory) -> dict[str, Any]:
    pid = directory.server_pid()
    if pid is None:
        return {"stopped": False}
    os.kill(pid, signal.SIGTERM)
    killed = not _ended(directory)
    while killed and directory.is_served():
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
        time.sleep(_POLL_S)
    return {"stopped": True, "pid": pid, "killed": killed}


def _ended(directory: StateDirectory) -> bool:
    """Wait for the server's end; False when it does not end by itself in time."""
    deadline = time.monotonic() + _STOP_LIMIT_S
    while directory.is_served():
        if time.monotonic() > deadline:
            return False
        time.sleep(_POLL_S)
    return True


def reset(directory: StateDirectory) -> dict[str, Any]:
    """Stop the server and delete what it wrote."""
    with directory.commands_locked():
        done = {"state_dir": str(directory.path), **_stop(directory), "reset": True}
        directory.delete_content()
        return done


def status(directory: StateDirectory) -> dict[str, Any]:
    running = directory.running()
    found: dict[str, Any] = {"state_dir": str(directory.path), "running": running is not None}
    if running is not None:
        found |= {
            "endpoint_url": running.endpoint_url,
            "pid": running.pid,
            "instance_id": running.instance_id,
            "version": running.version,
            "snapshot_error": (read_health(running.port) or {}).get("snapshot_error"),
        }
    return found


def follow_logs(directory: StateDirectory, *, follow: bool, out: TextIO) -> None:
    if not directory.log_path.exists():
        text = f"{directory.path} has no server log; `{_typed(directory, 'start')}` makes one."
        raise CommandFailed(text)
    with directory.log_path.open(errors="replace") as log:
        while True:
            out.write(log.read())
            out.flush()
            if not follow:
                return
            time.sleep(0.5)
