"""Script mode: what `train` does in the scikit-learn training image. Argument: the base directory.

Unpacks the source archive, checks its requirements, runs the user's script with its arguments and
SM_* variables, and leaves `output/success` or `output/failure`. Exits 1 on every failure.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from emulator.containers.shims.guard import die_with_parent, end_with_stdin, forget_import_path
from emulator.containers.shims.submitted import NoCode, fetch_code
from emulator.containers.shims.traceback_tail import TracebackTail
from emulator.containers.shims.training_environment import (
    TrainingConfig,
    read_config,
    script_arguments,
    script_environment,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

_RELAY_WAIT_S = 2.0


class ToolkitError(Exception):
    """Training cannot start or did not succeed; the text goes to the failure file."""


def main(base: Path) -> int:
    """Train; return 0 or 1."""
    end_with_stdin()
    forget_import_path()
    config = read_config(base)
    output = base / "output"
    try:
        _fetch_code(config)
        _check_requirements(config.code)
        _run_script(config)
    except ToolkitError as error:
        print(f"Reporting training FAILURE\n{error}", file=sys.stderr)
        (output / "failure").write_text(str(error), encoding="utf-8")
        return 1
    print("Reporting training SUCCESS", file=sys.stderr)
    (output / "success").touch()
    return 0


def _fetch_code(config: TrainingConfig) -> None:
    if not config.program:
        text = "ClientError: hyperparameter sagemaker_program is missing: name the script to run."
        raise ToolkitError(text)
    source = config.submit_directory
    try:
        fetch_code(source, config.code, scratch=config.base)
    except NoCode as error:
        text = f"ClientError: sagemaker_submit_directory: {error}"
        raise ToolkitError(text) from error
    if not (config.code / config.program).is_file():
        text = f"ClientError: {config.program} is not in sagemaker_submit_directory {source}."
        raise ToolkitError(text)


def _check_requirements(code: Path) -> None:
    """Accept requirements that this interpreter satisfies; nothing is ever installed into it."""
    requirements = code / "requirements.txt"
    if not requirements.is_file():
        return
    check = [sys.executable, "-m", "pip", "install", "--dry-run", "--no-index", "--no-deps"]
    asked = subprocess.run(
        [*check, "--quiet", "--disable-pip-version-check", "-r", str(requirements)],
        capture_output=True,
        text=True,
    )
    if asked.returncode != 0:
        text = (
            "InstallRequirementsError: the embedded AWS installs nothing, and requirements.txt "
            f"asks for packages that its interpreter lacks: {asked.stderr.strip()[:500]}"
        )
        raise ToolkitError(text)


def _run_script(config: TrainingConfig) -> None:
    command = [sys.executable, config.program, *script_arguments(config.hyperparameters)]
    (config.base / "output" / "intermediate").mkdir(parents=True, exist_ok=True)
    path = [str(config.code), *filter(None, [os.environ.get("PYTHONPATH")])]
    environment = {
        **os.environ,
        **script_environment(config),
        "PYTHONPATH": os.pathsep.join(path),
    }
    tail = TracebackTail()
    try:
        returncode = _run(command, environment, directory=config.code, tail=tail)
    except (OSError, ValueError) as error:  # a hyperparameter that no process can be given
        text = f"ExecuteUserScriptError:\nThe script cannot be started: {error}"
        raise ToolkitError(text) from error
    if returncode != 0:
        text = (
            f"ExecuteUserScriptError:\nExitCode {returncode}\n"
            f'ErrorMessage "{tail.message()}"\nCommand "{" ".join(command)}"'
        )
        raise ToolkitError(text)


def _run(
    command: Sequence[str],
    environment: dict[str, str],
    *,
    directory: Path,
    tail: TracebackTail,
) -> int:
    # preexec_fn is safe here: the only other thread waits in a read and holds no lock.
    script = subprocess.Popen(
        list(command),
        env=environment,
        cwd=directory,
        stderr=subprocess.PIPE,
        preexec_fn=die_with_parent,
    )
    signal.signal(signal.SIGTERM, lambda *_: script.terminate())
    relay = threading.Thread(target=_relay, args=(script, tail), daemon=True)
    relay.start()
    returncode = script.wait()
    relay.join(_RELAY_WAIT_S)
    return returncode


def _relay(script: subprocess.Popen[bytes], tail: TracebackTail) -> None:
    """Pass the script's stderr on and remember its end."""
    assert script.stderr is not None
    for line in script.stderr:
        sys.stderr.buffer.write(line)
        sys.stderr.buffer.flush()
        tail.read(line.decode("utf-8", errors="replace").rstrip("\r\n"))


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
