"""Plans and heads for the guard: complete by default, a test names only what matters to it."""

from dataclasses import replace
from typing import Any

from pipeline.core import ledger, naming
from pipeline.core.head import LedgerHead, MoveKind
from pipeline.core.outcomes import Action, AttributeChange, PlanSummary, ResourceChange
from tests.unit.core_builders import NOON, a_move, a_release, a_shift, an_empty_head, finished

R0, R1, OTHER = (f"r-20260101-00000{n}-aaaaa{n}" for n in range(3))
K0, K1 = f"{R0}-n1", f"{R1}-n1"


def moving_to(release: str, head: LedgerHead | None = None) -> LedgerHead:
    head = head or an_empty_head()
    head = ledger.add_release(head, a_release(release, artifact_sha256=release[-1] * 64))
    key, head = ledger.config_for(head, release, live_count=1, minimum=1, maximum=1)
    shift = a_shift(alarm_names=naming.rollback_alarm_names(head.endpoint, key))
    return ledger.begin(head, a_move(key, origin=head.live, deployment_config=shift))


def live_on(release: str, head: LedgerHead | None = None) -> LedgerHead:
    return finished(ledger.arrive(moving_to(release, head), when=NOON))


FIRST = moving_to(R0)
SECOND = moving_to(R1, live_on(R0))
BACK = ledger.begin(
    live_on(R1, live_on(R0)), a_move(K0, kind=MoveKind.ROLLBACK, origin=K1, bars=True)
)


def a_summary(*changes: ResourceChange) -> PlanSummary:
    return PlanSummary(
        create=0, update=0, delete=0, replace=0, changes=changes, terraform_version="1.11.4"
    )


def a_change(address: str, action: Action, **values: Any) -> ResourceChange:
    """A change, of one attribute that nobody knows unless the test names others."""
    change = ResourceChange(
        address=address,
        resource_type=address.rpartition("].")[2].removeprefix("module.endpoint.").split(".")[0],
        action=action,
        attributes=(an_attribute("something", "y"),),
        reason="",
    )
    return replace(change, **values)


def an_attribute(path: str, after: str, *, forces: bool = False) -> AttributeChange:
    return AttributeChange(path=path, before="x", after=after, forces_replacement=forces)
