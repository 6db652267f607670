"""No command is ever a text: bash passes an array of arguments, Python passes a list."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.style.sources import calls_of, python_files, tree_of
from tests.support.project import PROJECT_ROOT

STARTERS = {"Popen", "call", "check_call", "check_output", "run"}
GIVEN_TO_A_SHELL = {
    "asyncio.create_subprocess_shell",
    "os.popen",
    "os.system",
    "subprocess.getoutput",
    "subprocess.getstatusoutput",
}
SHELLS = {"bash", "dash", "ksh", "sh", "zsh"}
SOURCES = python_files("pipeline", "model", "emulator", "benchmarks")
PYTHON = [path for path in SOURCES if "tests" not in path.parts] + [Path("run_pipeline.py")]
SCRIPTS = sorted(
    f"{folder}/{path.name}"
    for folder in ("script", "emulator/script")
    for path in (PROJECT_ROOT / folder).iterdir()
)
BASH = ["run_mlops_pipeline.sh", ".ci/run", *SCRIPTS]


def texts_given_to_a_shell(path: Path) -> Iterator[str]:
    for name, call in calls_of(path):
        here = f"{path}:{call.lineno}"
        if name in GIVEN_TO_A_SHELL:
            yield f"{here} calls {name}"
        if any(each.arg == "shell" and not is_false(each.value) for each in call.keywords):
            yield f"{here} sets shell="
        if starts_a_program(name) and call.args and is_text(call.args[0]):
            yield f"{here} starts a text"


def starts_a_program(name: str) -> bool:
    module, _, function = name.rpartition(".")
    return function in STARTERS and module in {"subprocess", "process", ""}


def is_false(value: ast.expr) -> bool:
    return isinstance(value, ast.Constant) and value.value is False


def is_text(value: ast.expr) -> bool:
    joined = isinstance(value, ast.JoinedStr | ast.BinOp) and not contains_list(value)
    return joined or (isinstance(value, ast.Constant) and isinstance(value.value, str))


def contains_list(value: ast.expr) -> bool:
    return any(isinstance(each, ast.List | ast.Tuple | ast.Starred) for each in ast.walk(value))


def shells_started(path: Path) -> Iterator[str]:
    """Yield every list such as ["bash", "-c", ...]."""
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.List | ast.Tuple):
            words = [each.value for each in node.elts if isinstance(each, ast.Constant)]
            if any(isinstance(word, str) and Path(word).name in SHELLS for word in words):
                yield f"{path}:{node.lineno} {ast.unparse(node)}"


@pytest.mark.parametrize("path", PYTHON, ids=str)
def test_no_text_is_given_to_a_shell(path: Path) -> None:
    assert not list(texts_given_to_a_shell(path))


@pytest.mark.parametrize("path", PYTHON, ids=str)
def test_no_shell_is_started(path: Path) -> None:
    assert not list(shells_started(path))


@pytest.mark.parametrize(
    "code",
    [
        "import subprocess\nsubprocess.run(f'ls {x}')",
        "import subprocess\nsubprocess.run('ls ' + x)",
        "import subprocess\nsubprocess.Popen(['ls'], shell=True)",
        "import os\nos.system('ls')",
    ],
)
def test_a_text_given_to_a_shell_would_be_seen(tmp_path: Path, code: str) -> None:
    path = tmp_path / "bad.py"
    path.write_text(code)
    assert list(texts_given_to_a_shell(path))


def test_a_shell_that_is_started_would_be_seen(tmp_path: Path) -> None:
    path = tmp_path / "bad.py"
    path.write_text("run(['/bin/bash', '-c', text])")
    assert list(shells_started(path))


@pytest.mark.parametrize("name", BASH)
def test_a_script_stops_at_the_first_failure_and_evaluates_no_text(name: str) -> None:
    text = (PROJECT_ROOT / name).read_text(encoding="utf-8")
    assert "set -euo pipefail" in text
    assert not re.search(r"\beval\b|\b(ba)?sh -c\b", text)


def test_the_wrapper_is_short_and_becomes_the_program() -> None:
    text = (PROJECT_ROOT / "run_mlops_pipeline.sh").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if line.strip()]
    assert len(text.splitlines()) < 80
    assert lines[-1].startswith("exec ")
    assert lines[-1].endswith('"$@"')
