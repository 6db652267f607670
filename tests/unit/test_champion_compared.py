"""With what a candidate is compared: what is live, and which training rows both have seen."""

from dataclasses import replace
from typing import Any

import pytest

from pipeline.core import jobs, naming
from pipeline.core.champion import Rule
from pipeline.core.errors import GateNotPassed
from pipeline.core.records import (
    Approval,
    Comparison,
    Decision,
    GateOutcome,
    Outcome,
    Verdict,
)
from pipeline.steps.candidacy import counting_approval
from pipeline.steps.champion import champion, require_compared, to_compare
from tests.unit.champion_builders import OF_CHAMPION, RELEASE, here
from tests.unit.core_builders import NOON, a_training_run, an_evaluation

CANDIDATE = a_training_run(artifact_sha256="b" * 64, train_uri="s3://here/data/1/train/")


def test_the_champion_is_what_is_live_and_not_quarantined() -> None:
    found = champion(here())
    assert found is not None
    assert (found.release_id, found.artifact_sha256) == (RELEASE.release_id, "a" * 64)
    assert champion(here(live=False)) is None
    assert champion(here(barred=True)) is None


def test_with_the_same_training_rows_only_the_artifact_is_needed() -> None:
    found = to_compare(here(), CANDIDATE)
    assert isinstance(found, jobs.ComparedWith)
    key = naming.artifact_object("a" * 64)
    assert found.inputs == {"champion": f"s3://here/{key}"}


def test_with_other_training_rows_those_of_both_are_needed() -> None:
    other = replace(CANDIDATE, train_uri="s3://here/data/2/train/")
    found = to_compare(here(), other)
    assert isinstance(found, jobs.ComparedWith)
    assert found.inputs["champion-train"] == "s3://here/data/1/train/"
    assert found.inputs["train"] == "s3://here/data/2/train/"


@pytest.mark.parametrize(
    ("run", "train_uri"),
    [
        (None, "s3://here/data/1/train/"),
        (replace(OF_CHAMPION, train_uri="s3://elsewhere/data/1/train/"), "s3://here/data/2/train/"),
        (OF_CHAMPION, "s3://elsewhere/data/2/train/"),
    ],
)
def test_rows_that_nobody_can_look_up_leave_nothing_to_compare(run: Any, train_uri: str) -> None:
    found = to_compare(here(run=run), replace(CANDIDATE, train_uri=train_uri))
    assert isinstance(found, Comparison)
    assert found.failure == "nobody knows any more on which rows it was trained"
    assert found.artifact_sha256 == "a" * 64


def test_nothing_is_compared_without_the_rule_or_with_itself() -> None:
    assert to_compare(here(rule=Rule.OFF), CANDIDATE) is None
    assert to_compare(here(live=False), CANDIDATE) is None
    assert to_compare(here(), replace(CANDIDATE, artifact_sha256="a" * 64)) is None


GIVEN = Approval(
    training_job=CANDIDATE.job_name,
    artifact_sha256="b" * 64,
    who="ann",
    when=NOON,
    reason="looked at it",
)
KNEW = replace(GIVEN, champion_sha256="a" * 64)
KNEW_ANOTHER = replace(GIVEN, champion_sha256="d" * 64)
WORSE = Decision(
    verdict=Verdict.KEEP,
    reasons=("champion r: is worse.",),
    gates=(GateOutcome(name="champion", outcome=Outcome.KEPT, reason="champion r: is worse."),),
)
BELOW = Decision(verdict=Verdict.HOLD, reasons=("accuracy 0.93 is below 0.95.",))


@pytest.mark.parametrize(
    ("decision", "given", "counts"),
    [
        (WORSE, GIVEN, False),
        (WORSE, KNEW, True),
        (WORSE, KNEW_ANOTHER, False),
        (BELOW, GIVEN, True),
        (BELOW, KNEW_ANOTHER, True),
    ],
)
def test_an_approval_overrules_only_the_champion_that_its_person_knew(
    decision: Decision, given: Approval, counts: bool
) -> None:
    workspace = here()
    place = naming.approval_object(CANDIDATE.job_name)
    workspace.store.put(place, given.to_json().encode())
    assert counting_approval(workspace, CANDIDATE, decision) == (given if counts else None)


def of_comparison(artifact_sha256: str | None) -> Any:
    found = Comparison(release_id="r", artifact_sha256=artifact_sha256 or "", rows=67)
    return an_evaluation(
        artifact_sha256="b" * 64, comparison=found if artifact_sha256 is not None else None
    )


@pytest.mark.parametrize(
    ("compared_with", "approval", "fits"),
    [
        ("a" * 64, None, True),
        ("d" * 64, None, False),
        (None, None, False),
        (None, GIVEN, False),
        (None, KNEW_ANOTHER, False),
        (None, KNEW, True),
    ],
)
def test_what_went_live_since_the_gate_judged_stops_a_deployment(
    compared_with: str | None, approval: Approval | None, fits: bool
) -> None:
    evaluation = of_comparison(compared_with)
    if fits:
        require_compared(here(), CANDIDATE, evaluation, approval)
        return
    with pytest.raises(GateNotPassed) as refused:
        require_compared(here(), CANDIDATE, evaluation, approval)
    assert RELEASE.release_id in refused.value.message
    assert f"--mode deployment --training-job {CANDIDATE.job_name}" in str(refused.value.remedy)


@pytest.mark.parametrize("workspace", [here(live=False), here(barred=True), here(rule=Rule.OFF)])
def test_where_nothing_is_to_be_compared_with_a_deployment_goes_on(workspace: Any) -> None:
    require_compared(workspace, CANDIDATE, of_comparison(None), None)
