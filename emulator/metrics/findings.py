"""Evaluates one alarm now: its closed periods against its criterion, with AWS's wording. Pure.

Where the periods end: "Alarm evaluation window" in the CloudWatch user guide.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from emulator.metrics.alarm_book import Finding
from emulator.metrics.alarm_requests import Document, alarm_period_s, evaluation_step_s
from emulator.metrics.composite import alarms_in, holds, parse_rule
from emulator.metrics.evaluation import Criterion, Verdict, judge
from emulator.metrics.queries import Window, measured_points, run_queries
from emulator.metrics.statistic import is_percentile, statistic
from emulator.metrics.store import MetricKey, MetricStore, dimensions_of, metric_key

_TREATED = {"breaching": "Breaching", "notBreaching": "NonBreaching"}


def find_metric_alarm(
    document: Document, *, store: MetricStore, region: str, now: float
) -> Finding | None:
    """Return the state that the data ask for; None keeps whatever it is."""
    period_s, criterion = alarm_period_s(document), _criterion_of(document)
    step_s = evaluation_step_s(document)
    end = int(now // step_s) * step_s
    starts = [end - number * period_s for number in range(1, criterion.evaluation_range + 1)]
    window = Window(start=starts[-1], end=end, origin=end)
    points = _points(document, store=store, region=region, window=window)
    if starts[0] in points and _too_few(document, store=store, region=region, start=starts[0]):
        return None
    verdict = judge([points.get(start) for start in starts], criterion)
    if verdict.state is None:
        return None
    used = [(starts[number], points[starts[number]]) for number in verdict.used]
    return Finding(
        state=verdict.state,
        reason=_reason(verdict, used, criterion=criterion, before=document["StateValue"]),
        reason_data=_reason_data(document, used, now=now),
    )


def _criterion_of(document: Mapping[str, Any]) -> Criterion:
    periods = document["EvaluationPeriods"]
    return Criterion(
        comparison=document["ComparisonOperator"],
        threshold=document["Threshold"],
        evaluation_periods=periods,
        datapoints_to_alarm=document.get("DatapointsToAlarm") or periods,
        treat_missing=document.get("TreatMissingData", "missing"),
    )


def _points(
    document: Document, *, store: MetricStore, region: str, window: Window
) -> Mapping[int, float]:
    if document.get("Metrics"):
        results = run_queries(document["Metrics"], store=store, region=region, window=window)
        return results[0].points if results else {}
    return measured_points(
        store,
        region,
        key=_key(document),
        measure=_measure(document),
        period_s=document["Period"],
        window=window,
        unit=document.get("Unit"),
    )


def _key(document: Document) -> MetricKey:
    dimensions = dimensions_of(document.get("Dimensions", ()))
    return metric_key(document["Namespace"], document["MetricName"], dimensions)


def _measure(document: Document) -> str:
    return str(document.get("ExtendedStatistic") or document["Statistic"])


def _too_few(document: Document, *, store: MetricStore, region: str, start: int) -> bool:
    """EvaluateLowSampleCountPercentile "ignore": too few samples say nothing of a percentile."""
    asked = document.get("EvaluateLowSampleCountPercentile") == "ignore"
    if not asked or document.get("Metrics") or not is_percentile(_measure(document)):
        return False
    share = float(_measure(document)[1:]) / 100
    rarer = min(share, 1 - share)
    end = start + document["Period"]
    found = store.periods(
        region, _key(document), start=start, end=end, period_s=document["Period"], origin=start
    )
    counted = statistic("SampleCount")(found[start]) if start in found else None
    return rarer > 0 and (counted or 0) < 10 / rarer


def _reason(
    verdict: Verdict, used: Sequence[tuple[int, float]], *, criterion: Criterion, before: str
) -> str:
    if verdict.state == "INSUFFICIENT_DATA":
        return f"Insufficient Data: {_counted(verdict.missing, 'datapoint')} unknown."
    if not used:
        periods = "1 period" if verdict.missing == 1 else f"{verdict.missing} periods"
        return (
            f"Threshold Crossed: no datapoints were received for {periods} and "
            f"{_counted(verdict.missing, 'missing datapoint')} treated as "
            f"[{_TREATED[criterion.treat_missing]}]."
        )
    crossed = verdict.state == "ALARM"
    telling = [(at, value) for at, value in used if criterion.breaches(value) == crossed]
    shown = ", ".join(f"{value} ({_short(at)})" for at, value in telling)
    needed = criterion.datapoints_to_alarm
    if not crossed:
        needed = criterion.evaluation_periods - needed + 1
    return (
        f"Threshold Crossed: {len(telling)} out of the last {len(used)} datapoints [{shown}] "
        f"{'was' if len(telling) == 1 else 'were'} {'' if crossed else 'not '}{criterion.wording} "
        f"the threshold ({criterion.threshold}) (minimum {needed} "
        f"{'datapoint' if needed == 1 else 'datapoints'} for {before} -> {verdict.state} "
        "transition)."
    )


def _counted(count: int, noun: str) -> str:
    return f"1 {noun} was" if count == 1 else f"{count} {noun}s were"


def _reason_data(
    document: Document, used: Sequence[tuple[int, float]], *, now: float
) -> dict[str, Any]:
    values = [value for _, value in used]
    data: dict[str, Any] = {"version": "1.0", "queryDate": stamp(now)}
    if used:
        data["startDate"] = stamp(min(at for at, _ in used))
    if "Statistic" in document or "ExtendedStatistic" in document:
        data["statistic"] = _measure(document)
    return {
        **data,
        "period": alarm_period_s(document),
        "recentDatapoints": values,
        "threshold": document["Threshold"],
        "evaluatedDatapoints": [{"timestamp": stamp(at), "value": value} for at, value in used],
    }


def find_composite_alarm(
    document: Document, *, others: Mapping[str, Document], now: float
) -> Finding:
    """`others` are the region's alarms by name."""
    rule = parse_rule(document["AlarmRule"])
    truth = holds(rule, {name: other["StateValue"] for name, other in others.items()})
    children = [others[name] for name in sorted(alarms_in(rule)) if name in others]
    told = ", ".join(f"{child['AlarmArn']} is {child['StateValue']}" for child in children)
    triggering = [
        {
            "arn": child["AlarmArn"],
            "state": {
                "value": child["StateValue"],
                "timestamp": stamp(child["StateUpdatedTimestamp"]),
            },
        }
        for child in children
    ]
    return Finding(
        state="ALARM" if truth else "OK",
        reason=f"The alarm rule is {str(truth).upper()} at {stamp(now)}: {told or 'no alarms'}",
        reason_data={"triggeringAlarms": triggering},
    )


def stamp(seconds: float) -> str:
    """Return a time as CloudWatch writes it in its JSON texts."""
    at = dt.datetime.fromtimestamp(seconds, tz=dt.UTC)
    return f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03d}+0000"


def _short(seconds: float) -> str:
    return f"{dt.datetime.fromtimestamp(seconds, tz=dt.UTC):%d/%m/%y %H:%M:%S}"
