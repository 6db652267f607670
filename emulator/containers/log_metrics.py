"""Metrics that a training script prints: found by the job's MetricDefinitions, line by line."""

from __future__ import annotations

import collections
import contextlib
import datetime as dt
import itertools
import json
import logging
import re
import subprocess
import sys
import threading
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

logger = logging.getLogger(__name__)

_NAMESPACE = "/aws/sagemaker/TrainingJobs"
# PutMetricData takes 1,000 metrics of 150 values each; a small request is enough for a log.
_BATCH = 200
_VALUES = 150
_DRAIN_LIMIT_S = 30.0
_PROGRAM = Path(__file__).with_name("metric_search.py")


class LogMetrics:
    """Collects the values of one job. Fed by a thread per host, read after they have ended.

    Raises re.error for a definition that is no regular expression.
    """

    def __init__(self, definitions: Iterable[Mapping[str, str]]) -> None:
        expressions = {entry["Name"]: entry["Regex"] for entry in definitions}
        for expression in expressions.values():
            re.compile(expression)
        self._lock, self._lines = threading.Lock(), threading.Lock()
        self._last: dict[str, tuple[float, float]] = {}
        # By metric and second: how often each value was there.
        self._new: dict[tuple[str, int], collections.Counter[float]] = {}
        self._drained = threading.Semaphore(0)
        self._search = _started(expressions) if expressions else None
        if self._search is not None:
            threading.Thread(target=self._collect, args=(self._search.stdout,), daemon=True).start()

    def read(self, line: str) -> None:
        """Search one line for every metric; group 1 is the value."""
        self._send(line)

    def final(self) -> list[dict[str, Any]]:
        """FinalMetricDataList: the last value of each metric."""
        self._drain()
        with self._lock:
            last = dict(self._last)
        return [
            {"MetricName": name, "Value": value, "Timestamp": dt.datetime.fromtimestamp(at, dt.UTC)}
            for name, (value, at) in last.items()
        ]

    def publish(self, client: Any, job_name: str) -> None:
        """Send what is new to CloudWatch; a failure is logged, the job does not depend on it."""
        self._drain()
        with self._lock:
            new, self._new = self._new, {}
        data = [
            {
                "MetricName": name,
                "Dimensions": [{"Name": "TrainingJobName", "Value": job_name}],
                "Timestamp": dt.datetime.fromtimestamp(second, dt.UTC),
                "Values": list(values),
                "Counts": list(values.values()),
            }
            for (name, second), counted in new.items()
            for values in _portions(counted)
        ]
        try:
            for start in range(0, len(data), _BATCH):
                client.put_metric_data(
                    Namespace=_NAMESPACE, MetricData=data[start : start + _BATCH]
                )
        except (BotoCoreError, ClientError) as error:
            logger.warning("training_metrics_lost job=%s cause=%s", job_name, error)

    def close(self) -> None:
        """End the search; lines after it are not looked at."""
        search = self._search
        if search is None or search.stdin is None:
            return
        search.kill()
        search.wait()
        with self._lines, contextlib.suppress(OSError):
            search.stdin.close()

    def _drain(self) -> None:
        """Wait until every line so far has been looked at."""
        if self._send(None) and not self._drained.acquire(timeout=_DRAIN_LIMIT_S):
            logger.warning("training_metrics_late limit_s=%s", _DRAIN_LIMIT_S)

    def _send(self, line: str | None) -> bool:
        if self._search is None:
            return False
        stream = self._search.stdin
        assert stream is not None
        with self._lines, contextlib.suppress(OSError, ValueError):
            stream.write(json.dumps(line) + "\n")
            if line is None:
                stream.flush()
            return True
        return False

    def _collect(self, answers: IO[str]) -> None:
        with answers:
            for answer in map(json.loads, answers):
                match answer:
                    case None:
                        self._drained.release()
                    case [str(name)]:
                        logger.warning("training_metric_given_up metric=%r: too slow a regex", name)
                    case [str(name), value, at]:
                        self._keep(name, float(value), at=at)
        self._drained.release()

    def _keep(self, name: str, value: float, *, at: float) -> None:
        with self._lock:
            self._last[name] = (value, at)
            self._new.setdefault((name, int(at)), collections.Counter())[value] += 1


def _started(expressions: Mapping[str, str]) -> subprocess.Popen[str]:
    """Start the search; it ends with us, at the end of its stdin."""
    return subprocess.Popen(
        [sys.executable, "-I", "-S", str(_PROGRAM), json.dumps(dict(expressions))],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def _portions(counted: Mapping[float, int]) -> Iterator[dict[float, int]]:
    rest = iter(counted.items())
    while portion := dict(itertools.islice(rest, _VALUES)):
        yield portion
