"""A pruning, whole and cut off: on a real ledger, with what Terraform holds kept in a set."""

import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from pipeline.core import intents, ledger, naming
from pipeline.core.errors import CloudUnusable, PlanRefused, UsageError
from pipeline.core.head import LedgerHead
from pipeline.core.intents import IntentKind
from pipeline.core.outcomes import EndpointObservation, EndpointStatus
from pipeline.core.plan import summarize
from pipeline.core.plan_review import review
from pipeline.gateways.ledger import Ledger
from pipeline.gateways.process import Completed
from pipeline.gateways.store import Store
from pipeline.recorder import Recorder
from pipeline.steps.move import plan_move
from pipeline.steps.prune import prune
from tests.emulated.embedded import Embedded
from tests.emulated.gateways import a_store
from tests.unit.core_builders import NOON, a_move, a_release, an_empty_head

pytestmark = pytest.mark.emulated

RELEASES = [f"r-2026010{day}-120000-aaaaaa" for day in range(1, 7)]
OLDEST, LIVE = RELEASES[0], RELEASES[-1]
REMOVED = RELEASES[:2]
KEPT = RELEASES[2:]
ENDPOINT = an_empty_head().endpoint


class Killed(BaseException):
    """The run is gone from here on."""


class StateOnly:
    """Terraform reduced to its state: addresses, planned and applied as the variables say."""

    before_apply: Callable[[], object]
    after_apply: Callable[[], object]

    def __init__(self) -> None:
        self.held: set[str] = set()
        self._wanted: set[str] = set()
        self.before_apply = self.after_apply = lambda: None

    def plan(self, *, var_files: list[Path], **_: object) -> bool:
        variables = json.loads(var_files[0].read_text())
        self._wanted = set(
            intents.addresses_of_all(variables["releases"], variables["endpoint_configs"])
        )
        return self._wanted != self.held

    def show(self, _: Path) -> dict[str, Any]:
        changes = [
            *(_change(each, "delete") for each in self.held - self._wanted),
            *(_change(each, "create") for each in self._wanted - self.held),
        ]
        return {"terraform_version": "1.11.4", "resource_changes": changes}

    def apply(self, _: Path) -> Completed:
        self.before_apply()
        self.held = self._wanted
        self.after_apply()
        return Completed(argv=(), exit_code=0, stdout="", stderr="", duration_s=0.1)


def _change(address: str, action: str) -> dict[str, Any]:
    values = {"production_variants": [{"variant_name": naming.VARIANT_NAME}]}
    sides = {"before": values, "after": None} if action == "delete" else {"after": values}
    kind = address.removeprefix("module.endpoint.").split(".")[0]
    return {"address": address, "type": kind, "change": {"actions": [action], **sides}}


def six_deployments() -> LedgerHead:
    head = an_empty_head()
    for name in RELEASES:
        head = ledger.add_release(head, a_release(name, artifact_sha256=name * 2))
        key, head = ledger.config_for(head, name, live_count=1, minimum=1, maximum=1)
        head = ledger.complete_move(ledger.begin_move(head, key, move=a_move()), when=NOON)
        head = ledger.mark_healthy(head)
    return head


@pytest.fixture
def terraform() -> StateOnly:
    return StateOnly()


@pytest.fixture
def workspace(embedded: Embedded, terraform: StateOnly, tmp_path: Path) -> Any:
    """An endpoint with six good releases, of which the last is live."""
    store = a_store(embedded)
    found = a_workspace(store, terraform, tmp_path)
    head = six_deployments()
    for name in RELEASES:
        found.ledger.store_release(a_release(name, artifact_sha256=name * 2))
    found.ledger.write(found.ledger.read(), head)
    terraform.held = set(intents.addresses_of_all(head.release_ids, head.endpoint_configs))
    return found


def a_workspace(store: Store, terraform: StateOnly, folder: Path) -> Any:
    return SimpleNamespace(
        context=SimpleNamespace(
            cloud=SimpleNamespace(region="us-east-1", is_local=True),
            endpoint=ENDPOINT,
            now=lambda: NOON,
            output_dir=folder,
            recorder=Recorder(),
            request=None,
            run_id="20260102-120000-abcd",
            terraform=lambda *_, **__: terraform,
            who="someone",
            work_dir=folder,
        ),
        ledger=Ledger(store, ENDPOINT),
        sagemaker=serving(f"{LIVE}-n1"),
        settings=SimpleNamespace(environment="staging"),
        store=store,
        tags={},
    )


