"""What counting captured traffic costs: of the counting alone, by machines and by lines.

Usage: python -m benchmarks.monitoring [PARTS] [LINES ...]
PARTS are names with commas between: rows (100,000 x 20 numbers that are read already), machines
(what one of 1, 2, 3 and 7 spends on all lines), lines (seconds and memory when so many are read).
A line is a request of 20 numbers as SageMaker writes it, with an id of its own. They lie in a
temporary folder, 0.8 GB a million. Seconds are of the processor where nothing else is said.
"""

import json
import resource
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path

import numpy as np
import pandas as pd

from model.monitoring.baseline import Answers, Baseline, HeldOut, Request, of_training
from model.monitoring.capture import lines_of
from model.monitoring.cells import Numbers
from model.monitoring.columns import ColumnCounts
from model.monitoring.window import Counting, Share, Span, Spans
from pipeline.tabular.cells import Spelling
from pipeline.tabular.schema import Column

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
DAY = Span(start=NOON, end=NOON + timedelta(days=1))
COLUMNS = 20
ROWS = 100_000
MACHINES = (1, 2, 3, 7)
SHARED_LINES = 200_000
SIZES = (1_000_000, 3_000_000, 10_000_000)
# No id falls to a place that is none
NOBODY = Share(place=7, machines=7)


def a_baseline() -> Baseline:
    rng = np.random.default_rng(0)
    X = pd.DataFrame(rng.normal(size=(10_000, COLUMNS)), columns=[f"x{n}" for n in range(COLUMNS)])
    named = tuple(Column(name=str(name), kind="numeric") for name in X)
    laid = of_training(X, request=Request(columns=named, spelling=Spelling(), target="y"))
    labels = rng.integers(0, 2, 10_000)
    certainty = rng.uniform(0.5, 1, 10_000)
    answers = Answers(predicted=labels, actual=labels, certainty=certainty)
    held_out = HeldOut(laid)
    held_out.add(X.iloc[:0], answers)
    return held_out.complete()


def lines(count: int) -> Iterator[bytes]:
    """Yield requests of one row, of which a thousand differ, each with an id of its own."""
    rng = np.random.default_rng(1)
    bodies = [",".join(map(repr, row)) for row in rng.normal(size=(1_000, COLUMNS)).tolist()]
    answer = '{"predictions": [1], "probabilities": [[0.25, 0.75]], "labels": [0, 1]}'
    texts = [
        _compact(
            {
                "endpointInput": _part("INPUT", "text/csv", body, "CSV"),
                "endpointOutput": _part("OUTPUT", "application/json", answer, "JSON"),
            }
        )
        for body in bodies
    ]
    for number in range(count):
        yield (
            b'{"captureData":%b,"eventMetadata":{"eventId":"e%d","inferenceId":"id-%d",'
            b'"inferenceTime":"2026-03-01T12:30:00Z"},"eventVersion":"0"}\n'
        ) % (texts[number % 1_000], number, number)


def _part(mode: str, content_type: str, data: str, encoding: str) -> dict[str, str]:
    named = {"observedContentType": content_type, "mode": mode}
    return named | {"data": data, "encoding": encoding}


def _compact(document: object) -> bytes:
    return json.dumps(document, separators=(",", ":")).encode()


def counted_rows() -> None:
    baseline = a_baseline()
    values = np.random.default_rng(2).normal(size=(COLUMNS, ROWS))
    began = time.process_time()
    for each, cells in zip(baseline.inputs, values, strict=True):
        ColumnCounts(bins=each.bins).add_numbers(Numbers(values=cells, missing=0))
    seconds = time.process_time() - began
    print(f"{ROWS:,} x {COLUMNS} numbers counted in {seconds:.3f} s", flush=True)


def on_machines(folder: Path) -> None:
    """Print what the first of so many machines spends on all lines, and what on another's line."""
    written(folder, SHARED_LINES)
    alone = reading(folder, Share())
    for machines in MACHINES:
        each = reading(folder, Share(place=0, machines=machines))
        print(f"{machines} machines  {each:5.1f} us a line  {each / alone:4.0%} of one", flush=True)
    print(f"of another machine  {reading(folder, NOBODY):5.1f} us a line", flush=True)


def reading(folder: Path, share: Share) -> float:
    """Return us a line, of all lines."""
    counting = Counting(a_baseline(), Spans(window=DAY), sha256="0", share=share)
    began = time.process_time()
    counting.read(lines_of(folder))
    counting.to_json()
    return (time.process_time() - began) / SHARED_LINES * 1e6


def written(folder: Path, count: int) -> None:
    folder.mkdir()
    with (folder / "captured.jsonl").open("wb") as file:
        file.writelines(lines(count))
        print(f"{count:,} lines of {file.tell() // count} bytes", flush=True)


def many_lines(folder: Path, sizes: Sequence[int]) -> None:
    """Count the lines of one window; print what they took whenever so many are read."""
    written(folder, max(sizes))
    counting = Counting(a_baseline(), Spans(window=DAY), sha256="0")
    rest = lines_of(folder)
    began, waited = time.process_time(), time.perf_counter()
    for size in sorted(sizes):
        counting.read(islice(rest, size - counting.lines))
        counting.to_json()
        seconds = time.process_time() - began
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(
            f"{counting.lines:>10,} lines  {seconds:6.1f} s  {seconds / size * 1e6:5.1f} us a line"
            f"  {time.perf_counter() - waited:6.1f} s waited for  peak {peak:.0f} MB",
            flush=True,
        )


def main(parts: str = "rows,machines,lines", *sizes: str) -> None:
    with tempfile.TemporaryDirectory(prefix="mlops-benchmark-") as name:
        folder = Path(name)
        for part in parts.split(","):
            match part:
                case "rows":
                    counted_rows()
                case "machines":
                    on_machines(folder / "shared")
                case _:
                    many_lines(folder / "many", [*map(int, sizes)] or SIZES)


if __name__ == "__main__":
    main(*sys.argv[1:])
