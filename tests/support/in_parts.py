"""Rows that come as a large file's do: in stretches, where one cut more or less changes nothing."""

from itertools import pairwise
from typing import Any

import numpy as np


def stretches(rows: int, *, seed: int = 0) -> list[slice]:
    """Return up to five stretches that are all rows together; of one row, that."""
    draw = np.random.default_rng(seed)
    cuts = np.unique(draw.integers(0, rows + 1, size=int(draw.integers(0, 5))))
    borders = np.unique([0, *cuts, rows])
    return [slice(*pair) for pair in pairwise(borders)]


def fed(added: Any, *columns: Any, seed: int = 0, weights: Any = None) -> Any:
    """Return what adds up rows, after it was given all of them."""
    for part in stretches(len(columns[0]), seed=seed):
        weighed = {} if weights is None else {"weights": weights[part]}
        added.add(*(column[part] for column in columns), **weighed)
    return added
