"""What the evaluation job drew for people: plots.json, as the report and the model card read it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from pipeline.core.document import Stored


@dataclass(frozen=True, kw_only=True)
class Curve:
    """One class against all others: area under its curve (0..1), and the points that are shown.

    `rows` of that class were held out. `points` are empty where other classes are shown.
    """

    label: str
    rows: int
    area: float
    points: tuple[tuple[float, float], ...]


@dataclass(frozen=True, kw_only=True)
class CalibrationBin:
    """Of `rows` answers that claimed this probability on average, so many were right."""

    claimed: float
    seen: int
    rows: int


@dataclass(frozen=True, kw_only=True)
class Feature:
    """By how much the score falls when this feature is shuffled: mean and standard deviation."""

    name: str
    mean: float
    deviation: float
    repeats: int


@dataclass(frozen=True, kw_only=True)
class Importance:
    """The features that matter most, on so many held-out rows; `left_out` are not shown."""

    score: Literal["accuracy", "r2"]
    rows: int
    left_out: int
    features: tuple[Feature, ...]


@dataclass(frozen=True, kw_only=True)
class Regression:
    """Dots of (actual, predicted), and how many residuals lie between two edges."""

    dots: tuple[tuple[float, float], ...]
    residual_counts: tuple[int, ...]
    residual_edges: tuple[float, ...]


@dataclass(frozen=True, kw_only=True)
class Plots(Stored):
    """All of it is of exactly this artifact; what could not be made is absent, `notes` say why.

    `rows` were drawn from, perhaps a sample. `calibration_of` is the class whose probability is
    meant, None for that of the predicted class. `latencies_ms`: one row each, rising.
    """

    schema_version: Literal[1]
    artifact_sha256: str
    rows: int
    roc: tuple[Curve, ...] = ()
    precision_recall: tuple[Curve, ...] = ()
    calibration: tuple[CalibrationBin, ...] = ()
    calibration_of: str | None = None
    importance: Importance | None = None
    regression: Regression | None = None
    latencies_ms: tuple[float, ...] = ()
    notes: Mapping[str, str] = field(default_factory=dict)
