"""Who holds a lease, and whether that process is gone for certain, which only its host knows."""

import getpass
import os
import socket
from pathlib import Path

import psutil

from pipeline.core.lease import Owner

_START_TIME = 19  # proc(5), /proc/PID/stat: field 22, counted behind the command's name


def whoami() -> str:
    """Return the person or job behind this process, as histories and leases name it."""
    job = os.environ.get("CI_JOB_URL")
    person = os.environ.get("GITLAB_USER_LOGIN")
    if job:
        return f"{person or 'ci'} ({job})"
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"uid {os.getuid()}"


def this_process(run_id: str, *, work_dir: str | None = None) -> Owner:
    """Return the owner that stands for a run of this process, which works in `work_dir`."""
    pid = os.getpid()
    return Owner(
        run_id=run_id,
        who=whoami(),
        host=socket.gethostname(),
        pid=pid,
        process_started_s=psutil.Process().create_time(),
        place=_place(),
        process_started_ticks=started_ticks(pid),
        work_dir=work_dir,
    )


def is_dead(owner: Owner) -> bool:
    """Tell whether the owner's process has ended; False where that cannot be known."""
    if owner.host != socket.gethostname():
        return False
    known_place = owner.place is not None and owner.process_started_ticks is not None
    if known_place and owner.place != _place():
        return False  # a namesake of this host, or this host before it was started anew
    try:
        holder = psutil.Process(owner.pid)
        started_s, status = holder.create_time(), holder.status()
    except psutil.NoSuchProcess:
        return True
    except psutil.AccessDenied:
        return False
    if status == psutil.STATUS_ZOMBIE:
        return True
    if known_place:
        return started_ticks(owner.pid) != owner.process_started_ticks
    return abs(started_s - owner.process_started_s) > 1.0


def _place() -> str | None:
    """Name this boot and this space of process numbers: containers of one machine share the boot.

    None where the system is no Linux or hides it.
    """
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        return f"{boot} {Path('/proc/self/ns/pid').readlink()}"
    except OSError:
        return None


def started_ticks(pid: int) -> int | None:
    """Return when a process began, in clock ticks since the boot: no clock can move that."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    return int(stat.rpartition(")")[2].split()[_START_TIME])
