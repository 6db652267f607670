"""Runs .gitlab-ci.yml on this machine: gitlab-ci-local with its shell executor.

It is laxer than GitLab: it expands and unquotes dotenv, knows no resource groups, time limits,
retries or tokens, does not check the patterns of inputs, and goes on after a job that may fail
whatever its code was. What it cannot show is read from the file (tests/style/test_gitlab_ci.py).
"""

import fcntl
import json
import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.checkouts import a_checkout
from tests.e2e.command_line import plain_environment
from tests.support.project import PROJECT_ROOT

TOOLS = PROJECT_ROOT / "tests" / "support" / "gitlab"
_PROGRAM = TOOLS / "node_modules" / ".bin" / "gitlab-ci-local"
_LIMIT_S = 2400
_MAY_FAIL = r"^  allow_failure:\n    exit_codes: .*\n"
_GET = {
    "npm": "Install Node.js 20 with npm; on Debian: apt install npm",
    "rsync": "Install rsync; on Debian: apt install rsync",
}


@dataclass(frozen=True, kw_only=True)
class Pipeline:
    """A pipeline that has ended: all that its jobs said, and what they left."""

    log: str
    artifacts: Path

    def results(self, job: str) -> Mapping[str, Any]:
        text = (self.artifacts / job / "out" / job / "results.json").read_text()
        document: Mapping[str, Any] = json.loads(text)
        return document

    def ended(self, job: str) -> str:
        """Return PASS, WARN or FAIL as the last lines say; empty where the job did not run.

        The exit code does not know it: it is 0 where any `exit_codes` may fail. Behind a job's name
        may stand where it was cut short.
        """
        said = re.findall(rf"^ (PASS|WARN|FAIL)  {re.escape(job)}(?: .*)?$", self.log, re.MULTILINE)
        return said[-1] if said else ""

    def exit_code(self, job: str) -> int:
        """Return what its script ended with, as it is told when the job is over."""
        told = rf"^{re.escape(job)} +finished in .*?(?:FAIL|WARN) (\d+)"
        said = re.findall(told, self.log, re.MULTILINE)
        return int(said[-1]) if said else 0


class LocalCi:
    """A repository of its own with the project in it, on the branch main of an unreachable GitLab.

    `variables` are what a project's settings would give each job.
    """

    def __init__(self, folder: Path, **variables: str) -> None:
        require("npm")
        _install()
        self._folder = a_checkout(folder / "repository")
        self._variables = variables
        self._git("init", "--quiet", "--initial-branch", "main")
        self._git("remote", "add", "origin", "https://gitlab.example.com/group/model.git")
        self.commit("The first commit")

    def commit(self, message: str, branch: str = "main") -> None:
        if branch != "main":
            self._git("checkout", "--quiet", "-B", branch)
        self._git("add", "--all")
        self._git("add", "--force", ".venv")  # only what git knows reaches a job
        self._git("commit", "--quiet", "--allow-empty", "--message", message)
        self._git("update-ref", "refs/remotes/origin/main", "main")
        self._git("symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/main")

    def without_allowed_failures(self) -> "LocalCi":
        """Let no exit code be allowed: for pipelines in which one fails that is not.

        gitlab-ci-local 4.72.0 takes a job with `allow_failure: exit_codes` for passed whatever its
        code was (src/executor.ts, isPastFailed asks only whether there is allowFailure), so that
        `on_failure` does not start, and what comes after does. GitLab asks the code.
        """
        self.change(_MAY_FAIL, "")
        return self

    def change(self, pattern: str, by: str) -> None:
        """Change ci/pipeline.yml of this repository, wherever the pattern is."""
        file = self._folder / "ci" / "pipeline.yml"
        text, changes = re.subn(pattern, by, file.read_text(), flags=re.MULTILINE)
        assert changes, pattern
        file.write_text(text)
        self.commit("Another pipeline")

    def add(self, name: str, text: str) -> None:
        """Commit another file."""
        (self._folder / name).write_text(text)
        self.commit(f"Add {name}")

    def go_on_from(self, project: Path) -> "LocalCi":
        """Have the commits of another checkout too: an apply asks which of two is older."""
        self._git("fetch", "--quiet", str(project), "HEAD")
        joined = ("--strategy", "ours", "--allow-unrelated-histories", "--message", "Go on")
        self._git("merge", "--quiet", *joined, "FETCH_HEAD")
        return self

    def jobs(
        self, inputs: Mapping[str, str] | None = None, /, **variables: str
    ) -> dict[str, dict[str, Any]]:
        """Return the jobs of a pipeline by their names, as GitLab would make it."""
        done = self._start(["--list-json"], inputs or {}, variables)
        assert done.returncode == 0, done.stderr
        found = json.loads(done.stdout[done.stdout.index("[") :])
        return {each["name"]: each for each in found if each["when"] != "never"}

    def run(
        self, jobs: str, inputs: Mapping[str, str] | None = None, /, **variables: str
    ) -> Pipeline:
        """Run these jobs with all that they need, each in a folder of its own."""
        require("rsync")
        flags = ["--needs", *jobs.split(), "--concurrency", "1"]
        done = self._start(flags, inputs or {}, variables)
        return Pipeline(
            log=done.stdout + done.stderr,
            artifacts=self._folder / ".gitlab-ci-local" / "artifacts",
        )

    def _start(
        self, flags: list[str], inputs: Mapping[str, str], variables: Mapping[str, str]
    ) -> subprocess.CompletedProcess[str]:
        given = {**self._variables, **variables}
        named = [f"--variable={name}={value}" for name, value in given.items()]
        asked = [f"--input={name}={value}" for name, value in inputs.items()]
        usual = ("--force-shell-executor", "--shell-isolation", "--no-artifacts-to-source")
        named += [f"--ignore-predefined-vars={','.join(given)}"] if given else []
        return subprocess.run(
            [str(_PROGRAM), *flags, *usual, "--no-color", *named, *asked],
            cwd=self._folder,
            env={**plain_environment(), "HOME": str(self._folder.parent)},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_LIMIT_S,
            check=False,
        )

    def _git(self, *arguments: str) -> None:
        who = ("-c", "user.name=A Story", "-c", "user.email=story@example.com")
        subprocess.run(["git", *who, *arguments], cwd=self._folder, check=True, capture_output=True)


def require(program: str) -> None:
    if shutil.which(program) is None:
        pytest.skip(f"{program} is missing. {_GET[program]}")


def _install() -> None:
    """Install the pinned program once for each change of its lock file."""
    lock, mark = TOOLS / "package-lock.json", TOOLS / "node_modules" / "installed"
    with (TOOLS / ".lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        if mark.exists() and mark.read_bytes() == lock.read_bytes():
            return
        subprocess.run(["npm", "ci", "--no-audit", "--no-fund"], cwd=TOOLS, check=True, timeout=300)
        mark.write_bytes(lock.read_bytes())


def linter(name: str) -> str:
    """Return the path of a linter of requirements.txt, which is installed once."""
    script = PROJECT_ROOT / "script" / "bootstrap-tools"
    wanted, place = TOOLS / "requirements.txt", PROJECT_ROOT / ".venv-gitlab"
    command = [str(script), str(wanted), place.name]
    subprocess.run(command, check=True, timeout=600, env=dict(os.environ))
    return str(place / "bin" / name)
