"""Fetches the packages that a user's training class needs, as wheels for where it will run.

By pip, and by the configuration that the user has for it (indexes, proxies, certificates). Wheels
only: nothing of a package is run to fetch it.
"""

import re
import sys
import tempfile
from collections.abc import Iterable, Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from pipeline.core.errors import UsageError
from pipeline.gateways import process

_TIMEOUT_S = 900.0
_LAST_LINES = 5
# What containers of the embedded AWS have: this interpreter's, agreed with and never replaced.
_HERE = (
    *("joblib", "numpy", "pandas", "python-dateutil", "pytz", "scikit-learn", "scipy", "six"),
    *("threadpoolctl", "tzdata"),
)
# What the image 1.9-0 has: aws/sagemaker-scikit-learn-container, requirements.txt of 2026-07-14
# ("feat/upgrade-sklearn-1.9"); pytz and tzdata are there for pandas, by what pandas 2.2.3 asks.
_OF_IMAGE = (
    *("boto3==1.43.46", "botocore>=1.43.46,<1.44", "certifi==2026.6.17", "cryptography==49.0.0"),
    *("Flask==3.1.3", "gevent==26.5.0", "gunicorn==26.0.0", "joblib>=1.4.0"),
    *("model-archiver==1.0.3", "multi-model-server==1.1.2", "narwhals>=2.0.1", "numpy==2.5.1"),
    *("pandas==2.2.3", "protobuf==3.20.2", "psutil==7.2.2", "pyarrow==25.0.0"),
    *("python-dateutil==2.9.0.post0", "pytz>=2020.1", "PyYAML==6.0.3", "retrying==1.3.3"),
    *("sagemaker-containers==2.8.6.post2", "sagemaker-inference==1.5.5"),
    *("sagemaker-training==4.8.0", "scikit-learn==1.9.0", "scipy==1.18.0"),
    *("setuptools>=80.9.0,<81", "six>=1.16.0,<2", "threadpoolctl>=3.5.0", "tzdata>=2022.7"),
    *("urllib3==2.7.0", "Werkzeug==3.1.8", "wheel==0.47.0"),
)
# Its Python 3.12 on x86_64, glibc 2.28 or later
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
    there = present(is_local=is_local)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        constraints = folder / "constraints.txt"
        constraints.write_text("".join(f"{line}\n" for line in there))
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
        return {path.name: path.read_bytes() for path in wheels if not is_of(there, path.name)}


def is_of(requirements: Iterable[str], wheel: str) -> bool:
    """Tell whether a wheel is of one of these packages.

    Its file name begins with its package (packaging.python.org, binary format).
    """
    names = {re.split("[<>=]", each)[0].lower() for each in requirements}
    return wheel.partition("-")[0].replace("_", "-").lower() in names


def present(*, is_local: bool) -> tuple[str, ...]:
    """Return what is there already where packages are installed, as constraints for pip."""
    if not is_local:
        return _OF_IMAGE
    found = []
    for name in _HERE:
        try:
            found.append(f"{name}=={version(name)}")
        except PackageNotFoundError:
            continue
    return tuple(found)