def serving(key: str) -> Any:
    seen = EndpointObservation(
        name=ENDPOINT,
        status=EndpointStatus.IN_SERVICE,
        config_name=naming.endpoint_config_name(ENDPOINT, key),
    )
    return SimpleNamespace(observe=lambda _: seen, wait_until_settled=lambda *_, **__: seen)


def of(names: list[str]) -> set[str]:
    return set(intents.addresses_of_all(names, [f"{name}-n1" for name in names]))


def killed(*_: object) -> None:
    raise Killed


def told(workspace: Any) -> list[str]:
    return [event.what for event in workspace.ledger.events()]


def require_pruned(workspace: Any, terraform: StateOnly) -> None:
    head = workspace.ledger.read().head
    assert terraform.held == of(KEPT)
    assert list(head.release_ids) == KEPT
    assert head.live_release == LIVE
    assert workspace.ledger.release(OLDEST).release_id == OLDEST  # the record stays in S3


def test_a_pruning_keeps_what_serves_and_the_last_three_that_passed(
    workspace: Any, terraform: StateOnly
) -> None:
    lines = prune(workspace)
    assert lines == (*(f"Removed: {r}" for r in REMOVED), *(f"Kept: {r}" for r in KEPT))
    require_pruned(workspace, terraform)
    assert told(workspace) == ["pruned"]
    stored = workspace.store.find(naming.applied_tfvars_object(ENDPOINT))
    assert list(json.loads(stored.body)["releases"]) == KEPT


def test_a_second_pruning_has_nothing_to_do(workspace: Any, terraform: StateOnly) -> None:
    prune(workspace)
    terraform.before_apply = killed
    assert prune(workspace) == (f"Nothing to do: {ENDPOINT} has no release to remove.",)
    assert told(workspace) == ["pruned"]


@pytest.mark.parametrize("moment", ["before_apply", "after_apply"])
def test_a_pruning_that_was_cut_off_is_completed_by_the_next(
    workspace: Any, terraform: StateOnly, moment: str
) -> None:
    setattr(terraform, moment, killed)
    with pytest.raises(Killed):
        prune(workspace)
    assert list(workspace.ledger.read().head.release_ids) == RELEASES
    setattr(terraform, moment, lambda: None)
    prune(workspace)
    require_pruned(workspace, terraform)


def test_after_a_pruning_that_was_cut_off_a_deployment_only_makes_again(
    workspace: Any, terraform: StateOnly
) -> None:
    terraform.after_apply = killed
    with pytest.raises(Killed):
        prune(workspace)
    head = workspace.ledger.read().head
    intent = intents.intent_of(head, IntentKind.DEPLOY)
    summary = plan_move(workspace, head, intent).summary
    assert review(summary, intent) == ()
    assert (summary.delete, {change.address for change in summary.changes}) == (0, of(REMOVED))


def test_a_pruning_whose_apply_failed_leaves_the_ledger_as_it_was(
    workspace: Any, terraform: StateOnly
) -> None:
    failed = Completed(argv=(), exit_code=1, stdout="", stderr="Error: throttled", duration_s=1.0)
    terraform.apply = lambda _: failed  # type: ignore[method-assign]
    with pytest.raises(CloudUnusable, match="throttled"):
        prune(workspace)
    assert list(workspace.ledger.read().head.release_ids) == RELEASES


def test_nothing_is_pruned_from_an_endpoint_that_serves_something_else(
    workspace: Any, terraform: StateOnly
) -> None:
    workspace.sagemaker = serving("r-20250101-120000-ffffff-n1")
    with pytest.raises(PlanRefused, match=f"serves {ENDPOINT}-r-20250101-120000-ffffff-n1, not"):
        prune(workspace)
    assert terraform.held == of(RELEASES)


def test_a_plan_that_would_do_more_than_prune_is_refused(
    workspace: Any, terraform: StateOnly
) -> None:
    terraform.held |= of(["r-20250101-120000-ffffff"])
    with pytest.raises(PlanRefused, match="this pruning does not name it"):
        prune(workspace)
    assert terraform.held > of(RELEASES)


def test_an_endpoint_that_never_was_is_not_pruned(
    embedded: Embedded, terraform: StateOnly, tmp_path: Path
) -> None:
    with pytest.raises(UsageError, match="Nothing was ever deployed"):
        prune(a_workspace(a_store(embedded), terraform, tmp_path))


def test_the_state_that_stands_for_terraform_plans_nothing_where_nothing_differs(
    workspace: Any, terraform: StateOnly
) -> None:
    head = workspace.ledger.read().head
    planned = plan_move(workspace, head, intents.converge_intent(head))
    assert planned.summary == summarize(terraform.show(planned.plan_file))
    assert planned.summary.is_empty
