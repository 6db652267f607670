"""The models that the default training chooses from, and the race that chooses one.

This file travels into SageMaker's containers with training.py and keeps to the same imports. What
the choice costs is bounded: by a sample of the rows, by leaving out what a table is too large for,
and by ending the race of a candidate that is clearly behind.
"""

import logging
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from warnings import catch_warnings, filterwarnings, simplefilter

import numpy as np
import pandas as pd
from sklearn.base import clone
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.exceptions import ConvergenceWarning
from sklearn.feature_selection import SelectKBest
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import KFold, StratifiedKFold
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import Pipeline
from sklearn.svm import SVC
from threadpoolctl import threadpool_limits

logger = logging.getLogger(__name__)

# Beyond this many rows the order of the candidates hardly changes, and the time does.
SAMPLE_ROWS = 20_000
# Rows x encoded columns x classes of the sample: what boosting and regression take time for.
SAMPLE_WORK = 4_000_000
LEAST_SAMPLE_ROWS = 2_000
# Kernel and neighbour models compare every pair of rows: beyond this they take minutes, not seconds
PAIRWISE_ROWS = 5_000
# Below, a leaf of 20 rows is most of the table; a tree for each class and round costs its time
BOOSTED_ROWS, BOOSTED_CLASSES = 200, 20
# Boosting looks at every column for every split, with a tree for each class: columns x classes. Of
# wider tables it is given the best columns.
BOOSTED_WIDTH = 4_000
# Encoded cells of a table so small that other settings of a model are worth a try; beyond, scikit-
# learn's own were as good or better, and fewer candidates leave less to luck
VARIED_CELLS = 2_000
# Encoded cells from which on a fit gains from several threads. Below, they mostly wait for each
# other, on a busy machine for minutes: boosting meets them thousands of times in a fit.
THREADED_CELLS = 500_000
# Standard errors between right answers of two models on the same rows (McNemar); several looks
CLEARLY_BEHIND = 2.6


@dataclass(frozen=True, kw_only=True)
class Shape:
    """What the work depends on: `columns` are those that the models see, after encoding."""

    rows: int
    columns: int
    classes: int

    @property
    def sample_rows(self) -> int:
        """How many rows the choice looks at."""
        affordable = SAMPLE_WORK // (self.columns * self.classes)
        return min(self.rows, SAMPLE_ROWS, max(LEAST_SAMPLE_ROWS, affordable))


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """An unfitted model of numbers; `name` is its family with the settings that vary."""

    name: str
    model: Any


@dataclass(frozen=True, kw_only=True)
class Score:
    """The share of right answers (0..1), or R2, in the folds in which a candidate took part."""

    name: str
    folds: int
    accuracy: float | None = None
    r2: float | None = None


@dataclass(frozen=True, kw_only=True)
class Choice:
    """Which candidate won on how many rows, and what all of them reached, best first.

    `fold_scores` are honest about the choice itself: the answers of each fold are those of
    the candidate that the other folds would have chosen.
    """

    model: str
    rows: int
    candidates: tuple[Score, ...]
    fold_scores: tuple[float, ...]


Makers = Mapping[str, Callable[[], list[Candidate]]]


def makers(shape: Shape, *, seed: int) -> Makers:
    """Return what makes the candidates of each family, the simplest family first."""
    varied = shape.rows * shape.columns <= VARIED_CELLS

    def logistic_regression() -> list[Candidate]:
        model = LogisticRegression(max_iter=2_000 if varied else 200, random_state=seed)
        return variants("logistic_regression", model, C=[0.1, 1.0, 10.0, 100.0] if varied else [])

    def svc() -> list[Candidate]:
        return variants("svc", SVC(random_state=seed), C=[1.0, 10.0] if varied else [])

    def k_neighbors() -> list[Candidate]:
        return variants(
            "k_neighbors", KNeighborsClassifier(), n_neighbors=[5, 11] if varied else []
        )

    def random_forest() -> list[Candidate]:
        return variants("random_forest", RandomForestClassifier(random_state=seed))

    def gradient_boosting() -> list[Candidate]:
        # From 10,000 rows on it stops by itself when a tenth of the rows no longer gains from it.
        model: Any = HistGradientBoostingClassifier(random_state=seed)
        best = BOOSTED_WIDTH // shape.classes
        if shape.columns > best:
            model = Pipeline([("select", SelectKBest(k=best)), ("boost", model)])
        return variants("gradient_boosting", model)

    return {
        made.__name__: made
        for made in (logistic_regression, svc, k_neighbors, random_forest, gradient_boosting)
    }


def variants(family: str, model: Any, **settings: Sequence[Any]) -> list[Candidate]:
    """Return the model once for each value of its one setting; without values, as it is."""
    return [
        Candidate(name=f"{family} {name}={value:g}", model=clone(model).set_params(**{name: value}))
        for name, values in settings.items()
        for value in values
    ] or [Candidate(name=family, model=model)]


def suitable(shape: Shape) -> tuple[str, ...]:
    """Return the families that compete on a table of this shape unless the user says otherwise."""
    pairwise = () if shape.rows > PAIRWISE_ROWS else ("svc", "k_neighbors")
    boosted = shape.rows >= BOOSTED_ROWS and shape.classes <= BOOSTED_CLASSES
    return (
        "logistic_regression",
        *pairwise,
        "random_forest",
        *(("gradient_boosting",) if boosted else ()),
    )


