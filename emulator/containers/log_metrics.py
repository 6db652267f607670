"""Metrics that a training script prints: found by the job's MetricDefinitions, line by line."""

from __future__ import annotations

import datetime as dt
import logging
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

logger = logging.getLogger(__name__)

NAMESPACE = "/aws/sagemaker/TrainingJobs"
# PutMetricData takes 1,000 metrics; a small request is enough for a log.
_BATCH = 200


@dataclass(frozen=True, kw_only=True)
class MetricValue:
    """One value that a log line held."""

    name: str
    value: float
    at: dt.datetime


class LogMetrics:
    """Collects the values of one job. Fed by a thread per host, read after they have ended."""

    def __init__(self, definitions: Iterable[Mapping[str, str]]) -> None:
        self._patterns = [(entry["Name"], re.compile(entry["Regex"])) for entry in definitions]
        self._values: list[MetricValue] = []
        self._published = 0

    def read(self, line: str) -> None:
        """Search one line for every metric; group 1 is the value."""
        for name, pattern in self._patterns:
            found = pattern.search(line)
            if found is None or not found.groups():
                continue
            try:
                value = float(found.group(1))
            except (TypeError, ValueError):
                continue
            self._values.append(MetricValue(name=name, value=value, at=dt.datetime.now(dt.UTC)))

    def final(self) -> list[dict[str, Any]]:
        """FinalMetricDataList: the last value of each metric."""
        last = {value.name: value for value in self._values}
        return [
            {"MetricName": value.name, "Value": value.value, "Timestamp": value.at}
            for value in last.values()
        ]

    def publish(self, client: Any, job_name: str) -> None:
        """Send what is new to CloudWatch; a failure is logged, the job does not depend on it."""
        new = self._values[self._published :]
        self._published += len(new)
        data = [
            {
                "MetricName": value.name,
                "Dimensions": [{"Name": "TrainingJobName", "Value": job_name}],
                "Timestamp": value.at,
                "Value": value.value,
            }
            for value in new
        ]
        try:
            for start in range(0, len(data), _BATCH):
                client.put_metric_data(Namespace=NAMESPACE, MetricData=data[start : start + _BATCH])
        except (BotoCoreError, ClientError) as error:
            logger.warning("training_metrics_lost job=%s cause=%s", job_name, error)
