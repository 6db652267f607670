"""That ledger, Terraform's state and SageMaker agree, and that nothing is in the next run's way."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pipeline.core import intents, naming
from pipeline.core.head import LedgerHead
from pipeline.core.lease import Lease
from tests.e2e.by_hand import planned_changes
from tests.e2e.story import BUCKET
from tests.e2e.three import STATES, Three

_RELEASED = (intents.MODEL, intents.CONFIG)


def require_agreement(
    three: Three, folder: Path, *, serves: str, barred: tuple[str, ...] = ()
) -> None:
    """Assert all of it: who serves, who is barred, no move, no lock, no orphan, an empty plan."""
    head = three.ledger()
    assert three.serves(serves), three.described()
    assert (head.live_release, head.move) == (serves, None)
    assert not head.state_due
    assert not head.surroundings_due
    assert three.described()["EndpointConfigName"] == _config_name(head, head.live or "")
    assert {each.release_id for each in head.quarantined} == set(barred)
    require_unlocked(three)
    _require_cloud(three, head)
    _require_state(three, head)
    assert planned_changes(three, folder) == []
    assert three.ask()["predictions"]


def require_unlocked(three: Three) -> None:
    key = naming.serving_state_key("staging", three.endpoint)
    assert three.text(STATES, f"{key}.tflock") is None
    text = three.text(BUCKET, naming.lease_object(three.endpoint))
    assert Lease.from_json(text or b"", place="the lease").released


def _require_cloud(three: Three, head: LedgerHead) -> None:
    """SageMaker and CloudWatch hold what the ledger retains, and nothing else of this endpoint."""
    sagemaker, prefix = three.aws.sagemaker, f"{three.endpoint}-r-"
    models = sagemaker.list_models(NameContains=prefix, MaxResults=100)["Models"]
    configs = sagemaker.list_endpoint_configs(NameContains=prefix, MaxResults=100)
    alarms = three.aws.client("cloudwatch").describe_alarms(AlarmNamePrefix=prefix)
    assert {each["ModelName"] for each in models} == {
        naming.model_name(three.endpoint, each) for each in head.release_ids
    }
    assert {each["EndpointConfigName"] for each in configs["EndpointConfigs"]} == {
        _config_name(head, key) for key in head.endpoint_configs
    }
    assert {each["AlarmName"] for each in alarms["MetricAlarms"]} == {
        name
        for key in head.endpoint_configs
        for name in naming.rollback_alarm_names(three.endpoint, key)
    }


def _require_state(three: Three, head: LedgerHead) -> None:
    """Terraform's state holds the same, whole: nothing deposed, nothing tainted."""
    key = naming.serving_state_key("staging", three.endpoint)
    state = json.loads(three.text(STATES, key) or b"{}")
    instances = list(_instances(state))
    assert not [each for _, each in instances if "deposed" in each or each.get("status")]
    kept = {kind: {each["index_key"] for of, each in instances if of == kind} for kind in _RELEASED}
    assert kept == {
        intents.MODEL: set(head.release_ids),
        intents.CONFIG: set(head.endpoint_configs),
    }
    (endpoint,) = (each for of, each in instances if of == "aws_sagemaker_endpoint")
    wanted = _config_name(head, head.live or "")
    assert endpoint["attributes"]["endpoint_config_name"] == wanted


def _instances(state: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for resource in state["resources"]:
        if resource["mode"] == "managed":
            for instance in resource["instances"]:
                yield resource["type"], instance


def _config_name(head: LedgerHead, key: str) -> str:
    return naming.endpoint_config_name(head.endpoint, key)
