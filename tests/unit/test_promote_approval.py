"""Whose approval counts: the one given here, or one that let pass what this gate says, too."""

import re
from dataclasses import replace

import pytest

from pipeline.core import naming
from pipeline.core.records import Approval, Decision, GateOutcome, Outcome, Verdict
from pipeline.steps.promote import NOT_YET_REGISTERED, Promoted, Source, counting_approval
from tests.support.project import PROJECT_ROOT
from tests.unit.champion_builders import here
from tests.unit.core_builders import NOON, a_release, a_training_run

HELD = Decision(verdict=Verdict.HOLD, reasons=("accuracy 0.93 is below 0.95.",))
STRICTER = Decision(verdict=Verdict.HOLD, reasons=("accuracy 0.93 is below 0.99.",))
PASSES = Decision(verdict=Verdict.DEPLOY, reasons=("accuracy 0.93 reaches 0.9.",))
THERE = Approval(
    training_job="iris-classifier-20260102-120000",
    artifact_sha256="a" * 64,
    who="somebody there",
    when=NOON,
    reason="looked at it",
)
# What other gates say is the same, but what is live here is better, or may be
WORSE_HERE = replace(
    HELD,
    verdict=Verdict.KEEP,
    reasons=(*HELD.reasons, "champion r: is worse."),
    gates=(GateOutcome(name="champion", outcome=Outcome.KEPT, reason="champion r: is worse."),),
)
AS_GOOD_HERE = replace(
    HELD,
    reasons=(*HELD.reasons, "champion r: as good."),
    gates=(GateOutcome(name="champion", outcome=Outcome.PASSED, reason="champion r: as good."),),
)
HERE = replace(THERE, who="somebody here", champion_sha256="a" * 64)
BEFORE = replace(HERE, champion_sha256="d" * 64)  # something else was live here then


def counted(decision: Decision, *, own: Approval | None = None) -> Approval | None:
    workspace, run = here(), a_training_run()
    if own is not None:
        place = naming.approval_object(run.job_name)
        workspace.store.put(place, own.to_json().encode())
    source = Source(environment="dev", endpoint="e", store=None, hosting=None)  # type: ignore[arg-type]
    release = replace(a_release(), decision=HELD, approval=THERE)
    return counting_approval(workspace, Promoted(source=source, release=release, run=run), decision)


@pytest.mark.parametrize(
    ("decision", "own", "counts"),
    [
        (HELD, None, THERE),
        (PASSES, None, THERE),
        (STRICTER, None, None),
        (STRICTER, HERE, HERE),
        (AS_GOOD_HERE, None, THERE),
        (WORSE_HERE, None, None),
        (WORSE_HERE, HERE, HERE),
        (WORSE_HERE, BEFORE, None),
        (HELD, HERE, HERE),
    ],
)
def test_an_approval_from_elsewhere_lets_pass_only_what_the_person_saw(
    decision: Decision, own: Approval | None, counts: Approval | None
) -> None:
    assert counted(decision, own=own) == counts


def test_what_a_dry_run_has_not_registered_has_a_name_that_terraform_takes() -> None:
    variables = (PROJECT_ROOT / "terraform/modules/endpoint/variables.tf").read_text()
    found = re.search(r'regex\("([^"]+)", release\.model_package_arn\)', variables)
    assert found
    assert re.fullmatch(found[1], NOT_YET_REGISTERED.arn)
