"""Records survive S3 unchanged, and nothing half-understood is ever read."""

import json
import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.core.document import Stored, canonical_json, sha256_of
from pipeline.core.errors import CorruptRecord
from pipeline.core.head import HistoryEvent, LedgerHead, Lived, MoveKind
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
    surroundings=Surroundings(
        alarms={"thresholds": {"cpu_percent": None, "latency_p95_ms": 500.0}},
        autoscaling={"cpu": {"steps": [{"add": 1, "from_percent": 0}]}},
        topic_arns={"info": "arn"},
    ),
    surroundings_due=True,
)
MOVING = replace(
    a_head_retaining("r1", "r2"),
    live="r2-n1",
    move=a_move("r1-n1", kind=MoveKind.ROLLBACK, origin="r2-n1", bars=True, request_id="one"),
    lived=(Lived(release_id="r2", healthy=True, since=NOON, by=MoveKind.DEPLOYMENT),),
    last_event=AN_EVENT,
)


@pytest.mark.parametrize(
    "record",
    [
        a_training_run(),
        an_evaluation(),
        a_release(),
        a_head_retaining("r1", "r2"),
        AN_EVENT,
        MOVING,
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


def capturing(place: str, *content_types: str) -> Release:
    capture = DataCapture(percentage=1, destination_uri=place, csv_content_types=content_types)
    return a_release(serving=serving_settings(data_capture=capture))


def test_where_and_how_traffic_is_captured_is_no_content() -> None:
    before = capturing("s3://b/capture/iris/")
    named = capturing("s3://b/capture/iris/r-20260101-120000-aaaaaa/", "text/csv")
    assert before.content_digest == named.content_digest
    assert before.content_digest != capturing("s3://b/other/").content_digest


def test_what_was_barred_before_captures_were_apart_stays_barred() -> None:
    release = capturing("s3://b/capture/iris/r-20260101-120000-aaaaaa/", "text/csv")
    then = json.loads(release.serving.to_json()) | {
        "data_capture": {"destination_uri": "s3://b/capture/iris/", "percentage": 1}
    }
    text = canonical_json([release.artifact_sha256, canonical_json(then)])
    assert release.content_digest == sha256_of(text)


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


@pytest.mark.parametrize("name", ["kind", "origin", "target", "deployment_config", "run_id"])
def test_a_move_without_one_of_its_parts_is_corrupt(name: str) -> None:
    document = json.loads(MOVING.to_json())
    del document["move"][name]
    with pytest.raises(CorruptRecord, match=name):
        LedgerHead.from_json(json.dumps(document))


@pytest.mark.parametrize("name", ["healthy", "since", "by"])
def test_a_stretch_of_serving_without_one_of_its_parts_is_corrupt(name: str) -> None:
    document = json.loads(MOVING.to_json())
    del document["lived"][0][name]
    with pytest.raises(CorruptRecord, match=name):
        LedgerHead.from_json(json.dumps(document))
