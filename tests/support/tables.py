"""Small tables for tests of the container code: numbers, categories, gaps, text labels."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

COLOURS = ("red", "green", "blue")


def a_mixed_csv(*, rows: int = 60, seed: int = 0) -> bytes:
    """Return `size,weight,colour,verdict`: two classes that size and colour tell apart."""
    random = np.random.default_rng(seed)
    lines = ["size,weight,colour,verdict"]
    for index in range(rows):
        good = index % 2 == 0
        size = f"{random.normal(5.0 if good else 1.0, 0.5):.2f}" if index % 7 else ""
        colour = COLOURS[0] if good else COLOURS[1 + index % 3 // 2]
        lines.append(f"{size},{random.normal(0, 1):.2f},{colour},{'good' if good else 'bad'}")
    return ("\n".join(lines) + "\n").encode()


def a_frame(
    labels: Sequence[object] = ("a", "b"), *, rows: int = 40, seed: int = 0
) -> pd.DataFrame:
    """Return columns x, y and `label`; x tells the classes apart."""
    random = np.random.default_rng(seed)
    members = np.arange(rows) % len(labels)
    return pd.DataFrame(
        {
            "x": members * 3.0 + random.normal(0, 0.4, rows),
            "y": random.normal(0, 1, rows),
            "label": pd.Series([labels[index % len(labels)] for index in range(rows)]),
        }
    )
