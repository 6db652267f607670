"""What held-out rows cost: seconds and memory by their number, in the job and in the runner.

Usage: python -m benchmarks.held_out_rows [PARTS] [ROWS ...]
PARTS are names with commas between: job (measuring), champion (measuring, and comparing with a live
model), runner (reading, deciding, dividing and checking a source). Rows have 7 numbers and one of
two classes, and are made while they are written. Each measurement is a process of its own; the
seconds are those of the processor, with those of its own processes, and those waited for; memory
is the most that one process had resident.
"""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tests.support.containers import Containers, containers

COLUMNS, TARGET = 7, "kind"
TRAINING_ROWS = 5_000
AT_ONCE = 100_000
SIZES = (1_000_000, 3_000_000, 10_000_000)
READ = """
import sys
from pathlib import Path
from benchmarks.held_out_rows import TARGET
from pipeline.material import checking
from pipeline.material.deciding import decide
from pipeline.material.dividing import split
from pipeline.material.reading import read_table
from pipeline.material.table import Choices
table = read_table(lambda: Path(sys.argv[1]).open("rb"), name="rows.csv")
decided = decide(table, Choices(target=TARGET))
halves = split(decided, test_fraction=0.2, seed=1)
checking.profile_of(decided)
checking.look_at(decided, halves, wanted=tuple(checking.CheckName))
"""


def lines(rows: int, *, seed: int) -> Iterator[str]:
    """Yield a CSV file in stretches of many lines."""
    yield ",".join([*(f"x{n}" for n in range(COLUMNS)), TARGET]) + "\n"
    draw = np.random.default_rng(seed)
    for start in range(0, rows, AT_ONCE):
        count = min(AT_ONCE, rows - start)
        table = draw.normal(size=(count, COLUMNS))
        positive = table[:, 0] + 0.5 * table[:, 1] + draw.normal(size=count) > 0
        cells = zip(table.tolist(), positive.tolist(), strict=True)
        yield "".join(
            ",".join(f"{cell:.4f}" for cell in row) + (",yes\n" if is_it else ",no\n")
            for row, is_it in cells
        )


def write(path: Path, rows: int, *, seed: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8") as file:
        file.writelines(lines(rows, seed=seed))


def trained(folder: Path) -> Containers:
    """Return a world with the artifact of a cheap model, and the code that measures it."""
    world = containers(folder / "world")
    rows = "".join(lines(TRAINING_ROWS, seed=0)).encode()
    world.train(rows, target=TARGET, candidates="logistic_regression")
    for name, content in world.bundle.files.items():
        (world.root / "processing" / name).parent.mkdir(parents=True, exist_ok=True)
        (world.root / "processing" / name).write_bytes(content)
    return world


@dataclass(frozen=True, kw_only=True)
class Cost:
    """Of a program: seconds of the processor, seconds waited for, the most MB resident at once."""

    cpu_s: float
    waited_s: float
    mb: float


def measured(command: list[str]) -> Cost:
    """Run a program; memory is that of the largest one of it and its processes."""
    began = time.perf_counter()
    process = subprocess.Popen([sys.executable, *command], stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    if status:
        message = f"{command[0]} ended with exit code {os.waitstatus_to_exitcode(status)}"
        raise SystemExit(message)
    return Cost(
        cpu_s=used.ru_utime + used.ru_stime,
        waited_s=time.perf_counter() - began,
        mb=used.ru_maxrss / 1024,
    )


def job(world: Containers, source: Path, *, champion: bool) -> Cost:
    places = {
        "--model-dir": world.archive.parent,
        "--test-dir": source.parent,
        "--output-dir": world.root / "out",
        **({"--champion-dir": world.archive.parent} if champion else {}),
    }
    flags = [part for name, place in places.items() for part in (name, str(place))]
    return measured([str(world.root / "processing" / "evaluate.py"), *flags])


def main(parts: str = "job,champion,runner", *sizes: str) -> None:
    with tempfile.TemporaryDirectory(prefix="mlops-benchmark-") as name:
        folder = Path(name)
        world, source = trained(folder), folder / "source" / "rows.csv"
        works: dict[str, Callable[[], Cost]] = {
            "job": lambda: job(world, source, champion=False),
            "champion": lambda: job(world, source, champion=True),
            "runner": lambda: measured(["-c", READ, str(source)]),
        }
        first: dict[str, tuple[Cost, int]] = {}
        for rows in map(int, sizes or SIZES):
            write(source, rows, seed=1)
            for part in parts.split(","):
                cost = works[part]()
                print(line(part, rows, cost, *first.setdefault(part, (cost, rows))), flush=True)


def line(part: str, rows: int, cost: Cost, first: Cost, first_rows: int) -> str:
    """Return a measurement, with its ratios to the first one of its part."""
    each_us, first_us = cost.cpu_s / rows * 1e6, first.cpu_s / first_rows * 1e6
    return (
        f"{part:<9} {rows:>11,} rows  {cost.cpu_s:7.1f} CPU s ({cost.waited_s:.1f} s)  "
        f"{each_us:5.1f} us a row ({each_us / first_us:.2f})  "
        f"peak {cost.mb:.0f} MB ({cost.mb / first.mb:.2f})"
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
