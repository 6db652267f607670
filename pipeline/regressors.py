"""The models that the default training chooses from where it has to predict a number.

The race is that of classifiers: see candidates.py, with which this file travels into containers.
"""

from typing import Any

from sklearn.compose import TransformedTargetRegressor
from sklearn.ensemble import HistGradientBoostingRegressor, RandomForestRegressor
from sklearn.feature_selection import SelectKBest, f_regression
from sklearn.linear_model import Ridge
from sklearn.neighbors import KNeighborsRegressor
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVR

from pipeline.candidates import (
    BOOSTED_ROWS,
    BOOSTED_WIDTH,
    PAIRWISE_ROWS,
    VARIED_CELLS,
    Candidate,
    Makers,
    Shape,
    variants,
)


def makers(shape: Shape, *, seed: int) -> Makers:
    """Return what makes the candidates of each family, the simplest family first."""
    varied = shape.rows * shape.columns <= VARIED_CELLS

    def ridge() -> list[Candidate]:
        return variants("ridge", Ridge(), alpha=[0.1, 1.0, 10.0, 100.0] if varied else [])

    def svr() -> list[Candidate]:
        # Its margin and penalty are in units of the target
        return [
            Candidate(
                name=each.name,
                model=TransformedTargetRegressor(each.model, transformer=StandardScaler()),
            )
            for each in variants("svr", SVR(), C=[1.0, 10.0] if varied else [])
        ]

    def k_neighbors() -> list[Candidate]:
        neighbors = [5, 11] if varied else []
        return variants("k_neighbors", KNeighborsRegressor(), n_neighbors=neighbors)

    def random_forest() -> list[Candidate]:
        return variants("random_forest", RandomForestRegressor(random_state=seed))

    def gradient_boosting() -> list[Candidate]:
        model: Any = HistGradientBoostingRegressor(random_state=seed)
        if shape.columns > BOOSTED_WIDTH:
            select = SelectKBest(f_regression, k=BOOSTED_WIDTH)
            model = Pipeline([("select", select), ("boost", model)])
        return variants("gradient_boosting", model)

    return {
        made.__name__: made for made in (ridge, svr, k_neighbors, random_forest, gradient_boosting)
    }


def suitable(shape: Shape) -> tuple[str, ...]:
    """Return the families that compete on a table of this shape unless the user says otherwise."""
    pairwise = () if shape.rows > PAIRWISE_ROWS else ("svr", "k_neighbors")
    boosted = ("gradient_boosting",) if shape.rows >= BOOSTED_ROWS else ()
    return ("ridge", *pairwise, "random_forest", *boosted)
