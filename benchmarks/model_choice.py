"""Prints time and held-out accuracy of the default training against a plain script's.

Usage: python -m benchmarks.model_choice [TABLE ...]
The plain script cross-validates four of scikit-learn's classifiers as they come, on all rows and in
as many folds, and fits the best of them. Both run in this process, one after the other in turn; a
ratio compares what ran within the same minutes. Tables that scikit-learn ships are split into
halves, generated ones are measured on 20,000 rows more; small ones are repeated and averaged.
"""

import sys
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from sklearn.datasets import load_breast_cancer, load_digits, make_classification
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold, cross_val_score, train_test_split
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline

from pipeline.training import TrainingPipeline

TARGET, FOLDS, HELD_OUT = "label", 5, 20_000
Halves = tuple[pd.DataFrame, pd.DataFrame]


def shipped(load: Callable[..., Any], seed: int) -> Halves:
    X, y = load(return_X_y=True)
    return tuple(train_test_split(_frame(X, y), test_size=0.5, stratify=y, random_state=seed))


def generated(seed: int, *, rows: int, **settings: Any) -> Halves:
    X, y = make_classification(rows + HELD_OUT, random_state=seed, flip_y=0.02, **settings)
    frame = _frame(X, y)
    return frame.iloc[:rows], frame.iloc[rows:]


def people(seed: int, *, rows: int) -> Halves:
    """Text and numbers: what a class depends on is an interaction of both."""
    random = np.random.default_rng(seed)
    count = rows + HELD_OUT
    frame = pd.DataFrame(
        {
            "age": random.integers(18, 90, count).astype(float),
            "income": random.lognormal(10, 0.6, count),
            "region": random.choice(np.array(["north", "south", "east", "west"], object), count),
            "job": random.choice(np.array([f"job {n}" for n in range(20)], object), count),
        }
    )
    in_south = (frame["region"] == "south").to_numpy()
    limit = np.where(in_south, 45.0, 60.0)
    good = (frame["age"] < limit) ^ (frame["income"] > 30_000) ^ (random.random(count) < 0.05)
    frame[TARGET] = np.where(good, "good", "bad")
    return frame.iloc[:rows], frame.iloc[rows:]


def _frame(X: np.ndarray, y: np.ndarray) -> pd.DataFrame:
    frame = pd.DataFrame(X, columns=[f"c{number}" for number in range(X.shape[1])])
    return frame.assign(**{TARGET: y})


@dataclass(frozen=True, kw_only=True)
class TableKind:
    make: Callable[[int], Halves]
    repetitions: int


TABLES = {
    "300 x 10": TableKind(
        make=lambda seed: generated(seed, rows=300, n_features=10, n_informative=5),
        repetitions=3,
    ),
    "400 x 2,000": TableKind(
        make=lambda seed: generated(seed, rows=400, n_features=2_000, n_informative=20),
        repetitions=1,
    ),
    "breast cancer, 569 x 30": TableKind(
        make=lambda seed: shipped(load_breast_cancer, seed), repetitions=3
    ),
    "digits, 1,797 x 64": TableKind(make=lambda seed: shipped(load_digits, seed), repetitions=1),
    "people, 4,000 x 4": TableKind(make=lambda seed: people(seed, rows=4_000), repetitions=1),
    "10,000 x 30, 4 classes": TableKind(
        make=lambda seed: generated(
            seed, rows=10_000, n_features=30, n_informative=15, n_classes=4
        ),
        repetitions=1,
    ),
    "50,000 x 30": TableKind(
        make=lambda seed: generated(
            seed, rows=50_000, n_features=30, n_informative=15, n_clusters_per_class=8
        ),
        repetitions=1,
    ),
}


def plain(train: pd.DataFrame) -> tuple[Any, str]:
    X, y = train.drop(columns=TARGET), train[TARGET].to_numpy()
    folds = StratifiedKFold(FOLDS, shuffle=True, random_state=0)
    models = [
        make_pipeline(TrainingPipeline(target=TARGET).preprocessing(X), model)
        for model in (
            LogisticRegression(),
            KNeighborsClassifier(),
            RandomForestClassifier(random_state=0),
            HistGradientBoostingClassifier(random_state=0),
        )
    ]
    scores = [cross_val_score(model, X, y, cv=folds).mean() for model in models]
    best = models[int(np.argmax(scores))]
    return best.fit(X, y), type(best[-1]).__name__


def ours(train: pd.DataFrame) -> tuple[Any, str]:
    trained = TrainingPipeline(target=TARGET, cv_folds=FOLDS).train(train)
    assert trained.choice
    return trained.model, trained.choice.model


def measured(way: Callable[[pd.DataFrame], tuple[Any, str]], halves: Halves) -> dict[str, Any]:
    train, test = halves
    started = time.perf_counter()
    model, name = way(train)
    seconds = time.perf_counter() - started
    right = np.asarray(model.predict(test.drop(columns=TARGET))) == test[TARGET].to_numpy()
    return {"seconds": seconds, "accuracy": float(right.mean()), "name": name}


def compared(kind: TableKind) -> dict[str, Any]:
    rounds = []
    for seed in range(kind.repetitions):
        halves = kind.make(seed)
        ways = [("plain", plain), ("ours", ours)]
        rounds.append({name: measured(way, halves) for name, way in ways[:: (-1) ** seed]})
    return {
        f"{key} {name}": float(np.mean([each[name][key] for each in rounds]))
        for key in ("seconds", "accuracy")
        for name in ("plain", "ours")
    } | {
        name: ", ".join(dict.fromkeys(each[name]["name"] for each in rounds)) for name in rounds[0]
    }


def main(*names: str) -> None:
    warnings.simplefilter("ignore")
    print(
        f"{'table':<24} plain s   ours s  ratio   plain    ours  difference  chosen (plain | ours)"
    )
    for name in names or TABLES:
        seen = compared(TABLES[name])
        print(
            f"{name:<24} {seen['seconds plain']:7.2f}  {seen['seconds ours']:7.2f}"
            f"  {seen['seconds ours'] / seen['seconds plain']:5.2f}"
            f"  {seen['accuracy plain']:.4f}  {seen['accuracy ours']:.4f}"
            f"  {seen['accuracy ours'] - seen['accuracy plain']:+10.4f}"
            f"  {seen['plain']} | {seen['ours']}",
            flush=True,
        )


if __name__ == "__main__":
    main(*sys.argv[1:])
