"""Lint, types and the nearest tests of some files: what `script/check` runs.

Nearest: the unit tests that import the changed module, else those that import what imports it, and
so on. They open no socket and start no process, so all of it takes seconds. Tests of other kinds
are named and not run, also those that were changed themselves.
"""

import subprocess
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

from tests.style.sources import imports_of, name_of
from tests.support.project import PROJECT_ROOT

DOCUMENTS = Path("tests/style/test_docs.py")
DIRECTIONS = Path("tests/style/test_import_directions.py")
_SHOWN = 5

Importers = Mapping[str, frozenset[Path]]


def nearest(changed: Iterable[Path], importers: Importers) -> tuple[list[Path], list[Path]]:
    """Return the tests to run for these files, and the slower ones that are theirs too."""
    run: set[Path] = set()
    slower: set[Path] = set()
    for path in changed:
        if path.suffix == ".md":
            run.add(DOCUMENTS)
        elif is_test(path):
            (run if is_quick(path) else slower).add(path)
        elif path.suffix == ".py":
            run |= {DIRECTIONS, *_nearest_units(path, importers)}
            slower |= {each for each in importers.get(name_of(path), ()) if is_test(each)}
    return sorted(run), sorted(each for each in slower if not is_quick(each))


def _nearest_units(path: Path, importers: Importers) -> set[Path]:
    level, seen = {path}, {path}
    while level:
        level = {each for one in level for each in importers.get(name_of(one), ())} - seen
        units = {each for each in level if is_test(each) and is_unit(each)}
        if units:
            return units
        seen |= level
    return set()


def is_test(path: Path) -> bool:
    return path.name.startswith("test_") and path.suffix == ".py"


def is_unit(path: Path) -> bool:
    return "unit" in path.parts


def is_quick(path: Path) -> bool:
    return is_unit(path) or "style" in path.parts


def importers_of(files: Iterable[Path]) -> dict[str, frozenset[Path]]:
    """Return which of these files import a module, by its name; importing a member counts."""
    found: dict[str, set[Path]] = {}
    for path in files:
        for name in imports_of(path):
            found.setdefault(name, set()).add(path)
            found.setdefault(name.rpartition(".")[0], set()).add(path)
    return {name: frozenset(paths) for name, paths in found.items()}


def git_files(subcommand: str, *arguments: str) -> list[Path]:
    names = subprocess.run(
        ["git", subcommand, "-z", *arguments],
        cwd=PROJECT_ROOT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout.split("\0")
    paths = (Path(name) for name in names if name)
    return [path for path in paths if (PROJECT_ROOT / path).is_file()]


def changed_files(paths: list[str]) -> list[Path]:
    """Return the files of the named paths; without any, those that differ from the last commit."""
    new = ("ls-files", "--others", "--exclude-standard")
    if paths:
        return git_files("ls-files", "--cached", "--others", "--exclude-standard", "--", *paths)
    return [*git_files("diff", "--name-only", "HEAD"), *git_files(*new)]


def commands(changed: list[Path], tests: list[Path]) -> list[list[str]]:
    """Return what to run, as argument lists; types are asked of everything, from mypy's cache."""
    python = [str(path) for path in changed if path.suffix == ".py"]
    bash = [str(path) for path in changed if is_bash(path)]
    module = [sys.executable, "-m"]
    wanted: list[list[str]] = []
    if python:
        wanted.append([*module, "ruff", "check", "--output-format", "concise", *python])
        wanted.append([*module, "ruff", "format", "--check", *python])
        wanted.append([*module, "mypy", "."])
    if bash:
        wanted.append([str(Path(sys.executable).with_name("shellcheck")), *bash])
    if tests:
        wanted.append([*module, "pytest", "--quiet", "-m", "not soak", *map(str, tests)])
    return wanted


def is_bash(path: Path) -> bool:
    with (PROJECT_ROOT / path).open("rb") as file:
        return file.readline().startswith(b"#!/usr/bin/env bash")


def main(arguments: list[str]) -> int:
    changed = changed_files(arguments)
    if not changed:
        sys.stderr.write("check: nothing to check. Name a path, or change a file.\n")
        return 2 if arguments else 0
    python = git_files("ls-files", "*.py")
    tests, slower = nearest(changed, importers_of(python))
    failed = False
    for command in commands(changed, tests):
        said = " ".join(["==>", Path(command[0]).name, *command[1:]])
        sys.stderr.write(f"{said if len(said) < 200 else said[:197] + '...'}\n")
        failed |= subprocess.run(command, cwd=PROJECT_ROOT, check=False).returncode != 0
    if slower:
        names = " ".join(map(str, slower[:_SHOWN]))
        more = f" (and {len(slower) - _SHOWN} more)" if len(slower) > _SHOWN else ""
        sys.stderr.write(f"Slower, not run: script/test {names}{more}\n")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
