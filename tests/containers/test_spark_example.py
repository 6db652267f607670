"""The example for windows that outgrow a machine: Spark counts what one machine counts."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from model.monitoring.baseline import write_baseline
from pipeline.core.window_counts import WindowCounts, merged
from tests.support.project import PROJECT_ROOT
from tests.unit.monitoring_builders import a_label
from tests.unit.test_captured_lines import BASELINE, LATE, LINES

pytestmark = [pytest.mark.soak, pytest.mark.timeout(1_800)]

HOUR = ["2026-03-01T12:00:00+00:00", "2026-03-01T13:00:00+00:00"]
SPANS = [
    *("--start", HOUR[0], "--end", HOUR[1]),
    *("--cohort", "/".join(HOUR)),
]
# Several tasks, also for few rows
SUBMIT = (
    "--master local[2] --conf spark.sql.adaptive.enabled=false "
    "--conf spark.sql.shuffle.partitions=3 pyspark-shell"
)


@pytest.fixture(scope="module")
def libraries(tmp_path_factory: pytest.TempPathFactory) -> Path:
    assert shutil.which("java"), "Spark needs Java 17: install a JRE, and run this again"
    folder = tmp_path_factory.mktemp("spark")
    required = PROJECT_ROOT / "examples" / "requirements-spark.txt"
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--target", str(folder)]
    subprocess.run([*pip, "--requirement", str(required)], check=True, timeout=1_200)
    return folder


@pytest.fixture
def window(tmp_path: Path) -> Path:
    """Three files of requests, with one met twice and one torn; a label that is corrected."""
    hour, later = tmp_path / "capture/2026/03/01/12", tmp_path / "labels/2026/03/01/13"
    for folder in (hour, later, tmp_path / "baseline"):
        folder.mkdir(parents=True)
    more = [[], [], [LINES[1], LINES[4], b'{"torn\n']]
    for number in range(3):
        (hour / f"{number}.jsonl").write_bytes(b"".join([*LINES[number::3], *more[number]]))
    (later / "a.jsonl").write_bytes(b"".join(LATE))
    (later / "b.jsonl").write_bytes(a_label("id-1", 0))
    write_baseline(BASELINE, tmp_path / "baseline")
    return tmp_path


def counted(script: str, window: Path, *arguments: str, libraries: str = "") -> WindowCounts:
    out = window / Path(script).stem
    shared = ["--baseline-dir", str(window / "baseline"), "--output-dir", str(out), *SPANS]
    paths = os.pathsep.join(filter(None, [libraries, str(PROJECT_ROOT)]))
    settings = {
        "PYTHONPATH": paths,
        "PYSPARK_PYTHON": sys.executable,
        "PYSPARK_SUBMIT_ARGS": SUBMIT,
        "SPARK_LOCAL_IP": "127.0.0.1",
    }
    program = [sys.executable, str(PROJECT_ROOT / script)]
    subprocess.run(
        [*program, *arguments, *shared], env=os.environ | settings, check=True, timeout=600
    )
    return merged([WindowCounts.from_json(path.read_bytes()) for path in out.glob("*.json")])


def test_spark_counts_what_one_machine_counts(window: Path, libraries: Path) -> None:
    capture, labels = str(window / "capture"), str(window / "labels")
    on_spark = counted(
        "examples/spark_monitoring.py",
        window,
        *("--capture", capture, "--labels", labels),
        libraries=str(libraries),
    )
    alone = counted("model/monitor.py", window, "--capture-dir", capture, "--labels-dir", labels)
    assert len(list((window / "spark_monitoring").iterdir())) == 3
    assert on_spark.to_json() == alone.to_json()
    assert (alone.not_counted["twice"], alone.not_counted["torn"]) == (2, 1)
