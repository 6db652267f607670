"""The wrapper sets .venv up, mends a broken one, and says in one line why it cannot."""

import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from emulator.tests.support.embedded import eventually
from tests.support.project import PROJECT_ROOT

SETS = ("requirements.txt", "requirements-local.txt", "emulator/requirements.txt")
# What the wrapper starts, instead of the runner: it says how it was started.
RUNNER = "import sys; print(sys.prefix); print(sys.argv[1:]); sys.exit(7)"
NOWHERE = {
    "PIP_CACHE_DIR": "",
    "PIP_CONFIG_FILE": os.devnull,
    "PIP_FIND_LINKS": "",
    "PIP_NO_CACHE_DIR": "1",
    "PIP_RETRIES": "0",
}


def a_project(folder: Path) -> Path:
    """Make a checkout of nothing but the wrapper, without any package to install."""
    (folder / "script").mkdir(parents=True)
    shutil.copy(PROJECT_ROOT / "run_mlops_pipeline.sh", folder)
    shutil.copy(PROJECT_ROOT / "script" / "bootstrap", folder / "script")
    (folder / "run_pipeline.py").write_text(RUNNER)
    (folder / "emulator").mkdir()
    for name in SETS:
        (folder / name).write_text("# none\n")
    return folder


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return a_project(tmp_path / "a check öut")


@pytest.fixture(scope="module")
def set_up_once(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A checkout whose .venv is made, and what its first start said: making one takes seconds."""
    project = a_project(tmp_path_factory.mktemp("wrapper") / "a check öut")
    code, stdout, stderr = start(project)
    assert (code, stdout) == (7, started_in(project))
    return project, stderr


@pytest.fixture
def set_up(set_up_once: tuple[Path, str], tmp_path: Path) -> Path:
    """A copy of it whose requirements have changed since."""
    project = tmp_path / "a check öut"
    shutil.copytree(set_up_once[0], project, symlinks=True)
    (project / "requirements-local.txt").write_text("no-such-package==1.0\n")
    return project


@pytest.fixture
def silent_index() -> Iterator[str]:
    """A package index that takes connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}/simple"


@pytest.fixture
def closed_index() -> str:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    return f"http://127.0.0.1:{port}/simple"


def start(
    project: Path, variables: Mapping[str, str] | None = None, *, start_by: Path | None = None
) -> tuple[int, str, str]:
    """Run the wrapper from another folder; return exit code, stdout, stderr."""
    done = subprocess.run(
        [start_by or project / "run_mlops_pipeline.sh", "--flag", "a value"],
        cwd="/",
        env={**os.environ, **(variables or {})},
        capture_output=True,
        text=True,
        timeout=120,
    )
    return done.returncode, done.stdout, done.stderr


def started_in(project: Path) -> str:
    return f"{project / '.venv'}\n['--flag', 'a value']\n"


def test_it_sets_up_once_and_works_through_links_from_anywhere(
    set_up_once: tuple[Path, str],
) -> None:
    project, said = set_up_once
    assert "Setting up .venv" in said
    near, far = project / "near link", project.parent / "far link"
    near.symlink_to("run_mlops_pipeline.sh")
    far.symlink_to(Path(project.name) / "near link")
    assert start(project, start_by=far) == (7, started_in(project), "")


@pytest.fixture
def only_aws(set_up_once: tuple[Path, str], tmp_path: Path) -> Path:
    """A checkout where only the runner's packages are installed; others cannot be had."""
    project = tmp_path / "only aws"
    shutil.copytree(set_up_once[0], project, symlinks=True)
    (project / ".venv" / "requirements-local.txt.installed").unlink()
    (project / "emulator" / "requirements.txt").write_text("no-such-package==1.0\n")
    (project / "requirements-local.txt").write_text("-r emulator/requirements.txt\n")
    (project / "aws.json").write_text('{"backend": "aws"}')
    (project / "mine.json").write_text('{"backend":\t"local"}')
    return project


