"""The whole way of a baseline, in processes of their own: trained, evaluated, then counted by."""

from pathlib import Path

import pytest

from pipeline.core.drift import DriftLimits, DriftVerdict, Finding, judge_drift
from pipeline.core.quality import QualityLimits, QualityVerdict, judge_quality
from pipeline.core.window_counts import Baseline, WindowCounts
from tests.support.containers import Containers, containers, run
from tests.support.project import PROJECT_ROOT
from tests.unit.monitoring_builders import a_label, captured

HOUR = ("2026-03-01T12:00:00+00:00", "2026-03-01T13:00:00+00:00")
SPANS = ("--start", HOUR[0], "--end", HOUR[1], "--cohort", "/".join(HOUR))


def halves(file: str) -> tuple[bytes, bytes]:
    header, *rows = (PROJECT_ROOT / "data" / file).read_text().splitlines()
    train, test = ("\n".join([header, *rows[start::2]]).encode() + b"\n" for start in (0, 1))
    return train, test


def judged(
    made: Containers, lines: list[bytes], labels: list[bytes]
) -> tuple[DriftVerdict, QualityVerdict]:
    """Count the lines as a job would, and judge them as the runner does."""
    for name, content in (("capture", lines), ("labels", labels)):
        (made.root / name).mkdir(exist_ok=True)
        (made.root / name / "1.jsonl").write_bytes(b"".join(content))
    places = {
        "--capture-dir": made.root / "capture",
        "--labels-dir": made.root / "labels",
        "--baseline-dir": made.root,
        "--output-dir": made.root / "partials",
    }
    flags = [part for name, place in places.items() for part in (name, str(place))]
    script = made.root / "processing" / "code" / "monitor.py"
    run([str(script), *flags, *SPANS], environment={})
    (partial,) = (made.root / "partials").glob("partial-*.json")
    window = WindowCounts.from_json(partial.read_bytes())
    baseline = Baseline.from_json((made.root / "baseline.json").read_bytes())
    drift = judge_drift(baseline, window, DriftLimits(minimum_row_count=50))
    return drift, judge_quality(baseline, window, window.quality[0], QualityLimits(), is_final=True)


@pytest.mark.parametrize(
    ("file", "target"), [("iris.csv", "species"), ("diabetes.csv", "progression")]
)
def test_held_out_rows_as_traffic_are_neither_drift_nor_worse(
    tmp_path: Path, file: str, target: str
) -> None:
    train, test = halves(file)
    made = containers(tmp_path)
    made.train(train, target=target)
    made.evaluate(test)
    header, *rows = test.decode().splitlines()
    assert header.endswith(target)
    asked = "\n".join(row.rpartition(",")[0] for row in rows)
    ((answer, answer_type),) = made.invoke((asked, "text/csv", "application/json"))
    true = [row.rpartition(",")[2] for row in rows]
    line = captured(asked, answer, answer_type=answer_type, callers="all", plain=False)
    drift, quality = judged(made, [line], [a_label("all", *true)])
    assert drift.finding is Finding.OK
    said = {"predicted_label"} if target == "species" else {"predicted_value"}
    said |= {"top_probability"} if "probabilities" in answer else set()
    assert {column.name for column in drift.columns if column.is_answer} == said
    assert quality.labelled == drift.rows == len(rows)
    assert not quality.degraded
    assert quality.figures.model_quality == pytest.approx(quality.baseline_quality)
