"""Whose approval counts: the one given here, or one that let pass what this gate says, too."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, cast

import pytest

from pipeline.core.records import Approval, Decision, GateOutcome, Outcome, Verdict
from pipeline.steps.promote import Promoted, Source, counting_approval
from tests.fakes.boundary import NoFaults
from tests.fakes.store import Bucket, FakeStore
from tests.unit.core_builders import NOON, a_release, a_training_run

if TYPE_CHECKING:
    from pipeline.context import Workspace

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
HERE = replace(THERE, who="somebody here")


@dataclass(frozen=True)
class _Here:
    """As much of a workspace as is asked."""

    store: FakeStore


def counted(decision: Decision, *, own: Approval | None = None) -> Approval | None:
    store = FakeStore(Bucket(name="here"), NoFaults())
    run = a_training_run()
    if own is not None:
        store.put(f"jobs/{run.job_name}/approval.json", own.to_json().encode())
    source = Source(environment="dev", endpoint="e", store=store, hosting=cast("object", None))  # type: ignore[arg-type]
    release = replace(a_release(), decision=HELD, approval=THERE)
    found = Promoted(source=source, release=release, run=run)
    return counting_approval(cast("Workspace", _Here(store)), found, decision)


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
        (HELD, HERE, HERE),
    ],
)
def test_an_approval_from_elsewhere_lets_pass_only_what_the_person_saw(
    decision: Decision, own: Approval | None, counts: Approval | None
) -> None:
    assert counted(decision, own=own) == counts
