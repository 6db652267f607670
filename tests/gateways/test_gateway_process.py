"""Programs as they really behave: loud, stubborn, slow to die, and with children of their own."""

import json
import marshal
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path

import psutil
import pytest

from emulator.tests.support.embedded import eventually
from pipeline.gateways import process
from pipeline.gateways.process import Completed, ProgramMissing, ProgramTimedOut

STUBBORN = "import signal; signal.signal(signal.SIGINT, signal.SIG_IGN)\n"
SLEEP = "import time; time.sleep(60)\n"


def run_python(
    code: str,
    *,
    timeout_s: float = 30,
    on_line: Callable[[str], None] | None = None,
    stop_grace_s: float = 5,
) -> Completed:
    return process.run(
        [sys.executable, "-c", code],
        cwd=Path("/"),
        environment={},
        timeout_s=timeout_s,
        on_line=on_line,
        stop_grace_s=stop_grace_s,
    )


def spawning(pid_file: Path, grandchild: str) -> str:
    """Return a program that starts another on its own output, whose pid is in the file then."""
    own_pid = f"import os, pathlib; pathlib.Path({str(pid_file)!r}).write_text(str(os.getpid()))\n"
    return (
        "import pathlib, subprocess, sys, time\n"
        f"subprocess.Popen([sys.executable, '-c', {own_pid + grandchild!r}])\n"
        f"pid = pathlib.Path({str(pid_file)!r})\n"
        "while not (pid.exists() and pid.read_text()): time.sleep(0.01)\n"
    )