@pytest.mark.parametrize(
    ("flags", "variables", "wants_more"),
    [
        ([], {}, True),
        (["--backend", "aws"], {}, False),
        (["--backend=aws"], {"MLOPS_BACKEND": "local"}, False),
        (["--backend", "local"], {"MLOPS_BACKEND": "aws"}, True),
        (["--local-test"], {"MLOPS_BACKEND": "aws"}, True),
        ([], {"MLOPS_BACKEND": "aws"}, False),
        (["--config-file", "aws.json"], {}, False),
        (["--config-file=aws.json"], {"MLOPS_BACKEND": "local"}, True),
        (["--config-file", "mine.json"], {}, True),
        (["--config-file"], {}, True),
    ],
)
def test_it_installs_what_the_backend_needs_and_nothing_more(
    only_aws: Path, flags: list[str], variables: dict[str, str], wants_more: bool
) -> None:
    """What cannot be had shows what is asked for; the runner's own packages stay as they were."""
    own = {name: value for name, value in os.environ.items() if name != "MLOPS_BACKEND"}
    done = subprocess.run(
        [only_aws / "run_mlops_pipeline.sh", *flags],
        cwd=only_aws,
        env={**own, **NOWHERE, "PIP_INDEX_URL": "http://127.0.0.1:1/simple", **variables},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == (11 if wants_more else 7), done.stderr
    assert ("Setting up .venv from requirements-local.txt" in done.stderr) is wants_more
    assert start(only_aws, {"MLOPS_BACKEND": "aws"}) == (7, started_in(only_aws), "")


def test_another_backend_adds_to_what_is_there(only_aws: Path) -> None:
    (only_aws / "emulator" / "requirements.txt").write_text("# none\n")
    there = only_aws / ".venv" / "there already"
    there.touch()
    code, stdout, stderr = start(only_aws)
    assert (code, stdout) == (7, started_in(only_aws))
    assert "Setting up .venv from requirements-local.txt" in stderr
    assert there.exists()


def test_a_setup_that_was_killed_is_begun_anew(set_up: Path, silent_index: str) -> None:
    setup = subprocess.Popen(
        [set_up / "run_mlops_pipeline.sh"],
        env={**os.environ, **NOWHERE, "PIP_INDEX_URL": silent_index},
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    log = set_up / ".venv" / "pip.log"
    eventually(lambda: log.exists() and "no-such-package" in log.read_text(), bool)
    os.killpg(setup.pid, signal.SIGKILL)
    setup.wait()
    half = set_up / ".venv" / "half a package"
    half.touch()

    (set_up / "requirements-local.txt").write_text("# changed\n")
    code, stdout, _ = start(set_up)
    assert (code, stdout) == (7, started_in(set_up))
    assert not half.exists()


@pytest.mark.soak
def test_a_python_that_is_gone_is_replaced(project: Path) -> None:
    (project / ".venv" / "bin").mkdir(parents=True)
    (project / ".venv" / "bin" / "python").symlink_to("/no/such/python")
    installed = "".join((project / name).read_text() for name in SETS)
    (project / ".venv" / "requirements-local.txt.installed").write_text(installed)
    code, stdout, _ = start(project)
    assert (code, stdout) == (7, started_in(project))


def test_no_network_to_the_package_index_is_one_line(set_up: Path, closed_index: str) -> None:
    code, stdout, stderr = start(set_up, {**NOWHERE, "PIP_INDEX_URL": closed_index})
    assert (code, stdout) == (11, "")
    _, line = stderr.splitlines()
    assert line.startswith(
        "bootstrap: the packages of requirements-local.txt could not be installed: "
        "the package index cannot be reached. Check the network and .venv/pip.log"
    )


def test_a_python_that_is_too_old_is_one_line_and_makes_nothing(project: Path) -> None:
    programs = project.parent / "programs"
    programs.mkdir()
    for name in ("python3", "python3.11", "python3.12", "python3.13"):
        (programs / name).write_text("#!/bin/sh\nexit 1\n")
        (programs / name).chmod(0o755)
    code, _, stderr = start(project, {"PATH": f"{programs}:/usr/bin:/bin"})
    assert (code, len(stderr.splitlines())) == (2, 1)
    assert "Python 3.11 or newer is needed" in stderr
    assert not (project / ".venv").exists()


@pytest.mark.parametrize(
    ("before", "says"),
    [
        ("sys.version_info = (3, 10, 0)", "Error: Python 3.11 or newer is needed, this is"),
        ("sys.modules['click'] = None", "Error: import of click halted"),
        ("sys.modules['pydantic'] = None", "Error: import of pydantic halted"),
    ],
)
def test_the_runner_itself_says_what_it_lacks(before: str, says: str, tmp_path: Path) -> None:
    runner = str(PROJECT_ROOT / "run_pipeline.py")
    code = f"import sys, runpy; {before}; sys.argv[:] = ['x']; runpy.run_path({runner!r})"
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(PROJECT_ROOT)},
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(says)
    assert len(done.stderr.splitlines()) == 1
    assert list(tmp_path.iterdir()) == []