def affordable(names: Sequence[str], shape: Shape) -> list[str]:
    """Leave out what the user named and the table is too large for. ValueError if none is left."""
    too_large = {"svc", "svr", "k_neighbors"} if shape.rows > PAIRWISE_ROWS else set()
    kept = [name for name in names if name not in too_large]
    if not kept:
        message = (
            f"candidates names only {', '.join(names)}, which compare every pair of rows; with "
            f"{shape.rows} rows (more than {PAIRWISE_ROWS}) name random_forest or another one."
        )
        raise ValueError(message)
    if len(kept) < len(names):
        logger.info("candidates without those that compare pairs: rows=%d", shape.rows)
    return kept


def sample(y: np.ndarray, *, rows: int, least: int, seed: int) -> np.ndarray:
    """Return the positions, in order, of about `rows` rows: every class keeps its share.

    A class keeps at least `least` rows, or all it has.
    """
    if len(y) <= rows:
        return np.arange(len(y))
    shuffled = np.random.default_rng(seed).permutation(len(y))
    _, members = np.unique(y, return_inverse=True)
    by_class = shuffled[np.argsort(members[shuffled], kind="stable")]
    counts = np.bincount(members)
    kept = np.minimum(counts, np.maximum(least, counts * rows // len(y)))
    rank_in_class = np.arange(len(y)) - np.repeat(np.cumsum(counts) - counts, counts)
    chosen: np.ndarray = np.sort(by_class[rank_in_class < np.repeat(kept, counts)])
    return chosen


@contextmanager
def at_work(cells: int) -> Iterator[None]:
    """Fit a table of so many encoded cells: on one thread if it is small, and without a word.

    A constant column and an unfinished fit are no news: such a model competes as it is.
    """
    with threadpool_limits(limits=1 if cells < THREADED_CELLS else None), catch_warnings():
        simplefilter("ignore", ConvergenceWarning)
        filterwarnings("ignore", module="sklearn.feature_selection")
        yield


Losses = Mapping[str, list[np.ndarray]]


def right_or_wrong(predicted: np.ndarray, actual: np.ndarray) -> np.ndarray:
    """Return 1.0 for each wrong answer."""
    return np.asarray(predicted != actual, dtype=float)


def squared(predicted: np.ndarray, actual: np.ndarray) -> np.ndarray:
    lost: np.ndarray = np.square(np.asarray(predicted, dtype=float) - actual)
    return lost


def race(
    candidates: Sequence[Candidate],
    X: pd.DataFrame,
    y: np.ndarray,
    *,
    folds: StratifiedKFold | KFold,
    preprocessing: Any,
    regression: bool = False,
) -> Choice:
    """Compare the candidates fold by fold; one that is clearly behind the leader ends its race.

    Rows are preprocessed once per fold. Of equals the first, which is the simplest, wins.
    """
    loss = squared if regression else right_or_wrong
    running = list(candidates)
    losses: Losses = {candidate.name: [] for candidate in candidates}
    worst: list[float] = []
    for train, test in folds.split(X, y):
        step = clone(preprocessing)
        seen, unseen = step.fit_transform(X.iloc[train]), step.transform(X.iloc[test])
        worst.append(spread(y[test]) if regression else float(len(test)))
        for candidate in running:
            fitted = clone(candidate.model).fit(seen, y[train])
            losses[candidate.name].append(loss(np.asarray(fitted.predict(unseen)), y[test]))
        running = _in_reach(running, losses)
    finished = {candidate.name: losses[candidate.name] for candidate in running}
    return Choice(
        model=_best(finished, range(folds.get_n_splits())),
        rows=len(y),
        candidates=_scores(losses, worst, regression=regression),
        fold_scores=_without_own_fold(finished, worst),
    )


def spread(y: np.ndarray) -> float:
    """Return the squared errors of the mean as every answer, which R2 is measured by."""
    return float(np.square(y - y.mean()).sum())


def score_of(losses: Sequence[np.ndarray], worst: Sequence[float]) -> float:
    """Return the share of right answers, or R2: 1 less what was lost of what can be lost."""
    lost, most = sum(float(each.sum()) for each in losses), sum(worst)
    return (most - lost) / most if most else float(lost == 0)


def _best(losses: Losses, folds: Sequence[int]) -> str:
    """Return the first of those that lost least in these folds."""
    return min(losses, key=lambda name: sum(float(losses[name][fold].sum()) for fold in folds))


def _in_reach(running: Sequence[Candidate], losses: Losses) -> list[Candidate]:
    """Return those that are not clearly behind on the same rows, of classes by McNemar's test."""
    lost = {candidate.name: np.concatenate(losses[candidate.name]) for candidate in running}
    leader = min(lost.values(), key=lambda rows: float(rows.sum()))

    def is_behind(rows: np.ndarray) -> bool:
        differences = rows - leader
        deviation = math.sqrt(float(np.square(differences).sum()))
        return float(differences.sum()) > CLEARLY_BEHIND * deviation

    return [each for each in running if not is_behind(lost[each.name])]


def _without_own_fold(losses: Losses, worst: Sequence[float]) -> tuple[float, ...]:
    count = len(worst)
    chosen = (
        _best(losses, [other for other in range(count) if other != fold]) for fold in range(count)
    )
    return tuple(score_of([losses[name][fold]], [worst[fold]]) for fold, name in enumerate(chosen))


def _scores(losses: Losses, worst: Sequence[float], *, regression: bool) -> tuple[Score, ...]:
    named = {name: score_of(rows, worst[: len(rows)]) for name, rows in losses.items()}
    ordered = sorted(named, key=lambda name: (-len(losses[name]), -named[name]))
    metric = "r2" if regression else "accuracy"
    return tuple(
        Score(name=name, folds=len(losses[name]), **{metric: named[name]}) for name in ordered
    )