def is_gone(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def test_exit_code_and_both_streams_come_back() -> None:
    code = "import sys; print('out'); print('err', file=sys.stderr); sys.exit(3)"
    completed = run_python(code)
    assert (completed.exit_code, completed.stdout, completed.stderr) == (3, "out\n", "err\n")


def test_arguments_reach_the_program_literally() -> None:
    arguments = ["$HOME", "a b", '"', "`id`", "${x}", "line\nbreak", ""]
    code = "import json, sys; print(json.dumps(sys.argv[1:]))"
    completed = process.run(
        [sys.executable, "-c", code, *arguments], cwd=Path("/"), environment={}, timeout_s=30
    )
    assert completed.stdout.strip() == json.dumps(arguments)


def test_the_environment_is_the_whole_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_OF_THE_CALLER", "1")
    completed = run_python("import os; print('SECRET_OF_THE_CALLER' in os.environ)")
    assert completed.stdout == "False\n"


def test_output_that_is_not_utf_8_is_kept_as_far_as_it_can_be_read() -> None:
    completed = run_python("import os; os.write(1, b'a\\xff\\xfeb\\n')")
    assert completed.stdout == "a\ufffd\ufffdb\n"


def test_a_character_cut_by_a_pause_is_put_together_again() -> None:
    seen: list[str] = []
    code = "import os, time; os.write(1, b'\\xc3'); time.sleep(0.3); os.write(1, b'\\xa4')"
    completed = run_python(code, on_line=seen.append)
    assert (completed.stdout, seen) == ("ä", ["ä"])


def test_much_output_comes_back_whole_on_both_streams() -> None:
    code = "import sys\nfor s in (sys.stdout, sys.stderr): s.write('x' * 1_000_000)"
    completed = run_python(code)
    assert (len(completed.stdout), len(completed.stderr)) == (1_000_000, 1_000_000)


def test_lines_are_told_while_the_program_runs() -> None:
    told_at: list[float] = []
    started = time.monotonic()
    code = "import time; print('first', flush=True); time.sleep(1.5); print('last')"
    run_python(code, on_line=lambda _line: told_at.append(time.monotonic() - started))
    assert told_at[1] - told_at[0] > 1


def test_a_listener_that_fails_stops_the_program_and_is_heard() -> None:
    def fail(line: str) -> None:
        raise ValueError(line)

    with pytest.raises(ValueError, match="first"):
        run_python("print('first', flush=True)\n" + SLEEP, on_line=fail)


def test_a_program_that_closes_its_output_early_is_waited_for() -> None:
    completed = run_python("import os, sys, time; os.close(1); os.close(2); time.sleep(0.5)")
    assert completed.exit_code == 0
    assert completed.duration_s > 0.4


@pytest.mark.parametrize("grandchild", [SLEEP, "while True: print('noise', flush=True)"])
def test_a_grandchild_that_keeps_the_output_open_does_not_hold_the_caller(
    tmp_path: Path, grandchild: str
) -> None:
    pid_file = tmp_path / "pid"
    completed = run_python(spawning(pid_file, grandchild) + "print('done')")
    os.kill(int(pid_file.read_text()), signal.SIGKILL)
    assert "done\n" in completed.stdout
    assert completed.duration_s < 10


def test_a_program_whose_caller_was_killed_can_still_say_so_and_end_in_order(
    tmp_path: Path,
) -> None:
    saved = tmp_path / "saved"
    program = (
        "import pathlib, signal, sys, time\n"
        "signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # as Terraform\n"
        "def save(*_):\n"
        "    for _ in range(3): print('Interrupt received.', flush=True)\n"
        f"    pathlib.Path({str(saved)!r}).touch(); sys.exit()\n"
        "signal.signal(signal.SIGTERM, save)\n"
        "print('started', flush=True)\n" + SLEEP
    )
    caller = (
        "import os, pathlib, signal, sys\n"
        "from pipeline.gateways import process\n"
        f"process.run([sys.executable, '-c', {program!r}], cwd=pathlib.Path('/'), environment={{}},"
        " timeout_s=60, on_line=lambda _line: os.kill(os.getpid(), signal.SIGKILL))\n"
    )
    root = Path(process.__file__).parents[2]
    killed = process.run(
        [sys.executable, "-c", caller], cwd=root, environment={"PYTHONPATH": "."}, timeout_s=60
    )
    assert killed.exit_code == -signal.SIGKILL
    if sys.platform == "linux":
        eventually(saved.exists, bool)


def test_a_program_out_of_time_is_asked_to_stop() -> None:
    code = (
        "import signal, sys, time\n"
        "signal.signal(signal.SIGINT, lambda *_: sys.exit('asked'))\n" + SLEEP
    )
    started = time.monotonic()
    with pytest.raises(ProgramTimedOut, match="had not ended after 1 s"):
        run_python(code, timeout_s=1, stop_grace_s=30)
    assert time.monotonic() - started < 15


def test_a_program_that_does_not_listen_is_killed_after_the_grace() -> None:
    started = time.monotonic()
    with pytest.raises(ProgramTimedOut):
        run_python(STUBBORN + SLEEP, timeout_s=1, stop_grace_s=0.5)
    assert 1.5 <= time.monotonic() - started < 15


def test_a_program_may_say_much_while_it_stops(tmp_path: Path) -> None:
    saved = tmp_path / "saved"
    code = (
        "import pathlib, signal, sys, time\n"
        "def save(*_):\n"
        "    sys.stdout.write('x' * 1_000_000); sys.stdout.flush()\n"
        f"    pathlib.Path({str(saved)!r}).touch(); sys.exit()\n"
        "signal.signal(signal.SIGINT, save)\n" + SLEEP
    )
    with pytest.raises(ProgramTimedOut):
        run_python(code, timeout_s=1, stop_grace_s=20)
    assert saved.exists()


def test_a_timeout_kills_the_grandchildren_too(tmp_path: Path) -> None:
    pid_file = tmp_path / "pid"
    with pytest.raises(ProgramTimedOut):
        run_python(spawning(pid_file, STUBBORN + SLEEP) + SLEEP, timeout_s=2, stop_grace_s=0.5)
    eventually(lambda: is_gone(int(pid_file.read_text())), bool)


def test_a_program_runs_beside_what_its_caller_does(tmp_path: Path) -> None:
    met = tmp_path / "met"
    code = (
        "import pathlib, time\n"
        f"while not pathlib.Path({str(met)!r}).exists(): time.sleep(0.01)\n"
        "print('met')"
    )
    argv = [sys.executable, "-c", code]
    with process.beside(argv, cwd=Path("/"), environment={}) as running:
        assert not running.wait(0.2)
        met.touch()
        assert running.wait(30)
        assert (running.completed().exit_code, running.completed().stdout) == (0, "met\n")


@pytest.mark.parametrize("listens", [True, False])
@pytest.mark.parametrize("fails", [True, False])
def test_a_program_that_outlives_its_block_is_stopped(
    tmp_path: Path, listens: bool, fails: bool
) -> None:
    pid_file = tmp_path / "pid"
    own_pid = f"import os, pathlib; pathlib.Path({str(pid_file)!r}).write_text(str(os.getpid()))\n"
    argv = [sys.executable, "-c", ("" if listens else STUBBORN) + own_pid + SLEEP]
    mistake = RuntimeError("of the block")
    with (
        pytest.raises(RuntimeError) if fails else nullcontext(),
        process.beside(argv, cwd=Path("/"), environment={}, stop_grace_s=0.2),
    ):
        eventually(lambda: pid_file.exists() and pid_file.read_text(), bool)
        if fails:
            raise mistake
    assert is_gone(int(pid_file.read_text()))


def test_an_interrupt_stops_the_program_and_goes_on_to_the_caller(tmp_path: Path) -> None:
    pid_file = tmp_path / "pid"
    threading.Timer(2, signal.raise_signal, [signal.SIGINT]).start()
    with pytest.raises(KeyboardInterrupt):
        run_python(spawning(pid_file, SLEEP) + SLEEP)
    eventually(lambda: is_gone(int(pid_file.read_text())), bool)


def test_a_second_interrupt_kills_what_would_not_stop(tmp_path: Path) -> None:
    pid_file = tmp_path / "pid"
    for delay_s in (2, 3):
        threading.Timer(delay_s, signal.raise_signal, [signal.SIGINT]).start()
    started = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        run_python(STUBBORN + spawning(pid_file, STUBBORN + SLEEP) + SLEEP, stop_grace_s=60)
    assert time.monotonic() - started < 15
    eventually(lambda: is_gone(int(pid_file.read_text())), bool)


def test_a_program_started_where_interrupts_are_ignored_can_still_be_stopped() -> None:
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)  # as a shell does for a background job
    try:
        started = time.monotonic()
        with pytest.raises(ProgramTimedOut):
            run_python(SLEEP, timeout_s=1, stop_grace_s=30)
    finally:
        signal.signal(signal.SIGINT, before)
    assert time.monotonic() - started < 15


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
@pytest.mark.parametrize("name", ["SIGINT", "SIGPIPE", "SIGXFSZ"])
def test_a_program_ignores_no_signal_that_this_one_ignores(name: str) -> None:
    number = getattr(signal, name)
    before = signal.signal(number, signal.SIG_IGN)
    try:
        completed = process.run(
            ["grep", "SigIgn", "/proc/self/status"], cwd=Path("/"), environment={}, timeout_s=30
        )
    finally:
        signal.signal(number, before)
    assert not int(completed.stdout.split()[1], 16) & 1 << (number - 1)


