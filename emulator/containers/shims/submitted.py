"""The user's code from where SAGEMAKER_SUBMIT_DIRECTORY names it: S3, archive, directory or file.

Source: `download_and_extract` of aws/sagemaker-containers, which the scikit-learn image uses in
training and in serving: S3 means `s3://`, and what is not there is an error.
"""

from __future__ import annotations

import shutil
import tarfile
from pathlib import Path

from emulator.containers.archives import UnsafeArchive, extract_safely

_S3 = "s3://"


class NoCode(Exception):
    """The code is not where it should be, or cannot be used; the text says which."""


def fetch_code(source: str, target: Path, *, scratch: Path) -> None:
    """Put the code into `target`; a download goes to `scratch` first."""
    if source.startswith(_S3):
        path = _downloaded(source, scratch / "sourcedir.tar.gz")
    else:
        path = Path(source)
    if path.is_dir():
        shutil.copytree(path, target, dirs_exist_ok=True)
    elif not path.is_file():
        text = f"{source} does not exist. Name a directory, or a .tar.gz on a channel or in S3."
        raise NoCode(text)
    elif source.startswith(_S3) or tarfile.is_tarfile(path):
        _unpack(path, target)
    else:
        target.mkdir(parents=True, exist_ok=True)
        shutil.copy2(path, target)


def _downloaded(uri: str, target: Path) -> Path:
    import boto3  # the image has it; only this way of submitting code needs it

    bucket, _, key = uri.removeprefix(_S3).partition("/")
    try:
        boto3.client("s3").download_file(bucket, key, str(target))
    except Exception as error:
        text = f"{uri} cannot be downloaded: {error}"
        raise NoCode(text) from error
    return target


def _unpack(archive: Path, target: Path) -> None:
    try:
        extract_safely(archive, target)
    except UnsafeArchive as error:
        raise NoCode(str(error)) from error
