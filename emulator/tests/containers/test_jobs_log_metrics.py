"""Metrics in the log of a training job: searched for apart, whatever the expressions cost."""

import contextlib
import types
from collections.abc import Iterable, Iterator
from typing import Any

import pytest

from emulator.containers.log_metrics import LogMetrics

pytestmark = pytest.mark.emulated


@contextlib.contextmanager
def searched(lines: Iterable[str], **expressions: str) -> Iterator[LogMetrics]:
    definitions = [{"Name": name, "Regex": regex} for name, regex in expressions.items()]
    with contextlib.closing(LogMetrics(definitions)) as metrics:
        for line in lines:
            metrics.read(line)
        yield metrics


def final(metrics: LogMetrics) -> dict[str, float]:
    return {entry["MetricName"]: entry["Value"] for entry in metrics.final()}


def test_the_last_value_of_each_metric_is_final() -> None:
    lines = ("loss=0.5 acc=0.7", "loss=1e-2", "acc=none", "loss=nan loss=inf", "nothing")
    with searched(lines, loss="loss=([0-9.e-]+|nan)", accuracy="acc=(\\S+)") as metrics:
        assert final(metrics) == {"loss": 0.01, "accuracy": 0.7}


def test_an_expression_that_takes_for_ever_costs_only_its_own_metric() -> None:
    with searched(["a" * 40 + "! loss=1"], stuck="^(a+)+$", loss="loss=(.)") as metrics:
        assert final(metrics) == {"loss": 1}


def test_many_values_of_a_metric_are_sent_together() -> None:
    sent: list[Any] = []
    client = types.SimpleNamespace(put_metric_data=lambda **call: sent.extend(call["MetricData"]))
    with searched([f"loss={number % 400}" for number in range(2000)], loss="=(.+)") as metrics:
        metrics.publish(client, "job")
        metrics.publish(client, "job")
    assert sum(sum(datum["Counts"]) for datum in sent) == 2000
    assert 3 <= len(sent) <= 12
