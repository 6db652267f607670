"""Processes of Python that find imported already what takes longest to import.

One waits with nothing but these packages, and forks for each process that is asked for. Nothing
of the project is in it, so that a process still imports that from its own folders alone.
"""

import atexit
import functools
import json
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

_WAITS = """
import json, os, runpy, sys, traceback
import joblib, numpy, pandas
import sklearn.compose, sklearn.dummy, sklearn.ensemble, sklearn.feature_selection
import sklearn.impute, sklearn.linear_model, sklearn.metrics, sklearn.model_selection
import sklearn.neighbors, sklearn.pipeline, sklearn.preprocessing, sklearn.svm

def become(arguments, environment, folder):
    for fd, (name, flags) in enumerate(STREAMS):
        os.dup2(os.open(os.path.join(folder, name), flags), fd)
    sys.stdin = open(0, encoding="utf-8", closefd=False)  # without what the other has read ahead
    os.environ.clear()
    os.environ.update(environment)
    sys.path[1:1] = filter(None, environment.get("PYTHONPATH", "").split(os.pathsep))
    sys.argv[:] = arguments
    if arguments[0] == "-c":
        sys.argv[1:2] = []
        exec(arguments[1], {"__name__": "__main__"})
    else:
        sys.path[0] = os.path.dirname(arguments[0])
        runpy.run_path(arguments[0], run_name="__main__")

def ended(*asked):
    try:
        become(*asked)
        return 0
    except SystemExit as exit:
        if exit.code is None or isinstance(exit.code, int):
            return exit.code or 0
        print(exit.code, file=sys.stderr)
        return 1
    except BaseException:
        traceback.print_exc()
        return 1

WRITES = os.O_WRONLY | os.O_CREAT
STREAMS = (("stdin", os.O_RDONLY), ("stdout", WRITES), ("stderr", WRITES))
for line in iter(sys.stdin.readline, ""):
    if not (pid := os.fork()):
        code = ended(*json.loads(line))
        sys.__stdout__.flush()
        sys.__stderr__.flush()
        os._exit(code)
    _, status = os.waitpid(pid, 0)
    print(os.waitstatus_to_exitcode(status), flush=True)
"""


@dataclass(frozen=True, kw_only=True)
class Done:
    returncode: int
    stdout: str
    stderr: str


def run(arguments: list[str], *, environment: Mapping[str, str], given: str = "") -> Done:
    """Run a script, or `-c` and a text, in `/` and to its end. `given` is what it reads."""
    waiting = _waiting()
    assert waiting.stdin
    assert waiting.stdout
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "stdin").write_text(given, encoding="utf-8")
        waiting.stdin.write(json.dumps([arguments, dict(environment), name]) + "\n")
        waiting.stdin.flush()
        code = int(waiting.stdout.readline())
        stdout, stderr = ((folder / each).read_text("utf-8") for each in ("stdout", "stderr"))
    return Done(returncode=code, stdout=stdout, stderr=stderr)


@functools.cache
def _waiting() -> "subprocess.Popen[str]":
    """Start the process that waits; it ends with the one that asks, whatever becomes of that."""
    waiting = subprocess.Popen(
        [sys.executable, "-W", "error::DeprecationWarning", "-c", _WAITS],
        env={},
        cwd="/",
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    atexit.register(_end, waiting)
    return waiting


def _end(waiting: "subprocess.Popen[str]") -> None:
    with waiting:
        assert waiting.stdin
        waiting.stdin.close()
