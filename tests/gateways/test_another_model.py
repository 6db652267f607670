"""A job of another model is refused wherever a command names it, on a real ledger and store."""

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from emulator.tests.support.embedded import Embedded
from pipeline.core import naming
from pipeline.core.errors import UsageError
from pipeline.core.head import LedgerHead
from pipeline.core.identity import ModelIdentity
from pipeline.gateways.ledger import Ledger
from pipeline.gateways.store import Store
from pipeline.steps.preflight import require_free_for, require_same_model
from pipeline.steps.recorded import model_run
from tests.gateways.gateways import a_store
from tests.unit.core_builders import a_head_retaining, a_release, a_training_run, an_identity

pytestmark = pytest.mark.emulated

ENDPOINT = "iris-model-staging"
RELEASE = "r-20260102-120000-aaaaaa"
NEWER = "r-20260103-120000-bbbbbb"
JOB = "wine-20260102-120000"
IRIS = an_identity()
WINE = ModelIdentity(name="wine", target="cultivar", columns=("hue",), labels=("1", "2", "3"))
SAME_NAME = replace(WINE, name=IRIS.name)


@pytest.fixture
def store(embedded: Embedded) -> Store:
    return a_store(embedded)


def a_run(store: Store, *, configured: str = IRIS.name, endpoint: str = ENDPOINT) -> Any:
    """A run that can read what is recorded, and do nothing else."""
    return SimpleNamespace(
        context=SimpleNamespace(endpoint=endpoint),
        ledger=Ledger(store, endpoint),
        settings=SimpleNamespace(environment="staging", model_name_prefix=configured),
        store=store,
    )


def trained(store: Store, identity: ModelIdentity) -> None:
    run = a_training_run(job_name=JOB, identity=identity)
    store.put(naming.training_run_object(JOB), run.to_json().encode())


def deployed(run: Any, **identities: ModelIdentity) -> LedgerHead:
    """Retain a release of each identity: `old` and, after it, `new`; nothing is live."""
    ids = dict(zip(("old", "new"), (RELEASE, NEWER), strict=True))
    for age, identity in identities.items():
        run.ledger.store_release(a_release(ids[age], identity=identity))
    head = a_head_retaining(*(ids[age] for age in identities))
    head = replace(head, endpoint=run.context.endpoint)
    run.ledger.write(run.ledger.read(), head)
    return head


@pytest.mark.parametrize("mode", ["approve", "deployment", "evaluation", "registration"])
def test_a_job_of_another_model_is_refused_with_the_command_that_would_be_right(
    store: Store, mode: str
) -> None:
    trained(store, WINE)
    reason = "it's ripe" if mode == "approve" else None
    with pytest.raises(UsageError) as refused:
        model_run(a_run(store), JOB, mode=mode, reason=reason)
    because = " --reason 'it'\"'\"'s ripe'" if reason else ""
    assert f"{JOB} is of the model wine, but model_name_prefix is iris-classifier" in str(
        refused.value
    )
    assert refused.value.remedy == (
        "Name a job of iris-classifier, or the configuration of wine with --config-file; with this "
        "one's limits and tests, type: MODEL_NAME_PREFIX=wine ENDPOINT_PREFIX=wine "
        f"--mode {mode} --training-job {JOB}{because}"
    )


def test_where_the_endpoint_is_that_models_own_only_the_name_is_missing(store: Store) -> None:
    trained(store, WINE)
    run = a_run(store)
    deployed(run, old=WINE)
    with pytest.raises(UsageError) as refused:
        model_run(run, JOB, mode="deployment", reason=None)
    assert refused.value.remedy.endswith(
        f"type: MODEL_NAME_PREFIX=wine --mode deployment --training-job {JOB}"
    )


def test_a_job_of_the_configured_model_is_taken(store: Store) -> None:
    trained(store, WINE)
    assert model_run(a_run(store, configured="wine"), JOB, mode="approve", reason="r").job_name


def test_a_model_of_another_table_is_refused_on_an_endpoint_that_is_taken(store: Store) -> None:
    run = a_run(store)
    head = replace(deployed(run, old=IRIS), live=f"{RELEASE}-n1")
    for candidate in (WINE, SAME_NAME):
        with pytest.raises(UsageError, match="Its target column is 'cultivar'") as refused:
            require_same_model(run, head, candidate, job=JOB)
        assert refused.value.exit_code == 2
        assert refused.value.remedy.endswith(
            f"type: ENDPOINT_PREFIX={candidate.name} --mode deployment --training-job {JOB}"
        )
    require_same_model(run, head, IRIS, job=JOB)


def test_before_a_training_the_whole_run_is_what_is_typed_again(store: Store) -> None:
    run = a_run(store, endpoint="iris-classifier-staging")
    deployed(run, old=IRIS)
    with pytest.raises(UsageError) as refused:
        require_free_for(run, SAME_NAME)
    assert refused.value.remedy.endswith("type: ENDPOINT_PREFIX=iris-classifier-2 --mode full")


def test_what_is_live_decides_and_else_the_newest_retained_one(store: Store) -> None:
    run = a_run(store)
    head = deployed(run, old=IRIS, new=WINE)
    require_same_model(run, head, WINE)
    require_same_model(run, replace(head, live=f"{RELEASE}-n1"), IRIS)


def test_an_endpoint_that_never_was_takes_any_model(store: Store) -> None:
    require_free_for(a_run(store), WINE)
    require_free_for(None, WINE)
