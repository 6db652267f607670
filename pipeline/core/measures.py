"""What the numbers of an evaluation are called, which way is better, and which are shares.

A number of the user's own is known by its limits only: a minimum says that more is better.
"""

import math

ACCURACY = "accuracy"
R2, RMSE, MAE = "r2", "rmse", "mae"
LOG_LOSS, BRIER = "log_loss", "brier_score"
ROC_AUC, PR_AUC = "roc_auc", "pr_auc"
CALIBRATION = "expected_calibration_error"
ROWS = "held_out_rows"
ARTIFACT_MB = "artifact_mb"
START_S = "serving_start_s"
LATENCY_P50_MS, LATENCY_P95_MS = "serving_latency_p50_ms", "serving_latency_p95_ms"
SKEW = "serving_skew"

# What the evaluation finds beside how good the answers are; no metric of a user's has such a name.
OPERATIONAL = frozenset({ROWS, ARTIFACT_MB, START_S, LATENCY_P50_MS, LATENCY_P95_MS, SKEW})
LESS_IS_BETTER = frozenset(
    {RMSE, MAE, LOG_LOSS, BRIER, CALIBRATION, *OPERATIONAL} - {ROWS},
)
MORE_IS_BETTER = frozenset(
    {ACCURACY, ROC_AUC, PR_AUC, R2, ROWS, "cv_mean_accuracy", "cv_mean_r2"},
)
# What is measured of every model of its kind; all else is the user's own.
OWN = frozenset(
    {
        *(ACCURACY, LOG_LOSS, BRIER, ROC_AUC, PR_AUC, CALIBRATION, RMSE, MAE, R2),
        *(f"cv_{which}_{metric}" for which in ("mean", "std") for metric in (ACCURACY, R2)),
    }
)
# Shares of rows, of which an interval can be told
COUNTED = frozenset({ACCURACY, SKEW})
# From 0 to 1 by what they are; Brier's score, summed over classes, is at most 2
_SHARES = COUNTED | {ROC_AUC, PR_AUC, CALIBRATION, "cv_mean_accuracy"}
_NO_SHARES = frozenset({R2, "cv_mean_r2", *LESS_IS_BETTER, ROWS}) - _SHARES


def is_share(name: str, *limits: float | None) -> bool:
    """Tell whether a number must lie from 0 to 1: by its name, else because all its limits do."""
    if name in _SHARES or name in _NO_SHARES:
        return name in _SHARES
    return all(0 <= each <= 1 for each in limits if each is not None)


def range_of(name: str) -> tuple[float, float]:
    """Return what a number can be by its name: all that a user's own may be."""
    if name in _SHARES:
        return 0.0, 1.0
    if name in _NO_SHARES and name in MORE_IS_BETTER - {ROWS}:
        return -math.inf, 1.0
    return (0.0, math.inf) if name in _NO_SHARES else (-math.inf, math.inf)
