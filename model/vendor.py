"""Packages of the user's own, which the image lacks: installed in training, found from then on.

They travel as wheels beside the training code and lie in the artifact's `code/vendor` afterwards,
so no container asks anybody for a package, not even with a network. What the image has is found
first: a package of the user's own adds to it and replaces nothing.
"""

import subprocess
import sys
from pathlib import Path

_LAST_CHARACTERS = 500


class PackageError(RuntimeError):
    """The packages that travelled with the code cannot be installed here."""


def install(wheels: Path, code: Path) -> tuple[str, ...]:
    """Install all wheels of a folder below the artifact's `code`; return their file names.

    Into a folder of its own, never into the environment of the interpreter, and by files alone.
    """
    files = sorted(wheels.glob("*.whl"))
    if not files:
        return ()
    command = [sys.executable, "-m", "pip", "--isolated", "--disable-pip-version-check", "install"]
    options = ["--quiet", "--no-index", "--no-deps", "--no-compile", "--no-cache-dir"]
    target = ["--target", str(code / "vendor")]
    ended = subprocess.run(
        [*command, *options, *target, *map(str, files)], capture_output=True, text=True, check=False
    )
    if ended.returncode:
        said = " ".join(ended.stderr.split())[-_LAST_CHARACTERS:]
        message = f"The packages of `training.requirements` cannot be installed here: {said}"
        raise PackageError(message)
    use(code)
    return tuple(file.name for file in files)


def use(code: Path) -> None:
    """Let the packages of an artifact's `code` be found, behind what the image has."""
    vendor = str(code / "vendor")
    if Path(vendor).is_dir() and vendor not in sys.path:
        sys.path.append(vendor)
