"""What counting captured traffic costs: CPU seconds and memory by lines, and of the counting alone.

python -m benchmarks.monitoring [LINES] [ROWS] [COLUMNS]
"""

import json
import resource
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd

from model.monitoring.baseline import Answers, Baseline, HeldOut, Request, of_training
from model.monitoring.cells import Numbers
from model.monitoring.columns import ColumnCounts
from model.monitoring.window import Counting, Span, Spans
from pipeline.tabular.cells import Spelling
from pipeline.tabular.schema import Column

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
SPANS = Spans(window=Span(start=NOON, end=NOON + timedelta(days=1)))


def a_baseline(columns: int) -> Baseline:
    rng = np.random.default_rng(0)
    X = pd.DataFrame(rng.normal(size=(10_000, columns)), columns=[f"x{n}" for n in range(columns)])
    named = tuple(Column(name=str(name), kind="numeric") for name in X)
    laid = of_training(X, request=Request(columns=named, spelling=Spelling(), target="y"))
    labels = rng.integers(0, 2, 10_000)
    certainty = rng.uniform(0.5, 1, 10_000)
    answers = Answers(predicted=labels, actual=labels, certainty=certainty)
    held_out = HeldOut(laid)
    held_out.add(X.iloc[:0], answers)
    return held_out.complete()


def lines(count: int, columns: int) -> Iterator[bytes]:
    """Yield requests of one row, of which a thousand differ, each with an id of its own."""
    rng = np.random.default_rng(1)
    bodies = [",".join(map(repr, row)) for row in rng.normal(size=(1_000, columns)).tolist()]
    answer = '{"predictions": [1], "probabilities": [[0.25, 0.75]], "labels": [0, 1]}'
    parts = [
        {
            "endpointInput": {
                "observedContentType": "text/csv",
                "mode": "INPUT",
                "data": body,
                "encoding": "CSV",
            },
            "endpointOutput": {
                "observedContentType": "application/json",
                "mode": "OUTPUT",
                "data": answer,
                "encoding": "JSON",
            },
        }
        for body in bodies
    ]
    texts = [json.dumps(part).encode() for part in parts]
    for number in range(count):
        yield (
            b'{"captureData": %s, "eventMetadata": {"eventId": "e%d", "inferenceId": "id-%d", '
            b'"inferenceTime": "2026-03-01T12:30:00Z"}, "eventVersion": "0"}\n'
        ) % (texts[number % 1_000], number, number)


def counted_lines(count: int, columns: int) -> None:
    started = time.process_time()
    for _ in lines(count, columns):
        pass
    making = time.process_time() - started
    counting = Counting(a_baseline(columns), SPANS, sha256="0")
    started = time.process_time()
    counting.read(lines(count, columns))
    counting.to_json()
    seconds = time.process_time() - started - making
    mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    each = seconds / count * 1e6
    print(f"{count:>10,} lines  {seconds:8.1f} CPU s  {each:6.1f} us a line  peak {mb:.0f} MB")


def counted_rows(rows: int, columns: int) -> None:
    baseline = a_baseline(columns)
    values = np.random.default_rng(2).normal(size=(columns, rows))
    started = time.process_time()
    for each, cells in zip(baseline.inputs, values, strict=True):
        ColumnCounts(bins=each.bins).add_numbers(Numbers(values=cells, missing=0))
    seconds = time.process_time() - started
    print(f"{rows:>10,} x {columns} numbers counted in {seconds:.3f} CPU s")


def main() -> None:
    count, rows, columns = (*map(int, sys.argv[1:]), *(100_000, 100_000, 20)[len(sys.argv) - 1 :])
    counted_rows(rows, columns)
    for part in (count // 4, count // 2, count):
        counted_lines(part, columns)


if __name__ == "__main__":
    main()
