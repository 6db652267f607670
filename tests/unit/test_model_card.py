"""The model card of a package: SageMaker takes it whatever the model is and is called."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]

from pipeline.core.model_card import LONGEST, card_status, model_card
from pipeline.core.plots import Curve, Plots
from pipeline.core.records import Decision, Slice, Verdict
from tests.support import judged
from tests.unit.core_builders import a_training_run, an_evaluation

SCHEMA = json.loads((Path(__file__).parents[1] / "support" / "model_card.schema.json").read_text())
VALIDATOR = Draft202012Validator(SCHEMA)
HELD = Decision(verdict=Verdict.HOLD, reasons=("accuracy is between the limits.",))


def checked(text: str) -> Any:
    """Return the card's content, as SageMaker would take it."""
    assert len(text) <= LONGEST
    assert "\n" not in text
    card = json.loads(text)
    VALIDATOR.validate(card)
    return card


def groups_of(card: Any) -> dict[str, Any]:
    (details,) = card["evaluation_details"]
    return {group["name"]: group["metric_data"] for group in details["metric_groups"]}


@pytest.mark.parametrize("name", ["iris", "breast_cancer", "digits", "hostile"])
def test_a_card_has_metrics_matrix_and_curves(name: str) -> None:
    evaluation, plots = getattr(judged, name)()
    groups = groups_of(checked(model_card(a_training_run(), evaluation, HELD, plots)))
    assert list(groups)[:2] == ["Metrics", "Confusion matrix"]
    assert {"Importance", "ROC", "Precision and recall"} <= groups.keys()
    assert groups["Confusion matrix"][0]["value"] == [list(r) for r in evaluation.confusion_matrix]
    accuracy = next(each for each in groups["Metrics"] if each["name"] == "accuracy")
    assert accuracy["value"] == evaluation.metrics["accuracy"]
    assert accuracy["notes"].startswith("95 % interval")


def test_a_matrix_of_more_than_20_classes_is_left_out_and_the_card_says_so() -> None:
    labels = tuple(map(str, range(21)))
    square = tuple(tuple(int(row == column) for column in range(21)) for row in range(21))
    evaluation = an_evaluation(labels=labels, confusion_matrix=square)
    card = checked(model_card(a_training_run(), evaluation, HELD, None))
    assert "Confusion matrix" not in groups_of(card)
    said = card["additional_information"]["caveats_and_recommendations"]
    assert said == "The confusion matrix is left out: a card has room for 20 classes, not for 21."


def test_what_makes_a_card_too_long_is_left_out_and_named() -> None:
    points = tuple((x / 3000, 0.123456) for x in range(3000))
    curves = (Curve(label="a", rows=5, area=0.5, points=points),)
    plots = Plots(
        schema_version=1, artifact_sha256="a" * 64, rows=5, roc=curves, precision_recall=curves
    )
    card = checked(model_card(a_training_run(), an_evaluation(), HELD, plots))
    assert "ROC" in groups_of(card)
    said = card["additional_information"]["caveats_and_recommendations"]
    assert said == "Precision and recall is left out: the card would be too long."


@settings(max_examples=60, deadline=None)
@given(name=st.text(min_size=1, max_size=3000), value=st.floats(), words=st.text(max_size=5000))
def test_whatever_things_are_called_the_card_is_valid(name: str, value: float, words: str) -> None:
    evaluation = an_evaluation(
        labels=(name, "b"),
        metrics={"accuracy": 0.5, name: value},
        baseline={name: value},
        slices=(Slice(column=name, value=words, rows=1, metrics={"accuracy": value}),),
    )
    run = a_training_run(hyperparameters={name: words}, metrics={name: value}, train_uri=words)
    decision = Decision(verdict=Verdict.REJECT, reasons=(words,) * 3)
    checked(model_card(run, evaluation, decision, None))


@pytest.mark.parametrize(
    ("verdict", "is_approved", "status"),
    [
        (Verdict.DEPLOY, False, "Approved"),
        (Verdict.HOLD, False, "PendingReview"),
        (Verdict.HOLD, True, "Approved"),
        (Verdict.KEEP, False, "PendingReview"),
        (Verdict.KEEP, True, "Approved"),
        (Verdict.REJECT, False, "Draft"),
    ],
)
def test_the_status_follows_the_gate_or_a_person(
    verdict: Verdict, is_approved: bool, status: str
) -> None:
    decision = Decision(verdict=verdict, reasons=())
    assert card_status(decision, is_approved=is_approved) == status


@pytest.mark.parametrize("verdict", list(Verdict))
def test_each_verdict_has_a_status(verdict: Verdict) -> None:
    assert card_status(Decision(verdict=verdict, reasons=()), is_approved=False)
