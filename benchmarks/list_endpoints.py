"""Prints how long `--mode list` takes for many endpoints whose ledgers have a long past.

Usage: python -m benchmarks.list_endpoints [ENDPOINTS] [RELEASES] [ROUNDS]
Works on an embedded AWS of its own. None of the endpoints has a worker (their artifact is missing,
so each is Failed): what is asked of AWS is the same.
"""

import os
import sys
import tempfile
from pathlib import Path
from statistics import median
from time import perf_counter

from benchmarks.commands import run_pipeline
from emulator.tests.support.embedded import Embedded
from emulator.tests.support.embedded_aws import embedded_aws
from tests.support.many_endpoints import a_project

PROJECT = "mlops"


def main(endpoints: str = "200", releases: str = "50", rounds: str = "5") -> None:
    names = [f"model-{number:03d}-staging" for number in range(int(endpoints))]
    with (
        tempfile.TemporaryDirectory(prefix="mlops-benchmark-") as folder,
        embedded_aws(Path(folder) / "emulator", EMULATOR_TIME_SCALE="30") as url,
    ):
        a_project(Embedded(url=url), PROJECT, names, releases=int(releases))
        environment = {**os.environ, "AWS_ENDPOINT_URL": url}
        seconds = []
        for _ in range(int(rounds)):
            started = perf_counter()
            run_pipeline("list", Path(folder) / "out", environment)
            seconds.append(perf_counter() - started)
    shown = ", ".join(f"{each:.2f}" for each in seconds)
    print(f"{endpoints} endpoints of {releases} releases: median {median(seconds):.2f} s ({shown})")


if __name__ == "__main__":
    main(*sys.argv[1:])
