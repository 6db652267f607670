"""PutMetricAlarm and PutCompositeAlarm requests into alarm documents. Pure.

A document has the members of DescribeAlarms, with times as seconds since the epoch. Rules:
"PutMetricAlarm" and "PutCompositeAlarm" pages of the CloudWatch API reference.
"""

import math
from collections.abc import Mapping
from typing import Any

from emulator.metrics.composite import parse_rule
from emulator.metrics.errors import (
    CloudWatchError,
    invalid_combination,
    spelled,
    validation_error,
)
from emulator.metrics.evaluation import COMPARISONS
from emulator.metrics.queries import check_queries, periods_of
from emulator.metrics.statistic import SIMPLE, statistic

Document = dict[str, Any]
Params = Mapping[str, Any]

_PERIODS_S = (10, 20, 30)
_MINUTE_S = 60
_HOUR_S = 3600
_LONGEST_RANGE_S = 7 * 24 * _HOUR_S
_LONGEST_RANGE_OF_SHORT_PERIODS_S = 24 * _HOUR_S
_TREATMENTS = ("breaching", "notBreaching", "ignore", "missing")
_ANOMALY_COMPARISONS = (
    "LessThanLowerOrGreaterThanUpperThreshold",
    "LessThanLowerThreshold",
    "GreaterThanUpperThreshold",
)
_ANOMALY_BAND = frozenset({"ANOMALY_DETECTION_BAND"})
_ACTIONS = ("OKActions", "AlarmActions", "InsufficientDataActions")


def metric_alarm(params: Params) -> Document:
    """Return the document without its state; raise what CloudWatch would refuse."""
    _require(params, ("AlarmName", "EvaluationPeriods", "ComparisonOperator"))
    if params.get("Metrics"):
        _check_metric_math(params)
    else:
        _check_single_metric(params)
    _check_comparison(params)
    _check_counts(params)
    if (
        params.get("EvaluationWindow", {}).get("WallClockWindow", {}).get("Timezone", "UTC")
        != "UTC"
    ):
        text = "The embedded AWS aligns EvaluationWindow with UTC alone."
        raise validation_error(text)
    if params.get("TreatMissingData", "missing") not in _TREATMENTS:
        text = f"Option {params['TreatMissingData']} is not supported for TreatMissingData."
        raise validation_error(text)
    return _document(params)


def composite_alarm(params: Params) -> Document:
    _require(params, ("AlarmName", "AlarmRule"))
    parse_rule(params["AlarmRule"])
    waits = ("ActionsSuppressorWaitPeriod", "ActionsSuppressorExtensionPeriod")
    given = [name for name in waits if params.get(name) is not None]
    if params.get("ActionsSuppressor") and len(given) < len(waits):
        text = "ActionsSuppressor needs ActionsSuppressorWaitPeriod and -ExtensionPeriod."
        raise validation_error(text)
    return _document(params)


def alarm_period_s(document: Mapping[str, Any]) -> int:
    return document.get("Period") or periods_of(document.get("Metrics", ()))


def evaluation_step_s(document: Mapping[str, Any]) -> int:
    """Return how far the evaluated periods move on: each minute, unless the clock decides."""
    period_s = alarm_period_s(document)
    follows_the_clock = "WallClockWindow" in document.get("EvaluationWindow", {})
    return period_s if follows_the_clock else min(period_s, _MINUTE_S)


def is_anomaly_alarm(document: Mapping[str, Any]) -> bool:
    return "ThresholdMetricId" in document


def _document(params: Params) -> Document:
    given = {name: value for name, value in params.items() if value is not None and name != "Tags"}
    actions = {name: list(params.get(name) or ()) for name in _ACTIONS}
    return {**given, **actions, "ActionsEnabled": params.get("ActionsEnabled", True)}


def _require(params: Params, names: tuple[str, ...]) -> None:
    for name in names:
        if params.get(name) is None:
            code, text = "MissingParameter", f"The parameter {name} is required."
            raise CloudWatchError(code, text)


def _check_single_metric(params: Params) -> None:
    _require(params, ("MetricName", "Namespace", "Period"))
    simple, extended = params.get("Statistic"), params.get("ExtendedStatistic")
    if bool(simple) == bool(extended):
        text = "Exactly one of Statistic and ExtendedStatistic must be specified."
        raise invalid_combination(text)
    if extended is not None:
        statistic(extended)
    elif simple not in SIMPLE:
        text = f"The value {simple} for parameter Statistic is invalid."
        raise validation_error(text)
    _check_period(params["Period"])


def _check_metric_math(params: Params) -> None:
    single = ("MetricName", "Namespace", "Statistic", "ExtendedStatistic", "Period", "Dimensions")
    given = [name for name in single if params.get(name)]
    if given:
        text = f"{given[0]} must not be specified together with Metrics."
        raise validation_error(text)
    check_queries(params["Metrics"], also_allowed=_ANOMALY_BAND)
    returned = [query for query in params["Metrics"] if query.get("ReturnData", True)]
    if len(returned) != (2 if is_anomaly_alarm(params) else 1):
        text = "Exactly one element of Metrics must return data."
        raise validation_error(text)
    _check_period(periods_of(params["Metrics"]))


def _check_comparison(params: Params) -> None:
    anomaly = is_anomaly_alarm(params)
    if params["ComparisonOperator"] not in (_ANOMALY_COMPARISONS if anomaly else COMPARISONS):
        text = f"The value {params['ComparisonOperator']} for ComparisonOperator is invalid here."
        raise validation_error(text)
    if not anomaly:
        _require(params, ("Threshold",))
        if not math.isfinite(params["Threshold"]):
            text = f"The value {spelled(params['Threshold'])} for parameter Threshold is invalid."
            raise validation_error(text)


def _check_period(period_s: int) -> None:
    if period_s in _PERIODS_S or (period_s > 0 and period_s % 60 == 0):
        return
    text = "Metric alarm periods must be 10, 20, 30 or a multiple of 60."
    raise validation_error(text)


def _check_counts(params: Params) -> None:
    periods = params["EvaluationPeriods"]
    needed = params.get("DatapointsToAlarm") or periods
    if not 1 <= needed <= periods:
        text = "DatapointsToAlarm must be between 1 and EvaluationPeriods."
        raise validation_error(text)
    period_s = alarm_period_s(params)
    if periods * period_s > _LONGEST_RANGE_S:
        text = "Metrics cannot be checked across more than seven days (EvaluationPeriods * Period)."
        raise validation_error(text)
    if period_s < _HOUR_S and periods * period_s > _LONGEST_RANGE_OF_SHORT_PERIODS_S:
        text = (
            "Metrics cannot be checked across more than a day (EvaluationPeriods * Period) with a "
            "period below an hour."
        )
        raise validation_error(text)
