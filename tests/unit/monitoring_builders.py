"""Baselines, captured lines and windows for tests, made by the code of the containers."""

import base64
import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pandas as pd

from model.monitoring import baseline as laid
from model.monitoring.labels import Labels
from model.monitoring.window import Counting, Share, Span, Spans
from pipeline.core.drift import DriftLimits, DriftVerdict, judge_drift
from pipeline.core.window_counts import Baseline, WindowCounts
from pipeline.tabular.cells import Spelling
from pipeline.tabular.schema import Column

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
SPANS = Spans(window=Span(start=NOON, end=NOON + HOUR))
BOTH = Spans(window=SPANS.window, cohorts=(SPANS.window,))


def columns_of(X: pd.DataFrame) -> tuple[Column, ...]:
    return tuple(
        Column(
            name=str(name),
            kind="numeric" if pd.api.types.is_numeric_dtype(X[name]) else "categorical",
        )
        for name in X
    )


def a_baseline(
    X: pd.DataFrame, *, task: laid.Task = "classification", answers: laid.Answers | None = None
) -> laid.Baseline:
    """Lay bins on all rows; answers, if given, are to the last ones of them."""
    request = laid.Request(columns=columns_of(X), spelling=Spelling(), target="y")
    found = laid.of_training(X, request=request, task=task)
    if answers is None:
        return found
    held_out = laid.HeldOut(found)
    held_out.add(X.iloc[:0], answers)
    return held_out.complete()


def known(baseline: laid.Baseline) -> Baseline:
    return Baseline.from_json(baseline.to_json())


def count_frame(baseline: laid.Baseline, X: pd.DataFrame) -> WindowCounts:
    """Count rows without the way through captured lines; a missing cell is null, as in JSON."""
    counting = Counting(baseline, SPANS, sha256="0")
    cells = X.astype(object).mask(X.isna(), None)
    columns = [cells[name].tolist() for name in cells]
    counting.inputs.add(list(zip(*columns, strict=True)))
    return WindowCounts.from_json(counting.to_json())


def judged(
    baseline: laid.Baseline, X: pd.DataFrame, limits: DriftLimits | None = None
) -> DriftVerdict:
    return judge_drift(known(baseline), count_frame(baseline, X), limits or DriftLimits())


def captured(
    body: str,
    answer: str = '{"predictions": [1]}',
    *,
    id: str = "event",
    callers: str | None = None,
    at: datetime = NOON,
    content_type: str = "text/csv",
    answer_type: str = "application/json",
    plain: bool = True,
) -> bytes:
    """Return one line as SageMaker captures it; not `plain`: as BASE64."""
    metadata = {"eventId": id}
    if callers is not None:
        metadata["inferenceId"] = callers
    metadata["inferenceTime"] = at.strftime("%Y-%m-%dT%H:%M:%SZ")
    data = {
        "endpointInput": _part("INPUT", body, content_type, plain=plain),
        "endpointOutput": _part("OUTPUT", answer, answer_type, plain=plain),
    }
    line = {"captureData": data, "eventMetadata": metadata, "eventVersion": "0"}
    return json.dumps(line, separators=(",", ":")).encode() + b"\n"


def _part(mode: str, text: str, content_type: str, *, plain: bool) -> Mapping[str, str]:
    encoding = ("CSV" if content_type.startswith("text/csv") else "JSON") if plain else "BASE64"
    data = text if plain else base64.b64encode(text.encode()).decode()
    named = {"observedContentType": content_type, "mode": mode}
    return named | {"data": data, "encoding": encoding}


def a_label(id: str, *labels: Any) -> bytes:
    data = {"data": "\n".join(map(str, labels)), "encoding": "CSV"}
    line = {"groundTruthData": data, "eventMetadata": {"eventId": id}, "eventVersion": "0"}
    return json.dumps(line).encode() + b"\n"


def count_lines(
    baseline: laid.Baseline,
    lines: Iterable[bytes],
    *,
    labels: Sequence[bytes] | None = None,
    spans: Spans = BOTH,
    share: Share | None = None,
) -> WindowCounts:
    """Count lines as one machine would, or as one of several that are given all of them."""
    read = labels_of(labels)
    counting = Counting(baseline, spans, sha256="0", labels=read, share=share or Share())
    counting.read(lines)
    return WindowCounts.from_json(counting.to_json())


def labels_of(lines: Sequence[bytes] | None) -> Labels | None:
    if lines is None:
        return None
    with TemporaryDirectory() as folder:
        (Path(folder) / "labels.jsonl").write_bytes(b"".join(lines))
        found = Labels()
        found.read(Path(folder))
    return found


def normal(rows: int, columns: int = 1, *, seed: int = 0, mean: float = 0.0) -> pd.DataFrame:
    values = np.random.default_rng(seed).normal(mean, size=(rows, columns))
    return pd.DataFrame(values, columns=[f"x{place}" for place in range(columns)])
