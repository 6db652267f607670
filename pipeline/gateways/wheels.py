"""Fetches the packages that a user's training class needs, as wheels for where it will run.

By pip, and by the configuration that the user has for it (indexes, proxies, certificates). Wheels
only: nothing of a package is run to fetch it.
"""

import sys
import tempfile
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from pipeline.core.errors import UsageError
from pipeline.gateways import process

_TIMEOUT_S = 900.0
_LAST_LINES = 5
# What the scikit-learn image has already. Its own versions are agreed with and never replaced.
_OF_IMAGE = (
    *("joblib", "numpy", "pandas", "python-dateutil", "pytz", "scikit-learn", "scipy", "six"),
    *("threadpoolctl", "tzdata"),
)
# The image 1.9-0: Python 3.12 on x86_64, glibc 2.28 or later
_FOR_IMAGE = (
    *("--python-version", "3.12", "--implementation", "cp"),
    *(f"--platform=manylinux_2_{minor}_x86_64" for minor in range(28, 16, -1)),
    "--platform=manylinux2014_x86_64",
)


def fetch(
    requirements: Path, *, is_local: bool, environment: Mapping[str, str]
) -> dict[str, bytes]:
    """Return the wheels that a requirements file asks for beyond the image, by file name.

    The embedded AWS runs this interpreter, AWS the image's. Raises UsageError where pip finds no
    wheel, or none that agrees with the versions of the image.
    """
    if not requirements.is_file():
        message = f"There is no file {requirements}."
        raise UsageError(message, remedy="Set `training.requirements` to a list of packages.")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        constraints = folder / "constraints.txt"
        constraints.write_text("".join(f"{line}\n" for line in _constraints()))
        target = () if is_local else _FOR_IMAGE
        ended = process.run(
            [
                *(sys.executable, "-m", "pip", "--disable-pip-version-check", "--no-input"),
                *("download", "--quiet", "--only-binary=:all:", *target),
                *("--dest", str(folder / "wheels"), "--constraint", str(constraints)),
                *("--requirement", str(requirements)),
            ],
            cwd=requirements.parent,
            environment={k: v for k, v in environment.items() if not k.startswith("AWS_")},
            timeout_s=_TIMEOUT_S,
        )
        if ended.exit_code:
            where = "this machine" if is_local else "SageMaker's image (Python 3.12, x86_64)"
            said = ended.last_lines(_LAST_LINES)
            message = f"The packages of {requirements.name} cannot be fetched for {where}: {said}"
            remedy = (
                "Nothing was changed. Correct the file, and name versions that are there as wheels "
                "and go with the image's; what pip asks where, its own configuration says."
            )
            raise UsageError(message, remedy=remedy, code="PackagesRefused")
        wheels = sorted((folder / "wheels").glob("*.whl"))
        return {path.name: path.read_bytes() for path in wheels if not _is_of_image(path.name)}


def _is_of_image(wheel: str) -> bool:
    """A wheel's file name begins with its package (packaging.python.org, binary format)."""
    return wheel.partition("-")[0].replace("_", "-").lower() in _OF_IMAGE


def _constraints() -> list[str]:
    found = []
    for name in _OF_IMAGE:
        try:
            found.append(f"{name}=={version(name)}")
        except PackageNotFoundError:
            continue
    return found
