"""Image URI -> what runs it on this machine: a toolkit and a Python interpreter.

There is no container engine. An image is known by its repository name; its tag pins the
scikit-learn version, and an interpreter with another one is refused: a model pickled by one
version is not promised to load in another.
"""

from __future__ import annotations

import functools
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_SCIKIT_LEARN_REPOSITORY = "sagemaker-scikit-learn"
_ALLOW_MISMATCH = "EMULATOR_ALLOW_IMAGE_MISMATCH"
_INTERPRETER = "EMULATOR_CONTAINER_PYTHON"

# 1.9-0-cpu-py3, 1.4-2-py312, 0.20.0-cpu-py3
_TAG = re.compile(r"(\d+)\.(\d+)[-.](\d+)(?:-.*)?")


class UnusableImage(Exception):
    """The image is unknown here, or this machine cannot run it faithfully."""


@dataclass(frozen=True, kw_only=True)
class Image:
    """What takes the place of a container image."""

    uri: str
    interpreter: str


def resolve(uri: str, environ: Mapping[str, str] = os.environ) -> Image:
    """Return what runs `uri`, or raise UnusableImage."""
    pinned = pinned_version(uri)
    interpreter = environ.get(_INTERPRETER, sys.executable)
    installed = _installed_scikit_learn(interpreter)
    if installed != pinned and environ.get(_ALLOW_MISMATCH) != "1":
        text = (
            f"Image {uri} pins scikit-learn {pinned}, but {interpreter} has {installed}. "
            f"Install scikit-learn=={pinned}, name an interpreter that has it in {_INTERPRETER}, "
            f"or set {_ALLOW_MISMATCH}=1."
        )
        raise UnusableImage(text)
    return Image(uri=uri, interpreter=interpreter)


def pinned_version(uri: str) -> str:
    """Read the scikit-learn version from an image URI's tag: `1.9-0-cpu-py3` is 1.9.0."""
    repository, _, tag = uri.rpartition("/")[2].partition(":")
    matched = _TAG.fullmatch(tag)
    if repository != _SCIKIT_LEARN_REPOSITORY or matched is None:
        text = (
            f"The embedded AWS cannot run image {uri!r}: it runs only "
            f"{_SCIKIT_LEARN_REPOSITORY}:<version>, for example "
            f"{_SCIKIT_LEARN_REPOSITORY}:1.9-0-cpu-py3."
        )
        raise UnusableImage(text)
    return ".".join(matched.groups())


@functools.cache
def _installed_scikit_learn(interpreter: str) -> str:
    """Ask an interpreter for its scikit-learn version; `none` when it has none."""
    question = "import importlib.metadata as m; print(m.version('scikit-learn'))"
    try:
        answer = subprocess.run(
            [interpreter, "-I", "-c", question], capture_output=True, text=True, timeout=60
        )
    except OSError as error:
        text = f"{interpreter} cannot be started: {error.strerror}. Correct {_INTERPRETER}."
        raise UnusableImage(text) from error
    return answer.stdout.strip() if answer.returncode == 0 else "none"
