"""Rules of the state machine, each broken in turn: a simulation that does not notice is blind."""

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import replace
from datetime import datetime
from types import ModuleType
from typing import Any

from pipeline.context import Workspace
from pipeline.core import (
    failures,
    faults,
    intents,
    lease,
    ledger,
    naming,
    plan_review,
    reconcile,
)
from pipeline.core.head import DeploymentConfig, LedgerHead, Move
from pipeline.core.intents import IntentKind
from pipeline.core.ledger import Pruned
from pipeline.core.outcomes import EndpointObservation, ProbeCase, ProbeReport
from pipeline.core.reconcile import Finding
from pipeline.gateways.leases import Holding
from pipeline.gateways.ledger import HeadVersion, LeasedLedger, Ledger
from pipeline.gateways.runtime import Answer
from pipeline.steps import (
    deploy,
    go_back,
    leased,
    move,
    planning,
    probe,
    prove,
    prune,
    unfinished,
)
from pipeline.steps.move import Arrived, PlannedMove
from tests.simulation.starts import stories
from tests.simulation.swapped import swapped


@contextmanager
def everywhere(own: Callable[..., Any], other: Callable[..., Any]) -> Iterator[None]:
    """Put `other` where any module of the software knows the function by a name of its own."""
    modules = [each for name, each in list(sys.modules.items()) if name.startswith("pipeline.")]
    with ExitStack() as stack:
        for module in modules:
            for name in _names_of(module, own):
                stack.enter_context(swapped(module, name, other))
        yield


def _names_of(module: ModuleType, own: object) -> Sequence[str]:
    return [name for name, value in vars(module).items() if value is own]


def _passes(workspace: Workspace, *_: object) -> ProbeReport:
    case = ProbeCase(name="health", passed=True, detail="", duration_s=0.0)
    return ProbeReport(endpoint_name=workspace.context.endpoint, cases=(case,))


def _nothing_left_barred(head: LedgerHead, begun: Move, *, when: datetime) -> LedgerHead:
    del begun, when
    return head


def _unconditional(self: Ledger, read: HeadVersion, head: LedgerHead) -> HeadVersion:
    del read
    key = naming.ledger_object(self.endpoint)
    self._store.put(key, head.to_json().encode())
    return HeadVersion(head=head, etag="unknown")


def _by_exit_code(workspace: Workspace, book: LeasedLedger, planned: PlannedMove) -> object:
    """Believe Terraform."""
    applied = move.apply(workspace, book, planned.saved)
    seen = leased.settled_endpoint(workspace)
    if applied.exit_code:
        return move._stayed(workspace, applied, seen, planned)
    book.write(ledger.arrive(book.head, when=workspace.context.now()))
    return Arrived(plan=planned.saved.summary, is_whole=True)


def _unfenced(head: LedgerHead, number: int) -> LedgerHead:
    return replace(head, fencing=number)


def _as_the_ledger_says(
    head: LedgerHead, seen: EndpointObservation, *, when: datetime, run_id: str
) -> Finding:
    del seen, when, run_id
    return Finding(head=head)


def _loud_shift(endpoint: str) -> DeploymentConfig:
    """Watch a way back by the alarms of where it goes."""
    b = stories()["rollback"].start().head().lived[1].release_id
    names = naming.rollback_alarm_names(endpoint, naming.config_key(b, 1))
    return replace(_QUIET_SHIFT(endpoint), alarm_names=names)


_QUIET_SHIFT = reconcile.quiet_shift


def _forget_first(
    workspace: Workspace,
    book: LeasedLedger,
    pruned: Pruned,
    remaining: LedgerHead,
    seen: EndpointObservation,
) -> None:
    before = book.head
    book.record(remaining, "pruned", releases=" ".join(pruned.releases))
    removable = intents.addresses_of_all(pruned.releases, pruned.configs)
    kind = IntentKind.PRUNE
    planned = planning.plan_serving(workspace, book, remaining, kind, seen, removable=removable)
    move.apply_whole(workspace, book, planned)
    del before


def _untold(self: LeasedLedger, head: LedgerHead, what: str, **details: str) -> None:
    del what, details
    self.write(head)


def _not_arrived(head: LedgerHead, *, when: datetime) -> LedgerHead:
    """Call what arrived proved at once."""
    return ledger.finish(_ARRIVE(head, when=when), run_id="")


_ARRIVE = ledger.arrive


def _in_ids(head: LedgerHead, release: str) -> bool:
    return release in head.release_ids


def _busy_is_fine(workspace: Workspace, **_: object) -> EndpointObservation:
    return workspace.hosting.observe(workspace.context.endpoint)


def _no(*_: object, **__: object) -> bool:
    return False


def _yes(*_: object, **__: object) -> bool:
    return True


