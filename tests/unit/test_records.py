"""Records survive S3 unchanged, and nothing half-understood is ever read."""

import json
import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.core.document import Stored
from pipeline.core.errors import CorruptRecord
from pipeline.core.head import HistoryEvent, LedgerHead
from pipeline.core.records import DataCapture, Evaluation, Release, TrainingRun
from pipeline.core.surroundings import Surroundings
from tests.unit.core_builders import (
    NOON,
    a_head_retaining,
    a_move,
    a_release,
    a_training_run,
    an_evaluation,
    an_identity,
    serving_settings,
    some_limits,
)

AN_EVENT = HistoryEvent(
    number=1, what="deployed", who="me", when=NOON, details={"a": "b"}, previous_sha256=""
)

SCALED = replace(
    a_head_retaining("r1"),
    wanted=Surroundings(
        alarms={"thresholds": {"cpu_percent": None, "latency_p95_ms": 500.0}},
        autoscaling={"cpu": {"steps": [{"add": 1, "from_percent": 0}]}},
        topic_arns={"info": "arn"},
    ),
)


@pytest.mark.parametrize(
    "record",
    [
        a_training_run(),
        an_evaluation(),
        a_release(),
        a_head_retaining("r1", "r2"),
        AN_EVENT,
        SCALED,
    ],
    ids=lambda record: type(record).__name__,
)
def test_a_record_survives_the_round_trip(record: Stored) -> None:
    assert type(record).from_json(record.to_json()) == record


@given(st.floats())
def test_any_metric_survives_as_standard_json(value: float) -> None:
    text = an_evaluation(metrics={"accuracy": value}).to_json()
    json.loads(text, parse_constant=pytest.fail)
    read = Evaluation.from_json(text).metrics["accuracy"]
    assert read == value or (math.isnan(read) and math.isnan(value))


def test_a_number_missing_from_a_report_is_null() -> None:
    text = an_evaluation(classification_report={"a": {"f1": math.nan}}).to_json()
    assert json.loads(text)["classification_report"] == {"a": {"f1": None}}


def test_a_head_of_before_surroundings_has_none() -> None:
    document = json.loads(a_head_retaining("r1").to_json())
    older = {key: document[key] for key in document.keys() - {"surroundings", "wanted"}}
    assert LedgerHead.from_json(json.dumps(older)) == a_head_retaining("r1")


def test_equal_records_are_equal_bytes() -> None:
    one = a_training_run(hyperparameters={"a": "1", "b": "2"})
    other = a_training_run(hyperparameters={"b": "2", "a": "1"})
    assert one.to_json() == other.to_json()
    assert one.sha256 == other.sha256


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"job_name": 7}, "job_name"),
        ({"surprise": 1}, "surprise"),
        ({"metrics": {"cv_mean_accuracy": "0.9"}}, "metrics.cv_mean_accuracy"),
        ({"started_at": "2026-01-02T12:00:00"}, "started_at"),
        ({"identity": {"name": "iris"}}, "identity.target"),
    ],
)
def test_a_document_of_another_shape_is_corrupt(change: dict[str, object], place: str) -> None:
    document = json.loads(a_training_run().to_json()) | change
    with pytest.raises(CorruptRecord, match=place) as refused:
        TrainingRun.from_json(json.dumps(document))
    assert refused.value.exit_code == 11


@pytest.mark.parametrize("text", ["", "{", "[]", "null", b"\xff"])
def test_text_that_is_no_record_is_corrupt(text: str | bytes) -> None:
    with pytest.raises(CorruptRecord):
        LedgerHead.from_json(text)


def test_same_artifact_and_settings_are_the_same_content_under_another_name() -> None:
    renamed = a_release("r-2", model_package_arn="other", created_by="other")
    assert a_release("r-1").content_digest == renamed.content_digest


@pytest.mark.parametrize(
    "changed",
    [
        a_release(artifact_sha256="b" * 64),
        a_release(serving=serving_settings(image_uri="image:2")),
        a_release(
            serving=serving_settings(data_capture=DataCapture(percentage=1, destination_uri="s"))
        ),
    ],
)
def test_another_artifact_image_or_setting_is_other_content(changed: Release) -> None:
    assert changed.content_digest != a_release().content_digest


def test_an_identity_in_another_order_is_read_as_the_same() -> None:
    written = a_training_run().to_json()
    columns = '["petal_length","sepal_length"]'
    assert columns in written
    other = written.replace(columns, '["sepal_length","petal_length"]')
    assert TrainingRun.from_json(other) == a_training_run()


def test_identity_and_test_limits_are_no_part_of_what_is_served() -> None:
    other = a_release(
        identity=an_identity(name="other"), test_limits=some_limits(minimum_success_rate=0.5)
    )
    assert other.content_digest == a_release().content_digest


def test_a_move_is_stored_with_the_head() -> None:
    head = a_head_retaining("r1")
    moving = LedgerHead.from_json(
        head.to_json().replace('"last_move":null', f'"last_move":{_move()}')
    )
    assert moving.last_move == a_move()


def _move() -> str:
    return json.dumps(
        {
            "strategy": "all_at_once",
            "step_percentage": None,
            "wait_interval_s": 0,
            "termination_wait_s": 0,
            "maximum_execution_timeout_s": 1800,
            "alarm_names": [],
        }
    )
