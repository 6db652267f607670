"""One server per state directory, whatever happens to it."""

import http.server
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from emulator.commands import not_healthy
from emulator.state_directory import StateDirectory
from emulator.tests.support.embedded import Embedded, eventually
from emulator.tests.support.embedded_aws import ROOT

pytestmark = pytest.mark.emulated


def command(name: str, state_dir: Path) -> list[str]:
    return [sys.executable, "-m", "emulator", name, "--state-dir", str(state_dir)]


def emulator(name: str, state_dir: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command(name, state_dir), cwd=ROOT, capture_output=True, text=True, timeout=90
    )


def answer(name: str, state_dir: Path) -> Any:
    return json.loads(emulator(name, state_dir).stdout)


def is_alive(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


@pytest.fixture
def state_dir(tmp_path: Path) -> Iterator[Path]:
    directory = tmp_path / "state of a test"
    yield directory
    emulator("stop", directory)


def test_start_finds_the_server_that_runs_already(state_dir: Path) -> None:
    first, second = answer("start", state_dir), answer("start", state_dir)
    assert first == {**second, "started": True}
    assert second["started"] is False


def test_what_to_type_about_a_server_that_is_late_works_from_anywhere(
    state_dir: Path, tmp_path: Path
) -> None:
    started = answer("start", state_dir)
    (state_dir / "server.log").write_text("its words\n")
    said = not_healthy(StateDirectory(path=state_dir))
    found = [
        subprocess.run(
            ["bash", "-c", typed], cwd=tmp_path, capture_output=True, text=True, timeout=90
        ).stdout
        for typed in said.split("`")[1::2]
    ]
    status, log, stopped = found
    assert json.loads(status)["instance_id"] == started["instance_id"]
    assert "its words" in log
    assert json.loads(stopped) == {
        "state_dir": str(state_dir),
        "stopped": True,
        "pid": started["pid"],
        "killed": False,
    }


def test_two_starts_at_once_end_with_one_server(state_dir: Path) -> None:
    starts = [
        subprocess.Popen(command("start", state_dir), cwd=ROOT, stdout=subprocess.PIPE, text=True)
        for _ in range(4)
    ]
    found = [json.loads(start.communicate(timeout=60)[0]) for start in starts]
    assert len({item["pid"] for item in found}) == 1
    assert [item["started"] for item in found].count(True) == 1


def test_status_says_by_exit_code_whether_a_server_runs(state_dir: Path) -> None:
    assert emulator("status", state_dir).returncode == 1
    answer("start", state_dir)
    running = emulator("status", state_dir)
    assert running.returncode == 0
    assert json.loads(running.stdout)["running"] is True


def test_stop_says_what_it_did_and_leaves_no_process(state_dir: Path) -> None:
    pid = answer("start", state_dir)["pid"]
    assert answer("stop", state_dir)["stopped"] is True
    eventually(lambda: is_alive(pid), lambda alive: not alive, limit_s=1)
    assert answer("stop", state_dir)["stopped"] is False


def test_a_killed_server_is_replaced_on_the_same_port(state_dir: Path) -> None:
    first = answer("start", state_dir)
    os.kill(first["pid"], signal.SIGKILL)
    second = eventually(lambda: answer("start", state_dir), lambda found: found["started"])
    assert second["endpoint_url"] == first["endpoint_url"]
    assert second["instance_id"] != first["instance_id"]


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGKILL])
def test_no_worker_outlives_the_server(state_dir: Path, end: signal.Signals) -> None:
    started = answer("start", state_dir)
    cloud = Embedded(url=started["endpoint_url"])
    cloud.an_endpoint(cloud.a_config(count=2))
    workers = psutil.Process(started["pid"]).children(recursive=True)
    assert len(workers) >= 2
    os.kill(started["pid"], end)
    _, alive = psutil.wait_procs(workers, timeout=20)
    assert alive == []


def test_reset_deletes_the_state_and_nothing_else(state_dir: Path) -> None:
    answer("start", state_dir)
    (state_dir / "notes.txt").write_text("not the emulator's")
    assert answer("reset", state_dir)["stopped"] is True
    assert [path.name for path in state_dir.iterdir()] == ["notes.txt"]


def test_reset_of_nothing_leaves_nothing(state_dir: Path) -> None:
    assert answer("reset", state_dir)["stopped"] is False
    assert not state_dir.exists()


def test_logs_prints_what_the_server_wrote(state_dir: Path) -> None:
    url = answer("start", state_dir)["endpoint_url"]
    assert f"endpoint_url={url}" in emulator("logs", state_dir).stdout


def test_logs_without_a_server_says_how_to_get_one(state_dir: Path) -> None:
    failed = emulator("logs", state_dir)
    assert failed.returncode == 1
    assert "python -m emulator start" in failed.stderr


def test_a_port_taken_by_another_program_is_an_error_that_names_it(state_dir: Path) -> None:
    port = int(answer("start", state_dir)["endpoint_url"].rpartition(":")[2])
    answer("stop", state_dir)
    other = http.server.HTTPServer(("127.0.0.1", port), http.server.BaseHTTPRequestHandler)
    threading.Thread(target=other.serve_forever, daemon=True).start()
    failed = emulator("start", state_dir)
    other.shutdown()
    other.server_close()
    assert failed.returncode == 1
    assert f"Port {port}" in failed.stderr
    assert "taken by another program" in failed.stderr
    assert "Traceback" not in failed.stderr


def test_a_damaged_record_is_an_error_that_names_the_file(state_dir: Path) -> None:
    state_dir.mkdir()
    (state_dir / "emulator.json").write_text("{")
    failed = emulator("start", state_dir)
    assert failed.returncode == 1
    assert "emulator.json is damaged" in failed.stderr


def test_a_server_whose_directory_was_moved_ends_and_writes_nothing_there(state_dir: Path) -> None:
    pid = answer("start", state_dir)["pid"]
    moved = state_dir.rename(state_dir.with_name("moved"))
    eventually(lambda: is_alive(pid), lambda alive: not alive, limit_s=20)
    assert not state_dir.exists()
    assert "the state directory was moved or deleted" in (moved / "server.log").read_text()


@pytest.mark.parametrize("name", ["x" * 300, "emulator.json", "server.log"])
def test_a_directory_that_cannot_be_used_is_said_in_one_line(state_dir: Path, name: str) -> None:
    if name.startswith("x"):
        state_dir = state_dir / name
    else:
        (state_dir / name).mkdir(parents=True)
    started = emulator("start", state_dir)
    assert started.returncode == 1
    assert started.stderr.startswith(f"error: The state directory {state_dir} cannot be written:")
    assert started.stderr.count("\n") == 1