def _none(*_: object, **__: object) -> None:
    return None


def _empty(*_: object, **__: object) -> tuple[str, ...]:
    return ()


def _nothing_imported(asked: object, saved: object, *_: object) -> tuple[object, object]:
    return asked, saved


def _same_head(head: LedgerHead, *_: object, **__: object) -> LedgerHead:
    return head


Mutant = Callable[[], AbstractContextManager[None]]

# Each with the stories in which it is looked for first.
MUTANTS: dict[str, tuple[Mutant, tuple[str, ...]]] = {
    "what is left is not barred at arrival": (
        lambda: swapped(ledger, "_bar_what_was_left", _nothing_left_barred),
        ("rollback",),
    ),
    "the head is written without If-Match": (
        lambda: swapped(Ledger, "write", _unconditional),
        ("deployment that good", "rollback"),
    ),
    "Terraform's exit code is believed": (
        lambda: everywhere(move.carry_out, _by_exit_code),
        ("deployment that good", "rollback"),
    ),
    "whatever Terraform's state says, it moved": (
        lambda: swapped(planning, "_must_move", _no),
        ("deployment of the same", "rollback"),
    ),
    "a release is barred for a 429": (
        lambda: swapped(Answer, "is_of_the_model", property(_yes)),
        ("deployment that good",),
    ),
    "a release is barred for lack of capacity": (
        lambda: everywhere(faults.is_release_fault, _yes),
        ("deployment that good",),
    ),
    "the fence is ignored": (
        lambda: swapped(ledger, "fence", _unfenced),
        ("deployment that good",),
    ),
    "the ledger is believed, not SageMaker": (
        lambda: everywhere(reconcile.reconcile, _as_the_ledger_says),
        ("deployment that good", "rollback"),
    ),
    "a rollback may go to what is barred": (
        lambda: swapped(ledger, "_is_usable", _in_ids),
        ("rollback --to what is barred",),
    ),
    "a way back is watched by alarms that ring": (
        lambda: everywhere(reconcile.quiet_shift, _loud_shift),
        ("rollback to what rings",),
    ),
    "prune forgets before it deletes": (
        lambda: swapped(prune, "_remove", _forget_first),
        ("prune",),
    ),
    "a deployment is not proved": (
        lambda: everywhere(probe.probe, _passes),
        ("deployment that fails",),
    ),
    "a way back is not proved": (
        lambda: everywhere(probe.probe_answers, _passes),
        ("rollback to what fails",),
    ),
    "every run calls itself told": (
        lambda: swapped(failures, "is_told", _yes),
        ("rollback",),
    ),
    "a rollback that nobody heard of is done again": (
        lambda: everywhere(lease.is_unheard, _no),
        ("rollback",),
    ),
    "arrived is proved": (
        lambda: everywhere(ledger.arrive, _not_arrived),
        ("deployment that fails",),
    ),
    "a dead run's lock stays": (
        lambda: swapped(leased, "_release_dead_lock", _no),
        ("rollback",),
    ),
    "any lock is taken away": (
        lambda: swapped(Holding, "may_unlock", _yes),
        ("deployment that good", "rollback"),
    ),
    "nobody looks whether the lease is still held": (
        lambda: swapped(Holding, "require_held", _none),
        ("deployment that good", "rollback", "settle"),
    ),
    "a lease that is held is taken": (
        lambda: everywhere(lease.is_free, _yes),
        ("deployment that good", "rollback"),
    ),
    "what exists is not imported": (
        lambda: swapped(planning, "_with_imports", _nothing_imported),
        ("deployment that good",),
    ),
    "the plan is not guarded": (
        lambda: swapped(plan_review, "review", _empty),
        ("deployment that good", "prune"),
    ),
    "a move ends without a line in the history": (
        lambda: swapped(LeasedLedger, "record", _untold),
        ("rollback",),
    ),
    "what is barred is deployed": (
        lambda: everywhere(deploy.refuse_quarantined, _none),
        ("deployment that fails",),
    ),
    "nobody waits for SageMaker": (
        lambda: everywhere(leased.settled_endpoint, _busy_is_fine),
        ("rollback",),
    ),
    "the state is not completed after a kill": (
        lambda: everywhere(go_back.complete_state, _none),
        ("rollback", "deployment that good"),
    ),
    "what could not be made is kept": (
        lambda: everywhere(prove.drop_unmade, _none),
        ("deployment that cannot be made",),
    ),
    "what was begun is not finished": (
        lambda: everywhere(unfinished.finish_what_was_begun, _none),
        ("deployment that fails",),
    ),
    "an artifact is served unchecked": (
        lambda: everywhere(go_back.why_unsound, _none),
        ("rollback to what was swapped",),
    ),
}
