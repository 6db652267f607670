"""Whom the gate lets through: what it passed, and what it held and a person approved."""

import pytest

from pipeline.core.errors import GateNotPassed
from pipeline.core.records import Approval, Decision, Verdict
from pipeline.steps.deploy import require_passed
from tests.unit.core_builders import NOON, a_training_run

APPROVAL = Approval(
    training_job="iris-classifier-20260102-120000",
    artifact_sha256="a" * 64,
    who="ann",
    when=NOON,
    reason="looked at it",
)


def asked(verdict: Verdict, approval: Approval | None) -> None:
    require_passed(a_training_run(), Decision(verdict=verdict, reasons=("so.",)), approval)


@pytest.mark.parametrize(
    ("verdict", "approval"),
    [(Verdict.DEPLOY, None), (Verdict.DEPLOY, APPROVAL), (Verdict.HOLD, APPROVAL)],
)
def test_what_passed_and_what_was_approved_may_be_deployed(
    verdict: Verdict, approval: Approval | None
) -> None:
    asked(verdict, approval)


@pytest.mark.parametrize(
    ("verdict", "approval"),
    [(Verdict.HOLD, None), (Verdict.REJECT, None), (Verdict.REJECT, APPROVAL)],
)
def test_what_is_held_waits_for_a_person_and_what_is_rejected_for_nobody(
    verdict: Verdict, approval: Approval | None
) -> None:
    with pytest.raises(GateNotPassed, match=f"The gate says {verdict.value}"):
        asked(verdict, approval)
