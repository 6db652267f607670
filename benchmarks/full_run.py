"""Prints where the seconds of a warm `--mode full` go, from the timings in results.json.

Usage: python -m benchmarks.full_run [RUNS]
Works on an embedded AWS of its own, made for this and stopped afterwards. The first run sets up the
foundation and is shown apart. `deployment` contains `testing`; `elsewhere` is what no phase counts:
the start of Python and the entry into the foundation.
"""

import json
import os
import signal
import sys
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from statistics import median

from benchmarks.commands import emulator, run_pipeline

PHASES = ("training", "evaluation", "registration", "deployment", "testing")


def full_run(folder: Path, environment: Mapping[str, str]) -> dict[str, float]:
    """Run once and return the seconds by phase; the run must succeed."""
    run_pipeline("full", folder, environment)
    document = json.loads((folder / "results.json").read_text(encoding="utf-8"))
    seconds = {phase: float(document["timings"][phase]) for phase in PHASES}
    total_s = float(document["total_duration_seconds"])
    counted_s = sum(seconds[phase] for phase in PHASES if phase != "testing")
    return {**seconds, "elsewhere": total_s - counted_s, "total": total_s}


def table(runs: Iterable[Mapping[str, float]]) -> str:
    """Return the median seconds of each phase, and the median of its share within one run."""
    measured = list(runs)
    lines = ["phase          seconds  share of its run"]
    for phase in measured[0]:
        seconds = median(run[phase] for run in measured)
        share = median(run[phase] / run["total"] for run in measured)
        lines.append(f"{phase:<13} {seconds:8.2f} {share:17.0%}")
    return "\n".join(lines)


def main(runs: str = "5") -> None:
    # So that a benchmark that is stopped also stops its embedded AWS.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    with tempfile.TemporaryDirectory(prefix="mlops-benchmark-") as name:
        folder = Path(name)
        environment = {**os.environ, "EMULATOR_STATE_DIR": str(folder / "emulator")}
        environment.pop("AWS_ENDPOINT_URL", None)
        try:
            cold = full_run(folder, environment)
            print(f"first run, with the foundation: {cold['total']:.2f} s", flush=True)
            warm = [full_run(folder, environment) for _ in range(int(runs))]
            print(f"{table(warm)}\nmedian of {len(warm)} warm runs")
        finally:
            emulator("stop", environment)


if __name__ == "__main__":
    main(*sys.argv[1:])
