"""The programs that an image has on its PATH and this machine has not.

The scikit-learn image brings `serve` (aws/sagemaker-scikit-learn-container, setup.py,
console_scripts; aws/deep-learning-containers, docker/sklearn/1.9-0/Dockerfile puts it on PATH): a
job may start it, as an endpoint does.
"""

from __future__ import annotations

import os
import shlex
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from emulator.containers.images import Image
    from emulator.containers.layout import ContainerLayout

_PROJECT_ROOT = Path(__file__).resolve().parents[2]
# The shim takes the first entry of PYTHONPATH away again
_SERVE = """#!/bin/sh
PYTHONPATH={root}${{PYTHONPATH:+:$PYTHONPATH}} \\
    exec {interpreter} -P -m emulator.containers.shims.serve_program {base}
"""


def with_programs(
    environment: Mapping[str, str], *, image: Image, layout: ContainerLayout
) -> dict[str, str]:
    """Write the image's programs beside the container's files; return the environment with them."""
    directory = layout.scratch / "bin"
    directory.mkdir(parents=True, exist_ok=True)
    serve = directory / "serve"
    serve.write_text(
        _SERVE.format(
            root=shlex.quote(str(_PROJECT_ROOT)),
            interpreter=shlex.quote(image.interpreter),
            base=shlex.quote(str(layout.base)),
        ),
        encoding="utf-8",
    )
    serve.chmod(0o755)
    path = os.pathsep.join(filter(None, [str(directory), environment.get("PATH", "")]))
    return {**environment, "PATH": path}