@pytest.mark.parametrize("ended_by", [signal.SIGKILL, signal.SIGTERM])
def test_what_a_program_started_ends_with_it_when_a_signal_ended_it(
    tmp_path: Path, ended_by: signal.Signals
) -> None:
    pid_file = tmp_path / "pid"
    completed = run_python(
        spawning(pid_file, STUBBORN + SLEEP) + f"import os; os.kill(os.getpid(), {int(ended_by)})"
    )
    assert completed.exit_code == -ended_by
    eventually(lambda: is_gone(int(pid_file.read_text())), bool)


def test_a_program_has_only_the_files_that_are_kept_open_for_it(tmp_path: Path) -> None:
    code = "import os; print(sorted(int(each) for each in os.listdir('/dev/fd')))"
    with (tmp_path / "kept").open("wb") as kept, (tmp_path / "other").open("wb") as other:
        os.set_inheritable(other.fileno(), True)
        completed = process.run(
            [sys.executable, "-c", code],
            cwd=Path("/"),
            environment={},
            timeout_s=30,
            keep_open=[kept.fileno()],
        )
        the_listed_folder = 3
        files = {0, 1, 2, the_listed_folder, kept.fileno()}
        assert set(json.loads(completed.stdout)) == files


def test_no_python_code_runs_between_fork_and_exec() -> None:
    # What it would wait for may be held by a thread that the fork has left behind.
    sources = Path(process.__file__).parents[1].rglob("*.py")
    assert not [each for each in sources if "preexec_fn=" in each.read_text(encoding="utf-8")]


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child of that")
def test_a_program_whose_caller_died_before_it_began_never_begins(tmp_path: Path) -> None:
    began = tmp_path / "began"
    ours, theirs = socket.socketpair()
    with ours, theirs:
        launcher = Path(process.__file__).with_name("launcher.py")
        started = subprocess.Popen(
            [sys.executable, "-I", "-S", str(launcher), "1", str(theirs.fileno())],
            pass_fds=[theirs.fileno()],
        )
        ours.sendall(marshal.dumps(([b"touch", os.fsencode(began)], {b"PATH": b"/bin:/usr/bin"})))
        ours.shutdown(socket.SHUT_WR)
        assert started.wait(30) == -signal.SIGTERM
    assert not began.exists()


@pytest.mark.parametrize("name", ["no-such-program", "/", "not-a-program"])
def test_a_program_that_cannot_be_started_is_named(tmp_path: Path, name: str) -> None:
    (tmp_path / "not-a-program").write_text("\x00")
    (tmp_path / "not-a-program").chmod(0o755)
    argv = [str(tmp_path / name) if name == "not-a-program" else name]
    with pytest.raises(ProgramMissing, match=f"{name} cannot be started"):
        process.run(argv, cwd=tmp_path, environment={"PATH": "/bin"}, timeout_s=5)


def test_a_folder_that_is_not_there_is_not_taken_for_a_missing_program(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="absent"):
        process.run(["true"], cwd=tmp_path / "absent", environment={}, timeout_s=5)


def test_no_file_stays_open_after_a_run() -> None:
    run_python("print(1)")
    before = psutil.Process().num_fds()
    for _ in range(5):
        run_python("print(1)")
    assert psutil.Process().num_fds() == before


def test_the_last_lines_are_those_of_stderr_if_there_are_any() -> None:
    completed = run_python("import sys; print('out'); print('a\\nb\\nc', file=sys.stderr)")
    assert completed.last_lines(2) == "b\nc"
