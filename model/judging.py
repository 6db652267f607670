"""Judges a loaded model by held-out rows that come in parts; of each row only numbers are kept.

They lie on the job's disk (see spool). Rows themselves are kept, typed, for whom they are given to
whole: `evaluate_model` of a class that has its own, and custom metrics.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from model import plots, scores, slices
from model.manifest import Manifest
from model.measurement import Classes, Likely, Measurement, Numbers, require_one_each
from model.monitoring import baseline
from model.monitoring.baseline import Answers
from model.slices import Sliced
from model.table import Label


class Judging:
    """What all rows say of a model."""

    def __init__(
        self,
        model: Any,
        manifest: Manifest,
        *,
        unpacked: Path,
        asked: Sequence[slices.Asked],
        keeps_rows: bool,
    ) -> None:
        self._model, self._manifest, self._keeps_rows = model, manifest, keeps_rows
        numbers = manifest.predicts_number
        self._answered = Numbers() if numbers else Classes(manifest.labels)
        self._likely = Likely(None if numbers else model, labels=manifest.labels)
        self._slices = [Sliced(each, scores.Errors if numbers else scores.Shares) for each in asked]
        self._sample = plots.Sample(seed=manifest.seed)
        self._held_out = None
        if baseline.has_baseline(unpacked):
            self._held_out = baseline.HeldOut(baseline.read_baseline(unpacked)[0])
        self._rows: list[tuple[pd.DataFrame, np.ndarray]] = []

    def add(self, X: pd.DataFrame, y: np.ndarray, *, frame: pd.DataFrame) -> None:
        """Add rows as they were prepared, made of those of `frame`."""
        predicted = np.asarray(self._model.predict(X))
        require_one_each(predicted, y)
        probabilities = None
        if hasattr(self._model, "predict_proba"):
            probabilities = np.asarray(self._model.predict_proba(X), dtype=float)
        outcome = self._answered.add(predicted, y)
        self._likely.add(X, y, probabilities)
        if self._held_out is not None:
            self._held_out.add(X, _answers(predicted, y, probabilities))
        for sliced in self._slices:
            sliced.add(_rows_of(X, frame), outcome)
        self._sample.add(X, y, predicted)
        if self._keeps_rows:
            self._rows.append((X, y))

    @property
    def rows(self) -> tuple[pd.DataFrame, np.ndarray]:
        """All rows as they were prepared, where they are kept."""
        tables, labels = zip(*self._rows, strict=True)
        whole = tables[0] if len(tables) == 1 else pd.concat(tables, ignore_index=True)
        return whole, np.concatenate(labels)

    def answers(self) -> Iterator[Label]:
        """Yield what was predicted, row by row."""
        return self._answered.answers()

    def measurement(self) -> Measurement:
        return self._answered.measurement()

    def likely(self) -> Mapping[str, float]:
        return self._likely.told()

    def slices(self) -> list[dict[str, Any]]:
        return [asdict(part) for sliced in self._slices for part in sliced.measured()]

    def plots(self) -> dict[str, Any]:
        labels = () if self._manifest.predicts_number else self._manifest.labels
        seed = self._manifest.seed
        return plots.describe(self._sample.judged(self._model, labels=labels, seed=seed))

    def leave_baseline(self, directory: Path) -> None:
        """Complete the artifact's baseline, if it has one, by rows that it has not learnt."""
        if self._held_out is not None:
            directory.mkdir(parents=True, exist_ok=True)
            baseline.write_baseline(self._held_out.complete(), directory)


def _answers(
    predicted: np.ndarray, actual: np.ndarray, probabilities: np.ndarray | None
) -> Answers:
    is_usable = probabilities is not None and probabilities.ndim == 2
    certainty = probabilities.max(axis=1) if probabilities is not None and is_usable else None
    return Answers(predicted=predicted, actual=actual, certainty=certainty)


def _rows_of(X: pd.DataFrame, frame: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of the file that were prepared, known by the index that they came with."""
    if X.index.equals(frame.index):
        return frame
    counted_anew = X.index.equals(pd.RangeIndex(len(X)))
    if counted_anew or not X.index.is_unique or not X.index.isin(frame.index).all():
        message = "prepare_data numbers its rows anew, so that no slice can be found in them."
        raise ValueError(message)
    return frame.loc[X.index]
