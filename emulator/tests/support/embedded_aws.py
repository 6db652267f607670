"""An embedded AWS of a test's own: started on a folder of its own, ended by its own command."""

import json
import os
import subprocess
import sys
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

# The folder that `emulator` lies in: from there it is imported and started.
ROOT = Path(__file__).resolve().parents[3]
# Said once for each answer that does not fit AWS's model, where EMULATOR_STRICT is set.
_WRONG_ANSWER = "ResponseShapeError"


@contextmanager
def embedded_aws(state_dir: Path, **variables: str) -> Iterator[str]:
    """Start a server on `state_dir`, yield its URL, stop it."""
    endpoint_url = start(state_dir, **variables)
    try:
        yield endpoint_url
    finally:
        stop(state_dir)


@contextmanager
def hasty_aws(state_dir: Path) -> Iterator[str]:
    """One whose threads interrupt each other all the time, so that races are seen."""
    with embedded_aws(state_dir, PYTHONPATH=str(Path(__file__).parent / "hasty")) as endpoint_url:
        yield endpoint_url


def start(state_dir: Path, **variables: str) -> str:
    """Return the URL of the server on `state_dir`, started unless it runs."""
    strict = {"EMULATOR_STRICT": "1", **variables}
    document = json.loads(_emulator("start", state_dir, strict))
    return str(document["endpoint_url"])


def stop(state_dir: Path) -> None:
    """Stop it; no answer that it ever gave was one that AWS could not give."""
    _emulator("stop", state_dir, {})
    log = (state_dir / "server.log").read_text(encoding="utf-8", errors="replace")
    wrong = [line for line in log.splitlines() if _WRONG_ANSWER in line]
    assert not wrong, "\n".join(wrong)


def _emulator(command: str, state_dir: Path, variables: Mapping[str, str]) -> str:
    completed = subprocess.run(
        [sys.executable, "-m", "emulator", command],
        cwd=ROOT,
        env={**os.environ, "EMULATOR_STATE_DIR": str(state_dir), **variables},
        check=True,
        capture_output=True,
        text=True,
        timeout=120,
    )
    return completed.stdout.splitlines()[-1]


def admin(
    endpoint_url: str, path: str, *, method: str = "GET", body: Mapping[str, Any] | None = None
) -> Any:
    """Call the embedded AWS's own API, such as /_emu/faults."""
    request = urllib.request.Request(
        f"{endpoint_url}/_emu/{path}",
        method=method,
        data=json.dumps(body).encode() if body is not None else None,
        headers={"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=30) as response:
        return json.loads(response.read() or b"null")
