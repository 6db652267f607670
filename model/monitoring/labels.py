"""Labels that came later, by the id of the request they belong to.

Form: "Ingest Ground Truth labels and merge them with predictions" in the SageMaker developer guide.
A request of many rows has its labels in one line, separated by line breaks: our extension.
"""

import base64
import hashlib
import json
import math
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from model.monitoring.capture import lines_of
from pipeline.tabular.cells import Cell, Spelling

_PLAIN = Spelling()


def key_of(name: str) -> int:
    """Return 64 bits that stand for an id: a tenth of its size in memory."""
    whole = name.encode("utf-8", "surrogatepass")
    return int.from_bytes(hashlib.blake2b(whole, digest_size=8).digest(), "little")


def number_of(label: Cell, spelling: Spelling = _PLAIN) -> float | None:
    """Return a finite number in the spelling of the model or with a point, None for all else."""
    for each in (spelling, _PLAIN):
        try:
            value = each.number(label)
        except (OverflowError, TypeError, ValueError):
            continue
        if math.isfinite(value):
            return value
    return None


class Labels:
    """The newest labels of each id: of the file whose name sorts last, then of its last line."""

    def __init__(self) -> None:
        self._by_key: dict[int, str] = {}
        self._texts: dict[str, str] = {}
        self.unreadable = 0

    def __len__(self) -> int:
        return len(self._by_key)

    def read(self, directory: Path) -> None:
        self.read_lines(lines_of(directory))

    def read_lines(self, lines: Iterable[bytes]) -> None:
        for line in lines:
            try:
                name, text = _label_of(json.loads(line))
            except (AttributeError, KeyError, RecursionError, TypeError, ValueError):
                self.unreadable += 1
                continue
            # Few different texts, many ids: each text is kept once
            self._by_key[key_of(name)] = self._texts.setdefault(text, text)

    def of(self, name: str) -> Sequence[str] | None:
        """Return one label per row of a request, None where there is none yet."""
        text = self._by_key.get(key_of(name))
        return None if text is None else text.splitlines()


def _label_of(document: Any) -> tuple[str, str]:
    data = document["groundTruthData"]
    text = data["data"]
    if data["encoding"] == "BASE64":
        text = base64.b64decode(text, validate=True).decode()
    elif not isinstance(text, str):
        text = json.dumps(text)
    return str(document["eventMetadata"]["eventId"]), text


class Seen:
    """The ids that were met before, in 8 bytes each: sorted runs, each longer than the next."""

    def __init__(self) -> None:
        self._runs: list[np.ndarray] = []
        self._newest: set[int] = set()

    def __len__(self) -> int:
        return len(self._newest) + sum(map(len, self._runs))

    def first_time(self, name: str) -> bool:
        """Tell whether an id is new, and remember it."""
        key = key_of(name)
        if key in self._newest or any(_holds(run, key) for run in self._runs):
            return False
        self._newest.add(key)
        if len(self._newest) >= 1 << 16:
            self._settle()
        return True

    def _settle(self) -> None:
        run = np.sort(np.fromiter(self._newest, dtype=np.uint64, count=len(self._newest)))
        self._newest = set()
        while self._runs and len(self._runs[-1]) <= len(run):
            run = np.concatenate([self._runs.pop(), run])
            # In its own place: a copy would be what takes the most memory of a large window
            run.sort(kind="stable")
        self._runs.append(run)


def _holds(run: np.ndarray, key: int) -> bool:
    place = int(np.searchsorted(run, np.uint64(key)))
    return place < len(run) and int(run[place]) == key
