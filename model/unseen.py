"""Which held-out rows the champion has no advantage on: those that it was not trained on alone."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from model.manifest import Manifest
from model.spool import PART_ROWS, Spool
from model.table import Part, Table, read_only_schema, read_only_table
from pipeline.tabular.cells import Spelling
from pipeline.tabular.rows import feature_keys


class CannotCompare(Exception):
    """Why there is no comparison, in words that follow `it cannot be compared: `."""


@dataclass(frozen=True, kw_only=True)
class Asked:
    """Where the champion's artifact lies, the challenger's unpacked one, and both training rows.

    Without training rows both were trained on the same ones.
    """

    champion_dir: Path
    challenger: Path
    champion_train_dir: Path | None = None
    challenger_train_dir: Path | None = None


class Unseen:
    """The held-out rows that the champion has no advantage on, a part at a time.

    Rows are known by the first 64 bits of their features' digest, and looked for among the training
    rows in shares of all digests. What stays in memory is a bit for each held-out row.
    """

    def __init__(self, asked: Asked, table: Table, manifest: Manifest) -> None:
        self._table = table
        self._is_seen: np.ndarray | None = None
        self.seen_rows = 0
        if asked.champion_train_dir is None or asked.challenger_train_dir is None:
            return
        held_out = _keys(table, manifest, manifest.spelling)
        theirs = _keys_of(asked.champion_train_dir, manifest)
        ours = _keys_of(asked.challenger_train_dir, manifest)
        seen = np.zeros(len(held_out) // 8 + 1, dtype=np.uint8)
        shares = max(map(len, (held_out, theirs, ours))) // PART_ROWS + 1
        for share in range(shares):
            only_theirs = np.setdiff1d(
                _share_of(theirs, share, shares), _share_of(ours, share, shares)
            )
            first = 0
            for part in held_out.parts():
                places = first + np.flatnonzero(np.isin(part, only_theirs))
                np.bitwise_or.at(seen, places // 8, np.uint8(1) << (places % 8).astype(np.uint8))
                self.seen_rows += len(places)
                first += len(part)
        self._is_seen = seen

    def parts(self) -> Iterator[Part]:
        for part in self._table.parts():
            if self._is_seen is None:
                yield part
                continue
            places = np.arange(len(part.rows)) + part.first_row - 1
            is_seen = (self._is_seen[places // 8] >> (places % 8)) & 1
            rows = tuple(
                row for row, seen in zip(part.rows, is_seen.tolist(), strict=True) if not seen
            )
            yield replace(part, rows=rows)


def _share_of(keys: Spool, share: int, shares: int) -> np.ndarray:
    return np.concatenate([part[part % shares == share] for part in keys.parts()])


def _keys(table: Table, manifest: Manifest, spelling: Spelling) -> Spool:
    columns, keys = manifest.source_columns, Spool(np.uint64)
    for part in table.parts():
        cells = {column.name: part.cells(column.name) for column in columns}
        digests = b"".join(feature_keys(cells, columns, spelling=spelling))
        keys.append(np.frombuffer(digests, dtype=np.uint64)[::2])
    return keys


def _keys_of(train_dir: Path, manifest: Manifest) -> Spool:
    """Return what training rows are known by, read as they were when they were trained on."""
    try:
        return _keys(read_only_table(train_dir), manifest, read_only_schema(train_dir).spelling)
    except ValueError as error:
        message = f"nobody can tell which rows it has seen in training: {error}"
        raise CannotCompare(message) from error
