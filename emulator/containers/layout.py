"""The file system of a container: `/opt/ml`, moved to a private directory of this machine.

A process on the host cannot have its own `/opt/ml`, so each container gets a base directory and
every `/opt/ml` in its arguments, environment and hyperparameters is rewritten to it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

_CONTAINER_ROOT = "/opt/ml"
# At the start of a value or of a part of it: --dir=/opt/ml/x, lists of paths, JSON strings.
_ROOT_IN_VALUE = re.compile(r"""(?:(?<=^)|(?<=[=:,"']))/opt/ml(?=$|[/:,"'])""")


@dataclass(frozen=True, kw_only=True)
class ContainerLayout:
    """Host paths of one container's `/opt/ml`."""

    base: Path

    @property
    def model(self) -> Path:
        return self.base / "model"

    @property
    def input_config(self) -> Path:
        return self.base / "input" / "config"

    @property
    def input_data(self) -> Path:
        return self.base / "input" / "data"

    @property
    def output(self) -> Path:
        return self.base / "output"

    @property
    def output_data(self) -> Path:
        return self.base / "output" / "data"

    @property
    def failure_file(self) -> Path:
        return self.output / "failure"

    @property
    def message_file(self) -> Path:
        return self.output / "message"

    @property
    def processing_config(self) -> Path:
        return self.base / "config"

    @property
    def scratch(self) -> Path:
        """The container's home and temporary directory; no part of `/opt/ml` on AWS."""
        return self.base.parent / "scratch"

    def rewrite(self, value: str) -> str:
        """Replace every leading `/opt/ml` of a value by the base directory."""
        return _ROOT_IN_VALUE.sub(lambda _: str(self.base), value)

    def rewrite_all(self, value: Any) -> Any:
        """Rewrite every string inside a JSON value."""
        if isinstance(value, str):
            return self.rewrite(value)
        if isinstance(value, Mapping):
            return {name: self.rewrite_all(item) for name, item in value.items()}
        if isinstance(value, list | tuple):
            return [self.rewrite_all(item) for item in value]
        return value

    def host_path(self, container_path: str) -> Path:
        """Map a path below `/opt/ml` to the host; raise ValueError for any other path."""
        path = PurePosixPath(container_path)
        if ".." in path.parts or not path.is_relative_to(_CONTAINER_ROOT):
            text = f"Path {container_path!r} must lie below {_CONTAINER_ROOT}, without '..'."
            raise ValueError(text)
        return self.base / path.relative_to(_CONTAINER_ROOT)


def read_message(path: Path, limit: int = 1024) -> str:
    """Return the first characters of a failure or message file, empty when there is none."""
    try:
        return path.read_text(encoding="utf-8", errors="replace")[:limit].strip()
    except OSError:
        return ""
