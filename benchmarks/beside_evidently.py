"""What our counting takes, beside Evidently's drift report, on the same 100,000 rows of 20 numbers.

Usage: python -m benchmarks.beside_evidently
Of the rows now, one column is moved by a standard deviation, one by a fiftieth of one, and 18 are
not moved. Evidently's report looks at both tables; we lay a baseline on one when a model is made,
and count the other for each window. Each side is a process of its own that is given both tables as
arrays; seconds are of the processor, memory is the most that the process had resident. Evidently
lies in .venv-evidently, which the first run makes (a minute or two, 1 GB).
"""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np

ROWS, COLUMNS = 100_000, 20
MOVED, HARDLY_MOVED = "x3", "x7"
PLACE = ".venv-evidently"

READ = """
import json, sys, time
began = time.process_time()
def seconds():
    global began
    before, began = began, time.process_time()
    return began - before
import numpy as np
import pandas as pd
def read(path):
    values = np.load(path)
    return pd.DataFrame(values, columns=[f"x{n}" for n in range(values.shape[1])])
"""
OURS = (
    READ
    + """
from model.monitoring.baseline import Request, column_of, of_training
from model.monitoring.columns import ColumnCounts
from pipeline.core.drift import DriftLimits, judge_drift
from pipeline.core.window_counts import Baseline, WindowCounts
from pipeline.tabular.cells import Spelling
from pipeline.tabular.schema import Column
took = {"import": seconds()}
before, now = map(read, sys.argv[1:3])
took["read"] = seconds()
columns = tuple(Column(name=name, kind="numeric") for name in before)
laid = of_training(before, request=Request(columns=columns, spelling=Spelling(), target="y"))
took["baseline"] = seconds()
inputs = {}
for measured, column in zip(laid.inputs, columns):
    counts = ColumnCounts(bins=measured.bins)
    counts.add_numbers(column_of(now, column))
    inputs[column.name] = counts.to_json()
took["window"] = seconds()
known = Baseline.from_json(laid.to_json())
empty = json.loads(known.empty_window("0").to_json())
window = WindowCounts.from_json(json.dumps(empty | {"rows": len(now), "inputs": inputs}))
verdict = judge_drift(known, window, DriftLimits())
took["verdict"] = seconds()
found = {each.name: ["PSI", each.psi, each.drifted] for each in verdict.columns}
print(json.dumps({"took": took, "found": found}))
"""
)
EVIDENTLY = (
    READ
    + """
from evidently import Report
from evidently.presets import DataDriftPreset
took = {"import": seconds()}
before, now = map(read, sys.argv[1:3])
took["read"] = seconds()
metrics = Report([DataDriftPreset()]).run(now, before).dict()["metrics"]
took["report"] = seconds()
found = {}
for each in metrics:
    config = each["config"]
    if "column" in config:
        is_drift = bool(each["value"] >= config["threshold"])
        found[config["column"]] = [config["method"], float(each["value"]), is_drift]
print(json.dumps({"took": took, "found": found}))
"""
)


def write(folder: Path) -> tuple[Path, Path]:
    rng = np.random.default_rng(0)
    before, now = rng.normal(size=(2, ROWS, COLUMNS))
    now[:, int(MOVED[1:])] += 1.0
    now[:, int(HARDLY_MOVED[1:])] += 0.02
    paths = folder / "before.npy", folder / "now.npy"
    for path, table in zip(paths, (before, now), strict=True):
        np.save(path, table)
    return paths


def measured(name: str, python: str, program: str, paths: tuple[Path, Path]) -> Mapping[str, float]:
    """Run one side and print what it took and found; return the seconds of its parts."""
    command = [python, "-W", "ignore", "-c", program, *map(str, paths)]
    # It would report its use over the network
    environment = os.environ | {"DO_NOT_TRACK": "1"}
    process = subprocess.Popen(command, stdout=subprocess.PIPE, env=environment)
    if process.stdout is None:
        raise AssertionError
    said = process.stdout.read()
    _, status, used = os.wait4(process.pid, 0)
    if status:
        message = f"{name} ended with exit code {os.waitstatus_to_exitcode(status)}"
        raise SystemExit(message)
    told = json.loads(said.splitlines()[-1])
    parts = ", ".join(f"{part} {seconds:.2f} s" for part, seconds in told["took"].items())
    whole, peak = used.ru_utime + used.ru_stime, used.ru_maxrss / 1024
    print(f"{name}: {parts}; the process {whole:.2f} s, peak {peak:.0f} MB", flush=True)
    for column in (MOVED, HARDLY_MOVED):
        method, value, is_drift = told["found"][column]
        print(f"  {column}: {method} {value:.4f}, {'drifted' if is_drift else 'quiet'}")
    others = {name: each for name, each in told["found"].items() if name != MOVED}
    print(f"  drifted besides {MOVED}: {sum(each[2] for each in others.values())} of {len(others)}")
    took: Mapping[str, float] = told["took"]
    return took


def main() -> None:
    setup = ["script/bootstrap-tools", "benchmarks/requirements-evidently.txt", PLACE]
    subprocess.run(setup, check=True)
    with tempfile.TemporaryDirectory(prefix="mlops-benchmark-") as name:
        paths = write(Path(name))
        ours = measured("ours", sys.executable, OURS, paths)
        theirs = measured("Evidently", f"{PLACE}/bin/python", EVIDENTLY, paths)
    window = ours["window"] + ours["verdict"]
    print(f"Evidently's report / our window: {theirs['report'] / window:.1f}")
    both = window + ours["baseline"]
    print(f"Evidently's report / our baseline and window: {theirs['report'] / both:.1f}")


if __name__ == "__main__":
    main()
