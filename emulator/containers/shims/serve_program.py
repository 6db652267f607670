"""The program `serve` of the scikit-learn image, for a job that starts it itself.

Argument: what stands for /opt/ml. The model lies in `model` below it, and the port is
SAGEMAKER_BIND_TO_PORT, else 8080 (aws/sagemaker-containers, `ServingEnv` and `_server.start`).
The image listens on every address, this one on loopback only. It ends with who started it.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from emulator.containers.shims.guard import die_with_parent, forget_import_path
from emulator.containers.shims.serve import loaded_server

_DEFAULT_PORT = "8080"


def main(base: Path) -> None:
    """Load, then serve until ended."""
    die_with_parent()
    forget_import_path()
    port = int(os.environ.get("SAGEMAKER_BIND_TO_PORT", _DEFAULT_PORT))
    loaded_server(base / "model", port=port).serve_forever()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
