"""Prints how long `run_pipeline.py --help` takes, against a Python that does nothing.

Usage: python -m benchmarks.help_start [STARTS]
The two are started in turn, so that whatever else the machine does meets both alike.
"""

import subprocess
import sys
from pathlib import Path
from statistics import median
from time import perf_counter

PROJECT_ROOT = Path(__file__).resolve().parents[1]
NOTHING = (sys.executable, "-c", "pass")
HELP = (sys.executable, str(PROJECT_ROOT / "run_pipeline.py"), "--help")


def seconds(command: tuple[str, ...]) -> float:
    started = perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return perf_counter() - started


def main(starts: str = "21") -> None:
    nothing_s, help_s = [], []
    for _ in range(int(starts)):
        nothing_s.append(seconds(NOTHING))
        help_s.append(seconds(HELP))
    print(f"python -c pass          median {median(nothing_s):.3f} s  best {min(nothing_s):.3f} s")
    print(f"run_pipeline.py --help  median {median(help_s):.3f} s  best {min(help_s):.3f} s")
    ratio = median(each / bare for each, bare in zip(help_s, nothing_s, strict=True))
    print(f"ratio                   median {ratio:.1f} over {len(help_s)} pairs")


if __name__ == "__main__":
    main(*sys.argv[1:])
