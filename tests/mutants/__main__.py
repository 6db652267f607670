"""Removes each safety check in turn and runs the test that must fall then.

Each removal is in the memory of a process of its own: no file changes. The tests run once with the
software as it is, where all must pass; that loads the libraries, which the processes then share.

    python -m tests.mutants [NAME ...]
"""

import importlib.abc
import importlib.machinery
import multiprocessing
import os
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from time import monotonic
from types import CodeType, ModuleType

import pytest

from tests.mutants.checks import CHECKS, Check

_LIMIT_S = 300.0
_QUIET = ("-q", "-x", "-p", "no:cacheprovider", "-W", "ignore::pytest.PytestAssertRewriteWarning")


class _Without(importlib.machinery.SourceFileLoader):
    """Loads a module with one check removed."""

    def __init__(self, check: Check, path: str) -> None:
        super().__init__(check.module, path)
        self._check = check

    def get_code(self, fullname: str) -> CodeType:
        del fullname
        return compile(self._check.removed(), self.path, "exec", dont_inherit=True)


class _Finder(importlib.abc.MetaPathFinder):
    def __init__(self, check: Check) -> None:
        self._check = check

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if fullname != self._check.module:
            return None
        spec = importlib.machinery.PathFinder.find_spec(fullname, path, target)
        if spec is None or spec.origin is None:
            return None
        spec.loader = _Without(self._check, spec.origin)
        return spec


def _forget_own_modules() -> None:
    """Let the software and its tests be loaded again; libraries stay."""
    for name in list(sys.modules):
        if name.partition(".")[0] in ("pipeline", "tests", "model", "emulator"):
            del sys.modules[name]


def _run_without(check: Check, said: Path) -> None:
    """Run the check's test without it, and end with the exit code of pytest."""
    with said.open("wb") as stream:
        os.dup2(stream.fileno(), 1)
        os.dup2(stream.fileno(), 2)
    _forget_own_modules()
    sys.meta_path.insert(0, _Finder(check))
    code = pytest.main([*_QUIET, check.test])
    sys.stdout.flush()
    os._exit(code)


def _falls(check: Check, folder: Path) -> bool:
    """Tell whether the check's test fails without it; nothing else counts, no error either."""
    said = folder / "said.txt"
    process = multiprocessing.get_context("fork").Process(target=_run_without, args=(check, said))
    began = monotonic()
    process.start()
    process.join(_LIMIT_S)
    if process.exitcode is None:
        process.kill()
        process.join()
    falls = process.exitcode == pytest.ExitCode.TESTS_FAILED
    what = "falls" if falls else f"SURVIVES (exit code {process.exitcode})"
    test = check.test.rpartition("::")[2]
    sys.stdout.write(f"| {check.name} | {test} | {what} | {monotonic() - began:.1f} s |\n")
    if not falls:
        sys.stdout.write(said.read_text(errors="replace")[-2000:])
    sys.stdout.flush()
    return falls


def main(names: Sequence[str]) -> int:
    """Print a row for each check. Returns 1 where one can be removed unseen."""
    unknown = set(names) - {each.name for each in CHECKS}
    if unknown:
        sys.stderr.write(f"no such check: {', '.join(sorted(unknown))}\n")
        return 2
    chosen = [each for each in CHECKS if not names or each.name in names]
    if pytest.main([*_QUIET, *dict.fromkeys(each.test for each in chosen)]):
        sys.stdout.write("A test fails with all checks in place: nothing was removed.\n")
        return 1
    sys.stdout.write("\n| check | test | without it | took |\n|---|---|---|---|\n")
    sys.stdout.flush()
    with tempfile.TemporaryDirectory() as folder:
        fallen = sum([_falls(each, Path(folder)) for each in chosen])
    sys.stdout.write(f"\n{fallen} of {len(chosen)}\n")
    return 0 if fallen == len(chosen) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
