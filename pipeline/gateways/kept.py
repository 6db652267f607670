"""What `--mode history --verify` compares: the objects of a bucket, or a folder with their keys."""

import hashlib
from collections.abc import Sequence
from pathlib import Path

from pipeline.gateways.ports import Objects


class KeptInBucket:
    """Objects by their keys (evidence.Kept)."""

    def __init__(self, store: Objects) -> None:
        self._store = store

    def body(self, key: str) -> bytes | None:
        found = self._store.find(key)
        return found.body if found else None

    def sha256(self, key: str) -> str | None:
        return self._store.sha256(self._store.uri(key)) if self._store.exists(key) else None

    def keys(self, prefix: str) -> Sequence[str]:
        return tuple(self._store.keys(prefix))


class KeptInFolder:
    """What `aws s3 cp --recursive` made of a bucket (evidence.Kept)."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def body(self, key: str) -> bytes | None:
        path = self._folder / key
        return path.read_bytes() if path.is_file() else None

    def sha256(self, key: str) -> str | None:
        path = self._folder / key
        if not path.is_file():
            return None
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()

    def keys(self, prefix: str) -> Sequence[str]:
        place = self._folder / prefix
        paths = place.rglob("*") if place.is_dir() else ()
        return sorted(path.relative_to(self._folder).as_posix() for path in paths if path.is_file())
